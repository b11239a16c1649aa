#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_siptrunk_info
short_description: Read the SIP trunks of an account, and wait for them
version_added: 0.1.0
description:
  - Lists all trunks, to the last page, or those that have an id or a name.
  - Waits for any number of trunks together, with one listing for each look, whatever their number. Amazon takes about
    ten minutes for a trunk, and works on many at once.
options:
  trunk_id:
    description:
      - Only the trunk of this id. One that does not exist gives an empty list.
    type: str
  trunk_ids:
    description:
      - Only the trunks of these ids. With O(wait), one that the list does not show yet is waited for too.
    type: list
    elements: str
  tls_name:
    description:
      - Only the trunks whose certificate has this name.
    type: str
  wait:
    description:
      - Whether to wait until each trunk that is asked for is C(ACTIVE) or has failed. Not in check mode.
      - A wait that was broken off is gone on with by the next one.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait at most. Then RV(not_active) tells of those that are not through; it is no failure of the task.
    type: float
    default: 1200.0
  wait_interval:
    description:
      - Seconds between two looks at the trunks.
    type: float
    default: 15.0
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

- name: Wait for all of them together
  alexa.smart_properties.alexa_siptrunk_info:
    trunk_ids: "{{ account.trunks | map(attribute='trunk_id') }}"
    wait: true
  register: awaited
  run_once: true
  delegate_to: localhost

- name: Refuse to go on without one of them
  ansible.builtin.assert:
    that: awaited.not_active | length == 0
    fail_msg: "{{ awaited.not_active | map(attribute='msg') | join(' ') }}"

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
not_active:
  description:
    - Those of RV(trunks) that a wait did not see C(ACTIVE), each with C(trunk_id), C(status), and C(msg), which says
      what to do.
  returned: success
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._activation import (
    Patience,
    wait_for_all,
    why_not,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._chain import CRYPTOGRAPHY_IMPORT_ERROR
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import ACTIVE, Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import Connections, Job, run_module
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunk_plan import shown
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunks import Trunks

OPTIONS = {
    "trunk_id": {"type": "str"},
    "trunk_ids": {"type": "list", "elements": "str"},
    "tls_name": {"type": "str"},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "float", "default": 1200.0},
    "wait_interval": {"type": "float", "default": 15.0},
}


def selected(params: dict[str, Any], trunks: Trunks) -> list[Trunk]:
    """The trunks that are asked for; the list is read only where no id is given."""
    if params["trunk_id"]:
        found = [trunk for trunk in [trunks.get(params["trunk_id"])] if trunk]
    else:
        found = list(trunks.list())
    if params["trunk_ids"] is not None:
        listed = {trunk.trunk_id: trunk for trunk in found}
        missing = Trunk if params["wait"] else lambda _trunk_id: None
        found = [trunk for trunk in (listed.get(each) or missing(each) for each in params["trunk_ids"]) if trunk]
    name = (params["tls_name"] or "").lower()
    return [trunk for trunk in found if not name or (trunk.tls_name or "").lower() == name]


def read(params: dict[str, Any], connections: Connections, check_mode: bool) -> Result:
    """The trunks as {trunks: [...], not_active: [...]}."""
    trunks = Trunks(connections.trunks())
    found = selected(params, trunks)
    late: list[dict[str, Any]] = []
    if params["wait"] and not check_mode:
        patience = Patience(params["wait_timeout"], params["wait_interval"], connections.tell)
        waiting = [trunk for trunk in found if trunk.status != ACTIVE]
        awaited = wait_for_all(trunks, waiting, patience)
        seen = {trunk.trunk_id: trunk for trunk in awaited.trunks}
        found = [seen.get(trunk.trunk_id, trunk) for trunk in found]
        reasons = [(trunk, why_not(trunk, patience, awaited.trouble)) for trunk in found]
        late = [{"trunk_id": trunk.trunk_id, "status": trunk.status, "msg": str(why)} for trunk, why in reasons if why]
    return Result(False, {"trunks": [shown(trunk) for trunk in found], "not_active": late})


JOB = Job(
    OPTIONS,
    read,
    {"cryptography": CRYPTOGRAPHY_IMPORT_ERROR},
    {"mutually_exclusive": [("trunk_id", "trunk_ids")]},
)


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
