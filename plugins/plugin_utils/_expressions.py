# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jinja expressions over units, as the options of the inventory plugin give them.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Callable

from jinja2 import Environment, TemplateSyntaxError
from jinja2.parser import Parser

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._data import as_data
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._unit_tree import Node


def refuse_bad_syntax(options: Mapping[str, Any]) -> None:
    """Find out before anything is asked. Raises InputError for the first expression that is none.

    :param options: the plugin's options; those that hold expressions are looked at.
    """
    for name, expression in _expressions(options):
        try:
            parser = Parser(Environment(), expression, state="variable")
            parser.parse_expression()
            if not parser.stream.eos:
                raise TemplateSyntaxError(f"unexpected {parser.stream.current.value!r} after the expression", 1)
        except TemplateSyntaxError as error:
            raise InputError(
                f"{name} {expression!r} is no Jinja expression: {(error.message or '').rstrip('.')}.",
                "Correct it; an expression stands without {{ }} around it.",
            ) from None


def _expressions(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each expression with the name that messages give it. What is no text, Ansible itself looks at."""
    named = [(name, options.get(name)) for name in ("properties", "rooms", "hostname", "extension")]
    for name in ("compose", "groups"):
        given = options.get(name)
        named += [(f"{name}.{key}", value) for key, value in given.items()] if isinstance(given, Mapping) else []
    keyed = [entry for entry in options.get("keyed_groups") or [] if isinstance(entry, Mapping)]
    named += [(f"keyed_groups[{index}].key", entry.get("key")) for index, entry in enumerate(keyed)]
    # Without the marks that Ansible puts on it.
    yield from ((name, f"{value}") for name, value in named if isinstance(value, str))


class Expressions:
    """The options C(properties), C(rooms), C(hostname) and C(extension), asked for one unit at a time.

    :param evaluate: gives the value of an expression with these variables, or raises any error.
    :param options: the expressions by the options' names.
    """

    def __init__(self, evaluate: Callable[[str, dict[str, Any]], Any], options: Mapping[str, str]) -> None:
        self._evaluate = evaluate
        self._options = options

    def is_property(self, node: Node) -> bool:
        return self._condition("properties", node, {})

    def is_room(self, node: Node, of: Node) -> bool:
        return self._condition("rooms", node, _property(of))

    def host_name(self, node: Node) -> str:
        """The text that the host's name is made of; may be empty."""
        return self._text("hostname", node, {})

    def extension(self, node: Node, of: Node) -> str:
        """A room's extension as it is yielded, right or not; empty for a room that has none."""
        return self._text("extension", node, _property(of))

    def _condition(self, option: str, node: Node, more: dict[str, str]) -> bool:
        value = self._value(option, node, more)
        if isinstance(value, bool):
            return value
        raise self._refused(option, node, f"yields {value!r}, which is neither true nor false", "Write a condition")

    def _text(self, option: str, node: Node, more: dict[str, str]) -> str:
        value = self._value(option, node, more)
        if value is None:
            return ""
        # A filter such as int makes a number of the text.
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            return f"{value}"
        remedy = (
            "Write an expression that yields one. Before ansible-core 2.19 True, False and what begins with [ or { are"
            " taken for values: put a text before the name, as in 'hotel-' ~ name"
        )
        raise self._refused(option, node, f"yields {value!r}, which is no text", remedy)

    def _value(self, option: str, node: Node, more: dict[str, str]) -> Any:
        # Whoever names a room must not make Ansible evaluate the name.
        variables = as_data({**node.facts(), **more})
        try:
            return self._evaluate(self._options[option], variables)
        except Exception as error:  # pylint: disable=broad-exception-caught
            # Filters raise what they like.
            remedy = f"Known are {', '.join(variables)}; default('') helps where nothing is found"
            raise self._refused(option, node, f"can't be evaluated: {error}", remedy) from None

    def _refused(self, option: str, node: Node, reason: str, remedy: str) -> InputError:
        return InputError(
            f"{option} {str(self._options[option])!r} {reason.rstrip('.')}, for the unit {node.title}.", f"{remedy}."
        )


def _property(node: Node) -> dict[str, str]:
    return {"property_name": node.name, "property_id": node.unit.unit_id}
