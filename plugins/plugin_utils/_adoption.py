# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory of the trunks that are there already, so that properties linked by other means are managed from now on.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import (
    problem_with_amazon_id,
    problem_with_dns_name,
    problem_with_extension,
    problem_with_port,
    problem_with_public_ipv4,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._host_names import (
    host_name_of,
    problem_with_host_name,
)

ROOMS_FILE = "rooms.csv"


@dataclass(frozen=True)
class Adopted:
    """A property that a trunk tells of.

    :ivar variables: the host's, by name.
    :ivar rooms: each with C(extension), C(room) and C(comms_profile_id), sorted by extension.
    :ivar missing: the variables that a run needs, and that Amazon does not know.
    """

    host: str
    trunk: Mapping[str, Any]
    variables: Mapping[str, Any]
    rooms: Sequence[Mapping[str, str]]
    missing: tuple[str, ...]


def adopted(
    trunks: Iterable[Mapping[str, Any]], mappings: Mapping[str, Sequence[Mapping[str, Any]]], rooms: Mapping[str, str]
) -> tuple[list[Adopted], list[dict[str, str]]]:
    """The properties, and the trunks that the collection could not keep as they are, each with the reason.

    :param mappings: of each trunk by its id.
    :param rooms: a room's name by its communication profile.
    """
    properties: list[Adopted] = []
    left_out: list[dict[str, str]] = []
    hosts: dict[str, int] = {}
    for trunk in sorted(trunks, key=lambda each: str(each.get("trunk_id"))):
        listed = sorted(mappings.get(trunk["trunk_id"], ()), key=lambda each: str(each["extension"]))
        reason = _why_not(trunk, listed)
        if reason:
            shown = {"trunk_id": str(trunk.get("trunk_id")), "tls_name": str(trunk.get("tls_name") or "")}
            left_out.append({**shown, "msg": reason})
            continue
        name = host_name_of(trunk["tls_name"])
        hosts[name] = hosts.get(name, 0) + 1
        # Two of one name are at different addresses or ports.
        host = name if hosts[name] == 1 else f"{name}-{hosts[name]}"
        properties.append(_adopted(host, trunk, listed, rooms))
    return properties, left_out


def _adopted(
    host: str, trunk: Mapping[str, Any], mappings: Sequence[Mapping[str, Any]], rooms: Mapping[str, str]
) -> Adopted:
    by_name = trunk.get("fqdn_peer")
    peer = by_name or trunk["peers"][0]
    variables: dict[str, Any] = {"alexa_trunk_id": trunk["trunk_id"], "alexa_pbx_name": trunk["tls_name"]}
    variables |= {"alexa_peer_type": "fqdn"} if by_name else {"alexa_pbx_address": peer["ip"]}
    variables["alexa_sip_port"] = peer["port"]
    if mappings:
        variables["alexa_rooms_file"] = f"host_vars/{host}/{ROOMS_FILE}"
    listed = [
        {
            "extension": str(mapping["extension"]),
            "room": rooms.get(mapping["comms_profile_id"], ""),
            "comms_profile_id": str(mapping["comms_profile_id"]),
        }
        for mapping in mappings
    ]
    return Adopted(host, trunk, variables, listed, ("alexa_pbx_address",) if by_name else ())


def _why_not(trunk: Mapping[str, Any], mappings: Iterable[Mapping[str, Any]]) -> str | None:
    """Why a run of link_pbx would not leave the trunk as it is, or None."""
    name, peers, by_name = str(trunk.get("tls_name") or ""), trunk.get("peers") or [], trunk.get("fqdn_peer")
    problem = problem_with_amazon_id("trunk_id", trunk.get("trunk_id")) or problem_with_dns_name(name)
    problem = problem or problem_with_host_name(host_name_of(name), name)
    if not problem and len(peers) + bool(by_name) != 1:
        problem = f"it has {len(peers) + bool(by_name)} peers, and a property has one"
    if not problem and by_name and by_name["name"] != name:
        problem = f"its peer {by_name['name']!r} is not the name of its certificate"
    if not problem:
        problem = problem_with_port((by_name or peers[0])["port"])
    if not problem and not by_name:
        problem = problem_with_public_ipv4(peers[0]["ip"])
    for mapping in mappings:
        problem = problem or problem_with_extension(mapping["extension"])
        problem = problem or problem_with_amazon_id("comms_profile_id", mapping["comms_profile_id"])
    return problem
