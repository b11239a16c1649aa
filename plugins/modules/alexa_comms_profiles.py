#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_comms_profiles
short_description: Manage the communication profiles of rooms
version_added: 0.1.0
description:
  - Makes, renames and deletes the communication profiles of units, 100 a request. A room can be called only if it has
    one.
  - Each unit's profile is read first, several at a time, and only what differs is written.
options:
  state:
    description:
      - Whether the units shall have a profile. Deleting one also deletes the contacts that point at it, and stops the
        extensions that are mapped to it.
    type: str
    choices: [present, absent]
    default: present
  units:
    description:
      - The units.
    type: list
    elements: dict
    required: true
    suboptions:
      unit_id:
        description: The unit, like V(amzn1.alexa.unit.did.abcdef1234).
        type: str
        required: true
      name:
        description: What is shown to who is called from the unit. If unset, a name that is there stays as it is.
        type: str
extends_documentation_fragment:
  - alexa.smart_properties._api
  - alexa.smart_properties._api.management
  - alexa.smart_properties._attributes
  - alexa.smart_properties._attributes.api
seealso:
  - module: alexa.smart_properties.alexa_unit_info
  - module: alexa.smart_properties.alexa_extensions
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: See that rooms can be called
  alexa.smart_properties.alexa_comms_profiles:
    units:
      - unit_id: amzn1.alexa.unit.did.abcdef1234
        name: Room 101
      - unit_id: amzn1.alexa.unit.did.abcdef5678
        name: Room 102
  delegate_to: localhost
"""

RETURN = r"""
profiles:
  description: The profiles, in the order of O(units).
  returned: success
  type: list
  elements: dict
  contains:
    unit_id:
      description: The unit.
      type: str
      sample: amzn1.alexa.unit.did.abcdef1234
    comms_profile_id:
      description: Its profile; C(null) in check mode for one that would be made, and after O(state=absent).
      type: str
      sample: amzn1.alexa.communications.profile.did.abcdef1234
"""

from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import (
    AlexaError,
    InputError,
    PartialError,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import problem_with_amazon_id
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Profile
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import (
    Connections,
    Job,
    management_options,
    run_module,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Plan, Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._profiles import Profiles

OPTIONS = {
    **management_options(),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "units": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {"unit_id": {"type": "str", "required": True}, "name": {"type": "str"}},
    },
}


def checked_names(units: list[dict[str, Any]]) -> dict[str, str | None]:
    """The wished names by unit id. Raises InputError that names every row that can't be used."""
    names: dict[str, str | None] = {}
    problems = []
    for index, unit in enumerate(units):
        twice = f"unit_id {unit['unit_id']} occurs twice" if unit["unit_id"] in names else None
        problem = problem_with_amazon_id("unit_id", unit["unit_id"]) or twice
        problems += [f"units[{index}]: {problem}"] if problem else []
        names[unit["unit_id"]] = unit["name"]
    if problems:
        raise InputError("; ".join(problems) + ".", "Nothing was sent: mend these rows and run again.")
    return names


def planned(names: dict[str, str | None], have: dict[str, Profile | None], state: str) -> Plan:
    """Which units get a profile, another name for it, or lose it."""
    plan = Plan()
    for unit_id, name in names.items():
        profile = have[unit_id]
        plan.labels_before[unit_id] = f"named {profile.name}" if profile else ""
        plan.labels_after[unit_id] = f"named {name}" if name else "a communication profile"
        if state == "absent":
            (plan.delete if profile else plan.unchanged).append(unit_id)
        elif profile is None:
            plan.create.append(unit_id)
        else:
            (plan.change if name and profile.name != name else plan.unchanged).append(unit_id)
    return plan


def manage(params: dict[str, Any], connections: Connections, check_mode: bool) -> Result:
    """Read, plan, apply; the profiles as return value."""
    names = checked_names(params["units"])
    profiles = Profiles(connections.management(), connections.concurrency)
    have = profiles.of_units(names)
    plan = planned(names, have, params["state"])
    ids = {unit_id: profile.profile_id for unit_id, profile in have.items() if profile}
    try:
        if not check_mode:
            apply(profiles, plan, names, ids)
    except AlexaError as error:
        done = Result(True, {"profiles": shown(names, ids)}, plan.before, plan.after)
        told = "What succeeded is kept and reported; run again to go on from there."
        raise PartialError(f"Not all communication profiles could be changed: {error}", told, done.to_dict()) from error
    kept = shown(names, {} if params["state"] == "absent" else ids)
    return Result(plan.changed, {"profiles": kept}, plan.before, plan.after)


def apply(profiles: Profiles, plan: Plan, names: dict[str, str | None], ids: dict[str, str]) -> None:
    """Delete, rename, create. C(ids), the profiles by unit, tells how far it came."""
    for unit_id in plan.delete:
        profiles.delete(ids[unit_id])
        del ids[unit_id]
    for unit_id in plan.change:
        profiles.rename(ids[unit_id], str(names[unit_id]))
    profiles.create([(unit_id, names[unit_id]) for unit_id in plan.create], ids)


def shown(names: dict[str, str | None], ids: dict[str, str]) -> list[dict[str, str | None]]:
    """The profiles as results show them, in the order of the units."""
    return [{"unit_id": unit_id, "comms_profile_id": ids.get(unit_id)} for unit_id in names]


JOB = Job(OPTIONS, manage)


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
