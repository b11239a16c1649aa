#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_siptrunk_info
short_description: Read the SIP trunks of an account
version_added: 0.1.0
description:
  - Lists all trunks, to the last page, or those that have an id or a name.
options:
  trunk_id:
    description:
      - Only the trunk of this id. One that does not exist gives an empty list.
    type: str
  tls_name:
    description:
      - Only the trunks whose certificate has this name.
    type: str
requirements:
  - cryptography >= 40
extends_documentation_fragment:
  - alexa.smart_properties._api
  - alexa.smart_properties._attributes.info
  - alexa.smart_properties._attributes.api
seealso:
  - module: alexa.smart_properties.alexa_siptrunk
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Read all trunks once for all hosts
  alexa.smart_properties.alexa_siptrunk_info:
  register: account
  run_once: true
  delegate_to: localhost

- name: Show those that are not active
  ansible.builtin.debug:
    msg: "{{ account.trunks | rejectattr('status', 'equalto', 'ACTIVE') | map(attribute='tls_name') }}"
"""

RETURN = r"""
trunks:
  description:
    - The trunks, each like RV(alexa.smart_properties.alexa_siptrunk#module:trunk).
  returned: success
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._chain import CRYPTOGRAPHY_IMPORT_ERROR
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import Connections, Job, run_module
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunk_plan import shown
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunks import Trunks

OPTIONS = {"trunk_id": {"type": "str"}, "tls_name": {"type": "str"}}


def read(params: dict[str, Any], connections: Connections, _check_mode: bool) -> Result:
    """The trunks as {trunks: [...]}; the list is read only where no id is given."""
    trunks = Trunks(connections.trunks())
    if params["trunk_id"]:
        found = [trunk for trunk in [trunks.get(params["trunk_id"])] if trunk]
    else:
        found = list(trunks.list())
    name = (params["tls_name"] or "").lower()
    return Result(
        False, {"trunks": [shown(trunk) for trunk in found if not name or (trunk.tls_name or "").lower() == name]}
    )


JOB = Job(OPTIONS, read, {"cryptography": CRYPTOGRAPHY_IMPORT_ERROR})


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
