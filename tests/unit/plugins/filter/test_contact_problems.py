# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter for a property's contacts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.filter.contact_problems import FilterModule

contact_problems = FilterModule().filters()["contact_problems"]
GOOD = {"name": "Front desk", "phone_numbers": ["+12065550100"]}


@pytest.mark.parametrize("contacts", [[], [GOOD], (GOOD,)])
def test_nothing_is_said_of_good_contacts(contacts: Any) -> None:
    assert contact_problems(contacts) == ""


@pytest.mark.parametrize(("contacts", "words"), [
    (None, "alexa_contacts is no list"), ({}, "alexa_contacts is no list"),
    ([GOOD, "x"], "alexa_contacts[1]: 'x' is no dictionary"),
    ([{**GOOD, "phone": 1}], "alexa_contacts[0]: unknown phone"),
    ([{"name": "A", "phone_numbers": "+12065550100"}], "alexa_contacts[0]: phone_numbers is no list"),
    ([GOOD, GOOD], "alexa_contacts[1]: contact 'Front desk' is also in alexa_contacts[0]"),
    ([{}], "alexa_contacts[0]: name '' is empty"),
])  # fmt: skip
def test_what_is_wrong_is_named_with_its_row(contacts: Any, words: str) -> None:
    assert words in contact_problems(contacts)


def test_twenty_problems_are_enough() -> None:
    told = contact_problems([{**GOOD, "phone": 1}] * 30, "staff")
    assert "staff[19]" in told and "staff[20]" not in told
    told = contact_problems([{"name": "A"}] * 30, "staff")
    assert "staff[19]" in told and "staff[20]" not in told and "10 more" in told
