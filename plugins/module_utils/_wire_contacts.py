# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The paths and JSON names of address books, their contacts and their units, apart from C(_wire) for its size.

Sources, as marks behind each fact: B Amazon's "Address Book REST API Reference" and the older "Communications API"
pages (paths, names of requests, limits, and the answer to a new book), C Amazon's open-source command-line client
(utils/aspCommunications.js and its samples), A assumed. The bodies of the batches' answers, of contacts and of
associations are in none of them, and are read tolerantly. Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from ansible_collections.alexa.smart_properties.plugins.module_utils import _wire
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import AddressBook, Contact

BOOKS = "/v1/addressBooks"  # B
ITEMS_A_CALL = 100  # B
_LONG_PAGES = urlencode({"maxResults": 100})  # C

_BOOK_ID = "addressBookId"  # B
_CONTACT_ID = "contactId"  # C, in its samples


def book_list_path() -> str:
    return f"{BOOKS}?{_LONG_PAGES}"  # C


def book_path(book_id: str) -> str:
    return f"{BOOKS}/{quote(book_id, safe='')}"  # B


def contacts_path(book_id: str) -> str:
    return f"{book_path(book_id)}/contacts"  # B


def contact_list_path(book_id: str) -> str:
    return f"{contacts_path(book_id)}?{_LONG_PAGES}"  # C


def contact_batch_path(book_id: str) -> str:
    return f"{contacts_path(book_id)}/batch"  # B


def contact_path(book_id: str, contact_id: str) -> str:
    return f"{contacts_path(book_id)}/{quote(contact_id, safe='')}"  # B


def association_path(book_id: str, unit_id: str) -> str:
    """Of one book and one unit, to read and to delete (B, C)."""
    return f"{book_path(book_id)}/unitAssociations?{urlencode({'unitId': unit_id})}"


def association_batch_path(book_id: str) -> str:
    return f"{book_path(book_id)}/unitAssociations/batch"  # B


def book_body(name: str) -> dict[str, Any]:
    return {"name": name}  # B


def book(body: Any, book_id: str | None = None) -> AddressBook:
    """An address book of an answer (B; C: the list's items have the same names)."""
    fields = body if isinstance(body, dict) else {}
    return AddressBook(str(fields.get(_BOOK_ID) or fields.get("id") or book_id or ""), fields.get("name"))


def contact_body(contact: Contact) -> dict[str, Any]:
    """The body of create and update: a profile or numbers, never both (B, C)."""
    fields: dict[str, Any] = {"name": contact.name}
    if contact.comms_profile_id:
        fields["alexaCommunicationProfileId"] = contact.comms_profile_id
    else:
        fields["phoneNumbers"] = [{"number": number} for number in contact.phone_numbers]
    return {"contact": fields}


def contact_batch_body(contacts: Sequence[Contact]) -> dict[str, Any]:
    """Contacts, numbered from 1 in that order; the numbers are texts (C)."""
    return {"items": [{"itemId": str(n), **contact_body(contact)} for n, contact in enumerate(contacts, start=1)]}


def contact(body: Any, contact_id: str | None = None) -> Contact:
    """A contact of an answer (A: the names of the request, beside the id or in an object beside it).

    C knows contacts that stand for something else (providerContact): they are read as having neither.
    """
    outer = body if isinstance(body, dict) else {}
    inner = outer.get("contact")
    fields = {**outer, **inner} if isinstance(inner, dict) else outer
    profile_id = fields.get("alexaCommunicationProfileId")
    while isinstance(profile_id, dict):
        # Profiles come nested too.
        profile_id = profile_id.get("profileId")
    numbers = fields.get("phoneNumbers")
    return Contact(
        name=str(fields.get("name") or ""),
        comms_profile_id=str(profile_id) if profile_id else None,
        phone_numbers=tuple(_number(number) for number in numbers or [] if number),
        contact_id=str(fields.get(_CONTACT_ID) or fields.get("id") or contact_id or "") or None,
    )


def _number(value: Any) -> str:
    return str(value.get("number") or "") if isinstance(value, dict) else str(value)


def association_batch_body(unit_ids: Sequence[str]) -> dict[str, Any]:
    return {"items": [{"itemId": str(n), "unitId": unit_id} for n, unit_id in enumerate(unit_ids, start=1)]}  # C


def batch(body: Any) -> tuple[dict[int, str], dict[int, str]]:
    """What a batch's answer tells: an id or an empty text for each item that was made, and why others were not.

    A, by the answer of profiles in bulk. An item of which nothing is told is in neither.
    """
    made: dict[int, str] = {}
    errors: dict[int, str] = {}
    fields = body if isinstance(body, dict) else {"results": body}
    for name in ("results", "errors"):
        items = fields.get(name)
        for item in items if isinstance(items, list) else []:
            number = str(item.get("itemId", "")) if isinstance(item, dict) else ""
            if number.isdecimal():
                told = _wire.error_message(item)
                if told or name == "errors":
                    errors[int(number)] = told or "no reason given"
                else:
                    made[int(number)] = contact(item).contact_id or ""
    return made, errors
