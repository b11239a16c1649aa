# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells whether a packet is what a rule of the kernel looks for.

Source: libnftables-json(5). Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# Neither lo nor an interface whose name is known here.
_OUTSIDE = object()
# A field that the packet has not: no rule that looks there applies to it, not even one that says "not".
ABSENT = object()
_HEADERS = {"tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmpv6", "igmp", "esp", "ah", "ip6"}
# As nft prints them where the host has no /etc/protocols.
_PROTOCOLS = {6: "tcp", 17: "udp"}
_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True)
class Packet:
    """The first packet that somebody outside sends to a port of this host.

    :param protocol: C(tcp) or C(udp).
    :param own: the addresses of this host, to one of which it is sent; none where they are not known.
    :param diverted: whether a rule may send it to another port or host before the others see it.
    """

    source: str
    protocol: str
    port: int
    own: tuple[str, ...] = ()
    diverted: bool = False


def value_of(left: Any, packet: Packet) -> Any:
    """What the packet has where a rule looks; None for what nobody can tell here."""
    if not isinstance(left, dict):
        return None
    ((kind, content),) = left.items()
    if kind == "&" and isinstance(content, list):
        base = value_of(content[0], packet)
        return base & set(_words(content[1])) if isinstance(base, frozenset) else ABSENT if base is ABSENT else None
    if not isinstance(content, dict):
        return None
    key = (kind, content.get("protocol"), content.get("field")) if kind == "payload" else (kind, content.get("key"))
    if key[0] == "payload" and key[1] in _HEADERS - {packet.protocol}:
        return ABSENT
    known = {
        ("payload", "ip", "saddr"): ipaddress.IPv4Address(packet.source),
        ("payload", "ip", "daddr"): tuple(map(ipaddress.IPv4Address, packet.own)) or None,
        ("payload", "ip", "protocol"): packet.protocol,
        ("payload", "th", "dport"): packet.port,
        ("payload", packet.protocol, "dport"): packet.port,
        ("payload", "tcp", "flags"): frozenset(["syn"]),
        ("meta", "l4proto"): packet.protocol,
        ("meta", "nfproto"): "ipv4",
        ("meta", "pkttype"): "host",
        ("meta", "iifname"): _OUTSIDE,
        ("meta", "iif"): _OUTSIDE,
        ("ct", "state"): "new",
        ("ct", "direction"): "original",
        ("ct", "status"): None if packet.diverted else frozenset(),
    }
    return known.get(key)


def compared(value: Any, how: str, right: Any) -> bool | None:
    """Whether what the packet has is as the rule wants it; None if that can't be told."""
    if value is ABSENT:
        return False
    if isinstance(value, frozenset) and how in ("in", "!"):
        return bool(value & set(_words(right))) == (how == "in")
    if how in _ORDERS:
        return bool(_ORDERS[how](value, right)) if isinstance(value, int) and isinstance(right, int) else None
    # Flags in a list are one value, other things in a list are several.
    many = isinstance(right, list) and not isinstance(value, frozenset)
    holds = among(value, right if many else [right])
    if holds is None or how in ("==", "in"):
        return holds
    return not holds if how in ("!=", "!") else None


def among(value: Any, wanted: Sequence[Any]) -> bool | None:
    """Whether a value is one of those of a rule; None where one of them can't be read."""
    if isinstance(value, tuple):
        told = {among(each, wanted) for each in value}
        return told.pop() if len(told) == 1 else None
    answers = [_is(value, each) for each in wanted]
    return True if True in answers else None if None in answers else False


def _words(value: Any) -> list[str]:
    """Flags as nft prints them: a word, a list, or words joined by C(|); a number stands for none."""
    if isinstance(value, dict):
        value = next(iter(value.values()))
    if isinstance(value, list):
        return [word for each in value for word in _words(each)]
    return [value] if isinstance(value, str) else []


def _is(value: Any, wanted: Any) -> bool | None:
    if wanted == "*":
        return True
    if value is _OUTSIDE:
        return False if wanted == "lo" else None
    if isinstance(wanted, dict) and not (isinstance(value, frozenset) and "|" in wanted):
        return _is_within(value, *next(iter(wanted.items())))
    if isinstance(value, frozenset):
        return value == set(_words(wanted))
    if isinstance(value, ipaddress.IPv4Address):
        return str(value) == wanted if _is_address(wanted) else None
    if isinstance(value, int):
        return value == wanted if isinstance(wanted, int) else None
    return value == (_PROTOCOLS.get(wanted, "another") if isinstance(wanted, int) else wanted)


def _is_within(value: Any, kind: str, content: Any) -> bool | None:
    if kind == "set":
        return among(value, content)
    if kind == "elem":
        return _is(value, content["val"])
    if kind == "prefix" and isinstance(value, ipaddress.IPv4Address):
        try:
            return value in ipaddress.IPv4Network(f"{content['addr']}/{content['len']}", strict=False)
        except ValueError:
            return False
    if kind == "range":
        first, last = content
        if isinstance(value, ipaddress.IPv4Address):
            return ipaddress.IPv4Address(first) <= value <= ipaddress.IPv4Address(last)
        return first <= value <= last if isinstance(value, int) and isinstance(first, int) else None
    return None


def _is_address(text: Any) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
