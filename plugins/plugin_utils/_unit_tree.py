# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of an organization as a tree, in which properties and their rooms are found.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Unit


@dataclass
class Node:
    """A unit and where it stands: the names of the units above it, from the top, and those right below it."""

    unit: Unit
    path: tuple[str, ...] = ()
    below: list[Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.unit.name or ""

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"{' / '.join([*self.path, self.name])} ({self.unit.unit_id})"

    def facts(self) -> dict[str, Any]:
        """What expressions know of it."""
        return {
            "name": self.name,
            "unit_id": self.unit.unit_id,
            "parent_id": self.unit.parent_id,
            "path": list(self.path),
            "level": len(self.path) + 1,
            "leaf": not self.below,
        }

    def all_below(self) -> Iterator[Node]:
        """Every unit below it, each before those below that."""
        waiting = list(reversed(self.below))
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.below)


def tree_of(units: Sequence[Unit], parent_id: str) -> list[Node]:
    """The units right below the parent, with all others below them, in the order of the list.

    :param parent_id: what the list was asked for. Amazon spells an id in two ways, so the units at the top may name
        their parent otherwise, but all alike.
    :raises InputError: there are none, or some belong to no unit of the list.
    """
    if not units:
        raise InputError(
            f"There are no units below {parent_id}.",
            "Check parent_id, and that the properties and rooms were made in the Alexa Smart Properties console.",
        )
    nodes = {unit.unit_id: Node(unit) for unit in units}
    tops: list[Node] = []
    for node in nodes.values():
        above = nodes.get(node.unit.parent_id or "")
        (above.below if above else tops).append(node)
    _refuse_lost(nodes, tops, parent_id)
    for top in tops:
        for node in (top, *top.all_below()):
            for child in node.below:
                child.path = (*node.path, node.name)
    return tops


def properties_of(tops: Sequence[Node], is_property: Callable[[Node], bool]) -> list[Node]:
    """The units that are properties. What is below a property is part of it, and not asked for."""
    found = []
    waiting = list(reversed(tops))
    while waiting:
        node = waiting.pop()
        if is_property(node):
            found.append(node)
        else:
            waiting += reversed(node.below)
    return found


def _refuse_lost(nodes: dict[str, Node], tops: list[Node], parent_id: str) -> None:
    """A room whose floor is missing in the list would pass for a property."""
    parents = {top.unit.parent_id for top in tops}
    expected = {parent_id} if parent_id in parents else parents if len(parents) == 1 else set()
    held = {node.unit.unit_id for top in tops for node in (top, *top.all_below()) if top.unit.parent_id in expected}
    # Those of a circle hang on no top.
    lost = [node for unit_id, node in nodes.items() if unit_id not in held]
    if lost:
        first = lost[0]
        raise InputError(
            f"The API's list of units can't be used: {len(lost)} of {len(nodes)} belong to no unit of the list, such as"
            f" {first.title}, which belongs to {first.unit.parent_id}.",
            "Lists lag behind changes: run again in a while. If it stays, check parent_id.",
        )
