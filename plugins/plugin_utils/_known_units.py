# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of an organization's units, read from the API or kept in Ansible's cache.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Unit
from ansible_collections.alexa.smart_properties.plugins.module_utils._profiles import Profiles

# What was read so far is kept also where a later request fails.
_PROFILES_AT_A_TIME = 500


@dataclass
class Known:
    """The units, and the ids of communication profiles by unit.

    Units without a profile are not noted: it may be made at any moment.
    """

    units: list[Unit]
    profiles: dict[str, str] = field(default_factory=dict)

    def read_profiles(self, profiles: Profiles, unit_ids: Sequence[str]) -> None:
        """Read the profiles that are not known yet. Raises AlexaError; what was read until then is known."""
        unknown = [unit_id for unit_id in unit_ids if unit_id not in self.profiles]
        for start in range(0, len(unknown), _PROFILES_AT_A_TIME):
            found = profiles.of_units(unknown[start : start + _PROFILES_AT_A_TIME])
            self.profiles.update({unit_id: profile.profile_id for unit_id, profile in found.items() if profile})


class UnitsCache:
    """One entry of Ansible's cache, of one account only. No secret is in it.

    :param store: Ansible's cache; None where there is to be none.
    :param mark: what tells accounts and organizations apart.
    :param tell: warns the user.
    """

    def __init__(self, store: Any, mark: str, tell: Callable[[str], object]) -> None:
        self._store = store
        self._mark = mark
        self._tell = tell
        self.key = f"alexa_units_{mark[:16]}"

    def load(self) -> Known | None:
        """What was kept; None where nothing was, or nothing that can be used, of which the user is told."""
        if self._store is None:
            return None
        try:
            entry = self._store[self.key]
        except KeyError:
            return None
        except Exception as error:  # pylint: disable=broad-exception-caught
            # Each cache plugin has errors of its own for an entry that it can't read.
            self._ignore(f"can't be read ({type(error).__name__})")
            return None
        try:
            if entry["mark"] == self._mark:
                return _known(entry)
            self._ignore("is of another account or organization")
        except (KeyError, TypeError, ValueError):
            self._ignore("holds something else than units")
        return None

    def save(self, known: Known) -> None:
        """Keep it, if there is a cache. Ansible itself would write only after a run in which nothing fails."""
        if self._store is None:
            return
        units = [[unit.unit_id, unit.name, unit.parent_id] for unit in known.units]
        self._store[self.key] = {"mark": self._mark, "units": units, "profiles": dict(known.profiles)}
        try:
            self._store.update_cache_if_changed()
        except OSError as error:
            self._tell(f"The units can't be kept in the cache: {error.strerror}. See cache_connection.")

    def _ignore(self, reason: str) -> None:
        self._tell(f"The cache's entry {self.key} {reason}: it is ignored, and the units are read anew.")


def _known(entry: Mapping[str, Any]) -> Known:
    """Raises KeyError, TypeError or ValueError for anything that C(save) does not write."""
    units = [Unit(unit_id, name, parent_id) for unit_id, name, parent_id in entry["units"]]
    profiles = dict(entry["profiles"])
    texts = [*profiles, *profiles.values(), *(unit.unit_id for unit in units)]
    texts += [text for unit in units for text in (unit.name, unit.parent_id) if text is not None]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("something else than texts")
    return Known(units, profiles)
