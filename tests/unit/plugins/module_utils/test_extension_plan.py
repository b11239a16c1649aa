# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's rows of extensions, what is to be done, and one mapping written at a time."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError, InputError, TransportError
from ansible_collections.alexa.smart_properties.plugins.module_utils._extensions import (
    CREATED,
    DELETED,
    UNCHANGED,
    UPDATED,
    Mappings,
    Wish,
    checked_trunk_id,
    plan,
    profile_of,
    wishes,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Mapping, Profile
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import Call, answer, lost

Scripted = Callable[..., Client]
P1, P2 = "amzn1.alexa.profile.1", "amzn1.alexa.profile.2"
UNIT = "amzn1.alexa.unit.did.1"
TRUNK = "/v1/communications/network/siptrunk/t1"
PATH = f"{TRUNK}/extension/%2A7"


def row(extension: Any = "7201", profile: Any = P1, unit: Any = None) -> dict[str, Any]:
    return {"extension": extension, "comms_profile_id": profile, "unit_id": unit}


def test_rows_become_wishes_in_their_order() -> None:
    assert wishes([row("2"), row("1", None, UNIT)]) == {"2": Wish("2", P1), "1": Wish("1", None, UNIT)}
    assert list(wishes([row("2"), row("1")])) == ["2", "1"]
    assert wishes([]) == {}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([row(), row("../7201")], "extensions[1]: extension '../7201' is not 1 to 32"),
        ([row("")], "extensions[0]: extension '' is not"),
        ([row(None)], "extensions[0]: extension '' is not"),
        ([row("7201\n")], r"extensions[0]: extension '7201\n' is not"),
        ([row(profile=None)], "extensions[0]: extension '7201' needs either comms_profile_id or unit_id"),
        ([row(profile="")], "needs either"),
        ([row(unit=UNIT)], "needs either"),
        ([row(profile="7201")], "comms_profile_id '7201' is no Amazon id"),
        ([row(profile=None, unit="7201")], "unit_id '7201' is no Amazon id"),
        ([row(), row("2"), row()], "extensions[2]: extension 7201 is also in extensions[0]"),
        ([row(), row(profile=P2)], "extensions[1]: extension 7201 is also in extensions[0]"),
        ([row("a"), row("b")], "extensions[0]: extension 'a' is not 1 to 32 of the characters 0-9 * # +; exten"),
    ],
)
def test_rows_that_can_not_be_used_are_named(rows: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(InputError) as caught:
        wishes(rows)
    assert told in str(caught.value)
    assert "Nothing was sent" in str(caught.value)


def test_a_long_list_of_bad_rows_is_cut_and_counted() -> None:
    with pytest.raises(InputError, match=r"extensions\[19\].* \(and 30 more\)") as caught:
        wishes([row("x")] * 50)
    assert "extensions[20]" not in str(caught.value)


def test_a_single_wish_is_named_without_a_row() -> None:
    with pytest.raises(InputError, match="^extension 'x' is not"):
        wishes([row("x")], option="")


def test_only_check_mode_needs_no_trunk() -> None:
    assert checked_trunk_id("t1", False) == "t1"
    assert checked_trunk_id("", True) is checked_trunk_id(None, True) is None
    for missing in ("", None):
        with pytest.raises(InputError, match="trunk_id is missing"):
            checked_trunk_id(missing, False)


def have(*pairs: tuple[str, str]) -> dict[str, Mapping]:
    return {extension: Mapping(extension, profile) for extension, profile in pairs}


def test_a_plan_tells_apart_what_is_made_changed_kept_and_removed() -> None:
    wanted = wishes([row("1"), row("2"), row("3")])
    todo = plan(wanted, have(("2", P2), ("3", P1), ("9", P1)), {}, prune=True, prune_limit="1")
    assert (todo.create, todo.change, todo.unchanged, todo.delete) == (["1"], ["2"], ["3"], ["9"])
    assert todo.before == f"2: {P2}\n9: {P1}\n"
    assert todo.after == f"1: {P1}\n2: {P1}\n"


def test_without_prune_nothing_is_removed() -> None:
    todo = plan(wishes([row("1")]), have(("1", P1), ("9", P1)), {})
    assert not todo.changed
    assert not plan({}, have(("9", P1)), {}).changed


def test_another_spelling_of_the_routing_type_is_no_change() -> None:
    assert plan(wishes([row("1")]), {"1": Mapping("1", P1, "COMMUNICATION_PROFILE")}, {}).unchanged == ["1"]


def test_units_stand_for_their_profiles() -> None:
    wanted = wishes([row("1", None, UNIT), row("2", None, UNIT)])
    known = plan(wanted, have(("1", P1)), {UNIT: Profile(P1)})
    assert (known.unchanged, known.create) == (["1"], ["2"])
    assert known.after == f"2: {P1} (unit {UNIT})\n"
    unknown = plan(wanted, have(("1", P1)), {UNIT: None})
    assert (unknown.change, unknown.create) == (["1"], ["2"])
    assert f"1: a new communication profile (unit {UNIT})" in unknown.after
    assert profile_of(wanted["1"], {UNIT: None}) is None


@pytest.mark.parametrize(
    ("mapped", "removed", "limit", "refused"),
    [
        (100, 10, "10%", False), (100, 11, "10%", True), (5, 1, "10%", False), (5, 2, "10%", True),
        (100, 1, "0", True), (100, 0, "0", False), (100, 50, "50", False), (100, 51, "50", True),
        (10, 9, "100%", False),
    ],
)  # fmt: skip
def test_prune_removes_no_more_than_its_limit(mapped: int, removed: int, limit: str, refused: bool) -> None:
    there = have(*[(str(number), P1) for number in range(mapped)])
    wanted = wishes([row(extension) for extension in list(there)[removed:]])
    if refused:
        with pytest.raises(InputError, match=f"remove {removed} of {mapped} mappings, more than prune_limit {limit}"):
            plan(wanted, there, {}, prune=True, prune_limit=limit)
    else:
        assert len(plan(wanted, there, {}, prune=True, prune_limit=limit).delete) == removed


@pytest.mark.parametrize("mapped", [0, 1, 3])
@pytest.mark.parametrize("limit", ["10%", "3", "99%"])
def test_prune_with_an_empty_list_is_refused(mapped: int, limit: str) -> None:
    there = have(*[(str(number), P1) for number in range(mapped)])
    with pytest.raises(InputError, match="empty list of extensions.*prune_limit: 100%"):
        plan({}, there, {}, prune=True, prune_limit=limit)


def test_prune_with_an_empty_list_can_be_asked_for_outright() -> None:
    assert plan({}, have(("1", P1), ("2", P1)), {}, prune=True, prune_limit=" 100%").delete == ["1", "2"]


def mappings(scripted: Scripted, *calls: Call, **settings: float) -> Mappings:
    return Mappings(scripted(*calls, **settings), "t1")


def body(profile: str = P1) -> dict[str, str]:
    return {"routingType": "communication-profile", "commsProfileId": profile}


def get(outcome: Any) -> Call:
    return Call("GET", PATH, outcome)


def post(outcome: Any) -> Call:
    return Call("POST", PATH, outcome, body())


def put(outcome: Any = None) -> Call:
    return Call("PUT", PATH, outcome or answer(200), body())


MINE, THEIRS, NONE = answer(200, body()), answer(200, body(P2)), answer(404)


def test_one_mapping_is_read(scripted: Scripted) -> None:
    assert mappings(scripted, get(MINE)).get("*7") == Mapping("*7", P1)
    assert mappings(scripted, get(NONE)).get("*7") is None


def test_a_mapping_that_repeats_across_pages_comes_once(scripted: Scripted) -> None:
    first = {"results": [{"extension": "1", **body()}, {"extension": "2", **body()}], "nextToken": "t"}
    second = {"results": [{"extension": "2", **body()}, {"commsProfileId": P1}, {"extension": "3", **body()}]}
    found = mappings(
        scripted,
        Call("GET", f"{TRUNK}/extensions", answer(200, first)),
        Call("GET", f"{TRUNK}/extensions?nextToken=t", answer(200, second)),
    ).list()
    assert [mapping.extension for mapping in found] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("calls", "fate"),
    [
        ([post(answer(200))], CREATED),
        ([post(answer(201, body()))], CREATED),
        ([post(lost()), get(MINE)], CREATED),
        ([post(answer(503)), get(MINE)], CREATED),
        ([post(lost()), get(NONE), post(answer(200))], CREATED),
        ([post(lost()), get(THEIRS), put()], UPDATED),
        ([post(answer(409)), get(MINE)], UNCHANGED),
        ([post(answer(409)), get(THEIRS), put()], UPDATED),
        ([post(answer(409)), get(NONE), put()], UPDATED),
        ([post(lost()), get(NONE), post(answer(409)), get(MINE)], UNCHANGED),
    ],
    ids=["made", "made with a body", "lost, made", "503, made", "lost, not made", "lost, theirs", "409, mine",
         "409, theirs", "409, not readable", "lost, made late"],
)  # fmt: skip
def test_mapping_an_extension(scripted: Scripted, calls: list[Call], fate: str) -> None:
    assert mappings(scripted, *calls).create("*7", P1) == fate


@pytest.mark.parametrize(
    ("calls", "error", "told"),
    [
        ([post(answer(400, {"message": "bad profile"}))], ApiError, "Could not map extension .7: .*bad profile"),
        ([post(answer(409, {"message": "not ACTIVE"})), get(NONE), put(answer(404))], ApiError, "409: not ACTIVE"),
        ([post(answer(409)), get(THEIRS), put(answer(400))], ApiError, "Could not change extension .7: .* 400"),
        ([post(lost()), get(NONE)], TransportError, "Could not map extension"),
        ([post(lost()), get(THEIRS), put(answer(400))], ApiError, "Could not change extension"),
    ],
)
def test_an_extension_that_can_not_be_mapped(
    scripted: Scripted, calls: list[Call], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        mappings(scripted, *calls, retry_timeout=0).create("*7", P1)


def test_changing_a_mapping(scripted: Scripted) -> None:
    assert mappings(scripted, put()).change("*7", P1) == UPDATED
    assert mappings(scripted, put(answer(404)), post(answer(200))).change("*7", P1) == UPDATED
    with pytest.raises(ApiError, match="Could not change"):
        mappings(scripted, put(answer(400))).change("*7", P1)


@pytest.mark.parametrize("status", [200, 204, 404])
def test_removing_a_mapping(scripted: Scripted, status: int) -> None:
    assert mappings(scripted, Call("DELETE", PATH, answer(status))).delete("*7") == DELETED
