# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Communication profiles of units: look up, make in bulk, rename, delete.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.alexa.smart_properties.plugins.module_utils import _wire
from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Profile
from ansible_collections.alexa.smart_properties.plugins.module_utils._parallel import for_each


class Profiles:
    """The account's communication profiles.

    :param client: with a token of the management scope.
    """

    def __init__(self, client: Client, concurrency: int) -> None:
        self._client = client
        self._concurrency = concurrency

    def of_unit(self, unit_id: str) -> Profile | None:
        """A unit's profile; None if it has none."""
        return _wire.profile(
            self._client.get(
                f"read the communication profile of unit {unit_id}", _wire.profile_of_unit_path(unit_id)
            )
        )

    def of_units(self, unit_ids: Iterable[str]) -> dict[str, Profile | None]:
        """The profiles of many units, each read once. Raises the first error."""
        outcome = for_each(dict.fromkeys(unit_ids), self.of_unit, self._concurrency)
        if outcome.failed:
            raise outcome.failed[0][1]
        return dict(outcome.done)

    def create(self, units: list[tuple[str, str | None]], made: dict[str, str] | None = None) -> dict[str, str]:
        """Make profiles for units (unit_id, name) that have none, 100 a call; the profile ids by unit.

        Repeating a call is harmless: a unit that has a profile keeps it.

        :param made: gets what was made even if a later call fails.
        """
        ids = {} if made is None else made
        for start in range(0, len(units), _wire.PROFILES_A_CALL):
            ids.update(self._create_batch(units[start : start + _wire.PROFILES_A_CALL]))
        named = [(unit_id, name) for unit_id, name in units if name]
        # Amazon names every profile "Guest" until it is renamed.
        outcome = for_each(named, lambda unit: self.rename(ids[unit[0]], str(unit[1])), self._concurrency)
        if outcome.failed:
            raise outcome.failed[0][1]
        return ids

    def rename(self, profile_id: str, name: str) -> None:
        """Give a profile the name that is shown to who is called."""
        self._client.put(
            f"rename the communication profile {profile_id}",
            _wire.profile_path(profile_id),
            _wire.profile_name_body(name),
        )

    def delete(self, profile_id: str) -> None:
        """Remove a profile. Amazon removes the contacts that point at it too."""
        self._client.delete(f"delete the communication profile {profile_id}", _wire.profile_path(profile_id))

    def _create_batch(self, units: list[tuple[str, str | None]]) -> dict[str, str]:
        def looked_up() -> dict[int, str] | None:
            found = self.of_units(unit_id for unit_id, _name in units)
            ids = {number: found[unit_id] for number, (unit_id, _name) in enumerate(units, start=1)}
            there = {number: profile.profile_id for number, profile in ids.items() if profile}
            return there if len(there) == len(units) else None

        made: dict[int, str] = self._client.create(
            f"make {len(units)} communication profiles",
            _wire.PROFILE_BATCH,
            _wire.profile_batch_body(units),
            _wire.profile_batch,
            looked_up,
        )
        ids = {}
        for number, (unit_id, _name) in enumerate(units, start=1):
            ids[unit_id] = made.get(number) or self._read_back(unit_id)
        return ids

    def _read_back(self, unit_id: str) -> str:
        """The profile of an item that the bulk answer does not tell of."""
        profile = self.of_unit(unit_id)
        if profile is None:
            raise ApiError(
                f"Could not make the communication profile of unit {unit_id}: the API took the request, but the unit"
                " has no profile.",
                "Check the unit id, and that the property's subscription includes calling.",
                status=200,
            )
        return profile.profile_id
