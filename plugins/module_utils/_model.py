# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API is about, without its JSON names: trunks, mappings, units, profiles, address books.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ACTIVE = "ACTIVE"


@dataclass(frozen=True, order=True)
class Peer:
    """Where Alexa reaches the PBX: an IPv4 address, or a host name for an FQDN peer, and a TCP port."""

    host: str
    port: int


@dataclass(frozen=True)
class Trunk:
    """A SIP trunk. Either C(peers) or C(fqdn_peer); C(chain) is None where it is not known."""

    trunk_id: str | None = None
    status: str | None = None
    tls_name: str | None = None
    chain: tuple[str, ...] | None = None
    peers: tuple[Peer, ...] = ()
    fqdn_peer: Peer | None = None

    @property
    def identity(self) -> tuple[str | None, tuple[Peer, ...], Peer | None]:
        """What a trunk is recognised by, since it has no name of its own."""
        name = self.tls_name.lower() if self.tls_name else None
        fqdn = self.fqdn_peer and Peer(self.fqdn_peer.host.lower(), self.fqdn_peer.port)
        return name, tuple(sorted(self.peers)), fqdn


@dataclass(frozen=True)
class Mapping:
    """An extension and the communication profile that it rings.

    The routing type does not tell mappings apart: there is but one, and how an answer spells it is not documented.
    """

    extension: str
    comms_profile_id: str
    routing_type: str = field(default="communication-profile", compare=False)


@dataclass(frozen=True)
class Unit:
    """A property, floor or room."""

    unit_id: str
    name: str | None = None
    parent_id: str | None = None


@dataclass(frozen=True)
class Profile:
    """A unit's communication profile."""

    profile_id: str
    name: str | None = None


@dataclass(frozen=True)
class AddressBook:
    """Contacts that the units of the book can call by name."""

    address_book_id: str
    name: str | None = None


@dataclass(frozen=True)
class Contact:
    """Whom a name stands for: a communication profile, or phone numbers.

    :ivar contact_id: None for one that is not made yet.
    """

    name: str
    comms_profile_id: str | None = None
    phone_numbers: tuple[str, ...] = ()
    contact_id: str | None = field(default=None, compare=False)

    @property
    def target(self) -> tuple[str | None, tuple[str, ...]]:
        """What contacts are compared by. Whether lists keep the order of numbers is not documented."""
        return self.comms_profile_id, tuple(sorted(self.phone_numbers))
