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


class Account:
    """Everything that a client can read or change, except the tokens."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clear()

    def clear(self) -> None:
        """Back to an organization without trunks, units and profiles."""
        self.trunks: LaggingTable[Trunk] = self._table()
        self.mappings: dict[str, LaggingTable[str]] = {}
        self.units: LaggingTable[Unit] = self._table()
        self.profiles: dict[str, Profile] = {}
        self.profile_of_unit: dict[str, str] = {}
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

    def _table(self) -> LaggingTable[Any]:
        return LaggingTable(self.now, lambda: self.settings.list_lag)


def new_trunk_id() -> str:
    """A trunk id in the form of Amazon's page."""
    return "amzn1.comms.network.siptrunk." + secrets.token_hex(12)
