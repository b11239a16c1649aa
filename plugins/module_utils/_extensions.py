# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings of extensions to communication profiles: find, plan, apply.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils import _wire
from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import (
    check_prune,
    problem_with_amazon_id,
    problem_with_extension,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Mapping, Profile
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Plan

CREATED, UPDATED, DELETED, UNCHANGED = "created", "updated", "deleted", "unchanged"


@dataclass(frozen=True)
class Wish:
    """An extension and what it shall ring: a profile, or the profile of a unit."""

    extension: str
    comms_profile_id: str | None = None
    unit_id: str | None = None


def wishes(rows: Sequence[Dictionary[str, Any]], option: str = "extensions") -> dict[str, Wish]:
    """The user's rows by extension. Raises InputError that names every row that can't be used."""
    problems: list[str] = []
    wanted: dict[str, Wish] = {}
    first_rows: dict[str, int] = {}
    for index, row in enumerate(rows):
        wish = Wish(str(row.get("extension") or ""), row.get("comms_profile_id"), row.get("unit_id"))
        problem = _problem(wish)
        if problem:
            problems.append(f"{option}[{index}]: {problem}" if option else problem)
        elif wish.extension in wanted:
            first = f"{option}[{first_rows[wish.extension]}]"
            problems.append(f"{option}[{index}]: extension {wish.extension} is also in {first}")
        else:
            wanted[wish.extension], first_rows[wish.extension] = wish, index
    if problems:
        more = f" (and {len(problems) - 20} more)" if len(problems) > 20 else ""
        raise InputError("; ".join(problems[:20]) + more + ".", "Nothing was sent: mend these rows and run again.")
    return wanted


def _problem(wish: Wish) -> str | None:
    if bool(wish.comms_profile_id) == bool(wish.unit_id):
        return f"extension {wish.extension!r} needs either comms_profile_id or unit_id, and not both"
    kind, value = ("unit_id", wish.unit_id) if wish.unit_id else ("comms_profile_id", wish.comms_profile_id)
    return problem_with_extension(wish.extension) or problem_with_amazon_id(kind, value)


def checked_trunk_id(trunk_id: str | None, check_mode: bool) -> str | None:
    """The trunk to work on; None only in check mode, for one that is not made yet."""
    if not trunk_id and not check_mode:
        raise InputError("trunk_id is missing.", "Give the id that alexa_siptrunk or alexa_siptrunk_info returns.")
    return trunk_id or None


class Mappings:
    """The mappings of one trunk."""

    def __init__(self, client: Client, trunk_id: str) -> None:
        self._client = client
        self._trunk_id = trunk_id

    def get(self, extension: str) -> Mapping | None:
        """One mapping as it is now; None if the extension is not mapped."""
        body = self._client.get(f"read extension {extension}", _wire.extension_path(self._trunk_id, extension))
        return None if body is None else _wire.mapping(body, extension)

    def list(self) -> Iterator[Mapping]:
        """All mappings, to the last page; one that repeats across pages comes once."""
        seen = set()
        path = _wire.extensions_path(self._trunk_id)
        for item in self._client.pages(f"list the extensions of {self._trunk_id}", path):
            mapping = _wire.mapping(item)
            if mapping.extension and mapping.extension not in seen:
                seen.add(mapping.extension)
                yield mapping

    def create(self, extension: str, profile_id: str) -> str:
        """Map an extension that is not mapped. If somebody else was first, theirs is looked at."""
        mapping = Mapping(extension, profile_id)
        path = _wire.extension_path(self._trunk_id, extension)
        body = _wire.mapping_body(mapping)
        conflict = None
        try:
            found = self._client.create(
                f"map extension {extension}", path, body, lambda _body: None, lambda: self.get(extension)
            )
        except ApiError as error:
            if error.status != 409:
                raise
            conflict, found = error, self.get(extension)
            if found == mapping:
                return UNCHANGED
        else:
            if found is None or found == mapping:
                return CREATED
        try:
            self._client.put(f"change extension {extension}", path, body)
        except ApiError as error:
            if conflict and error.status == 404:
                # Nothing is mapped: the conflict is another one, such as with a trunk that is not ACTIVE yet.
                raise conflict from None
            raise
        return UPDATED

    def change(self, extension: str, profile_id: str) -> str:
        """Point a mapped extension at another profile. If the mapping is gone, it is made."""
        body = _wire.mapping_body(Mapping(extension, profile_id))
        try:
            self._client.put(f"change extension {extension}", _wire.extension_path(self._trunk_id, extension), body)
        except ApiError as error:
            if error.status != 404:
                raise
            self.create(extension, profile_id)
        return UPDATED

    def delete(self, extension: str) -> str:
        """Remove a mapping; one that is gone already is no error."""
        self._client.delete(f"unmap extension {extension}", _wire.extension_path(self._trunk_id, extension))
        return DELETED


def plan(
    wanted: Dictionary[str, Wish],
    have: Dictionary[str, Mapping],
    profiles: Dictionary[str, Profile | None],
    *,
    prune: bool = False,
    prune_limit: str = "10%",
    prune_only: Sequence[str] | None = None,
) -> Plan:
    """What is to be done. Raises InputError if more would be removed than the limit lets.

    :param prune_only: what may be removed; None for all that is not wished.
    :param profiles: the profiles of the units that the wishes name; None for one that is to be made.
    """
    result = Plan()
    for extension, wish in wanted.items():
        profile_id = profile_of(wish, profiles)
        mapping = have.get(extension)
        result.labels_after[extension] = _label(wish, profile_id)
        if mapping is None:
            result.create.append(extension)
        elif profile_id and mapping == Mapping(extension, profile_id):
            result.unchanged.append(extension)
        else:
            result.change.append(extension)
    result.labels_before = {extension: mapping.comms_profile_id for extension, mapping in have.items()}
    if prune:
        removable = have if prune_only is None else [extension for extension in prune_only if extension in have]
        result.delete = [extension for extension in removable if extension not in wanted]
        check_prune(
            len(wanted),
            len(have),
            len(result.delete),
            prune_limit,
            listed="extensions",
            things="mappings",
            whole="every mapping of the trunk",
            option="alexa_prune_limit",
        )
    return result


def profile_of(wish: Wish, profiles: Dictionary[str, Profile | None]) -> str | None:
    """The profile that a wish means; None for a unit whose profile is to be made."""
    if wish.comms_profile_id:
        return wish.comms_profile_id
    profile = profiles[str(wish.unit_id)]
    return profile.profile_id if profile else None


def _label(wish: Wish, profile_id: str | None) -> str:
    if not wish.unit_id:
        return str(profile_id)
    return f"{profile_id or 'a new communication profile'} (unit {wish.unit_id})"
