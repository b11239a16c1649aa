# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Address books and the units that have them: find, make, rename, delete, associate.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSequence, Sequence
from contextlib import contextmanager
from typing import Any, Callable, TypeVar

from ansible_collections.alexa.smart_properties.plugins.module_utils import _wire_contacts as _wire
from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import AlexaError, ApiError, InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import problem_with_amazon_id
from ansible_collections.alexa.smart_properties.plugins.module_utils._lock import alone
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import AddressBook
from ansible_collections.alexa.smart_properties.plugins.module_utils._parallel import for_each
from ansible_collections.alexa.smart_properties.plugins.module_utils._wait import poll

_T = TypeVar("_T")

LONGEST_NAME = 50  # Amazon's limits
MOST_UNITS = 2500
# Lists may lag behind writes: so many seconds pass before "not in the list" is believed and something is made.
SETTLE = 3.0
# So many seconds another process of this control node may take to make the same.
PATIENCE = 300.0


def checked_name(name: str | None) -> str | None:
    """The name of a book. Raises InputError for one that Amazon does not take."""
    if name is not None and not 1 <= len(name.strip()) <= len(name) <= LONGEST_NAME:
        raise InputError(
            f"name {name!r} can't be the name of an address book.", f"Give 1 to {LONGEST_NAME} characters."
        )
    return name


def checked_units(unit_ids: Sequence[str]) -> list[str]:
    """The units. Raises InputError that names every row that can't be used."""
    rows: dict[str, int] = {}
    problems = []
    for index, unit_id in enumerate(unit_ids):
        twice = f"unit {unit_id} is also in units[{rows[unit_id]}]" if unit_id in rows else None
        problem = problem_with_amazon_id("unit_id", unit_id) or twice
        problems += [f"units[{index}]: {problem}"] if problem else []
        rows.setdefault(unit_id, index)
    if len(unit_ids) > MOST_UNITS:
        problems.append(f"units has {len(unit_ids)} rows, and a book can't have more than {MOST_UNITS} units")
    if problems:
        more = f" (and {len(problems) - 20} more)" if len(problems) > 20 else ""
        raise InputError("; ".join(problems[:20]) + more + ".", "Nothing was sent: mend these rows and run again.")
    return list(unit_ids)


class AddressBooks:
    """The account's address books.

    :param client: with a token of the management scope.
    """

    def __init__(self, client: Client, concurrency: int) -> None:
        self._client = client
        self._concurrency = concurrency

    def get(self, book_id: str) -> AddressBook | None:
        """The book as it is now; None if there is none of that id."""
        body = self._client.get(f"read the address book {book_id}", _wire.book_path(book_id))
        return None if body is None else _wire.book(body, book_id)

    def list(self) -> Iterator[AddressBook]:
        """Every book once."""
        seen = set()
        for item in self._client.pages("list the address books", _wire.book_list_path()):
            book = _wire.book(item)
            if book.address_book_id and book.address_book_id not in seen:
                seen.add(book.address_book_id)
                yield book

    def find(self, book_id: str | None, name: str | None) -> AddressBook | None:
        """The book of the id, else of the name. Raises InputError for two of one name."""
        if book_id:
            return self.get(book_id)
        listed = sorted(book.address_book_id for book in self.list() if book.name == name)
        # The list may lag: a book that was deleted or renamed a moment ago is still in it under this name.
        ids = [book.address_book_id for book in map(self.get, listed) if book and book.name in (name, None)]
        if len(ids) > 1:
            raise InputError(
                f"{len(ids)} address books are named {name}: {' and '.join(ids)}.",
                "Pin the one that is meant with address_book_id (alexa_contacts_book_id in the inventory), or delete"
                " the other.",
            )
        return AddressBook(ids[0], name) if ids else None

    @contextmanager
    def find_before_creating(self, name: str) -> Iterator[AddressBook | None]:
        """Look twice, since a second book of the name would be worse than a few seconds."""
        found = self.find(None, name)
        if found:
            yield found
            return
        with alone(f"create the address book {name}", f"address book {name}", PATIENCE, self._client.clock):
            settle(self._client)
            yield self.find(None, name)

    def create(self, name: str) -> AddressBook:
        """Make the book, exactly once."""
        tried = f"create the address book {name}"

        def found() -> AddressBook | None:
            return settled(self._client, lambda: self.find(None, name), bool)

        book = self._client.create(tried, _wire.BOOKS, _wire.book_body(name), _wire.book, found)
        if not book.address_book_id:
            raise ApiError(f"Could not {tried}: the answer names no address book id.", status=201)
        return AddressBook(book.address_book_id, name)

    def rename(self, book_id: str, name: str) -> None:
        self._client.put(f"rename the address book {book_id}", _wire.book_path(book_id), _wire.book_body(name))

    def delete(self, book_id: str) -> None:
        """Remove the book with its contacts; one that is gone already is no error."""
        self._client.delete(f"delete the address book {book_id}", _wire.book_path(book_id))

    def has_unit(self, book_id: str, unit_id: str) -> bool:
        """Whether the unit has the book. No call lists the units of a book: each has to be asked for."""
        tried, path = f"read whether unit {unit_id} has the book", _wire.association_path(book_id, unit_id)
        try:
            # The answer may spell the unit's id in another way, so whatever is there is this one.
            return any(True for _item in self._client.pages(tried, path))
        except ApiError as error:
            if error.status == 404:
                return False
            raise

    def units_of(self, book_id: str, unit_ids: Iterable[str]) -> set[str]:
        """Those of the units that have the book."""
        outcome = for_each(dict.fromkeys(unit_ids), lambda unit_id: self.has_unit(book_id, unit_id), self._concurrency)
        if outcome.failed:
            raise outcome.failed[0][1]
        return {unit_id for unit_id, there in outcome.done if there}

    def associate(self, book_id: str, unit_ids: Sequence[str], done: MutableSequence[str]) -> None:
        """Give units the book, 100 a call.

        :param done: gets the units that have it, even if a later call fails.
        """
        for start in range(0, len(unit_ids), _wire.ITEMS_A_CALL):
            self._associate_batch(book_id, unit_ids[start : start + _wire.ITEMS_A_CALL], done)

    def dissociate(self, book_id: str, unit_ids: Iterable[str], done: MutableSequence[str]) -> None:
        """Take the book from units; one that does not have it is no error."""
        for unit_id in unit_ids:
            self._client.delete(f"take the address book from unit {unit_id}", _wire.association_path(book_id, unit_id))
            done.append(unit_id)

    def _associate_batch(self, book_id: str, unit_ids: Sequence[str], done: MutableSequence[str]) -> None:
        def looked_up() -> dict[int, str] | None:
            there = self.units_of(book_id, unit_ids)
            return {number: unit_id for number, unit_id in numbered if unit_id in there} or None

        numbered = list(enumerate(unit_ids, start=1))
        answer = BatchAnswer()
        failure: AlexaError | None = None
        made: dict[int, str] = {}
        try:
            made = self._client.create(
                f"give {len(unit_ids)} units the address book {book_id}",
                _wire.association_batch_path(book_id),
                _wire.association_batch_body(unit_ids),
                answer.made,
                looked_up,
            )
        except ApiError as error:
            # A conflict: some may have the book since they were read.
            if error.status != 409:
                raise
            failure = error
        doubtful = [unit_id for number, unit_id in numbered if number not in made]
        there = self.units_of(book_id, doubtful)
        done.extend(unit_id for number, unit_id in numbered if number in made or unit_id in there)
        left = [(number, unit_id) for number, unit_id in numbered if number not in made and unit_id not in there]
        if len(left) == len(unit_ids) and failure:
            raise failure
        if left and len(left) < len(unit_ids) and not answer.came:
            # A call whose answer was lost may have come to an end halfway.
            self._associate_batch(book_id, [unit_id for _number, unit_id in left], done)
        elif left:
            number, unit_id = left[0]
            more = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
            raise ApiError(
                f"Could not give unit {unit_id}{more} the address book {book_id}:"
                f" {answer.reasons.get(number, 'the API took the request, but the unit does not have the book')}.",
                "Check the unit id; a unit can have 10 books, and a book 2,500 units.",
                status=200,
            )


class BatchAnswer:
    """What the answer to a batch told.

    :ivar came: whether there was one.
    :ivar reasons: why items were not made.
    """

    def __init__(self) -> None:
        self.came = False
        self.reasons: dict[int, str] = {}

    def made(self, body: Any) -> dict[int, str]:
        """The items that were made."""
        self.came = True
        made, self.reasons = _wire.batch(body)
        return made


def settle(client: Client) -> None:
    """Wait for as long as lists usually lag."""
    client.clock.sleep(SETTLE)


def settled(client: Client, read: Callable[[], _T], done: Callable[[_T], bool]) -> _T:
    """Read until done, for as long as a list may lag; what was read last."""
    return poll(read, done, timeout=2 * SETTLE, interval=SETTLE / 3, clock=client.clock)[0]
