# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units as a tree: what stands where, and lists that are no tree."""

from __future__ import annotations

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Unit
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._unit_tree import Node, properties_of, tree_of

TOP = "amzn1.alexa.unit.did.ORGANIZATION"
# A room may come before its floor: the API sorts as it likes.
HOTEL = [
    Unit("room", "Room 201", "floor"),
    Unit("hotel", "Hotel", TOP),
    Unit("floor", "2", "hotel"),
    Unit("other", None, TOP),
    Unit("bar", "Bar", "hotel"),
]


def find(tops: list[Node], unit_id: str) -> Node:
    return next(node for top in tops for node in (top, *top.all_below()) if node.unit.unit_id == unit_id)


def test_each_unit_knows_where_it_stands() -> None:
    tops = tree_of(HOTEL, TOP)
    assert [top.unit.unit_id for top in tops] == ["hotel", "other"]
    assert [node.unit.unit_id for node in tops[0].all_below()] == ["floor", "room", "bar"]
    assert find(tops, "room").facts() == {
        "name": "Room 201",
        "unit_id": "room",
        "parent_id": "floor",
        "path": ["Hotel", "2"],
        "level": 3,
        "leaf": True,
    }
    assert find(tops, "hotel").facts()["level"] == 1 and not find(tops, "floor").facts()["leaf"]
    assert find(tops, "room").title == "Hotel / 2 / Room 201 (room)"
    assert find(tops, "other").name == ""


def test_what_is_below_a_property_is_not_asked() -> None:
    asked = []

    def is_property(node: Node) -> bool:
        asked.append(node.unit.unit_id)
        return node.unit.unit_id in ("hotel", "room")

    assert [node.unit.unit_id for node in properties_of(tree_of(HOTEL, TOP), is_property)] == ["hotel"]
    assert asked == ["hotel", "other"]


def test_properties_are_found_at_any_level() -> None:
    found = properties_of(tree_of(HOTEL, TOP), lambda node: node.unit.unit_id in ("floor", "bar", "other"))
    assert [node.unit.unit_id for node in found] == ["floor", "bar", "other"]


def test_the_top_may_be_spelled_otherwise() -> None:
    assert len(tree_of(HOTEL, "amzn1.alexa.unit.did.ORGANIZATION-as-the-console-shows-it")) == 2
    assert len(tree_of([Unit("hotel", "Hotel", None)], TOP)) == 1


def test_no_units_are_refused() -> None:
    with pytest.raises(InputError, match=r"There are no units below amzn1\.alexa\.unit\.did\.ORGANIZATION.*parent_id"):
        tree_of([], TOP)


@pytest.mark.parametrize(
    ("units", "named"),
    [
        ([*HOTEL, Unit("lost", "Room 301", "gone")], r"1 of 6 .* Room 301 \(lost\), which belongs to gone"),
        ([Unit("a", "A", "gone"), Unit("b", "B", "away")], r"2 of 2 .* A \(a\), which belongs to gone"),
        ([*HOTEL, Unit("a", "A", "b"), Unit("b", "B", "a")], r"2 of 7 .* A \(a\), which belongs to b"),
        ([Unit("a", "A", "a")], r"1 of 1 .* A \(a\), which belongs to a"),
    ],
)
def test_a_unit_without_its_parent_does_not_pass_for_a_property(units: list[Unit], named: str) -> None:
    with pytest.raises(InputError, match=named):
        tree_of(units, TOP)
