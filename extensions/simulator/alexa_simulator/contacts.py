# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contacts of an address book: create, create in bulk, list, get, update, delete."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from .account import Account, Contact
from .address_books import BOOK_PATH, batch_items, find_book
from .answers import Refusal, a_text, an_object, deleted, json_answer, json_object, members, only_parameters
from .extensions import a_profile_id
from .paging import page_answer

CONTACTS_PATH = BOOK_PATH + "/contacts"
MOST_CONTACTS = 2000
PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


class Contacts:
    """The operations on contacts."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def add_routes(self, app: web.Application) -> None:
        """Serves the operations."""
        app.router.add_get(CONTACTS_PATH, self.page)
        app.router.add_post(CONTACTS_PATH, self.create)
        app.router.add_post(CONTACTS_PATH + "/batch", self.create_many)
        app.router.add_get(CONTACTS_PATH + "/{contactId}", self.get)
        app.router.add_put(CONTACTS_PATH + "/{contactId}", self.update)
        app.router.add_delete(CONTACTS_PATH + "/{contactId}", self.delete)

    async def page(self, request: web.Request) -> web.Response:
        """200 with a page of the book's contacts."""
        only_parameters(request, "maxResults", "nextToken")
        contacts = self._account.contacts[find_book(self._account, request).book_id].listed()
        return page_answer(request, self._account.settings, contacts.keys(), lambda key: _shown(contacts.get(key)))

    async def create(self, request: web.Request) -> web.Response:
        """201 with the id. Two contacts may have the same name, as nothing says otherwise."""
        only_parameters(request)
        book = find_book(self._account, request)
        body = members(await json_object(request), "", {"contact": a_contact})
        refusal = self._refusal(book.book_id, body["contact"])
        if refusal:
            raise refusal
        return json_answer({"contactId": self._account.add_contact(book.book_id, body["contact"]).contact_id}, 201)

    async def create_many(self, request: web.Request) -> web.Response:
        """200 with results and errors, each item recognised by its itemId."""
        only_parameters(request)
        book = find_book(self._account, request)
        results: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for item_id, body in batch_items(await json_object(request), "contact", a_contact):
            refusal = self._refusal(book.book_id, body)
            if refusal:
                errors.append({"itemId": item_id, **refusal.body})
            else:
                contact = self._account.add_contact(book.book_id, body)
                results.append({"itemId": item_id, "contactId": contact.contact_id})
        return json_answer({"results": results, "errors": errors})

    async def get(self, request: web.Request) -> web.Response:
        """200 with the contact."""
        only_parameters(request)
        return json_answer(_shown(self._found(request)[1]))

    async def update(self, request: web.Request) -> web.Response:
        """200 with the contact; the body replaces it as a whole."""
        only_parameters(request)
        book_id, contact = self._found(request)
        body = members(await json_object(request), "", {"contact": a_contact})["contact"]
        refusal = self._unknown_profile(body)
        if refusal:
            raise refusal
        return json_answer(_shown(self._account.add_contact(book_id, body, contact.contact_id)))

    async def delete(self, request: web.Request) -> web.Response:
        """The contact goes."""
        only_parameters(request)
        book_id, contact = self._found(request)
        self._account.contacts[book_id].remove(contact.contact_id)
        return deleted(self._account.settings.delete_status)

    def _found(self, request: web.Request) -> tuple[str, Contact]:
        book = find_book(self._account, request)
        contact = self._account.contacts[book.book_id].get(request.match_info["contactId"])
        if contact is None:
            raise Refusal(404, "There is no contact with this id in this address book.")
        return book.book_id, contact

    def _refusal(self, book_id: str, body: dict[str, Any]) -> Refusal | None:
        if len(self._account.contacts[book_id]) >= MOST_CONTACTS:
            return Refusal(403, "You have reached the maximum number of contacts that can be created per address book:"
                                f" {MOST_CONTACTS}.")
        return self._unknown_profile(body)

    def _unknown_profile(self, body: dict[str, Any]) -> Refusal | None:
        profile_id = body.get("alexaCommunicationProfileId")
        if profile_id is None or profile_id in self._account.profiles:
            return None
        return Refusal(404, "There is no communication profile with this id.")


def a_contact(value: Any, where: str) -> dict[str, Any]:
    """A name, and either a profile or 1 to 3 phone numbers."""
    body = members(an_object(value, where), where + ".", {"name": a_text},
                   {"alexaCommunicationProfileId": a_profile_id, "phoneNumbers": _numbers})
    if ("phoneNumbers" in body) == ("alexaCommunicationProfileId" in body):
        raise Refusal(400, f"{where} must have either alexaCommunicationProfileId or phoneNumbers.")
    return body


def _numbers(value: Any, where: str) -> list[dict[str, str]]:
    if not isinstance(value, list) or not 1 <= len(value) <= 3:
        raise Refusal(400, "The number of phone numbers must be between 1 and 3.")
    return [members(an_object(item, f"{where}[{index}]"), f"{where}[{index}].", {"number": _number})
            for index, item in enumerate(value)]


def _number(value: Any, where: str) -> str:
    if not isinstance(value, str) or not PHONE_NUMBER.fullmatch(value):
        raise Refusal(400, f"{where} must be a phone number like +12065550100.")
    return value


def _shown(contact: Contact | None) -> dict[str, Any]:
    assert contact is not None
    return {"contactId": contact.contact_id, **contact.body}
