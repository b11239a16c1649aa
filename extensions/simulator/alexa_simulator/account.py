# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of the one organization that the simulator serves."""

from __future__ import annotations

import dataclasses
import secrets
import time
from typing import Any

from .settings import Settings
from .tables import LaggingTable

TRUNK_SCOPE = "amazon_communication::network:siptrunk"
MANAGEMENT_SCOPE = "alexa::enterprise:management"
ORGANIZATION = "amzn1.alexa.unit.did.ORGANIZATION"


@dataclasses.dataclass(frozen=True)
class Credentials:
    """The security profile: what a person gets from Amazon's console."""

    client_id: str
    client_secret: str
    refresh_token: str

    @classmethod
    def random(cls) -> Credentials:
        """Credentials in the form of Amazon's."""
        return cls("amzn1.application-oa2-client." + secrets.token_hex(16),
                   "amzn1.oa2-cs.v1." + secrets.token_hex(32),
                   "Atzr|" + secrets.token_urlsafe(48))


@dataclasses.dataclass(frozen=True)
class Trunk:
    """A SIP trunk; its status follows from the clock, so that nothing has to tick."""

    trunk_id: str
    body: dict[str, Any]
    pending: str
    final: str
    ready_at: float

    def status(self, moment: float) -> str:
        """The status at a moment of the account's clock."""
        return self.final if moment >= self.ready_at else self.pending


@dataclasses.dataclass(frozen=True)
class Unit:
    """A node of the property hierarchy."""

    unit_id: str
    name: str
    parent_id: str | None


@dataclasses.dataclass(frozen=True)
class Profile:
    """The communication profile of a unit."""

    profile_id: str
    unit_id: str
    name: str


@dataclasses.dataclass(frozen=True)
class AddressBook:
    """A list of contacts that units may have."""

    book_id: str
    name: str


@dataclasses.dataclass(frozen=True)
class Contact:
    """A name, and the profile or the phone numbers that it stands for, as in the API's bodies."""

    contact_id: str
    body: dict[str, Any]


class Account:
    """Everything that a client can read or change, except the tokens."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clear()

    def clear(self) -> None:
        """Back to an organization without trunks, units, profiles and address books."""
        self.trunks: LaggingTable[Trunk] = self._table()
        self.mappings: dict[str, LaggingTable[str]] = {}
        self.units: LaggingTable[Unit] = self._table()
        self.profiles: dict[str, Profile] = {}
        self.profile_of_unit: dict[str, str] = {}
        self.books: LaggingTable[AddressBook] = self._table()
        self.contacts: dict[str, LaggingTable[Contact]] = {}
        # Which unit has which book: (book id, unit id).
        self.associations: LaggingTable[tuple[str, str]] = self._table()
        self.units.put(ORGANIZATION, Unit(ORGANIZATION, "Organization", None))

    @staticmethod
    def now() -> float:
        """The account's clock, in seconds."""
        return time.monotonic()

    def add_trunk(self, trunk: Trunk) -> None:
        """Adds a trunk without mappings."""
        self.trunks.put(trunk.trunk_id, trunk)
        self.mappings[trunk.trunk_id] = self._table()

    def remove_trunk(self, trunk_id: str) -> None:
        """Removes a trunk and its mappings."""
        self.trunks.remove(trunk_id)
        del self.mappings[trunk_id]

    def add_unit(self, name: str, parent_id: str, unit_id: str | None = None) -> Unit:
        """Adds a unit, or replaces the one with this id."""
        unit = Unit(unit_id or "amzn1.alexa.unit.did." + secrets.token_hex(20).upper(), name, parent_id)
        self.units.put(unit.unit_id, unit)
        return unit

    def add_profile(self, unit_id: str, name: str, profile_id: str | None = None) -> Profile:
        """Adds the unit's profile, replacing the one it had."""
        new_id = profile_id or "amzn1.alexa.communications.profile.did." + secrets.token_hex(20).upper()
        self.profiles.pop(self.profile_of_unit.get(unit_id, ""), None)
        profile = Profile(new_id, unit_id, name)
        self.profiles[new_id] = profile
        self.profile_of_unit[unit_id] = new_id
        return profile

    def remove_profile(self, profile: Profile) -> None:
        """Removes a profile and, as Amazon says, the contacts that point at it."""
        del self.profiles[profile.profile_id]
        del self.profile_of_unit[profile.unit_id]
        for table in self.contacts.values():
            for key, contact in list(table.items()):
                if contact.body.get("alexaCommunicationProfileId") == profile.profile_id:
                    table.remove(key)

    def add_book(self, name: str, book_id: str | None = None) -> AddressBook:
        """Adds an empty address book, or renames the one with this id."""
        book = AddressBook(book_id or "amzn1.alexa.addressbook.did." + secrets.token_hex(20).upper(), name)
        self.books.put(book.book_id, book)
        self.contacts.setdefault(book.book_id, self._table())
        return book

    def remove_book(self, book_id: str) -> None:
        """Removes an address book with its contacts and associations."""
        self.books.remove(book_id)
        del self.contacts[book_id]
        for key, (book, _unit) in list(self.associations.items()):
            if book == book_id:
                self.associations.remove(key)

    def add_contact(self, book_id: str, body: dict[str, Any], contact_id: str | None = None) -> Contact:
        """Adds a contact, or replaces the one with this id."""
        contact = Contact(contact_id or "amzn1.alexa.contact.did." + secrets.token_hex(20).upper(), body)
        self.contacts[book_id].put(contact.contact_id, contact)
        return contact

    def _table(self) -> LaggingTable[Any]:
        return LaggingTable(self.now, lambda: self.settings.list_lag)


def new_trunk_id() -> str:
    """A trunk id in the form of Amazon's page."""
    return "amzn1.comms.network.siptrunk." + secrets.token_hex(12)
