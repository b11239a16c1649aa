# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of a trunk: TLS name and chain, and the peers."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from .answers import Refusal, a_list, an_object, members
from .chain import a_chain, check_name

# The address ranges reserved for documentation stay allowed: rehearsals and examples need addresses.
NOT_PUBLIC = [ipaddress.ip_network(network) for network in (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4")]
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.IGNORECASE)


def trunk_body(body: dict[str, Any]) -> dict[str, Any]:
    """The checked body of create and update: peers or peer, and tls where the PBX has a certificate."""
    trunk = members(body, "", {}, {"tls": _tls, "peers": _peers, "peer": _fqdn_peer})
    if ("peers" in trunk) == ("peer" in trunk):
        raise Refusal(400, "Give either peers or peer, and not both.")
    return trunk


def _tls(value: Any, where: str) -> dict[str, Any]:
    tls = members(an_object(value, where), where + ".", {"certificateChain": a_chain, "name": _dns_name})
    check_name(tls["name"], tls["certificateChain"], where + ".name")
    return tls


def _peers(value: Any, where: str) -> list[dict[str, Any]]:
    return [members(an_object(peer, f"{where}[{index}]"), f"{where}[{index}].", {"ip": _public_address, "port": _port})
            for index, peer in enumerate(a_list(value, where))]


def _fqdn_peer(value: Any, where: str) -> dict[str, Any]:
    return members(an_object(value, where), where + ".", {"name": _dns_name, "port": _port})


def _port(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
        raise Refusal(400, f"{where} must be a number from 1 to 65535.")
    return value


def _public_address(value: Any, where: str) -> str:
    try:
        address = ipaddress.IPv4Address(value) if isinstance(value, str) else None
    except ValueError:
        address = None
    if address is None:
        raise Refusal(400, f"{where} must be an IPv4 address.")
    if any(address in network for network in NOT_PUBLIC):
        raise Refusal(400, f"{where} must be a public IPv4 address.")
    return str(value)


def _dns_name(value: Any, where: str) -> str:
    labels = value.split(".") if isinstance(value, str) and len(value) <= 253 else []
    if len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise Refusal(400, f"{where} must be a fully qualified domain name.")
    return str(value)
