# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP trunks: find, create, update, delete.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Callable, TypeVar

from ansible_collections.alexa.smart_properties.plugins.module_utils import _wire
from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError, InputError, WaitError
from ansible_collections.alexa.smart_properties.plugins.module_utils._lock import alone
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._registered import remember
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunk_plan import named, shown
from ansible_collections.alexa.smart_properties.plugins.module_utils._wait import poll

_T = TypeVar("_T")

# Lists may lag behind writes: so many seconds pass before "not in the list" is believed and a trunk is made.
_SETTLE = 3.0
# So many seconds another process of this control node may take to make the same trunk, in which it may meet an outage.
_PATIENCE = 300.0
_PIN = "Pin the one that is meant with trunk_id (alexa_trunk_id in the inventory), and delete the other."


class Trunks:
    """The account's SIP trunks.

    :ivar warnings: what the user should know of what was done.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.clock = client.clock
        self.warnings: list[str] = []

    def get(self, trunk_id: str) -> Trunk | None:
        """The trunk as it is now; None if there is none of that id."""
        body = self._client.get(f"read the SIP trunk {trunk_id}", _wire.trunk_path(trunk_id))
        return None if body is None else _wire.trunk(body, trunk_id)

    def list(self) -> Iterator[Trunk]:
        """Every trunk once, with what it is recognised by."""
        for trunk, complete in self._listed():
            whole = trunk if complete else self.get(str(trunk.trunk_id))
            if whole:
                yield whole

    def statuses(self, trunk_ids: Collection[str], deadline: float) -> dict[str, str | None]:
        """The status of each of these trunks, None for one that can't be read yet: by one listing for all of them.

        :param deadline: the moment of the clock after which nothing that fails is repeated.
        """
        with self._client.until(deadline):
            return self._statuses(trunk_ids)

    def _statuses(self, trunk_ids: Collection[str]) -> dict[str, str | None]:
        seen = {trunk.trunk_id: trunk for trunk, _complete in self._listed()} if len(trunk_ids) > 1 else {}
        statuses: dict[str, str | None] = {}
        for trunk_id in trunk_ids:
            trunk = seen.get(trunk_id)
            # Whether a list tells the status is not documented; of a trunk by itself it is.
            if len(trunk_ids) == 1 or (trunk and not trunk.status):
                trunk = self.get(trunk_id)
            statuses[trunk_id] = trunk.status if trunk else None
        return statuses

    def _listed(self) -> Iterator[tuple[Trunk, bool]]:
        """Every trunk once as the list shows it, and whether that tells what it is recognised by."""
        seen = set()
        for item in self._client.pages("list the SIP trunks", _wire.TRUNKS):
            trunk = _wire.trunk(item)
            if trunk.trunk_id and trunk.trunk_id not in seen:
                seen.add(trunk.trunk_id)
                yield trunk, _wire.trunk_is_complete(item)

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
                _PIN,
            )
        namesakes = [trunk for trunk in listed if wish.tls_name and trunk.identity[0] == wish.identity[0]]
        # The list may lag: a trunk that was deleted a moment ago is still in it.
        found = self.get(str(matches[0].trunk_id)) if matches else None
        return found, [trunk for trunk in namesakes if trunk not in matches]

    @contextmanager
    def find_before_creating(self, wish: Trunk) -> Iterator[tuple[Trunk | None, Sequence[Trunk]]]:
        """Look twice, since a second trunk would be worse than a few seconds.

        Other processes of this control node that want the same trunk wait until the caller has made it.
        """
        found = self.find(wish)
        if found[0] is not None or wish.trunk_id:
            yield found
            return
        with alone(_creating(wish), repr(wish.identity), _PATIENCE, self._client.clock):
            self._client.clock.sleep(_SETTLE)
            yield self.find(wish)

    def create(self, wish: Trunk) -> Trunk:
        """Make the trunk, exactly once."""
        answered = False

        def made(body: Any) -> Trunk:
            nonlocal answered
            answered = True
            answer = _wire.trunk(body)
            return replace(wish, trunk_id=answer.trunk_id, status=answer.status)

        def find() -> Trunk | None:
            return self._poll(lambda: self.find(wish)[0], bool)

        tried = _creating(wish)
        trunk = self._client.create(tried, _wire.TRUNKS, _wire.trunk_body(wish), made, find)
        if not trunk.trunk_id:
            raise ApiError(f"Could not {tried}: the answer names no trunk id.", status=201)
        remember(trunk.trunk_id, wish.chain)
        # One that was found after a lost answer may be somebody else's: it is not ours to remove.
        return self._without_twin(trunk) if answered else trunk

    def _without_twin(self, made: Trunk) -> Trunk:
        """The trunk that stays where another control node has made the same one at the same moment.

        Once the list shows ours, it shows what was made before. Of two that see each other the one with the greater id
        is removed, by who made it: were both to give way, there would be none. The lesser one only waits for that.
        Raises WaitError where the other stays, because it was not seen there, and where ours is in use already.
        """
        own = str(made.trunk_id)
        twins = self._poll(lambda: self._twins(made), lambda seen: seen is not None) or ()
        yields = bool(twins) and min(twins) < own
        if twins and not yields:
            twins = self._poll(lambda: [twin for twin in twins if self.get(twin)], lambda seen: not seen)
        kept = next((twin for twin in sorted(twins) if self.get(twin)), None)
        if kept is None:
            return made
        twice = f"The SIP trunk {named(made)} was made twice at once, by two control nodes: {kept} and {own}."
        if not yields or self._has_mappings(own):
            raise WaitError(
                twice,
                "Run again. If both stay, delete the one without mappings, with alexa_siptrunk and its trunk_id.",
                trunk=shown(made),
                changed=True,
            )
        self.delete(own)
        self.warnings.append(f"{twice} The latter, which had no mappings yet, was removed again.")
        return self.update(replace(made, trunk_id=kept))

    def _has_mappings(self, trunk_id: str) -> bool:
        path = _wire.extensions_path(trunk_id)
        return any(True for _mapping in self._client.pages(f"list the extensions of {trunk_id}", path))

    def _twins(self, made: Trunk) -> Sequence[str] | None:
        """The ids of other trunks like the one that was made; None as long as the list does not show that one."""
        alike = [str(trunk.trunk_id) for trunk in self.list() if _matches(trunk, made)]
        return [trunk_id for trunk_id in alike if trunk_id != made.trunk_id] if made.trunk_id in alike else None

    def _poll(self, read: Callable[[], _T], done: Callable[[_T], bool]) -> _T:
        """Read until done, for as long as a list may lag; what was read last."""
        return poll(read, done, timeout=2 * _SETTLE, interval=_SETTLE / 3, clock=self._client.clock)[0]

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


def _matches(trunk: Trunk, wish: Trunk) -> bool:
    """With neither peers nor fqdn_peer in the wish (state absent), the name alone decides."""
    if wish.peers or wish.fqdn_peer:
        return trunk.identity == wish.identity
    return trunk.identity[0] == wish.identity[0]


def _creating(wish: Trunk) -> str:
    return f"create the SIP trunk for {named(wish)}"
