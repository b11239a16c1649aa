# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of alexa_comms_profiles, and the rows it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Profile
from ansible_collections.alexa.smart_properties.plugins.modules.alexa_comms_profiles import checked_names, planned

U1, U2, U3 = (f"amzn1.alexa.unit.did.{number}" for number in (1, 2, 3))


def unit(unit_id: Any, name: str | None = None) -> dict[str, Any]:
    return {"unit_id": unit_id, "name": name}


def test_names_by_unit() -> None:
    assert checked_names([unit(U2, "Room 2"), unit(U1)]) == {U2: "Room 2", U1: None}
    assert checked_names([]) == {}


def test_every_row_that_can_not_be_used_is_named() -> None:
    with pytest.raises(InputError) as caught:
        checked_names([unit(U1), unit("7201"), unit(U1, "x"), unit(""), unit(U2)])
    told = str(caught.value)
    assert "units[1]: unit_id '7201' is no Amazon id" in told
    assert f"units[2]: unit_id {U1} occurs twice" in told
    assert "units[3]: unit_id ''" in told
    assert "units[0]" not in told and "units[4]" not in told
    assert "Nothing was sent" in told


@pytest.mark.parametrize(
    ("state", "name", "profile", "kind"),
    [
        ("present", None, None, "create"),
        ("present", "Room 1", None, "create"),
        ("present", None, Profile("p", "Guest"), "unchanged"),
        ("present", "Room 1", Profile("p", "Room 1"), "unchanged"),
        ("present", "Room 1", Profile("p", "Guest"), "change"),
        ("present", "Room 1", Profile("p"), "change"),
        ("absent", None, Profile("p", "Guest"), "delete"),
        ("absent", "Room 1", Profile("p", "Guest"), "delete"),
        ("absent", None, None, "unchanged"),
    ],
)
def test_what_becomes_of_a_unit(state: str, name: str | None, profile: Profile | None, kind: str) -> None:
    plan = planned({U1: name}, {U1: profile}, state)
    kinds = ("create", "change", "delete", "unchanged")
    assert {which: getattr(plan, which) for which in kinds} == {which: [U1] if which == kind else [] for which in kinds}
    assert plan.changed == (kind != "unchanged")


def test_the_diff_tells_names() -> None:
    have = {U1: None, U2: Profile("p2", "Guest"), U3: None}
    plan = planned({U1: "Room 1", U2: "Room 2", U3: None}, have, "present")
    assert plan.before == f"{U2}: named Guest\n"
    assert plan.after == f"{U1}: named Room 1\n{U2}: named Room 2\n{U3}: a communication profile\n"
    gone = planned({U2: None}, have, "absent")
    assert (gone.before, gone.after) == (f"{U2}: named Guest\n", "")
