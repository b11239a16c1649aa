# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account that a rehearsal begins with: what the last report saw, in the simulator's words.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._model import ACTIVE, Peer, Profile, Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._wire import profile_item, trunk_item

#: States of a trunk that Amazon is at work on. In a rehearsal it is done.
_ON_ITS_WAY = ("CREATING", "UPDATING")
#: States of a room in which its extension rings the unit's profile, as far as anybody knows.
_OF_ITS_UNIT = ("ok", "unverified")


def account_of(
    report: Mapping[str, Any], rooms: Sequence[Mapping[str, Any]], chain: Sequence[str]
) -> dict[str, list[Any] | dict[str, Any]]:
    """What C(alexa_simulator --account) takes.

    :param report: C(report.json), or empty: then the account has nothing but the units.
    :param rooms: the wished ones of all properties; the units that they name exist.
    :param chain: the certificates that stand for those of every trunk.
    :returns: C(mappings) has every trunk's id.
    """
    mappings: dict[str, dict[str, str]] = {trunk["trunk_id"]: {} for trunk in trunks_of(report)}
    profiles: dict[str, Mapping[str, Any]] = {}
    for found in report.get("properties", ()):
        if found["trunk"]:
            mapped = {room["extension"]: room["mapped_to"] for room in found["rooms"] if room["mapped_to"]}
            mappings[found["trunk"]["trunk_id"]] = mapped
        profiles |= {
            room["unit_id"]: room
            for room in found["rooms"]
            if room["unit_id"] and room["mapped_to"] and room["state"] in _OF_ITS_UNIT
        }
    units = dict.fromkeys([*profiles, *(room["unit_id"] for room in rooms if room.get("unit_id"))])
    return {
        "trunks": [_trunk(trunk, chain) for trunk in trunks_of(report)],
        "mappings": mappings,
        "units": [{"id": unit_id, "name": unit_id} for unit_id in units],
        "profiles": [
            profile_item(Profile(room["mapped_to"], room["room"]), unit_id) for unit_id, room in profiles.items()
        ],
    }


def trunks_of(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The trunks of the properties, then those of nobody."""
    yield from (found["trunk"] for found in report.get("properties", ()) if found["trunk"])
    for account in report.get("accounts", ()):
        yield from account["orphans"]


def _trunk(seen: Mapping[str, Any], chain: Sequence[str]) -> dict[str, Any]:
    by_name = seen.get("fqdn_peer")
    status = seen.get("status") or ACTIVE
    trunk = Trunk(
        trunk_id=seen["trunk_id"],
        status=ACTIVE if status in _ON_ITS_WAY else status,
        tls_name=seen.get("tls_name"),
        chain=tuple(chain),
        peers=tuple(Peer(peer["ip"], peer["port"]) for peer in seen.get("peers") or ()),
        fqdn_peer=Peer(by_name["name"], by_name["port"]) if by_name else None,
    )
    return trunk_item(trunk)
