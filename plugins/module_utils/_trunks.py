# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP trunks: find, create, update, delete, wait for ACTIVE.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils import _wire
from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError, InputError, WaitError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import ACTIVE, Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._registered import remember
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunk_plan import named, shown
from ansible_collections.alexa.smart_properties.plugins.module_utils._wait import poll

# Lists may lag behind writes: so many seconds pass before "not in the list" is believed and a trunk is made.
_SETTLE = 3.0
_FAILED = re.compile("FAIL|ERROR|REJECT", re.IGNORECASE)


class Trunks:
    """The account's SIP trunks."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, trunk_id: str) -> Trunk | None:
        """The trunk as it is now; None if there is none of that id."""
        body = self._client.get(f"read the SIP trunk {trunk_id}", _wire.trunk_path(trunk_id))
        return None if body is None else _wire.trunk(body, trunk_id)

    def list(self) -> Iterator[Trunk]:
        """Every trunk once, with what it is recognised by."""
        seen = set()
        for item in self._client.pages("list the SIP trunks", _wire.TRUNKS):
            trunk = _wire.trunk(item)
            if not trunk.trunk_id or trunk.trunk_id in seen:
                continue
            seen.add(trunk.trunk_id)
            whole = trunk if _wire.trunk_is_complete(item) else self.get(trunk.trunk_id)
            if whole:
                yield whole

    def find(self, wish: Trunk) -> tuple[Trunk | None, Sequence[Trunk]]:
        """The trunk that is recognised by its id, else by its tls_name and peers, and its namesakes elsewhere.

        Raises InputError for two trunks that match.
        """
        if wish.trunk_id:
            return self.get(wish.trunk_id), []
        listed = list(self.list())
        matches = [trunk for trunk in listed if _matches(trunk, wish)]
        if len(matches) > 1:
            ids = " and ".join(str(trunk.trunk_id) for trunk in matches)
            raise InputError(
                f"{len(matches)} SIP trunks match {named(wish)}: {ids}.",
                "Pin the one that is meant with trunk_id (alexa_trunk_id in the inventory), and delete the other.",
            )
        namesakes = [trunk for trunk in listed if wish.tls_name and trunk.identity[0] == wish.identity[0]]
        # The list may lag: a trunk that was deleted a moment ago is still in it.
        found = self.get(str(matches[0].trunk_id)) if matches else None
        return found, [trunk for trunk in namesakes if trunk not in matches]

    def find_before_creating(self, wish: Trunk) -> tuple[Trunk | None, Sequence[Trunk]]:
        """Look twice, since a second trunk would be worse than a few seconds."""
        found = self.find(wish)
        if found[0] is None and not wish.trunk_id:
            self._client.clock.sleep(_SETTLE)
            found = self.find(wish)
        return found

    def create(self, wish: Trunk) -> Trunk:
        """Make the trunk, exactly once."""

        def made(body: Any) -> Trunk:
            answer = _wire.trunk(body)
            return replace(wish, trunk_id=answer.trunk_id, status=answer.status)

        def find() -> Trunk | None:
            read = poll(
                lambda: self.find(wish)[0], bool, timeout=2 * _SETTLE, interval=_SETTLE / 3, clock=self._client.clock
            )
            return read[0]

        tried = f"create the SIP trunk for {named(wish)}"
        trunk = self._client.create(tried, _wire.TRUNKS, _wire.trunk_body(wish), made, find)
        if not trunk.trunk_id:
            raise ApiError(f"Could not {tried}: the answer names no trunk id.", status=201)
        remember(trunk.trunk_id, wish.chain)
        return trunk

    def update(self, wish: Trunk) -> Trunk:
        """Replace the trunk's body; returns it as it then is."""
        trunk_id = str(wish.trunk_id)
        self._client.put(f"update the SIP trunk {trunk_id}", _wire.trunk_path(trunk_id), _wire.trunk_body(wish))
        remember(trunk_id, wish.chain)
        now = self.get(trunk_id)
        return replace(wish, status=now.status if now else None)

    def delete(self, trunk_id: str) -> None:
        """Remove the trunk; one that is gone already is no error."""
        self._client.delete(f"delete the SIP trunk {trunk_id}", _wire.trunk_path(trunk_id))
        remember(trunk_id, None)

    def wait_for_active(self, trunk: Trunk, timeout: float, interval: float) -> Trunk:
        """Poll until ACTIVE. Raises WaitError when the time is up or the trunk has failed."""

        def read() -> str:
            # A trunk that was made a moment ago may not be readable yet.
            now = self.get(str(trunk.trunk_id))
            return (now.status if now else None) or "not readable yet"

        def ended(status: str) -> bool:
            return status == ACTIVE or bool(_FAILED.search(status))

        status, done = poll(read, ended, timeout=timeout, interval=interval, clock=self._client.clock)
        if status == ACTIVE:
            return replace(trunk, status=status)
        known = {"trunk": shown(replace(trunk, status=status))}
        if done:
            raise WaitError(
                f"The SIP trunk {trunk.trunk_id} of {named(trunk)} ended in status {status}.",
                "Check certificate, name, address and port against what the PBX really serves, mend them and run"
                " again; if it stays, delete the trunk and make it anew.",
                **known,
            )
        raise WaitError(
            f"The SIP trunk {trunk.trunk_id} of {named(trunk)} is not ACTIVE after {timeout:g} seconds; its status is"
            f" {status}. Amazon says about ten minutes.",
            "Run again to go on waiting: nothing is made twice. Raise wait_timeout if it often takes longer.",
            **known,
        )


def _matches(trunk: Trunk, wish: Trunk) -> bool:
    """With neither peers nor fqdn_peer in the wish (state absent), the name alone decides."""
    if wish.peers or wish.fqdn_peer:
        return trunk.identity == wish.identity
    return trunk.identity[0] == wish.identity[0]
