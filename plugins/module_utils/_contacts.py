# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contacts of an address book: what the user wishes, and what is to be done for it.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import (
    check_prune,
    problem_with_amazon_id,
    problem_with_phone_number,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Contact, Profile
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Plan

MOST_CONTACTS = 2000  # Amazon's limits
MOST_NUMBERS = 3
_TARGETS = ("comms_profile_id", "unit_id", "phone_numbers")


@dataclass(frozen=True)
class Wish:
    """A name and whom it shall call: a profile, the profile of a unit, or phone numbers."""

    name: str
    comms_profile_id: str | None = None
    unit_id: str | None = None
    phone_numbers: tuple[str, ...] = ()

    def contact(self, profiles: Dictionary[str, Profile | None]) -> Contact:
        """What is to be in the book; without a profile for a unit that has none yet."""
        profile = profiles[self.unit_id] if self.unit_id else None
        profile_id = profile.profile_id if profile else self.comms_profile_id
        return Contact(self.name, profile_id, self.phone_numbers)


def wishes(rows: Sequence[Dictionary[str, Any]], option: str = "contacts") -> dict[str, Wish]:
    """The user's rows by name. Raises InputError that names every row that can't be used."""
    problems: list[str] = []
    wanted: dict[str, Wish] = {}
    first_rows: dict[str, int] = {}
    for index, row in enumerate(rows):
        name, numbers = str(row.get("name") or ""), tuple(row.get("phone_numbers") or ())
        # Nobody can say a name in capitals.
        spoken = name.casefold()
        found = _problems(name, row, numbers)
        if not found and spoken in first_rows:
            found = [f"contact {name!r} is also in {option}[{first_rows[spoken]}]: remove or rename one of the two"]
        problems += [f"{option}[{index}]: {problem}" for problem in found]
        if not found:
            wanted[name] = Wish(name, row.get("comms_profile_id") or None, row.get("unit_id") or None, numbers)
            first_rows[spoken] = index
    if len(rows) > MOST_CONTACTS:
        problems.append(f"{option} has {len(rows)} rows, and an address book can't have more than {MOST_CONTACTS:,}")
    if problems:
        more = f" (and {len(problems) - 20} more)" if len(problems) > 20 else ""
        raise InputError("; ".join(problems[:20]) + more + ".", "Nothing was sent: mend these rows and run again.")
    return wanted


def _problems(name: str, row: Dictionary[str, Any], numbers: tuple[str, ...]) -> list[str]:
    if not name or name != name.strip():
        return [f"name {name!r} is empty, or begins or ends with a space: give the name that is to be spoken"]
    given = [target for target in _TARGETS if row.get(target)]
    if len(given) != 1:
        which = " and ".join(given) + " together" if given else "none of them"
        return [f"contact {name!r} has {which}: give exactly one of {', '.join(_TARGETS)}"]
    if given[0] != "phone_numbers":
        problem = problem_with_amazon_id(given[0], row[given[0]])
        return [f"contact {name!r}: {problem}"] if problem else []
    problems = [problem for problem in map(problem_with_phone_number, numbers) if problem]
    if len(numbers) > MOST_NUMBERS:
        problems.append(f"{len(numbers)} phone numbers are more than {MOST_NUMBERS}: leave some out")
    if len(set(numbers)) < len(numbers):
        problems.append("a phone number stands there twice: remove one")
    return [f"contact {name!r}: {problem}" for problem in problems]


def by_name(contacts: Iterable[Contact], targets: Dictionary[str, Any]) -> dict[str, Contact]:
    """The book's contacts by name; those that share a name with another bear their id too.

    One whose name differs from a wished name in capitals only is meant by it, since both are spoken alike.

    :param targets: what the wished names stand for: of several that share the name, the one that fits bears it alone.
    """
    found: dict[str, Contact] = {}
    spoken = {name.casefold(): name for name in targets}

    def meant(contact: Contact) -> str:
        return spoken.get(contact.name.casefold(), contact.name)

    def rank(contact: Contact) -> tuple[bool, bool, str]:
        name = meant(contact)
        return contact.target != targets.get(name), contact.name != name, str(contact.contact_id)

    for contact in sorted(contacts, key=rank):
        name = meant(contact)
        taken = name in found or not contact.name
        found[f"{contact.name} ({contact.contact_id})" if taken else name] = contact
    return found


def plan(
    wanted: Dictionary[str, Wish],
    have: Dictionary[str, Contact],
    profiles: Dictionary[str, Profile | None],
    *,
    prune: bool = False,
    prune_limit: str = "10%",
) -> Plan:
    """What is to be done. Raises InputError if more would be removed, or be in the book, than is allowed."""
    result = Plan()
    for name, wish in wanted.items():
        contact, there = wish.contact(profiles), have.get(name)
        result.labels_after[name] = _label(contact, wish.unit_id)
        if there is None:
            result.create.append(name)
        elif contact.target != (None, ()) and (contact.name, contact.target) == (there.name, there.target):
            result.unchanged.append(name)
        else:
            result.change.append(name)
        if there and there.name != name:
            result.labels_before[name] = f"{_label(there)} (named {there.name})"
    result.labels_before = {**{name: _label(contact) for name, contact in have.items()}, **result.labels_before}
    if prune:
        result.delete = [name for name in have if name not in wanted]
        check_prune(
            len(wanted),
            len(have),
            len(result.delete),
            prune_limit,
            listed="contacts",
            things="contacts",
            whole="every contact of the address book",
            option="alexa_contacts_prune_limit",
        )
    else:
        _refuse_twins(wanted, have)
    _refuse_too_many(len(have) - len(result.delete) + len(result.create))
    return result


def _label(contact: Contact, unit_id: str | None = None) -> str:
    if unit_id:
        return f"{contact.comms_profile_id or 'a new communication profile'} (unit {unit_id})"
    return contact.comms_profile_id or ", ".join(sorted(contact.phone_numbers)) or "something else"


def _refuse_twins(wanted: Dictionary[str, Wish], have: Dictionary[str, Contact]) -> None:
    spoken = {name.casefold(): name for name in wanted}
    for key, contact in have.items():
        name = spoken.get(contact.name.casefold())
        if name and key not in wanted:
            raise InputError(
                f"Two contacts of the address book are named {name}: {have[name].contact_id} and {contact.contact_id}.",
                "Delete one of them, or let prune: true remove the one that does not fit.",
            )


def _refuse_too_many(count: int) -> None:
    if count > MOST_CONTACTS:
        raise InputError(
            f"The address book would have {count:,} contacts, and can't have more than {MOST_CONTACTS:,}.",
            "Nothing was changed. Remove contacts that nobody needs (prune), or use another book for some of them.",
        )
