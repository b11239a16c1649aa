# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions over units: what they know, what they may yield, and what is told of bad ones."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Unit
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._expressions import Expressions, refuse_bad_syntax
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._unit_tree import Node

HOTEL = Node(Unit("amzn1.hotel", "Hotel", "amzn1.top"))
ROOM = Node(Unit("amzn1.room", "Room 201", "amzn1.hotel"), ("Hotel",))


def yielding(value: Any) -> Expressions:
    """Expressions that all yield this value."""
    return Expressions(
        lambda _expression, _known: value, dict.fromkeys(("properties", "rooms", "hostname", "extension"), "x")
    )


@pytest.mark.parametrize(
    "options",
    [
        {"extension": "name | regex_search('[0-9]+$')", "rooms": "leaf and name is not search('Lobby')"},
        {"compose": {"a": "b | unknown_filter"}, "groups": {"always": True}, "keyed_groups": [{"key": "a"}, None]},
        {"compose": {}, "groups": None, "keyed_groups": None},
    ],
)
def test_good_syntax_passes(options: dict[str, Any]) -> None:
    refuse_bad_syntax(options)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"extension": "name |"}, r"^extension 'name \|' is no Jinja expression"),
        ({"extension": "{{ name }}"}, r"without {{ }} around it"),
        ({"properties": "name == 'A' B"}, r"^properties .*unexpected 'B' after the expression"),
        ({"rooms": "leaf and"}, "^rooms 'leaf and'"),
        ({"hostname": "'unfinished"}, "^hostname"),
        ({"compose": {"good": "a", "bad": "a b"}}, r"^compose\.bad 'a b'"),
        ({"groups": {"bad": "("}}, r"^groups\.bad '\('"),
        ({"keyed_groups": [{"key": "a"}, {"key": "%"}]}, r"^keyed_groups\[1\]\.key '%'"),
    ],
)
def test_bad_syntax_is_named(options: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        refuse_bad_syntax(options)


def test_an_expression_knows_the_unit_and_its_property() -> None:
    seen = []
    options = {"rooms": "condition", "hostname": "text"}
    expressions = Expressions(lambda expression, known: seen.append((expression, known)) or True, options)
    assert expressions.is_room(ROOM, HOTEL)
    assert seen == [("condition", {**ROOM.facts(), "property_name": "Hotel", "property_id": "amzn1.hotel"})]


@pytest.mark.parametrize(("value", "text"), [("201", "201"), (201, "201"), ("0712", "0712"), (None, ""), ("", "")])
def test_what_an_extension_may_be(value: Any, text: str) -> None:
    assert yielding(value).extension(ROOM, HOTEL) == text


@pytest.mark.parametrize("value", [True, ["201"], 20.1, {}])
def test_what_is_no_text_is_told(value: Any) -> None:
    with pytest.raises(InputError, match=r"extension 'x' yields .*, which is no text, for the unit Hotel / Room 201"):
        yielding(value).extension(ROOM, HOTEL)


@pytest.mark.parametrize("value", ["yes", 1, None, []])
def test_a_condition_is_true_or_false(value: Any) -> None:
    assert yielding(True).is_property(HOTEL) is True and yielding(False).is_property(HOTEL) is False
    with pytest.raises(
        InputError, match=r"properties 'x' yields .*, which is neither true nor false, for the unit Hotel"
    ):
        yielding(value).is_property(HOTEL)


def test_an_error_names_expression_unit_and_what_is_known() -> None:
    def fail(_expression: str, _known: dict[str, Any]) -> Any:
        raise ZeroDivisionError("division by zero.")

    expressions = Expressions(fail, {"hostname": "1 / 0"})
    with pytest.raises(InputError) as error:
        expressions.host_name(HOTEL)
    assert str(error.value).startswith(
        "hostname '1 / 0' can't be evaluated: division by zero, for the unit Hotel (amzn1.hotel)"
    )
    assert "Known are name, unit_id, parent_id, path, level, leaf; default('')" in str(error.value)
