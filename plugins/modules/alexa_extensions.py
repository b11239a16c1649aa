#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_extensions
short_description: Map all extensions of a PBX to their rooms
version_added: 0.1.0
description:
  - Brings the mappings of a trunk to a list, in one task, however long the list is.
  - The present mappings are read once, to the last page; then only what differs is written, with several requests under
    way at a time. Deletions go first, then changes, then creations.
  - Where some changes fail the module fails, with everything that succeeded in its result. The next run goes on from
    there.
options:
  trunk_id:
    description:
      - The trunk. In check mode it may be missing or unknown, for a trunk that is not made yet.
    type: str
  extensions:
    description:
      - The extensions that shall be mapped. An extension that occurs twice is an error.
    type: list
    elements: dict
    required: true
    suboptions:
      extension:
        description:
          - The extension on the PBX, 1 to 32 of the characters C(0-9*#+). Quote it, for its leading zeros.
        type: str
        required: true
      comms_profile_id:
        description: The communication profile that the extension rings.
        type: str
      unit_id:
        description: The unit whose communication profile the extension rings. A unit that has none gets one.
        type: str
  prune:
    description:
      - Whether mappings that are not listed are removed.
      - An empty list is refused with O(prune=true), unless O(prune_limit=100%) asks for it outright.
    type: bool
    default: false
  prune_limit:
    description:
      - The most mappings that one run may remove, as a number or as a percentage of the present mappings. A plan that
        would remove more is refused, and nothing is changed.
    type: str
    default: 10%
  prune_only:
    description:
      - The extensions that O(prune=true) may remove. Mappings of others stay, though they are not listed.
      - If unset, it may remove all that are not listed.
    type: list
    elements: str
    version_added: 0.2.0
  concurrency:
    description:
      - How many requests may be under way at a time, 1 to 64.
    type: int
    default: 16
extends_documentation_fragment:
  - alexa.smart_properties._api
  - alexa.smart_properties._api.management
  - alexa.smart_properties._journal
  - alexa.smart_properties._plan
  - alexa.smart_properties._attributes
  - alexa.smart_properties._attributes.api
seealso:
  - module: alexa.smart_properties.alexa_extension
  - module: alexa.smart_properties.alexa_extension_info
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Map every room, and remove what is not listed
  alexa.smart_properties.alexa_extensions:
    trunk_id: amzn1.comms.network.siptrunk.12345
    extensions:
      - extension: "7201"
        comms_profile_id: amzn1.alexa.unit.did.abcdef1234
      - extension: "7202"
        unit_id: amzn1.alexa.unit.did.abcdef5678
    prune: true
    prune_limit: 5%
  delegate_to: localhost
"""

RETURN = r"""
created:
  description: Extensions that were mapped.
  returned: always
  type: list
  elements: str
  sample: ["7201"]
updated:
  description: Extensions that were pointed at another profile.
  returned: always
  type: list
  elements: str
deleted:
  description: Extensions whose mapping was removed.
  returned: always
  type: list
  elements: str
unchanged:
  description: Extensions that were mapped as wished already.
  returned: always
  type: list
  elements: str
failures:
  description: Extensions that could not be changed. A list that is not empty fails the task.
  returned: always
  type: list
  elements: dict
  contains:
    extension:
      description: The extension.
      type: str
    msg:
      description: What went wrong.
      type: str
    request_id:
      description: Amazon's id of the request.
      type: str
not_tried:
  description: Extensions that were left as they are, because going on was useless. All of them where reading failed.
  returned: always
  type: list
  elements: str
plan:
  description:
    - What makes the plan the one it is, C(before) and C(after) by extension, of those that change.
    - C(trunk_id) is C(null) where none of the extensions is mapped yet, as the trunk may still be to be made.
  returned: always, unless reading failed
  type: dict
  version_added: 0.2.0
plan_digest:
  description: The digest of RV(plan), for O(plan_digest) of a later run. The same in check mode and in a real run.
  returned: always, unless reading failed
  type: str
  version_added: 0.2.0
"""

from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._bulk import (
    accounted,
    applied,
    confirmed_mappings,
    current_mappings,
    predicted,
    raise_if_partial,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._extensions import (
    Mappings,
    Wish,
    checked_trunk_id,
    plan,
    profile_of,
    wishes,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import checked_concurrency
from ansible_collections.alexa.smart_properties.plugins.module_utils._journal import journal_options
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import (
    Connections,
    Job,
    management_options,
    run_module,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan_digest import plan_options, reviewed
from ansible_collections.alexa.smart_properties.plugins.module_utils._profiles import Profiles

_ROW = {"extension": {"type": "str", "required": True}, "comms_profile_id": {"type": "str"}, "unit_id": {"type": "str"}}
OPTIONS = {
    **management_options(),
    **journal_options(),
    **plan_options(),
    "trunk_id": {"type": "str"},
    "extensions": {"type": "list", "elements": "dict", "required": True, "options": _ROW},
    "prune": {"type": "bool", "default": False},
    "prune_limit": {"type": "str", "default": "10%"},
    "prune_only": {"type": "list", "elements": "str"},
    "concurrency": {"type": "int", "default": 16},
}


def manage(params: dict[str, Any], connections: Connections, check_mode: bool) -> Result:
    """Read once, plan, apply; the account of every extension as return values, however it ends."""
    wanted = wishes(params["extensions"])
    made: dict[str, str] = {}
    with accounted(wanted, made):
        return managed(params, connections, check_mode, wanted, made)


def managed(
    params: dict[str, Any], connections: Connections, check_mode: bool, wanted: dict[str, Wish], made: dict[str, str]
) -> Result:
    """C(made) gets the communication profiles that are made, by unit."""
    concurrency = checked_concurrency(params["concurrency"])
    trunk_id = checked_trunk_id(params["trunk_id"], check_mode)
    mappings = Mappings(connections.trunks(), trunk_id or "")
    have = current_mappings(mappings, wanted, concurrency, may_be_missing=check_mode or not wanted) if trunk_id else {}
    unit_ids = [wish.unit_id for wish in wanted.values() if wish.unit_id]
    profiles = Profiles(connections.management(), concurrency) if unit_ids else None
    of_units = profiles.of_units(unit_ids) if profiles else {}
    prune = {name: params[name] for name in ("prune", "prune_limit", "prune_only")}
    have = confirmed_mappings(mappings, have, plan(wanted, have, of_units, **prune), concurrency)
    todo = plan(wanted, have, of_units, **prune)
    told = reviewed(params["plan_digest"], todo.changed, todo.content(trunk_id))
    if check_mode:
        return Result(todo.changed, {**predicted(todo).values(), **told}, todo.before, todo.after)
    without = [(unit_id, None) for unit_id, profile in of_units.items() if profile is None]
    connections.journal.open(todo)
    if profiles and without:
        profiles.create(without, made)
    ids = {extension: profile_of(wish, of_units) or made[wish.unit_id] for extension, wish in wanted.items()}
    connections.journal.begin_mappings(str(trunk_id), todo, have, ids)
    account = applied(mappings, todo, ids, concurrency)
    result = Result(account.changed, {**account.values(), **told}, todo.before, todo.after)
    raise_if_partial(account, trunk_id, result.to_dict())
    return result


JOB = Job(OPTIONS, manage)


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
