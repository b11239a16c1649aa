# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An address book and the rooms that have it: there, again, renamed, for other rooms, and gone."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Outcome, Site

ORGANIZATION = "amzn1.alexa.unit.did.ORGANIZATION"
ROOMS = [f"amzn1.alexa.unit.did.room-{number:03}" for number in range(250)]
PRUNE: dict[str, Any] = {"prune": True, "parent_id": ORGANIZATION}


@pytest.fixture
def rooms(site: Site) -> Site:
    site.add_units(*(room.rpartition(".")[2] for room in ROOMS))
    return site


def books(site: Site) -> dict[str, list[str]]:
    """The units of each book by its name, as the simulator holds them."""
    found = {book["name"]: book["units"] for book in site.state()["addressBooks"]}
    assert len(found) == len(site.state()["addressBooks"])
    return found


def both(site: Site, **options: Any) -> Outcome:
    """The outcome of a run, which check mode told before, without a write; a second one changes nothing."""
    site.forget_requests()
    told = site.good("alexa_address_book", check=True, **options)
    assert site.writes() == {}
    done = site.good("alexa_address_book", **options)
    assert told["diff"] == done["diff"]
    for name in ("changed", "associated", "dissociated"):
        assert told[name] == done[name]
    again = site.good("alexa_address_book", **options)
    assert not again["changed"] and again["diff"] == {"before": {}, "after": {}}
    return done


def test_create_rename_move_and_delete(rooms: Site) -> None:
    made = both(rooms, name="Aurora", units=ROOMS[:2])
    book_id = made["address_book"]["address_book_id"]
    assert made["diff"] == {"before": {"units": []}, "after": {"name": "Aurora", "units": ROOMS[:2]}}
    assert made["associated"] == ROOMS[:2] and books(rooms) == {"Aurora": ROOMS[:2]}
    assert not both(rooms, name="Aurora", units=ROOMS[1::-1])["changed"]
    # Without units they are left alone; nobody loses the book unless asked for.
    assert not both(rooms, name="Aurora")["changed"]
    assert both(rooms, name="Aurora", units=ROOMS[2:3])["associated"] == ROOMS[2:3]
    assert books(rooms) == {"Aurora": ROOMS[:3]}

    renamed = both(rooms, address_book_id=book_id, name="Boreal")
    assert renamed["diff"] == {"before": {"name": "Aurora"}, "after": {"name": "Boreal"}}
    assert renamed["address_book"] == {"address_book_id": book_id, "name": "Boreal"}
    assert both(rooms, address_book_id=book_id)["address_book"]["name"] == "Boreal"

    gone = both(rooms, name="Boreal", state="absent")
    assert gone["diff"] == {"before": {"name": "Boreal"}, "after": {}} and gone["address_book"] is None
    assert books(rooms) == {}


def test_units_go_a_hundred_a_call(rooms: Site) -> None:
    outcome = rooms.good("alexa_address_book", name="Aurora", units=ROOMS)
    assert outcome["associated"] == ROOMS == books(rooms)["Aurora"]
    book = "/v1/addressBooks/{addressBookId}/unitAssociations"
    assert rooms.writes() == {"POST /v1/addressBooks": {"201": 1}, f"POST {book}/batch": {"200": 3}}
    assert rooms.requests(f"GET {book}") == 0


def test_prune_takes_it_from_units_that_are_not_listed_and_has_a_guard(rooms: Site) -> None:
    rooms.good("alexa_address_book", name="Aurora", units=ROOMS[:20])
    rooms.forget_requests()
    told = rooms.failure("alexa_address_book", name="Aurora", units=ROOMS[:17], **PRUNE)
    assert "prune would remove 3 of 20 units, more than prune_limit 10% lets (2)" in told
    told = rooms.failure("alexa_address_book", name="Aurora", units=[], prune_limit="50", **PRUNE)
    assert "would remove the address book from every unit" in told
    for lacking in ({"units": ROOMS[:1], "prune": True}, PRUNE):
        assert "prune needs units and parent_id" in rooms.failure("alexa_address_book", name="Aurora", **lacking)
    assert rooms.writes() == {}
    outcome = both(rooms, name="Aurora", units=[*ROOMS[:18], ROOMS[30]], **PRUNE)
    assert outcome["dissociated"] == ROOMS[18:20] and outcome["associated"] == [ROOMS[30]]
    assert books(rooms) == {"Aurora": [*ROOMS[:18], ROOMS[30]]}
    outcome = both(rooms, name="Aurora", units=[], prune_limit="100%", **PRUNE)
    assert outcome["changed"] and len(outcome["dissociated"]) == 19
    assert outcome["diff"] == {"before": {"units": outcome["dissociated"]}, "after": {"units": []}}


def test_two_books_of_one_name_are_an_error_that_names_both(rooms: Site) -> None:
    ids = sorted(rooms.add_book(name="Aurora") for _number in range(2))
    for state in ("present", "absent"):
        told = rooms.failure("alexa_address_book", name="Aurora", state=state)
        assert f"2 address books are named Aurora: {ids[0]} and {ids[1]}" in told and "address_book_id" in told
    assert not both(rooms, address_book_id=ids[0], name="Aurora")["changed"]
    both(rooms, address_book_id=ids[1], state="absent")
    assert [book["addressBookId"] for book in rooms.state()["addressBooks"]] == ids[:1]


@pytest.mark.parametrize(("options", "words"), [
    ({"name": "x" * 51}, "Give 1 to 50 characters"),
    ({"name": " "}, "Give 1 to 50 characters"),
    ({"name": "A", "units": [ROOMS[0], "201", ROOMS[0]]},
     "units[1]: unit_id '201' is no Amazon id: those start with amzn1. and hold letters, digits, dots, - and _;"
     f" units[2]: unit {ROOMS[0]} is also in units[0]"),
    ({"name": "A", "units": [f"amzn1.{number}" for number in range(2501)]}, "can't have more than 2500 units"),
    ({"name": "A", "concurrency": 0}, "Give a number from 1 to 64"),
    ({"address_book_id": ""}, "Give the name of the address book"),
    ({}, "one of the following is required: address_book_id, name"),
])
def test_bad_input_sends_nothing(rooms: Site, options: dict[str, Any], words: str) -> None:
    assert words in rooms.failure("alexa_address_book", **options)
    assert rooms.stats()["total"] == 0


def test_an_unknown_id_is_an_error_and_its_absence_is_none(rooms: Site) -> None:
    for check in (True, False):
        told = rooms.failure("alexa_address_book", check=check, address_book_id="amzn1.unknown", name="A")
        assert "There is no address book amzn1.unknown" in told
    assert not both(rooms, address_book_id="amzn1.unknown", state="absent")["changed"]


def test_what_succeeded_is_told_where_a_unit_is_unknown(rooms: Site) -> None:
    unknown = "amzn1.alexa.unit.did.unknown"
    outcome = rooms.run("alexa_address_book", name="Aurora", units=[*ROOMS[:2], unknown])
    assert not outcome.ok and outcome["changed"] and outcome["associated"] == ROOMS[:2]
    assert f"Could not give unit {unknown} the address book" in outcome["msg"] and "no unit with" in outcome["msg"]
    assert outcome["address_book"]["address_book_id"] and books(rooms) == {"Aurora": ROOMS[:2]}


def test_a_unit_that_has_ten_books_is_named_with_amazons_words(rooms: Site) -> None:
    for number in range(10):
        rooms.add_book(name=f"Book {number}", units=[ROOMS[0]])
    told = rooms.failure("alexa_address_book", name="Aurora", units=ROOMS[:1])
    assert ROOMS[0] in told and "maximum number of address books" in told and "a unit can have 10 books" in told


def test_lists_that_lag_and_lost_answers_make_no_second_book(rooms: Site, slow_lists: None) -> None:
    rooms.settings(list_lag=0.4)
    rooms.fault("lost-answer", method="POST", path="addressBooks$")
    rooms.fault("lost-answer", method="POST", path="batch$")
    first = rooms.good("alexa_address_book", name="Aurora", units=ROOMS[:120])
    assert rooms.faults_met() == 2 and first["associated"] == ROOMS[:120]
    second = rooms.good("alexa_address_book", name="Aurora", units=ROOMS[:120])
    assert second["address_book"] == first["address_book"] and not second["changed"]
    assert books(rooms) == {"Aurora": ROOMS[:120]}
    rooms.good("alexa_address_book", name="Aurora", state="absent")
    assert not rooms.good("alexa_address_book", name="Aurora", state="absent")["changed"]


def test_a_book_that_the_list_does_not_show_yet_is_not_made_again(rooms: Site, slow_lists: None) -> None:
    rooms.settings(list_lag=0.4)
    first = rooms.good("alexa_address_book", name="Aurora")
    second = rooms.good("alexa_address_book", name="Aurora")
    assert (first["changed"], second["changed"]) == (True, False) and books(rooms) == {"Aurora": []}


def test_reading(rooms: Site) -> None:
    ids = [rooms.add_book(name=name) for name in ("Aurora", "Boreal", "Aurora")]

    def read(**options: Any) -> list[str]:
        found = rooms.good("alexa_address_book_info", **options)["address_books"]
        return sorted(book["address_book_id"] for book in found)

    assert read() == sorted(ids) and read(name="Aurora") == sorted([ids[0], ids[2]])
    assert read(address_book_id=ids[1]) == [ids[1]] and read(address_book_id="amzn1.unknown") == []
