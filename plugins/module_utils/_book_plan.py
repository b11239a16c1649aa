# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An address book as it is wished: what is to be done for it, and what was done.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._address_books import AddressBooks
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import (
    AlexaError,
    InputError,
    PartialError,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import check_prune
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import AddressBook
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result


@dataclass
class BookPlan:
    """What is to be done, and how far it came.

    :ivar book: the book as it is; None for one that is to be made.
    :ivar name: the name that it shall have.
    """

    book: AddressBook | None
    name: str | None
    associate: list[str] = field(default_factory=list)
    dissociate: list[str] = field(default_factory=list)

    @property
    def renamed(self) -> bool:
        return self.book is not None and self.name is not None and self.book.name != self.name

    def result(self) -> Result:
        """What the module returns where all goes well, and in check mode."""
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        if self.book is None or self.renamed:
            before = {"name": self.book.name} if self.book else {}
            after = {"name": self.name}
        if self.associate or self.dissociate:
            before["units"], after["units"] = sorted(self.dissociate), sorted(self.associate)
        book_id = self.book.address_book_id if self.book else None
        name = self.book.name if self.book and self.name is None else self.name
        return Result(bool(after), self._values(book_id, name, self.associate, self.dissociate), before, after)

    @staticmethod
    def _values(
        book_id: str | None, name: str | None, associated: Sequence[str], dissociated: Sequence[str]
    ) -> dict[str, Any]:
        return {
            "address_book": {"address_book_id": book_id, "name": name},
            "associated": sorted(associated),
            "dissociated": sorted(dissociated),
        }

    def so_far(self, book: AddressBook | None, associated: Sequence[str], dissociated: Sequence[str]) -> Result:
        """The same where something failed: what was done until then."""
        planned = self.result()
        book_id, name = (book.address_book_id, book.name) if book else (None, self.name)
        changed = book != self.book or bool(associated or dissociated)
        return Result(changed, self._values(book_id, name, associated, dissociated), planned.before, planned.after)


def planned(
    books: AddressBooks,
    book: AddressBook | None,
    book_id: str | None,
    name: str | None,
    units: list[str] | None,
    below: list[str],
    prune_limit: str | None,
) -> BookPlan:
    """Read which units have the book, and compare. Raises InputError for a book that can't be made.

    :param units: None leaves the units alone.
    :param below: the units that lose the book if they are not listed.
    :param prune_limit: None takes it from none.
    """
    if book is None and book_id:
        raise InputError(
            f"There is no address book {book_id}.",
            "Leave address_book_id out, so that a book of the name is found or made, or correct it.",
        )
    todo = BookPlan(book, name)
    if units is None:
        return todo
    there = books.units_of(book.address_book_id, [*units, *below]) if book else set()
    todo.associate = [unit_id for unit_id in units if unit_id not in there]
    if prune_limit is not None:
        todo.dissociate = [unit_id for unit_id in below if unit_id in there and unit_id not in units]
        check_prune(
            len(units),
            len(there),
            len(todo.dissociate),
            prune_limit,
            listed="units",
            things="units",
            whole="the address book from every unit",
            option="alexa_contacts_prune_limit",
        )
    return todo


def applied(books: AddressBooks, todo: BookPlan) -> Result:
    """Make or rename the book, take it from units, give it to units. Raises PartialError with what was done."""
    book = todo.book
    associated: list[str] = []
    dissociated: list[str] = []
    try:
        if book is None:
            book = books.create(str(todo.name))
        elif todo.renamed:
            books.rename(book.address_book_id, str(todo.name))
            book = AddressBook(book.address_book_id, todo.name)
        books.dissociate(book.address_book_id, todo.dissociate, dissociated)
        books.associate(book.address_book_id, todo.associate, associated)
    except AlexaError as error:
        told = "What succeeded is kept and reported; run again to go on from there."
        result = todo.so_far(book, associated, dissociated).to_dict()
        raise PartialError(f"The address book is not as it shall be: {error}", told, result) from error
    done = todo.result()
    done.values["address_book"]["address_book_id"] = book.address_book_id
    return done
