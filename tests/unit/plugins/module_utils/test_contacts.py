# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contacts: how answers are read, what is to be done, and each made exactly once whatever a batch's answer tells."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils import _wire_contacts as wire
from ansible_collections.alexa.smart_properties.plugins.module_utils._address_books import AddressBooks
from ansible_collections.alexa.smart_properties.plugins.module_utils._bulk import Account
from ansible_collections.alexa.smart_properties.plugins.module_utils._contact_bulk import Contacts
from ansible_collections.alexa.smart_properties.plugins.module_utils._contacts import Wish, by_name, plan, wishes
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Response
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import problem_with_phone_number
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import AddressBook, Contact, Profile
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import (
    FakeClock,
    ServedTransport,
    answer,
    client_on,
    lost,
)

NUMBER, OTHER = "+12065550100", "+12065550101"
PROFILE, UNIT = "amzn1.alexa.profile.1", "amzn1.alexa.unit.did.1"


@pytest.mark.parametrize("body", [
    {"contactId": "c1", "name": "A", "phoneNumbers": [{"number": NUMBER}, {"number": OTHER}]},
    {"contactId": "c1", "contact": {"name": "A", "phoneNumbers": [NUMBER, OTHER]}},
    {"id": "c1", "name": "A", "alexaCommunicationProfileId": None, "phoneNumbers": [NUMBER, {"number": OTHER}]},
])  # fmt: skip
def test_contacts_are_read_in_several_forms(body: Any) -> None:
    read = wire.contact(body)
    assert read == Contact("A", None, (NUMBER, OTHER)) and read.contact_id == "c1"


def test_a_profile_may_be_nested_and_what_is_no_contact_is_an_empty_one() -> None:
    nested = {"name": "A", "alexaCommunicationProfileId": {"profileId": PROFILE}}
    assert wire.contact(nested, "c2") == Contact("A", PROFILE)
    for body in (None, [], "x", {"contact": "x"}, {"phoneNumbers": None}):
        assert wire.contact(body) == Contact("")


@pytest.mark.parametrize(("body", "expected"), [
    ({"results": [{"itemId": "1", "contactId": "c1"}, {"itemId": 2}], "errors": [{"itemId": "3", "message": "no"}]},
     ({1: "c1", 2: ""}, {3: "no"})),
    ({"results": [{"itemId": "1", "contact": {"contactId": "c1"}}, {"itemId": "2", "error": {"message": "no"}}]},
     ({1: "c1"}, {2: "no"})),
    ([{"itemId": "1", "id": "c1"}], ({1: "c1"}, {})),
    ({"errors": [{"itemId": "1"}]}, ({}, {1: "no reason given"})),
    ({"results": "x", "errors": None}, ({}, {})), (None, ({}, {})), ({"results": ["x", {"itemId": "x"}]}, ({}, {})),
])  # fmt: skip
def test_what_a_batch_tells(body: Any, expected: Any) -> None:
    assert wire.batch(body) == expected


@pytest.mark.parametrize("number", ["+12065550100", "+6834002", "+123456789012345"])
def test_good_numbers(number: str) -> None:
    assert problem_with_phone_number(number) is None


@pytest.mark.parametrize("number", [
    "", "911", "12065550100", "+02065550100", "+1234567890123456", "+1 206", 12065550100, None, "+1206555010\u0660",
    "+12065550100\n"])  # fmt: skip
def test_bad_numbers(number: Any) -> None:
    problem = problem_with_phone_number(number)
    assert problem and repr(number) in problem and "write it like +12065550100" in problem


def test_a_number_with_decoration_comes_with_what_is_right() -> None:
    assert "write it like +442071234567" in str(problem_with_phone_number("+44 (20) 7123-4567"))


def wanted(*names: str) -> dict[str, Wish]:
    return wishes([{"name": name, "phone_numbers": [NUMBER]} for name in names])


def present(**numbers: str) -> dict[str, Contact]:
    return {name: Contact(name, None, (number,), f"c-{name}") for name, number in numbers.items()}


def test_the_plan_has_deletions_changes_creations_and_what_stays() -> None:
    todo = plan(wanted("A", "B", "C"), present(A=NUMBER, B=OTHER, D=NUMBER), {}, prune=True, prune_limit="1")
    assert (todo.create, todo.change, todo.delete, todo.unchanged) == (["C"], ["B"], ["D"], ["A"])
    assert todo.before == f"B: {OTHER}\nD: {NUMBER}\n" and todo.after == f"B: {NUMBER}\nC: {NUMBER}\n"
    assert plan(wanted("A"), present(A=NUMBER, D=NUMBER), {}).delete == []


def test_a_unit_without_a_profile_is_a_change_and_one_with_it_may_be_none() -> None:
    wish = wishes([{"name": "A", "unit_id": UNIT}])
    there = {"A": Contact("A", PROFILE, (), "c1")}
    assert plan(wish, there, {UNIT: Profile(PROFILE)}).unchanged == ["A"]
    todo = plan(wish, there, {UNIT: None})
    assert todo.change == ["A"] and todo.labels_after["A"] == f"a new communication profile (unit {UNIT})"
    # Nor does a contact that stands for nobody fit.
    assert plan(wish, {"A": Contact("A", None, (), "c1")}, {UNIT: None}).change == ["A"]


def test_of_two_contacts_of_one_name_the_one_that_fits_bears_it() -> None:
    twins = [Contact("A", None, (OTHER,), "c1"), Contact("A", None, (NUMBER,), "c2")]
    found = by_name(twins, {"A": (None, (NUMBER,))})
    assert {key: contact.contact_id for key, contact in found.items()} == {"A": "c2", "A (c1)": "c1"}
    with pytest.raises(InputError, match=r"named A: c2 and c1\. Delete one"):
        plan(wanted("A"), found, {})
    assert plan(wanted("B"), found, {}).create == ["B"]
    assert plan(wanted("A"), found, {}, prune=True, prune_limit="1").delete == ["A (c1)"]


def test_a_contact_that_differs_in_capitals_is_meant_and_gets_the_listed_spelling() -> None:
    there = [Contact("front DESK", None, (NUMBER,), "c1"), Contact("bar", None, (NUMBER,), "c2")]
    found = by_name(there, {"Front desk": (None, (NUMBER,))})
    assert {key: contact.contact_id for key, contact in found.items()} == {"Front desk": "c1", "bar": "c2"}
    todo = plan(wanted("Front desk"), found, {}, prune=True, prune_limit="1")
    assert (todo.change, todo.create, todo.delete) == (["Front desk"], [], ["bar"])
    assert "Front desk: +12065550100 (named front DESK)\n" in todo.before and todo.after == f"Front desk: {NUMBER}\n"
    twins = [Contact("Front desk", None, (NUMBER,), "c0"), *there]
    with pytest.raises(InputError, match=r"named Front desk: c0 and c1\. Delete one"):
        plan(wanted("Front desk"), by_name(twins, {"Front desk": (None, (NUMBER,))}), {})


class Book:
    """An address book in memory.

    :param tell: makes the answer of a batch from the ids of contacts, or from the units, by item id.
    :ivar losses: of each batch whose answer is lost, how many items are carried out.
    """

    def __init__(self, tell: Any = None) -> None:
        self.contacts: list[dict[str, Any]] = []
        self.units: list[str] = []
        self.losses: list[int] = []
        self.batches: list[int] = []
        self.tell = tell or (lambda made: {"results": [{"itemId": n, "contactId": c} for n, c in made.items()]})

    def __call__(self, method: str, path: str, body: Any) -> Response:
        if method == "GET" and "unitId=" in path:
            there = path.rpartition("=")[2] in self.units
            return answer(200, {"results": [{"unitId": "spelt otherwise"}] if there else []})
        if method == "GET":
            return answer(200, {"results": self.contacts})
        self.batches.append(len(body["items"]))
        carried_out = self.losses.pop(0) if self.losses else None
        made = {item["itemId"]: self._put(item) for item in body["items"][:carried_out]}
        if carried_out is not None:
            raise lost()
        return answer(200, self.tell(made))

    def _put(self, item: dict[str, Any]) -> str:
        if "unitId" in item:
            assert item["unitId"] not in self.units, "a unit is given the book twice"
            self.units.append(item["unitId"])
            return str(item["unitId"])
        contact_id = f"c{len(self.contacts)}"
        assert item["contact"]["name"] not in [contact["name"] for contact in self.contacts], "a twin"
        self.contacts.append({"contactId": contact_id, **item["contact"]})
        return contact_id


def made(book: Book, clock: FakeClock, count: int, **settings: float) -> Account:
    """What became of so many contacts that are created."""
    account = Account(key="contact")
    contacts = Contacts(client_on(ServedTransport(book), clock, **settings), "b1", 4)
    contacts.create([Contact(f"n{number}", None, (NUMBER,)) for number in range(count)], account)
    return account


@pytest.mark.parametrize(("count", "batches"), [(0, []), (1, [1]), (100, [100]), (101, [100, 1])])
def test_contacts_are_made_a_hundred_a_call(clock: FakeClock, count: int, batches: list[int]) -> None:
    book = Book()
    assert len(made(book, clock, count).by_fate["created"]) == count == len(book.contacts)
    assert book.batches == batches


@pytest.mark.parametrize("carried_out", [0, 2, 5])
def test_after_a_lost_answer_only_what_is_missing_is_made(clock: FakeClock, carried_out: int) -> None:
    book = Book()
    book.losses = [carried_out]
    account = made(book, clock, 5)
    assert len(account.by_fate["created"]) == 5 == len(book.contacts) and not account.failed
    assert book.batches == [5] + ([5 - carried_out] if carried_out < 5 else [])


def test_without_patience_a_lost_answer_is_an_error_where_nothing_was_made(clock: FakeClock) -> None:
    book = Book()
    book.losses = [0]
    account = made(book, clock, 101, retry_timeout=0)
    assert len(account.failed) == 100 and account.not_tried == ["n100"] and book.batches == [100]


@pytest.mark.parametrize("tell", [
    lambda _made: None, lambda _made: {}, lambda _made: json.dumps("created"),
    lambda made: {"results": [{"contactId": contact} for contact in made.values()]},
])  # fmt: skip
def test_an_answer_that_tells_too_little_is_read_back(clock: FakeClock, tell: Any) -> None:
    book = Book(tell)
    assert len(made(book, clock, 3).by_fate["created"]) == 3 and book.batches == [3]


def test_what_is_not_made_is_named_with_the_reason_or_without(clock: FakeClock) -> None:
    class Lazy(Book):
        def _put(self, item: dict[str, Any]) -> str:
            return super()._put(item) if item["itemId"] == "1" else ""

    reasons = {"results": [{"itemId": "1"}], "errors": [{"itemId": "2", "message": "You are unkind."}]}
    account = made(Lazy(lambda _made: reasons), clock, 3)
    assert account.by_fate["created"] == ["n0"]
    told = {name: str(error) for name, error in account.failed}
    assert "You are unkind." in told["n1"] and "the contact is not in the book" in told["n2"]


@pytest.mark.parametrize("carried_out", [0, 2, 5])
def test_units_get_the_book_once_though_the_answer_is_lost(clock: FakeClock, carried_out: int) -> None:
    book, done = Book(), []
    book.losses = [carried_out]
    AddressBooks(client_on(ServedTransport(book), clock), 4).associate("b1", [f"u{n}" for n in range(5)], done)
    assert sorted(done) == sorted(book.units) == [f"u{n}" for n in range(5)]


def test_a_unit_that_does_not_get_the_book_is_an_error_after_the_others_are_told(clock: FakeClock) -> None:
    class Lazy(Book):
        def _put(self, item: dict[str, Any]) -> str:
            return super()._put(item) if item["unitId"] != "u1" else ""

    done: list[str] = []
    with pytest.raises(ApiError, match="unit u1 the address book b1: the API took the request"):
        AddressBooks(client_on(ServedTransport(Lazy(lambda _made: None)), clock), 4).associate("b1", ["u0", "u1"], done)
    assert done == ["u0"]


def test_a_conflict_of_all_is_no_error_where_they_have_the_book(clock: FakeClock) -> None:
    book, done = Book(), []
    book.units = ["u0", "u1"]

    def serve(method: str, path: str, body: Any) -> Response:
        return answer(409, {"message": "there"}) if method == "POST" else book(method, path, body)

    books = AddressBooks(client_on(ServedTransport(serve), clock), 4)
    books.associate("b1", ["u0", "u1"], done)
    assert done == ["u0", "u1"]
    with pytest.raises(ApiError, match="there"):
        books.associate("b1", ["u2"], done)


def test_a_book_that_the_list_shows_under_a_name_of_before_is_not_taken(clock: FakeClock) -> None:
    now = {"b1": "Boreal", "b3": "Aurora"}

    def serve(_method: str, path: str, _body: Any) -> Response:
        if "?" in path:
            return answer(200, {"results": [{"addressBookId": f"b{n}", "name": "Aurora"} for n in (1, 2, 3)]})
        book_id = path.rpartition("/")[2]
        return answer(200, {"name": now[book_id]}) if book_id in now else answer(404, {"message": "gone"})

    books = AddressBooks(client_on(ServedTransport(serve), clock), 4)
    assert books.find(None, "Aurora") == AddressBook("b3", "Aurora")
    del now["b3"]
    assert books.find(None, "Aurora") is None
