# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP trunks: find, plan, create, update, delete, wait for ACTIVE.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils import _wire
from ansible_collections.alexa.smart_properties.plugins.module_utils._chain import fingerprints, summaries
from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError, InputError, WaitError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import ACTIVE, Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._registered import remember, remembered
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
                f"{len(matches)} SIP trunks match {_named(wish)}: {ids}.",
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

        tried = f"create the SIP trunk for {_named(wish)}"
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
                f"The SIP trunk {trunk.trunk_id} of {_named(trunk)} ended in status {status}.",
                "Check certificate, name, address and port against what the PBX really serves, mend them and run"
                " again; if it stays, delete the trunk and make it anew.",
                **known,
            )
        raise WaitError(
            f"The SIP trunk {trunk.trunk_id} of {_named(trunk)} is not ACTIVE after {timeout:g} seconds; its status is"
            f" {status}. Amazon says about ten minutes.",
            "Run again to go on waiting: nothing is made twice. Raise wait_timeout if it often takes longer.",
            **known,
        )


@dataclass(frozen=True)
class TrunkPlan:
    """What a trunk is, what it shall be, and whether that differs."""

    current: Trunk | None
    wanted: Trunk
    changed: bool
    before: dict[str, Any]
    warnings: list[str]

    @property
    def after(self) -> dict[str, Any]:
        return described(self.wanted)


def plan_present(current: Trunk | None, namesakes: Sequence[Trunk], wish: Trunk) -> TrunkPlan:
    """Compare what the user gave with what there is. What was not given stays as it is.

    Raises InputError for a wished id that does not exist.
    """
    if current is None and wish.trunk_id:
        raise InputError(
            f"There is no SIP trunk {wish.trunk_id}.",
            "alexa_siptrunk_info lists the account's trunks; without trunk_id (alexa_trunk_id) one is found or made.",
        )
    if current is None:
        warnings = [
            f"Another SIP trunk for {wish.tls_name} exists with other peers: {trunk.trunk_id} ({_peers_of(trunk)})."
            " If that one was meant, pin it with trunk_id." for trunk in namesakes
        ]  # fmt: skip
        return TrunkPlan(None, wish, True, {}, warnings)
    wanted = replace(
        current,
        tls_name=wish.tls_name or current.tls_name,
        chain=wish.chain or current.chain,
        peers=wish.peers if wish.peers or wish.fqdn_peer else current.peers,
        fqdn_peer=wish.fqdn_peer if wish.peers or wish.fqdn_peer else current.fqdn_peer,
    )
    registered = _registered_chain(current)
    warnings = []
    if wish.chain and registered is None:
        warnings.append(
            f"The API does not tell which certificate is registered with {current.trunk_id}, and this control node"
            " has no record of it, so the given one is sent. Keep the folder ALEXA_STATE_DIR between runs."
        )
    chain_differs = bool(wish.chain) and fingerprints(wish.chain or ()) != registered
    changed = chain_differs or wanted.identity != current.identity
    if changed and wanted.tls_name and not wanted.chain:
        raise InputError(
            f"The SIP trunk {current.trunk_id} is to be changed, but the API does not return its certificate chain.",
            "Give certificate_chain too: an update replaces the whole trunk.",
        )
    before = described(current)
    if current.chain is None and wanted.chain:
        # The old chain is known by its fingerprints alone, if at all.
        before["certificates"] = (registered or "unknown") if chain_differs else described(wanted)["certificates"]
    return TrunkPlan(current, wanted, changed, before, warnings)


def _registered_chain(current: Trunk) -> list[str] | None:
    """The fingerprints of the registered chain: what the API returns, or what was sent last; None if neither is known.

    An API may return only a part of what was sent, such as the chain without its root. Then the record decides.
    """
    returned = fingerprints(current.chain or ())
    recorded = remembered(str(current.trunk_id))
    if returned and not (recorded and set(returned) < set(recorded)):
        return returned
    return recorded


def described(trunk: Trunk) -> dict[str, Any]:
    """What of a trunk the user decides: the part that a diff shows."""
    everything = shown(trunk)
    return {key: everything[key] for key in ("tls_name", "peers", "fqdn_peer", "certificates")}


def shown(trunk: Trunk) -> dict[str, Any]:
    """A trunk as results show it."""
    fqdn = trunk.fqdn_peer
    return {
        "trunk_id": trunk.trunk_id,
        "status": trunk.status,
        "tls_name": trunk.tls_name,
        "peers": [{"ip": peer.host, "port": peer.port} for peer in sorted(trunk.peers)],
        "fqdn_peer": {"name": fqdn.host, "port": fqdn.port} if fqdn else None,
        "certificates": summaries(trunk.chain),
    }


def _matches(trunk: Trunk, wish: Trunk) -> bool:
    """With neither peers nor fqdn_peer in the wish (state absent), the name alone decides."""
    if wish.peers or wish.fqdn_peer:
        return trunk.identity == wish.identity
    return trunk.identity[0] == wish.identity[0]


def _peers_of(trunk: Trunk) -> str:
    peers = [trunk.fqdn_peer] if trunk.fqdn_peer else list(trunk.peers)
    return ", ".join(f"{peer.host}:{peer.port}" for peer in peers) or "no peers"


def _named(trunk: Trunk) -> str:
    return f"{trunk.tls_name or 'no TLS name'} at {_peers_of(trunk)}"
