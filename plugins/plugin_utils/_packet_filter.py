# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells what the kernel's rules would do with a packet, without sending one.

Source: libnftables-json(5). What it can't read of a rule makes the answer uncertain, never wrong.
Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ADMITTED, REFUSED, UNCERTAIN = "admitted", "refused", "uncertain"

_HOOKS = ("prerouting", "input")
_ENDS = {"accept": "accept", "drop": "drop", "reject": "drop", "return": "return"}
# Says nothing about whether the rule applies, and ends nothing.
_IDLE = {"counter", "log", "comment", "mangle", "notrack"}
_ANYTHING = {"accept", "drop", "go on"}
_DEEPEST = 32


@dataclass(frozen=True)
class Packet:
    """The first packet that somebody outside sends to a port of this host.

    :param protocol: C(tcp) or C(udp).
    """

    source: str
    protocol: str
    port: int


@dataclass(frozen=True)
class Verdict:
    """What becomes of a packet, and the chain that decides if it is refused."""

    answer: str
    chain: str = ""


class PacketFilter:
    """The rules of a host as C(nft -j list ruleset) prints them. Raises ValueError for other text."""

    def __init__(self, text: str) -> None:
        listed = json.loads(text)
        if not isinstance(listed, dict) or not isinstance(listed.get("nftables"), list):
            raise ValueError("no ruleset")
        self._chains: dict[tuple[str, str, str], list[Any]] = {}
        self._sets: dict[tuple[str, str, str], Any] = {}
        self._bases: list[Mapping[str, Any]] = []
        for entry in listed["nftables"]:
            for kind, fields in entry.items():
                self._take(kind, fields)

    def verdict(self, packet: Packet) -> Verdict:
        """All chains are asked in turn: one that refuses is enough."""
        certain = True
        for base in self._bases:
            outcomes = self._outcomes((base["family"], base["table"], base["name"]), packet, 0)
            ends = {str(base.get("policy", "accept")) if end == "return" else end for end in outcomes}
            if ends == {"drop"}:
                return Verdict(REFUSED, f"{base['family']} {base['table']} {base['name']}")
            certain = certain and "drop" not in ends
        return Verdict(ADMITTED if certain else UNCERTAIN)

    def _take(self, kind: str, fields: Any) -> None:
        if kind not in ("chain", "rule", "set", "map") or fields.get("family") not in ("ip", "inet"):
            return
        if kind == "rule":
            self._chains.setdefault((fields["family"], fields["table"], fields["chain"]), []).append(fields["expr"])
        elif kind == "chain":
            self._chains.setdefault((fields["family"], fields["table"], fields["name"]), [])
            if fields.get("type") == "filter" and fields.get("hook") in _HOOKS:
                self._bases.append(fields)
        else:
            self._sets[(fields["family"], fields["table"], fields["name"])] = fields.get("elem", [])

    def _outcomes(self, chain: tuple[str, str, str], packet: Packet, depth: int) -> set[str]:
        """How the chain may end: C(accept), C(drop) or C(return), several where a rule can't be read."""
        if depth > _DEEPEST:
            return {"accept", "drop", "return"}
        possible: set[str] = set()
        for rule in self._chains.get(chain, []):
            applies, ends = self._rule(rule, chain[:2], packet, depth)
            if applies is False or not ends:
                continue
            possible |= ends - {"go on"}
            if applies and "go on" not in ends:
                return possible
        return possible | {"return"}

    def _rule(
        self, rule: Sequence[Any], table: tuple[str, str], packet: Packet, depth: int
    ) -> tuple[bool | None, set[str]]:
        """Whether the rule applies (None: uncertain), and how it may end."""
        applies: bool | None = True
        hidden = False
        for part in rule:
            ((name, content),) = part.items()
            if name == "match":
                holds = self._match(content, table, packet)
                if holds is False:
                    return False, set()
                applies = applies and holds
            elif name in _ENDS:
                return applies, {_ENDS[name]}
            elif name in ("jump", "goto"):
                return applies, self._called(name, (*table, content["target"]), packet, depth)
            elif name == "vmap":
                return applies, self._mapped(content, table, packet, depth)
            elif name not in _IDLE and (content or {}).get("name") != "comment":
                # A match of iptables that nft can't print, or even the target.
                applies, hidden = None, True
        return applies, _ANYTHING if hidden else {"go on"}

    def _called(self, how: str, chain: tuple[str, str, str], packet: Packet, depth: int) -> set[str]:
        ends = self._outcomes(chain, packet, depth + 1)
        return {"go on" if how == "jump" and end == "return" else end for end in ends}

    def _mapped(self, content: Any, table: tuple[str, str], packet: Packet, depth: int) -> set[str]:
        value = _value(content["key"], packet)
        ends = set()
        for key, verdict in content["data"].get("set", []) if isinstance(content["data"], dict) else []:
            holds = None if value is None else _among(value, [key])
            if holds is not False:
                ((name, called),) = verdict.items()
                ends |= (
                    {_ENDS[name]} if name in _ENDS else self._called(name, (*table, called["target"]), packet, depth)
                )
            if holds:
                return ends
        return ends | {"go on"}

    def _match(self, match: Mapping[str, Any], table: tuple[str, str], packet: Packet) -> bool | None:
        value = _value(match["left"], packet)
        if value is None:
            return None
        right = match["right"]
        if isinstance(right, str) and right.startswith("@"):
            right = self._sets.get((*table, right[1:]))
        if right is None:
            return None
        holds = _among(value, right if isinstance(right, list) else [right])
        return holds if holds is None or match.get("op") in ("==", "in") else not holds


def _value(left: Any, packet: Packet) -> Any:
    """What the packet has where a rule looks; None for what nobody can tell here."""
    if not isinstance(left, dict):
        return None
    ((kind, content),) = left.items()
    if kind == "&":
        base = _value(content[0], packet)
        mask = content[1] if isinstance(content[1], list) else _words(content[1])
        return base if isinstance(base, frozenset) and base <= set(mask) else None
    key = (kind, content.get("protocol"), content.get("field")) if kind == "payload" else (kind, content.get("key"))
    known = {
        ("payload", "ip", "saddr"): ipaddress.IPv4Address(packet.source),
        ("payload", "ip", "protocol"): packet.protocol,
        ("payload", "th", "dport"): packet.port,
        ("payload", packet.protocol, "dport"): packet.port,
        ("payload", "tcp", "flags"): frozenset(["syn"]),
        ("payload", "tcp" if packet.protocol == "udp" else "udp", "dport"): -1,
        ("payload", "icmp", "type"): "none",
        ("payload", "ip6", "saddr"): "none",
        ("payload", "ip6", "daddr"): "none",
        ("payload", "icmpv6", "type"): "none",
        ("meta", "l4proto"): packet.protocol,
        ("meta", "nfproto"): "ipv4",
        ("meta", "iifname"): _OUTSIDE,
        ("meta", "iif"): _OUTSIDE,
        ("ct", "state"): "new",
        ("ct", "direction"): "original",
    }
    return known.get(key)


_OUTSIDE = object()


def _words(value: Any) -> list[str]:
    """Flags as nft prints them: a word, or words joined by C(|)."""
    if isinstance(value, dict) and "|" in value:
        return [word for each in value["|"] for word in _words(each)]
    return [value] if isinstance(value, str) else []


def _among(value: Any, wanted: Sequence[Any]) -> bool | None:
    """Whether a value is one of those of a rule; None where one of them can't be read."""
    answers = [_is(value, each) for each in wanted]
    return True if True in answers else None if None in answers else False


def _is(value: Any, wanted: Any) -> bool | None:
    if value is _OUTSIDE:
        return False if wanted == "lo" else None
    if isinstance(wanted, dict):
        return _is_within(value, *next(iter(wanted.items())))
    if isinstance(value, frozenset):
        return value == set(_words(wanted))
    if isinstance(value, ipaddress.IPv4Address):
        return str(value) == wanted if _is_address(wanted) else None
    if isinstance(value, int):
        return value == wanted if isinstance(wanted, int) else None
    return bool(value == wanted) or (True if wanted == "*" else False)


def _is_within(value: Any, kind: str, content: Any) -> bool | None:
    if kind == "set":
        return _among(value, content)
    if kind == "elem":
        return _is(value, content["val"])
    if isinstance(value, frozenset):
        return value == set(_words({kind: content}))
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
