# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units become hosts with rooms: one host for each property, checked as a whole.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._expressions import Expressions
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._host_names import (
    host_name_of,
    problem_with_host_name,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rooms import (
    PROBLEMS_SHOWN,
    RoomsError,
    Row,
    rooms_of_rows,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._unit_tree import Node, properties_of


@dataclass
class Property:
    """A property as a host.

    :ivar rooms: {extension, room, unit_id} each.
    :ivar left_out: titles of the rooms without an extension.
    """

    node: Node
    host: str
    rooms: list[dict[str, str]]
    left_out: list[str]

    def variables(self) -> dict[str, Any]:
        """The host's variables."""
        return {
            "alexa_unit_id": self.node.unit.unit_id,
            "alexa_unit_name": self.node.name,
            "alexa_unit_path": list(self.node.path),
            "alexa_rooms": self.rooms,
        }

    def told(self) -> str | None:
        """What a user may wonder about: the rooms that are left out."""
        if not self.left_out:
            return None
        more = len(self.left_out) - PROBLEMS_SHOWN
        shown = ", ".join(self.left_out[:PROBLEMS_SHOWN]) + (f" and {more} more" if more > 0 else "")
        return f"{self.host}: rooms without an extension are left out ({len(self.left_out)}): {shown}"


def properties_with_rooms(tops: Sequence[Node], expressions: Expressions) -> list[Property]:
    """The properties among the units, each with its rooms.

    :raises InputError: there is none, or names or extensions that can't be used: all of them, each with its unit.
    """
    nodes = properties_of(tops, expressions.is_property)
    if not nodes:
        raise InputError(
            "None of the units is a property.",
            "Change the condition properties, or check parent_id: by default the units right below it are taken.",
        )
    problems: list[str] = []
    found: dict[str, Property] = {}
    for node in nodes:
        text = expressions.host_name(node)
        host = host_name_of(text)
        problem = problem_with_host_name(host, text)
        if not problem and host in found:
            problem = f"it would be the host {host!r}, and so would {found[host].node.title}"
        if problem:
            problems.append(f"{node.title}: {problem}: rename the unit, or change the expression hostname")
            continue
        rooms, left_out = _rooms_of(node, expressions, problems)
        found[host] = Property(node, host, rooms, left_out)
    if problems:
        raise InputError(
            "The units can't be used. Rename units, or change the expressions hostname and extension or the conditions"
            f" properties and rooms.\n{RoomsError(problems)}"
        )
    return list(found.values())


def give_profiles(properties: Sequence[Property], profiles: Mapping[str, str]) -> None:
    """Put the rooms' profiles in the place of their units.

    :param profiles: the ids of the profiles by unit.
    :raises InputError: rooms without a profile, all of them.
    """
    problems = [
        f"{found.host}: {room['room']} (extension {room['extension']}, {room['unit_id']}) has no communication profile"
        for found in properties
        for room in found.rooms
        if room["unit_id"] not in profiles
    ]
    if problems:
        raise InputError(
            "Not all rooms can be called. Make the profiles with alexa_comms_profiles, leave the rooms out with the"
            " condition rooms, or set read_profiles to false: then the role extensions makes them."
            f"\n{RoomsError(problems)}"
        )
    for found in properties:
        for room in found.rooms:
            room["comms_profile_id"] = profiles[room.pop("unit_id")]


def _rooms_of(node: Node, expressions: Expressions, problems: list[str]) -> tuple[list[dict[str, str]], list[str]]:
    """The rooms and the titles of those without an extension; what is wrong is added to the problems."""
    rows: list[Row] = []
    left_out = []
    for unit in [unit for unit in node.all_below() if expressions.is_room(unit, node)]:
        extension = expressions.extension(unit, node)
        if extension:
            rows.append((unit.title, {"extension": extension, "room": unit.name, "unit_id": unit.unit.unit_id}))
        else:
            left_out.append(unit.title)
    try:
        return rooms_of_rows(rows), left_out
    except RoomsError as error:
        problems += error.problems
        return [], left_out
