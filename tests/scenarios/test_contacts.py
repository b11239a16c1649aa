# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contacts of an address book: there, again, changed, in another order, pruned, and back."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Outcome, Site

BOOK = "amzn1.alexa.addressbook.did.aurora"
DESK = "amzn1.alexa.communications.profile.did.desk"
UNIT = "amzn1.alexa.unit.did.spa"
ROWS: list[dict[str, Any]] = [
    {"name": "Front desk", "comms_profile_id": DESK},
    {"name": "Spa", "unit_id": UNIT},
    {"name": "Doctor", "phone_numbers": ["+12065550100", "+12065550101"]},
]
FATES = ("created", "updated", "deleted", "unchanged", "not_tried")


@pytest.fixture
def book(site: Site) -> Site:
    """An empty book, a unit with a profile, and one without."""
    site.add_units("desk", "spa")
    site.add_profile("amzn1.alexa.unit.did.desk", DESK)
    site.add_book(addressBookId=BOOK, name="Aurora")
    return site


def contacts(site: Site) -> dict[str, Any]:
    """What each name stands for, as the simulator holds it."""
    (book,) = site.state()["addressBooks"]
    found = {contact["name"]: contact.get("alexaCommunicationProfileId") or [
        number["number"] for number in contact["phoneNumbers"]] for contact in book["contacts"]}
    assert len(found) == len(book["contacts"])
    return found


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"name": f"Room {number}", "phone_numbers": [f"+1206555{number:04}"]} for number in range(count)]


def seed(site: Site, *rows: dict[str, Any]) -> None:
    """Somebody fills the book."""
    site.good("alexa_contacts", address_book_id=BOOK, contacts=list(rows))
    site.forget_requests()


def fates(outcome: Outcome) -> dict[str, list[str]]:
    return {fate: outcome[fate] for fate in FATES if outcome[fate]}


def both(site: Site, **options: Any) -> Outcome:
    """The outcome of a run, which check mode told before, without a write."""
    site.forget_requests()
    told = site.good("alexa_contacts", check=True, address_book_id=BOOK, **options)
    assert site.writes() == {}
    done = site.good("alexa_contacts", address_book_id=BOOK, **options)
    assert told["diff"] == done["diff"] and told["changed"] == done["changed"] and fates(told) == fates(done)
    again = site.good("alexa_contacts", address_book_id=BOOK, **options)
    assert not again["changed"] and again["diff"] == {"before": "", "after": ""}
    return done


def test_create_again_change_in_another_order_and_remove(book: Site) -> None:
    created = site_without_id(both(book, contacts=ROWS))
    assert fates(created) == {"created": ["Doctor", "Front desk", "Spa"]}
    (spa,) = [profile["profileId"] for profile in book.state()["profiles"] if profile["unitId"] == UNIT]
    assert contacts(book) == {"Front desk": DESK, "Spa": spa, "Doctor": ["+12065550100", "+12065550101"]}
    turned = [ROWS[1], {"name": "Doctor", "phone_numbers": ["+12065550101", "+12065550100"]}, ROWS[0]]
    assert not both(book, contacts=turned)["changed"]

    changed = both(book, contacts=[{"name": "Doctor", "comms_profile_id": DESK}])
    assert fates(changed) == {"updated": ["Doctor"]}
    assert changed["diff"] == {"before": "Doctor: +12065550100, +12065550101\n", "after": f"Doctor: {DESK}\n"}
    assert len(contacts(book)) == 3

    pruned = both(book, contacts=[ROWS[0]], prune=True, prune_limit="2")
    assert fates(pruned) == {"deleted": ["Doctor", "Spa"], "unchanged": ["Front desk"]}
    assert contacts(book) == {"Front desk": DESK}
    emptied = both(book, contacts=[], prune=True, prune_limit="100%")
    assert fates(emptied) == {"deleted": ["Front desk"]} and contacts(book) == {}


def site_without_id(outcome: Outcome) -> Outcome:
    """The new profile's id can't be in the plan."""
    assert "a new communication profile (unit" in outcome["diff"]["after"]
    return outcome


def test_a_name_in_other_capitals_makes_no_second_contact(book: Site) -> None:
    seed(book, {"name": "front DESK", "comms_profile_id": DESK})
    renamed = both(book, contacts=[ROWS[0]])
    assert fates(renamed) == {"updated": ["Front desk"]} and contacts(book) == {"Front desk": DESK}
    assert renamed["diff"]["before"] == f"Front desk: {DESK} (named front DESK)\n"


def test_creations_go_a_hundred_a_call(book: Site) -> None:
    seed(book, *numbered(3))
    wish = [{"name": "Room 0", "comms_profile_id": DESK}, *numbered(251)[10:]]
    book.good("alexa_contacts", address_book_id=BOOK, contacts=wish, prune=True, prune_limit="2")
    path = "/v1/addressBooks/{addressBookId}/contacts"
    assert book.writes() == {
        f"DELETE {path}/{{contactId}}": {"204": 2}, f"PUT {path}/{{contactId}}": {"200": 1},
        f"POST {path}/batch": {"200": 3}}
    assert set(contacts(book)) == {row["name"] for row in wish}


def test_prune_has_a_guard(book: Site) -> None:
    seed(book, *numbered(20))
    told = book.failure("alexa_contacts", address_book_id=BOOK, contacts=numbered(17), prune=True)
    assert "prune would remove 3 of 20 contacts, more than prune_limit 10% lets (2)" in told
    told = book.failure("alexa_contacts", address_book_id=BOOK, contacts=[], prune=True, prune_limit="50")
    assert "would remove every contact of the address book" in told
    assert book.writes() == {} and len(contacts(book)) == 20
    # Two contacts of one name: the one that fits stays.
    book.simulator.control("POST", "/address-books", {
        "addressBookId": BOOK, "name": "Aurora", "contacts": [
            {"name": "Room 0", "phoneNumbers": [{"number": "+12065559999"}]}]})
    told = book.failure("alexa_contacts", address_book_id=BOOK, contacts=numbered(20))
    assert "Two contacts of the address book are named Room 0: amzn1." in told and " and amzn1." in told
    outcome = both(book, contacts=numbered(20), prune=True)
    assert len(outcome["deleted"]) == 1 and outcome["deleted"][0].startswith("Room 0 (amzn1.")
    assert contacts(book)["Room 0"] == ["+12065550000"]


@pytest.mark.parametrize(("rows", "words"), [
    ([*ROWS, {"name": "spa", "unit_id": UNIT}], "contacts[3]: contact 'spa' is also in contacts[1]"),
    ([{"name": "A", "phone_numbers": ["+1 (206) 555-0100"]}],
     "contacts[0]: contact 'A': phone number '+1 (206) 555-0100' is not + with country code and number, 7 to 15 digits:"
     " write it like +12065550100"),
    ([{"name": "A", "phone_numbers": ["911"]}], "contacts[0]: contact 'A': phone number '911'"),
    ([{"name": "A", "phone_numbers": [f"+1206555010{n}" for n in range(4)]}], "4 phone numbers are more than 3"),
    ([{"name": "A", "phone_numbers": ["+12065550100"] * 2}], "stands there twice"),
    ([{"name": "A", "phone_numbers": ["+12065550100"], "comms_profile_id": DESK}],
     "contacts[0]: contact 'A' has comms_profile_id and phone_numbers together: give exactly one"),
    ([{"name": "A"}], "contacts[0]: contact 'A' has none of them"),
    ([{"name": "A", "phone_numbers": []}], "contacts[0]: contact 'A' has none of them"),
    ([{"name": "A", "unit_id": "201"}], "unit_id '201' is no Amazon id"),
    ([{"name": " A", "unit_id": UNIT}], "name ' A' is empty, or begins or ends with a space"),
    (numbered(2001), "contacts has 2001 rows, and an address book can't have more than 2,000"),
])
def test_bad_rows_are_named_and_nothing_is_sent(book: Site, rows: list[dict[str, Any]], words: str) -> None:
    outcome = book.run("alexa_contacts", address_book_id=BOOK, contacts=rows)
    assert not outcome.ok and words in outcome["msg"] and "mend these rows" in outcome["msg"]
    assert book.stats()["total"] == 0


def test_other_bad_input(book: Site) -> None:
    assert "Give a number from 1 to 64" in book.failure(
        "alexa_contacts", address_book_id=BOOK, contacts=[], concurrency=65)
    assert "address_book_id is missing" in book.failure("alexa_contacts", contacts=ROWS)
    told = book.run("alexa_contacts", address_book_id=BOOK + "0", contacts=ROWS)
    assert not told.ok and "404" in told["msg"] and told["not_tried"] == ["Doctor", "Front desk", "Spa"]
    assert contacts(book) == {}
    # A book that is not made yet: check mode tells what would be in it.
    for options in ({}, {"address_book_id": BOOK + "0"}):
        outcome = book.good("alexa_contacts", check=True, contacts=ROWS, **options)
        assert fates(outcome) == {"created": ["Doctor", "Front desk", "Spa"]}


def test_a_book_that_would_be_too_full_is_refused_before_anything_is_written(book: Site) -> None:
    for start in range(0, 2000, 500):
        book.simulator.control("POST", "/address-books", {"addressBookId": BOOK, "name": "Aurora", "contacts": [
            {"name": f"Old {number}", "phoneNumbers": [{"number": "+12065550100"}]}
            for number in range(start, start + 500)]})
    told = book.failure("alexa_contacts", address_book_id=BOOK, contacts=[ROWS[0]])
    assert "would have 2,001 contacts, and can't have more than 2,000" in told and book.writes() == {}


def test_what_succeeds_is_kept_where_an_item_fails(book: Site) -> None:
    rows = [*ROWS, {"name": "Nobody", "comms_profile_id": DESK + "0"}]
    outcome = book.run("alexa_contacts", address_book_id=BOOK, contacts=rows)
    assert not outcome.ok and outcome["changed"]
    assert fates(outcome) == {"created": ["Doctor", "Front desk", "Spa"]}
    (failure,) = outcome["failures"]
    assert failure["contact"] == "Nobody" and "There is no communication profile" in failure["msg"]
    assert "1 changes of contacts failed" in outcome["msg"] and "run again" in outcome["msg"]
    assert set(contacts(book)) == {"Doctor", "Front desk", "Spa"}


def test_after_an_error_that_stops_all_the_rest_is_not_tried(book: Site) -> None:
    seed(book, *numbered(3))
    book.fault("status", method="DELETE", status=403)
    wish = [{"name": "Room 2", "comms_profile_id": DESK}, ROWS[0]]
    outcome = book.run(
        "alexa_contacts", address_book_id=BOOK, contacts=wish, prune=True, prune_limit="2", concurrency=1)
    # Deletions come first, so that changes and creations are among those that are left.
    assert [failure["contact"] in ("Room 0", "Room 1") for failure in outcome["failures"]] == [True]
    assert {"Front desk", "Room 2"} < set(outcome["not_tried"]) and len(outcome["not_tried"]) == 3
    assert not outcome.ok and not outcome["changed"]
    assert len(contacts(book)) == 3


def test_lists_that_lag_make_no_twins(book: Site, slow_lists: None) -> None:
    book.settings(list_lag=0.4)
    assert both_lagging(book, ROWS) == ["Doctor", "Front desk", "Spa"]
    assert len(contacts(book)) == 3
    book.good("alexa_contacts", address_book_id=BOOK, contacts=[ROWS[0]], prune=True, prune_limit="2")
    again = book.good("alexa_contacts", address_book_id=BOOK, contacts=[ROWS[0]], prune=True, prune_limit="2")
    assert not again["changed"] and list(contacts(book)) == ["Front desk"]


def both_lagging(site: Site, rows: list[dict[str, Any]]) -> list[str]:
    """Two runs right after one another; what the first created. The second finds it."""
    first = site.good("alexa_contacts", address_book_id=BOOK, contacts=rows)
    second = site.good("alexa_contacts", address_book_id=BOOK, contacts=rows)
    assert not second["changed"], second
    return list(first["created"])


@pytest.mark.parametrize("lag", [0, 0.3])
def test_a_lost_answer_to_a_batch_makes_no_twins(book: Site, slow_lists: None, lag: float) -> None:
    book.settings(list_lag=lag)
    book.fault("lost-answer", method="POST", path="batch$", times=1)
    outcome = book.good("alexa_contacts", address_book_id=BOOK, contacts=numbered(150))
    assert book.faults_met() == 1 and len(outcome["created"]) == 150 and len(contacts(book)) == 150


def test_reading(book: Site) -> None:
    seed(book, *ROWS)
    found = book.good("alexa_contact_info", address_book_id=BOOK)["contacts"]
    assert sorted(contact["name"] for contact in found) == ["Doctor", "Front desk", "Spa"]
    (desk,) = book.good("alexa_contact_info", address_book_id=BOOK, name="Front desk")["contacts"]
    assert desk["contact_id"].startswith("amzn1.") and (desk["comms_profile_id"], desk["phone_numbers"]) == (DESK, [])
    assert "404" in book.failure("alexa_contact_info", address_book_id=BOOK + "0")
