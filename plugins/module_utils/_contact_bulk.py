# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All contacts of an address book in one go: read once, apply a plan, and account for every contact.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dictionary
from contextlib import AbstractContextManager
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils import _wire_contacts as _wire
from ansible_collections.alexa.smart_properties.plugins.module_utils._address_books import (
    PATIENCE,
    BatchAnswer,
    settle,
    settled,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._bulk import Account
from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._contacts import Wish, by_name, plan
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import AlexaError, ApiError
from ansible_collections.alexa.smart_properties.plugins.module_utils._extensions import (
    CREATED,
    DELETED,
    UNCHANGED,
    UPDATED,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._lock import alone
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Contact, Profile
from ansible_collections.alexa.smart_properties.plugins.module_utils._parallel import for_each
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Plan

KEY = "contact"


class Contacts:
    """The contacts of one address book.

    :param client: with a token of the management scope.
    """

    def __init__(self, client: Client, book_id: str, concurrency: int) -> None:
        self._client = client
        self._book_id = book_id
        self.concurrency = concurrency

    def list(self) -> Iterator[Contact]:
        """All contacts, to the last page; one that repeats across pages comes once."""
        seen = set()
        path = _wire.contact_list_path(self._book_id)
        for item in self._client.pages(f"list the contacts of {self._book_id}", path):
            contact = _wire.contact(item)
            if contact.contact_id and contact.contact_id not in seen:
                seen.add(contact.contact_id)
                yield contact

    def present(self, may_be_missing: bool) -> Sequence[Contact]:
        """The list; an empty one for a book that is not there, where that may be."""
        try:
            return list(self.list())
        except ApiError as error:
            if error.status == 404 and may_be_missing:
                return []
            raise

    def get(self, contact_id: str) -> Contact | None:
        """A contact as it is now; None if it is gone."""
        body = self._client.get(f"read the contact {contact_id}", _wire.contact_path(self._book_id, contact_id))
        return None if body is None else _wire.contact(body, contact_id)

    def confirmed(self, have: dict[str, Contact], doubtful: Sequence[str]) -> dict[str, Contact]:
        """The same without what the list still shows although it was changed or removed a moment ago.

        One read tells: if it differs from the list, all doubtful ones are read.
        """
        if not doubtful or self.get(str(have[doubtful[-1]].contact_id)) == have[doubtful[-1]]:
            return have
        outcome = for_each(doubtful, lambda name: self.get(str(have[name].contact_id)), self.concurrency)
        if outcome.failed:
            raise outcome.failed[0][1]
        read = {**have, **dict(outcome.done)}
        return {name: contact for name, contact in read.items() if contact}

    def alone(self) -> AbstractContextManager[None]:
        """While other processes of this control node make no contacts in the book."""
        doing = f"create contacts in {self._book_id}"
        return alone(doing, f"contacts of {self._book_id}", PATIENCE, self._client.clock)

    def wait_for_list(self) -> None:
        """The list may lag, and a second contact of a name would be worse than a few seconds."""
        settle(self._client)

    def change(self, contact_id: str, contact: Contact) -> str:
        """Let the name stand for something else."""
        path = _wire.contact_path(self._book_id, contact_id)
        self._client.put(f"change the contact {contact.name}", path, _wire.contact_body(contact))
        return UPDATED

    def delete(self, contact: Contact) -> str:
        """Remove a contact; one that is gone already is no error."""
        path = _wire.contact_path(self._book_id, str(contact.contact_id))
        self._client.delete(f"delete the contact {contact.name}", path)
        return DELETED

    def create(self, contacts: Sequence[Contact], account: Account) -> None:
        """Make contacts, 100 a call, each exactly once. The account gets the fate of each."""
        for start in range(0, len(contacts), _wire.ITEMS_A_CALL):
            batch = contacts[start : start + _wire.ITEMS_A_CALL]
            if any(error.stops_all for _name, error in account.failed):
                account.not_tried += [contact.name for contact in batch]
            else:
                self._create_batch(batch, account)

    def _create_batch(self, batch: Sequence[Contact], account: Account) -> None:
        names = [contact.name for contact in batch]
        answer = BatchAnswer()
        try:
            made = self._client.create(
                f"create {len(batch)} contacts in {self._book_id}",
                _wire.contact_batch_path(self._book_id),
                _wire.contact_batch_body(batch),
                answer.made,
                lambda: self._numbers_in_list(names) or None,
            )
            if answer.came and len(made) + len(answer.reasons) < len(batch):
                made = {**self._numbers_in_list(names), **made}
        except AlexaError as error:
            account.failed += [(name, error) for name in names]
            return
        account.by_fate[CREATED] += [names[number - 1] for number in made]
        left = [number for number in range(1, len(batch) + 1) if number not in made]
        if left and not answer.came:
            # A call whose answer was lost may have come to an end halfway.
            self._create_batch([batch[number - 1] for number in left], account)
            return
        for number in left:
            reason = answer.reasons.get(number, "the API took the request, but the contact is not in the book")
            failure = ApiError(f"Could not create the contact {names[number - 1]}: {reason}.", status=200)
            account.failed.append((names[number - 1], failure))

    def _numbers_in_list(self, names: Sequence[str]) -> dict[int, str]:
        """Which of the names are in the book, by their number; looked at until all are, or a list can't lag longer."""

        def look() -> dict[int, str]:
            ids = {contact.name: str(contact.contact_id) for contact in self.list()}
            return {number: ids[name] for number, name in enumerate(names, start=1) if name in ids}

        return settled(self._client, look, lambda there: len(there) == len(names))


def looked_up(
    contacts: Contacts | None,
    wanted: Dictionary[str, Wish],
    profiles: Dictionary[str, Profile | None],
    *,
    may_be_missing: bool,
    **prune: Any,
) -> tuple[dict[str, Contact], Plan]:
    """What is in the book, and what is to be done.

    :param contacts: None for a book that is not made yet.
    """
    listed = contacts.present(may_be_missing) if contacts else []
    have = by_name(listed, {name: wish.contact(profiles).target for name, wish in wanted.items()})
    todo = plan(wanted, have, profiles, **prune)
    if contacts:
        have = contacts.confirmed(contacts.confirmed(have, todo.change), todo.delete)
    return have, plan(wanted, have, profiles, **prune)


def applied(
    contacts: Contacts, todo: Plan, have: Dictionary[str, Contact], wanted: Dictionary[str, Contact]
) -> Account:
    """Do what is planned: deletions, then changes, then creations. Nothing that was done is forgotten.

    :param wanted: what each name is to stand for.
    """
    account = Account(key=KEY)
    account.by_fate[UNCHANGED] += todo.unchanged
    steps = (
        (todo.delete, lambda name: contacts.delete(have[name])),
        (todo.change, lambda name: contacts.change(str(have[name].contact_id), wanted[name])),
    )
    for names, write in steps:
        if any(error.stops_all for _name, error in account.failed):
            account.not_tried += names
            continue
        outcome = for_each(names, write, contacts.concurrency)
        account.failed += outcome.failed
        account.not_tried += outcome.not_tried
        for name, fate in outcome.done:
            account.by_fate[fate].append(name)
    contacts.create([wanted[name] for name in todo.create], account)
    return account
