#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_extension
short_description: Map one extension of a PBX to a room
version_added: 0.1.0
description:
  - Maps an extension to a communication profile, points it at another one, or removes the mapping.
  - For more than a few extensions use M(alexa.smart_properties.alexa_extensions), which is a hundred times faster than
    a loop over this module.
options:
  state:
    description:
      - Whether the extension shall be mapped.
    type: str
    choices: [present, absent]
    default: present
  trunk_id:
    description:
      - The trunk. In check mode it may be missing or unknown, for a trunk that is not made yet.
    type: str
  extension:
    description:
      - The extension on the PBX, 1 to 32 of the characters C(0-9*#+). Quote it, so that YAML keeps leading zeros.
    type: str
    required: true
  comms_profile_id:
    description:
      - The communication profile that the extension rings.
    type: str
  unit_id:
    description:
      - The unit whose communication profile the extension rings. A unit that has none gets one.
    type: str
extends_documentation_fragment:
  - alexa.smart_properties._api
  - alexa.smart_properties._api.management
  - alexa.smart_properties._attributes
  - alexa.smart_properties._attributes.api
seealso:
  - module: alexa.smart_properties.alexa_extensions
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Let extension 7201 ring in its room
  alexa.smart_properties.alexa_extension:
    trunk_id: amzn1.comms.network.siptrunk.12345
    extension: "7201"
    comms_profile_id: amzn1.alexa.unit.did.abcdef1234
  delegate_to: localhost

- name: Take extension 7202 off
  alexa.smart_properties.alexa_extension:
    trunk_id: amzn1.comms.network.siptrunk.12345
    extension: "7202"
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
mapping:
  description: The mapping; C(null) after O(state=absent).
  returned: always
  type: dict
  contains:
    extension:
      description: The extension.
      type: str
      sample: "7201"
    comms_profile_id:
      description: The profile that it rings; C(null) in check mode for a profile that would be made.
      type: str
      sample: amzn1.alexa.unit.did.abcdef1234
    routing_type:
      description: How Amazon routes the call.
      type: str
      sample: communication-profile
"""

from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._extensions import (
    Mappings,
    checked_trunk_id,
    plan,
    profile_of,
    wishes,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import problem_with_extension
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Mapping
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import (
    Connections,
    Job,
    management_options,
    run_module,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._profiles import Profiles

OPTIONS = {
    **management_options(),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "trunk_id": {"type": "str"},
    "extension": {"type": "str", "required": True},
    "comms_profile_id": {"type": "str"},
    "unit_id": {"type": "str"},
}


def present(params: dict[str, Any], connections: Connections, check_mode: bool) -> Result:
    """Map the extension as given."""
    wanted = wishes([params], option="")
    mappings, extension = _mappings(params, connections, check_mode), params["extension"]
    wish = wanted[extension]
    units = Profiles(connections.management(), 1) if wish.unit_id else None
    profiles = units.of_units([wish.unit_id]) if units else {}
    current = mappings.get(extension) if mappings else None
    todo = plan(wanted, {extension: current} if current else {}, profiles)
    profile_id = profile_of(wish, profiles)
    if todo.changed and not check_mode:
        if units and not profile_id:
            profile_id = units.create([(wish.unit_id, None)])[wish.unit_id]
        write = mappings.change if current else mappings.create
        write(extension, profile_id)
    mapping = vars(Mapping(extension, profile_id))
    return Result(todo.changed, {"mapping": mapping}, todo.before, todo.after)


def absent(params: dict[str, Any], connections: Connections, check_mode: bool) -> Result:
    """Remove the mapping if it is there."""
    problem = problem_with_extension(params["extension"])
    if problem:
        raise InputError(f"{problem}.")
    mappings, extension = _mappings(params, connections, check_mode), params["extension"]
    current = mappings.get(extension) if mappings else None
    if current and not check_mode:
        mappings.delete(extension)
    before = f"{extension}: {current.comms_profile_id}\n" if current else ""
    return Result(current is not None, {"mapping": None}, before, "")


def _mappings(params: dict[str, Any], connections: Connections, check_mode: bool) -> Mappings | None:
    trunk_id = checked_trunk_id(params["trunk_id"], check_mode)
    return Mappings(connections.trunks(), trunk_id) if trunk_id else None


def manage(params: dict[str, Any], connections: Connections, check_mode: bool) -> Result:
    return (present if params["state"] == "present" else absent)(params, connections, check_mode)


JOB = Job(OPTIONS, manage, rules={"mutually_exclusive": [("comms_profile_id", "unit_id")]})


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
