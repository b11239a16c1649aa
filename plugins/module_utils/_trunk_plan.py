# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trunk is, what it shall be, what differs, and how a trunk is shown.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._certificates import fingerprints, summaries
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._registered import remembered


@dataclass(frozen=True)
class TrunkPlan:
    """What a trunk is, what it shall be, and whether that differs.

    :ivar current: as the API returned it, with its whole chain also where only this control node knows it.
    """

    current: Trunk | None
    wanted: Trunk
    changed: bool
    before: dict[str, Any]
    warnings: list[str]

    @property
    def after(self) -> dict[str, Any]:
        return described(self.wanted) if self.changed else self.before

    def contents(self, *, with_chain: bool) -> tuple[dict[str, Any], dict[str, Any]]:
        """What makes this plan the one it is; and the same without the chain, which may be made only on the way."""
        return self.content(with_chain=with_chain), self.content(with_chain=False)

    def content(self, *, with_chain: bool) -> dict[str, Any]:
        """What makes this plan the one it is, with the chain or without."""
        before = compared(self.before, with_chain=with_chain) if self.current else None
        trunk_id = self.current.trunk_id if self.current else None
        return {"trunk_id": trunk_id, "before": before, "after": compared(self.after, with_chain=with_chain)}


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
            f"Another SIP trunk for {wish.tls_name} exists with other peers: {trunk.trunk_id} ({peers_of(trunk)})."
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
    if wish.chain and not chain_differs:
        # As a whole, where the API returns a part of it or nothing.
        current = replace(current, chain=wish.chain)
    before = described(current)
    if current.chain is None and wanted.chain:
        # The old chain is known by its fingerprints alone, if at all.
        before["certificates"] = registered or "unknown"
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


def compared(description: dict[str, Any], *, with_chain: bool) -> dict[str, Any]:
    """What C(described) tells, with certificates as their fingerprints, sorted, or left out."""
    rest = {key: value for key, value in description.items() if key != "certificates"}
    if not with_chain:
        return rest
    # Of a chain that is known by its fingerprints alone there are no summaries.
    told = [each["sha256"] if isinstance(each, dict) else each for each in description["certificates"]]
    return {**rest, "certificates": "unknown" if description["certificates"] == "unknown" else sorted(told)}


def plan_absent(current: Trunk | None) -> dict[str, Any]:
    """What makes a plan of a deletion the one it is."""
    before = compared(described(current), with_chain=False) if current else None
    return {"trunk_id": current.trunk_id if current else None, "before": before, "after": None}


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


def peers_of(trunk: Trunk) -> str:
    """A trunk's peers in one line."""
    peers = [trunk.fqdn_peer] if trunk.fqdn_peer else list(trunk.peers)
    return ", ".join(f"{peer.host}:{peer.port}" for peer in peers) or "no peers"


def named(trunk: Trunk) -> str:
    """A trunk as messages call it."""
    return f"{trunk.tls_name or 'no TLS name'} at {peers_of(trunk)}"
