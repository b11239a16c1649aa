# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two properties' contacts by the playbook: refused, shown, made, made again, changed, and taken back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from playbook_runs import CLIENT_SECRET, PROFILE, REFRESH_TOKEN, UNIT, Run, Site, writes

CONTACTS = "alexa.smart_properties.contacts"
AURORA: list[dict[str, Any]] = [
    {"name": "Front desk", "comms_profile_id": PROFILE + "desk"},
    {"name": "Spa", "unit_id": UNIT + "spa"},
    {"name": "Doctor", "phone_numbers": ["+12065550100"]},
]
BOREAL = [{"name": "Front desk", "phone_numbers": ["+12065550199"]}]


def units(name: str, count: int) -> list[str]:
    return [f"{UNIT}{name}{number}" for number in range(count)]


def inventory(site: Site, aurora: Any = None, boreal: Any = None, **common: Any) -> None:
    """Aurora has a room that is listed by its profile too; a third property lists no contacts."""
    by_unit = [{"extension": f"70{number}", "unit_id": unit_id} for number, unit_id in enumerate(units("A", 3))]
    site.write("inventory/boreal.csv", "extension,unit_id\n801,{}\n802,{}\n".format(*units("B", 2)))
    site.inventory(
        {
            "aurora": {
                "alexa_rooms": [*by_unit, {"extension": "709", "comms_profile_id": PROFILE + "A9"}],
                "alexa_contacts": AURORA if aurora is None else aurora,
            },
            "boreal": {
                "alexa_rooms_file": "boreal.csv",
                "alexa_contacts": BOREAL if boreal is None else boreal,
                "alexa_contacts_book": "Hotel Boreal",
            },
            "cirrus": {},
        },
        **common,
    )


def books(site: Site) -> dict[str, tuple[list[str], list[str]]]:
    """The contacts and the units of each book by its name."""
    return {
        book["name"]: (sorted(contact["name"] for contact in book["contacts"]), book["units"])
        for book in site.state()["addressBooks"]
    }


MADE = {
    "aurora": (["Doctor", "Front desk", "Spa"], units("A", 3)),
    "Hotel Boreal": (["Front desk"], units("B", 2)),
}


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    rooms = [*units("A", 4), *units("B", 2), UNIT + "spa", UNIT + "desk"]
    site.api().control("POST", "/units", [{"name": unit_id[-3:], "id": unit_id} for unit_id in rooms])
    site.api().control("POST", "/profiles", [{"unitId": UNIT + "desk", "profileId": PROFILE + "desk"}])
    return site


@pytest.mark.parametrize(
    ("contacts", "more", "words"),
    [
        ([*AURORA, {"name": "spa", "unit_id": UNIT + "A1"}], {}, "alexa_contacts[3]: contact 'spa' is also in alexa"),
        ([{"name": "A", "phone_numbers": ["911"]}], {}, "alexa_contacts[0]: contact 'A': phone number '911'"),
        ([{"name": "A", "phone_numbers": [12065550100]}], {}, "contact 'A': phone number 12065550100 is not +"),
        ([{"name": "A", "phone_numbers": "+12065550100"}], {}, "alexa_contacts[0]: phone_numbers is no list"),
        ([{"name": "A", "phone": "+12065550100"}], {}, "alexa_contacts[0]: unknown phone: the keys of a contact are"),
        ([{"name": "A"}], {}, "contact 'A' has none of them"),
        (AURORA, {"contacts_book": "x" * 51}, "Give a name of 1 to 50 characters"),
        (AURORA, {"contacts_rooms": []}, "No room has a unit_id"),
        (AURORA, {"contacts_prune_limit": "110%"}, "Give a number such as 20"),
        (AURORA, {"contacts_units": ["201", UNIT + "A1"]}, "alexa_contacts_units (contacts_units) has 201, no"),
        (AURORA, {"contacts_parent_id": "Aurora"}, "Give the id of the property's unit"),
        (AURORA, {"alexa_contacts_book": "Chain"}, "aurora and boreal and cirrus would share one address book, Chain."),
        ("Front desk", {}, "Elements value for option 'contacts_list' is of type str"),
    ],
)
def test_what_cant_work_stops_the_property_before_anything_is_sent(
    site: Site, contacts: Any, more: dict[str, Any], words: str
) -> None:
    inventory(site, contacts)
    given = ["-e", json.dumps(more)] if more else []
    run = site.run(CONTACTS, "--limit", "aurora,localhost", *given)
    assert run.failed() == {"aurora"} and words in run.message("aurora")
    assert site.api().control("GET", "/stats")["total"] == 0


def test_a_book_of_another_property_is_refused_on_both_sides(site: Site) -> None:
    # Of its own it would have the book of the name aurora.
    site.inventory({"aurora": {}, "boreal": {"alexa_contacts_book": "aurora"}, "cirrus": {}})
    run = site.run(CONTACTS, "-e", "contacts_state=absent")
    assert run.failed() == {"aurora", "boreal"} and "aurora and boreal would share" in run.message("aurora")
    # Two books of one name are told apart by their ids.
    pinned = {"alexa_contacts_book": "aurora", "alexa_contacts_book_id": "amzn1.book"}
    site.inventory({"aurora": {}, "boreal": pinned, "cirrus": {}})
    assert not site.run(CONTACTS, "-e", "contacts_state=absent").failed()


def test_a_first_check_shows_what_would_be_and_writes_nothing(site: Site) -> None:
    inventory(site)
    run = site.run(CONTACTS, "--check", "--diff").good()
    assert not writes(site.counted()) and books(site) == {}
    assert "3 can be called, 3 of them would be new" in run.shown("Show each property", "aurora")


@pytest.fixture(scope="module")
def made(site: Site) -> Run:
    inventory(site)
    return site.run(CONTACTS).good()


def test_each_property_has_its_book(site: Site, made: Run) -> None:
    assert books(site) == MADE and made.changed()["cirrus"] == 0
    shown = made.shown("Show each property", "aurora")
    assert "3 have the book, 3 of them new" in shown
    assert "1 rooms are listed without a unit_id" in shown and "709" in shown
    assert "none are listed" in made.shown("Show each property", "cirrus")


def test_a_second_run_changes_nothing(site: Site, made: Run) -> None:
    site.counted()
    again = site.run(CONTACTS).good()
    assert not any(again.changed().values()) and not writes(site.counted())


def test_a_change_touches_one_contact_and_prune_has_its_guard(site: Site, made: Run) -> None:
    inventory(site, [{"name": "Spa", "phone_numbers": ["+12065550101"]}, AURORA[0]])
    run = site.run(CONTACTS, "--limit", "aurora,localhost").good()
    assert run.result("Fill the address book", "aurora")["updated"] == ["Spa"] and books(site) == MADE
    refused = site.run(CONTACTS, "-e", "alexa_contacts_prune=true", "-e", "alexa_contacts_prune_limit=0")
    assert refused.failed() == {"aurora"} and "prune would remove 1 of 3 contacts" in refused.message("aurora")
    # An empty list removes nothing, and is no error: a property without contacts is as it was.
    emptied = site.run(CONTACTS, "-e", "alexa_contacts_prune=true", "-e", '{"alexa_contacts": []}').good()
    assert not any(emptied.changed().values()) and books(site) == MADE
    site.run(CONTACTS, "-e", "alexa_contacts_prune=true").good()
    assert books(site) == {**MADE, "aurora": (["Front desk", "Spa"], units("A", 3))}


def test_a_room_that_is_gone_loses_the_book_where_the_property_is_named(site: Site, made: Run) -> None:
    parent = {"alexa_contacts_parent_id": UNIT + "ORGANIZATION", "alexa_contacts_prune": True}
    fewer = {"contacts_rooms": [{"extension": "700", "unit_id": UNIT + "A0"}], "contacts_prune_limit": "2"}
    inventory(site, AURORA[:2])
    site.run(CONTACTS, "--limit", "aurora,localhost", "-e", json.dumps({**parent, **fewer})).good()
    assert books(site)["aurora"][1] == units("A", 1)


def test_the_way_back_leaves_what_others_entered(site: Site, made: Run) -> None:
    (book_id,) = [book["addressBookId"] for book in site.state()["addressBooks"] if book["name"] == "aurora"]
    stranger = {"name": "Bar", "phoneNumbers": [{"number": "+12065550102"}]}
    site.api().control("POST", "/address-books", {"name": "aurora", "addressBookId": book_id, "contacts": [stranger]})
    inventory(site)
    before = books(site)
    site.counted()
    assert site.run(CONTACTS, "--check", "-e", "contacts_state=absent").failed() == {"aurora"}
    assert not writes(site.counted()) and books(site) == before

    run = site.run(CONTACTS, "-e", "contacts_state=absent")
    assert run.failed() == {"aurora"} and "holds contacts that are not in alexa_contacts: Bar." in run.message("aurora")
    assert set(books(site)) == {"aurora"}
    run = site.run(CONTACTS, "-e", "contacts_state=absent", "-e", "alexa_contacts_prune=true").good()
    assert books(site) == {} and run.changed()["aurora"] == 1
    again = site.run(CONTACTS, "-e", "contacts_state=absent").good()
    assert not any(again.changed().values())


def test_a_book_is_pinned_where_another_has_its_name_and_further_units_get_it(site: Site) -> None:
    ids = sorted(site.api().control("POST", "/address-books", {"name": "aurora"})["addressBookId"] for _twin in "ab")
    inventory(site)
    limited = ["--limit", "aurora,localhost"]
    for state in ("present", "absent"):
        refused = site.run(CONTACTS, *limited, "-e", f"contacts_state={state}")
        assert refused.failed() == {"aurora"}
        assert f"2 address books are named aurora: {ids[0]} and {ids[1]}" in refused.message("aurora")
    more = {"contacts_book_id": ids[1], "alexa_contacts_units": [UNIT + "A3"], "contacts_concurrency": 1}
    site.run(CONTACTS, *limited, "-e", json.dumps(more)).good()
    held = {book["addressBookId"]: (len(book["contacts"]), book["units"]) for book in site.state()["addressBooks"]}
    assert held == {ids[0]: (0, []), ids[1]: (3, units("A", 4))}
    for book_id in ids:
        undo = ["-e", "contacts_state=absent", "-e", f"contacts_book_id={book_id}"]
        assert site.run(CONTACTS, *limited, *undo).good().changed()["aurora"] == 1
    assert books(site) == {}


def test_no_secret_is_shown(site: Site) -> None:
    inventory(site, alexa_client_secret=CLIENT_SECRET, alexa_refresh_token=REFRESH_TOKEN)
    without = {"ALEXA_CLIENT_SECRET": "", "ALEXA_REFRESH_TOKEN": ""}
    run = site.run(CONTACTS, "--diff", "-vvv", as_json=False, **without)
    assert run.code == 0 and books(site) == MADE
    for secret in (CLIENT_SECRET, REFRESH_TOKEN):
        assert secret not in run.output and json.dumps(secret)[1:-1] not in run.output
