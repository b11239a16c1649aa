# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Address books and the units that have them: create, list, get, rename, delete, associate, in bulk too."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from .account import Account, AddressBook
from .answers import Refusal, a_list, a_text, an_object, deleted, json_answer, json_object, members, only_parameters
from .paging import page_answer

BOOKS_PATH = "/v1/addressBooks"
BOOK_PATH = BOOKS_PATH + "/{addressBookId}"
MOST_IN_BATCH = 100
MOST_BOOKS_OF_UNIT = 10
MOST_UNITS_OF_BOOK = 2500


class AddressBooks:
    """The operations on address books and their units."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def add_routes(self, app: web.Application) -> None:
        """Serves the operations."""
        app.router.add_get(BOOKS_PATH, self.page)
        app.router.add_post(BOOKS_PATH, self.create)
        app.router.add_get(BOOKS_PATH + "/unitAssociations", self.books_of_unit)
        app.router.add_get(BOOK_PATH, self.get)
        app.router.add_put(BOOK_PATH, self.rename)
        app.router.add_delete(BOOK_PATH, self.delete)
        app.router.add_get(BOOK_PATH + "/unitAssociations", self.association)
        app.router.add_post(BOOK_PATH + "/unitAssociations", self.associate)
        app.router.add_post(BOOK_PATH + "/unitAssociations/batch", self.associate_many)
        app.router.add_delete(BOOK_PATH + "/unitAssociations", self.dissociate)

    async def page(self, request: web.Request) -> web.Response:
        """200 with a page of the address books."""
        only_parameters(request, "maxResults", "nextToken")
        books = self._account.books.listed()
        return page_answer(request, self._account.settings, books.keys(), lambda key: _shown(books.get(key)))

    async def create(self, request: web.Request) -> web.Response:
        """201 with the id. Two books may have the same name, as nothing says otherwise."""
        only_parameters(request)
        body = members(await json_object(request), "", {"name": a_book_name})
        return json_answer({"addressBookId": self._account.add_book(body["name"]).book_id}, 201)

    async def get(self, request: web.Request) -> web.Response:
        """200 with the book."""
        only_parameters(request)
        return json_answer(_shown(find_book(self._account, request)))

    async def rename(self, request: web.Request) -> web.Response:
        """200 with the renamed book."""
        only_parameters(request)
        book = find_book(self._account, request)
        body = members(await json_object(request), "", {"name": a_book_name})
        return json_answer(_shown(self._account.add_book(body["name"], book.book_id)))

    async def delete(self, request: web.Request) -> web.Response:
        """The book goes, with its contacts and associations."""
        only_parameters(request)
        self._account.remove_book(find_book(self._account, request).book_id)
        return deleted(self._account.settings.delete_status)

    async def books_of_unit(self, request: web.Request) -> web.Response:
        """200 with a page of the unit's associations. A list, so it may lag."""
        only_parameters(request, "unitId", "maxResults", "nextToken")
        unit_id = self._unit_of_query(request)
        keys = [key for key, (_book, unit) in self._account.associations.listed().items() if unit == unit_id]
        return page_answer(request, self._account.settings, keys, lambda key: self._association(key, unit_id))

    async def association(self, request: web.Request) -> web.Response:
        """200 with a list that holds the one association, or nothing."""
        only_parameters(request, "unitId", "maxResults", "nextToken")
        book, unit_id = find_book(self._account, request), self._unit_of_query(request)
        key = _key(book.book_id, unit_id)
        keys = [key] if key in self._account.associations else []
        return page_answer(request, self._account.settings, keys, lambda key: self._association(key, unit_id))

    async def associate(self, request: web.Request) -> web.Response:
        """201; 409 for a unit that has the book."""
        only_parameters(request)
        book = find_book(self._account, request)
        unit_id = members(await json_object(request), "", {"unitId": a_text})["unitId"]
        refusal = self._refusal(book.book_id, unit_id)
        if refusal:
            raise refusal
        self._account.associations.put(_key(book.book_id, unit_id), (book.book_id, unit_id))
        return json_answer({"addressBookId": book.book_id, "unitId": unit_id}, 201)

    async def associate_many(self, request: web.Request) -> web.Response:
        """200 with results and errors, each item recognised by its itemId."""
        only_parameters(request)
        book = find_book(self._account, request)
        results: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for item_id, unit_id in batch_items(await json_object(request), "unitId", a_text):
            refusal = self._refusal(book.book_id, unit_id)
            if refusal:
                errors.append({"itemId": item_id, **refusal.body})
                continue
            self._account.associations.put(_key(book.book_id, unit_id), (book.book_id, unit_id))
            results.append({"itemId": item_id, "addressBookId": book.book_id, "unitId": unit_id})
        return json_answer({"results": results, "errors": errors})

    async def dissociate(self, request: web.Request) -> web.Response:
        """The association goes."""
        only_parameters(request, "unitId")
        book, unit_id = find_book(self._account, request), self._unit_of_query(request)
        key = _key(book.book_id, unit_id)
        if key not in self._account.associations:
            raise Refusal(404, "This unit does not have this address book.")
        self._account.associations.remove(key)
        return deleted(self._account.settings.delete_status)

    def _refusal(self, book_id: str, unit_id: str) -> Refusal | None:
        pairs = [pair for _pair_key, pair in self._account.associations.items()]
        if unit_id not in self._account.units:
            return Refusal(404, "There is no unit with this id.")
        if (book_id, unit_id) in pairs:
            return Refusal(409, "This unit has this address book already.")
        if sum(unit == unit_id for _book, unit in pairs) >= MOST_BOOKS_OF_UNIT:
            return Refusal(403, "You have reached the maximum number of address books that can be associated with a"
                                f" unit: {MOST_BOOKS_OF_UNIT}.")
        if sum(book == book_id for book, _unit in pairs) >= MOST_UNITS_OF_BOOK:
            return Refusal(403, "You have reached the maximum number of units that can be associated with an address"
                                f" book: {MOST_UNITS_OF_BOOK}.")
        return None

    @staticmethod
    def _association(key: str, unit_id: str) -> dict[str, Any]:
        return {"addressBookId": key.partition(" ")[0], "unitId": unit_id}

    @staticmethod
    def _unit_of_query(request: web.Request) -> str:
        unit_id = request.query.get("unitId")
        if not unit_id:
            raise Refusal(400, "unitId must be the id of a unit.")
        return unit_id


def find_book(account: Account, request: web.Request) -> AddressBook:
    """The book that the path names."""
    book = account.books.get(request.match_info["addressBookId"])
    if book is None:
        raise Refusal(404, "There is no address book with this id.")
    return book


def batch_items(body: dict[str, Any], name: str, check: Any) -> list[tuple[str, Any]]:
    """The items of a batch as (itemId, member); the whole batch is refused where one is malformed."""
    items = members(body, "", {"items": a_list})["items"]
    if len(items) > MOST_IN_BATCH:
        raise Refusal(400, f"items must not have more than {MOST_IN_BATCH} elements.")
    checked = []
    for index, item in enumerate(items):
        where = f"items[{index}]"
        fields = members(an_object(item, where), where + ".", {"itemId": a_text, name: check})
        checked.append((fields["itemId"], fields[name]))
    if len({item_id for item_id, _member in checked}) < len(checked):
        raise Refusal(400, "Every itemId must be unique.")
    return checked


def a_book_name(value: Any, where: str) -> str:
    """A name of 1 to 50 characters, in the words of Amazon's page."""
    if not isinstance(value, str) or not value.strip() or len(value) > 50:
        raise Refusal(400, f"{where.capitalize()} must be between 1 and 50 characters")
    return value


def _key(book_id: str, unit_id: str) -> str:
    return f"{book_id} {unit_id}"


def _shown(book: AddressBook | None) -> dict[str, Any]:
    assert book is not None
    return {"addressBookId": book.book_id, "name": book.name}
