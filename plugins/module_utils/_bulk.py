# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All mappings of a trunk in one go: read once, plan, apply, and account for every extension.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dictionary
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import AlexaError, ApiError, PartialError
from ansible_collections.alexa.smart_properties.plugins.module_utils._extensions import (
    CREATED,
    DELETED,
    UNCHANGED,
    UPDATED,
    Mappings,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Mapping
from ansible_collections.alexa.smart_properties.plugins.module_utils._parallel import for_each
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Plan


@dataclass
class Account:
    """What became of each extension, or of whatever else is told apart by a key.

    :ivar key: what the key of a failure is called.
    """

    by_fate: dict[str, list[str]] = field(
        default_factory=lambda: {CREATED: [], UPDATED: [], DELETED: [], UNCHANGED: []}
    )
    failed: list[tuple[str, AlexaError]] = field(default_factory=list)
    not_tried: list[str] = field(default_factory=list)
    key: str = "extension"

    @property
    def changed(self) -> bool:
        return any(self.by_fate[fate] for fate in (CREATED, UPDATED, DELETED))

    def values(self) -> dict[str, Any]:
        """The module's return values."""
        failures = [
            {self.key: name, "msg": str(error), "request_id": error.details.get("request_id")}
            for name, error in sorted(self.failed, key=lambda item: item[0])
        ]
        lists = {fate: sorted(extensions) for fate, extensions in self.by_fate.items()}
        # Not C(failed), which Ansible takes for a boolean.
        return {**lists, "failures": failures, "not_tried": sorted(self.not_tried)}


@contextmanager
def accounted(wanted: Iterable[str], made: Dictionary[str, str], key: str = "extension") -> Iterator[None]:
    """An error that comes before the first mapping is written is no reason to leave the extensions unaccounted for.

    :param made: the communication profiles that were made by then, by unit.
    """
    try:
        yield
    except AlexaError as error:
        if not isinstance(error, PartialError):
            untried = Account(not_tried=list(wanted), key=key).values()
            error.details = {**untried, "changed": bool(made), **error.details}
        raise


def current_mappings(
    mappings: Mappings, wanted: Dictionary[str, Any], concurrency: int, *, may_be_missing: bool
) -> dict[str, Mapping]:
    """The trunk's mappings by extension: the list, and what the list does not show yet.

    :param may_be_missing: whether the trunk itself may not exist (check mode, and where all mappings are to go).
    """
    try:
        have = {mapping.extension: mapping for mapping in mappings.list()}
    except ApiError as error:
        if error.status == 404 and may_be_missing:
            return {}
        raise
    return _corrected(mappings, have, [extension for extension in wanted if extension not in have], concurrency)


def confirmed_mappings(
    mappings: Mappings, have: dict[str, Mapping], todo: Plan, concurrency: int
) -> dict[str, Mapping]:
    """The same without what the list still shows although it was changed or removed a moment ago."""
    have = _corrected(mappings, have, todo.change, concurrency)
    return _corrected(mappings, have, todo.delete, concurrency)


def _corrected(
    mappings: Mappings, have: dict[str, Mapping], doubtful: list[str], concurrency: int
) -> dict[str, Mapping]:
    """A list may lag behind writes. One read tells: if it differs from the list, all doubtful ones are read."""
    if not doubtful or mappings.get(doubtful[-1]) == have.get(doubtful[-1]):
        return have
    outcome = for_each(doubtful, mappings.get, concurrency)
    if outcome.failed:
        raise outcome.failed[0][1]
    read = dict(outcome.done)
    merged = {**have, **read}
    return {extension: mapping for extension, mapping in merged.items() if mapping}


def predicted(plan: Plan, key: str = "extension") -> Account:
    """The account of a plan that goes well: what check mode reports."""
    fates = {CREATED: plan.create, UPDATED: plan.change, DELETED: plan.delete, UNCHANGED: plan.unchanged}
    return Account(fates, key=key)


def applied(mappings: Mappings, plan: Plan, profile_ids: Dictionary[str, str], concurrency: int) -> Account:
    """Do what is planned: deletions, then changes, then creations. Nothing that was done is forgotten.

    :param profile_ids: the profile of each extension that is created or changed.
    """
    account = Account()
    account.by_fate[UNCHANGED] += plan.unchanged
    steps: list[tuple[list[str], Callable[[str], str]]] = [
        (plan.delete, mappings.delete),
        (plan.change, lambda extension: mappings.change(extension, profile_ids[extension])),
        (plan.create, lambda extension: mappings.create(extension, profile_ids[extension])),
    ]
    for extensions, write in steps:
        if any(error.stops_all for _extension, error in account.failed):
            account.not_tried += extensions
            continue
        outcome = for_each(extensions, write, concurrency)
        account.failed += outcome.failed
        account.not_tried += outcome.not_tried
        for extension, fate in outcome.done:
            account.by_fate[fate].append(extension)
    return account


def raise_if_partial(account: Account, where: str, result: dict[str, Any]) -> None:
    """Fail with everything that succeeded in the result, if anything failed."""
    if not account.failed:
        return
    name, error = min(account.failed, key=lambda item: (not item[1].stops_all, item[0]))
    untried = f", {len(account.not_tried)} were not tried" if account.not_tried else ""
    raise PartialError(
        f"{len(account.failed)} changes of {account.key}s failed on {where}{untried}."
        f" {account.key.capitalize()} {name}: {error}",
        "What succeeded is kept and reported; run again to go on from there.",
        result,
    )
