# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the account holds: the document that control/state returns and --account begins with, and its parts."""

from __future__ import annotations

from typing import Any

from .account import ORGANIZATION, Account, AddressBook, Profile, Trunk, Unit, new_trunk_id
from .address_books import a_book_name
from .answers import Refusal, a_text, an_object, members
from .contacts import a_contact
from .extensions import a_profile_id


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise Refusal(400, f"{where} must be a list.")
    return value


def state_of(account: Account) -> dict[str, Any]:
    """Trunks with their whole bodies, mappings by trunk, units, profiles, address books with all that is theirs."""
    now = account.now()
    return {
        "trunks": [{"trunkId": trunk_id, "status": trunk.status(now), **trunk.body}
                   for trunk_id, trunk in account.trunks.items()],
        "mappings": {trunk_id: dict(table.items()) for trunk_id, table in account.mappings.items()},
        "units": [{"id": unit.unit_id, "name": unit.name, "parentId": unit.parent_id}
                  for _key, unit in account.units.items()],
        "profiles": [{"profileId": profile.profile_id, "unitId": profile.unit_id, "name": profile.name}
                     for profile in account.profiles.values()],
        "addressBooks": [{
            "addressBookId": key, "name": book.name,
            "contacts": [{"contactId": contact_id, **contact.body}
                         for contact_id, contact in account.contacts[key].items()],
            "units": sorted(unit for _key, (book_id, unit) in account.associations.items() if book_id == key),
        } for key, book in account.books.items()],
    }


def put_state(account: Account, state: Any) -> None:
    """Adds what such a document holds. Refused as a request is: with the field that is wrong."""
    parts = members(an_object(state, "The account"), "", {}, {
        "trunks": _list, "mappings": an_object, "units": _list, "profiles": _list, "addressBooks": _list})
    for unit in parts.get("units", []):
        if unit.get("id") != ORGANIZATION:
            put_unit(account, unit)
    for profile in parts.get("profiles", []):
        put_profile(account, profile)
    for trunk in parts.get("trunks", []):
        put_trunk(account, trunk)
    for trunk_id, mappings in parts.get("mappings", {}).items():
        for extension, profile_id in an_object(mappings, f"mappings.{trunk_id}").items():
            if trunk_id not in account.mappings:
                raise Refusal(400, f"mappings.{trunk_id} is of no trunk.")
            where = f"mappings.{trunk_id}.{extension}"
            account.mappings[trunk_id].put(extension, a_profile_id(profile_id, where))
    for book in parts.get("addressBooks", []):
        put_book(account, book)


def put_unit(account: Account, value: Any) -> Unit:
    """{name, id?, parentId?}; without parentId below the organization."""
    seed = members(an_object(value, "A unit"), "", {"name": a_text}, {"id": a_text, "parentId": a_text})
    return account.add_unit(seed["name"], seed.get("parentId", ORGANIZATION), seed.get("id"))


def put_profile(account: Account, value: Any) -> Profile:
    """{unitId, profileId?, name?}."""
    seed = members(an_object(value, "A profile"), "", {"unitId": a_text}, {"profileId": a_profile_id, "name": a_text})
    return account.add_profile(seed["unitId"], seed.get("name", "Guest"), seed.get("profileId"))


def put_trunk(account: Account, value: Any) -> Trunk:
    """A body of the API, unchecked, with trunkId? and status? (ACTIVE)."""
    body = dict(an_object(value, "A trunk"))
    status = a_text(body.pop("status", "ACTIVE"), "status")
    trunk = Trunk(a_text(body.pop("trunkId", new_trunk_id()), "trunkId"), body, status, status, 0.0)
    account.add_trunk(trunk)
    return trunk


def put_book(account: Account, value: Any) -> AddressBook:
    """{name, addressBookId?, contacts?: [a contact of the API], units?: [unit id]}."""
    body = members(an_object(value, "An address book"), "", {"name": a_book_name},
                   {"addressBookId": a_text, "contacts": _list, "units": _list})
    seeds = [dict(an_object(seed, "A contact")) for seed in body.get("contacts", [])]
    contacts = [(seed.pop("contactId", None), a_contact(seed, "A contact")) for seed in seeds]
    book = account.add_book(body["name"], body.get("addressBookId"))
    for contact_id, contact in contacts:
        account.add_contact(book.book_id, contact, contact_id)
    for unit_id in body.get("units", []):
        account.associations.put(f"{book.book_id} {unit_id}", (book.book_id, unit_id))
    return book
