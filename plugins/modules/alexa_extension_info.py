#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_extension_info
short_description: Read the extension mappings of a trunk
version_added: 0.1.0
description:
  - Lists all mappings of a trunk, to the last page, or reads that of one extension.
options:
  trunk_id:
    description:
      - The trunk.
    type: str
    required: true
  extension:
    description:
      - Only this extension. One that is not mapped gives an empty list.
    type: str
extends_documentation_fragment:
  - alexa.smart_properties._api
  - alexa.smart_properties._attributes.info
  - alexa.smart_properties._attributes.api
seealso:
  - module: alexa.smart_properties.alexa_extensions
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Read what is mapped
  alexa.smart_properties.alexa_extension_info:
    trunk_id: amzn1.comms.network.siptrunk.12345
  register: mapped
  delegate_to: localhost

- name: Show the extensions
  ansible.builtin.debug:
    msg: "{{ mapped.mappings | map(attribute='extension') | sort }}"
"""

RETURN = r"""
mappings:
  description: The mappings, sorted by extension.
  returned: success
  type: list
  elements: dict
  contains:
    extension:
      description: The extension.
      type: str
      sample: "7201"
    comms_profile_id:
      description: The communication profile that it rings.
      type: str
      sample: amzn1.alexa.unit.did.abcdef1234
    routing_type:
      description: How Amazon routes the call.
      type: str
      sample: communication-profile
"""

from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._extensions import Mappings
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import problem_with_extension
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import Connections, Job, run_module
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result

OPTIONS = {"trunk_id": {"type": "str", "required": True}, "extension": {"type": "str"}}


def read(params: dict[str, Any], connections: Connections, _check_mode: bool) -> Result:
    """The mappings as {mappings: [...]}."""
    mappings = Mappings(connections.trunks(), params["trunk_id"])
    if params["extension"] is None:
        found = sorted(mappings.list(), key=lambda mapping: mapping.extension)
    else:
        problem = problem_with_extension(params["extension"])
        if problem:
            raise InputError(f"{problem}.")
        found = [mapping for mapping in [mappings.get(params["extension"])] if mapping]
    return Result(False, {"mappings": [vars(mapping) for mapping in found]})


JOB = Job(OPTIONS, read)


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
