# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells what the kernel's rules would do with a packet, without sending one.

Source: libnftables-json(5). What it can't read of a rule makes the answer uncertain, never wrong.
Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.plugin_utils import _iptables
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._packet_match import (
    ABSENT,
    Packet,
    among,
    compared,
    value_of,
)

ADMITTED, REFUSED, UNCERTAIN = "admitted", "refused", "uncertain"

_HOOKS = ("prerouting", "input")
_ENDS = {
    "accept": "accept", "drop": "drop", "reject": "drop", "return": "return", "continue": "go on",
    "dnat": "divert", "redirect": "divert",
}  # fmt: skip
# Where the kernel sends a packet elsewhere; chains before it see where it was sent to.
_DIVERSION = -100
# Says nothing about whether the rule applies, and ends nothing.
_IDLE = {"counter", "log", "comment", "mangle", "notrack", "ct helper", "ct timeout", "last"}
# Does not apply to the first packet of somebody if it says "over".
_LIMITS = {"limit", "ct count"}
_ANYTHING = {"accept", "drop", "go on", "divert"}
_DEEPEST = 32


@dataclass(frozen=True)
class Verdict:
    """What becomes of a packet, and the chain that refuses it, or may."""

    answer: str
    chain: str = ""


class PacketFilter:
    """The rules of a host as C(nft -j list ruleset) prints them. Raises ValueError for other text.

    :param compatible: what C(iptables-save) prints of those tables in nft that iptables made.
    :param legacy: what it prints of those that nft does not know.
    """

    def __init__(self, text: str, compatible: str = "", legacy: str = "") -> None:
        listed = json.loads(text)
        if not isinstance(listed, dict) or not isinstance(listed.get("nftables"), list):
            raise ValueError("no ruleset")
        self._chains: dict[tuple[str, str, str], list[Any]] = {}
        self._sets: dict[tuple[str, str, str], Any] = {}
        self._bases: list[Mapping[str, Any]] = []
        self._dormant: set[tuple[str, str]] = set()
        better = _iptables.listed(compatible)
        known = {("ip", fields["table"]) for entry in better for fields in entry.values()}
        for entry in listed["nftables"]:
            for kind, fields in entry.items():
                if (fields.get("family"), fields.get("table")) not in known:
                    self._take(kind, fields)
        for entry in better + _iptables.listed(legacy, " (iptables-legacy)"):
            for kind, fields in entry.items():
                self._take(kind, fields)

    def verdict(self, packet: Packet) -> Verdict:
        """All chains are asked in turn: one that refuses is enough."""
        doubtful = ""
        bases = [base for base in self._bases if (base["family"], base["table"]) not in self._dormant]
        diverting = [base for base in bases if base["type"] == "nat" and "divert" in self._ends(base, packet)]
        for base in bases:
            late = diverting and (base["hook"] == "input" or base.get("prio", 0) > _DIVERSION)
            ends = self._ends(base, replace(packet, diverted=True) if late else packet)
            name = f"{base['family']} {base['table']} {base['name']}"
            if ends == {"drop"} and not late:
                return Verdict(REFUSED, name)
            doubtful = doubtful or (name if "drop" in ends else "")
        return Verdict(UNCERTAIN if doubtful else ADMITTED, doubtful)

    def _ends(self, base: Mapping[str, Any], packet: Packet) -> set[str]:
        outcomes = self._outcomes((base["family"], base["table"], base["name"]), packet, 0)
        return {str(base.get("policy", "accept")) if end == "return" else end for end in outcomes}

    def _take(self, kind: str, fields: Any) -> None:
        if kind == "table" and "dormant" in fields.get("flags", ()):
            self._dormant.add((fields["family"], fields["name"]))
        if kind not in ("chain", "rule", "set", "map") or fields.get("family") not in ("ip", "inet"):
            return
        if kind == "rule":
            self._chains.setdefault((fields["family"], fields["table"], fields["chain"]), []).append(fields["expr"])
        elif kind == "chain":
            self._chains.setdefault((fields["family"], fields["table"], fields["name"]), [])
            if fields.get("type") in ("filter", "nat") and fields.get("hook") in _HOOKS:
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
            elif name in _LIMITS and isinstance(content, dict):
                if content.get("inv"):
                    return False, set()
            elif name not in _IDLE and not (isinstance(content, dict) and content.get("name") == "comment"):
                # A match of iptables that nft can't print, or even the target.
                applies, hidden = None, True
        return applies, _ANYTHING if hidden else {"go on"}

    def _called(self, how: str, chain: tuple[str, str, str], packet: Packet, depth: int) -> set[str]:
        ends = self._outcomes(chain, packet, depth + 1)
        return {"go on" if how == "jump" and end == "return" else end for end in ends}

    def _mapped(self, content: Any, table: tuple[str, str], packet: Packet, depth: int) -> set[str]:
        value, data = value_of(content["key"], packet), content["data"]
        pairs = data.get("set", []) if isinstance(data, dict) else self._sets.get((*table, str(data)[1:]))
        if value is ABSENT:
            return {"go on"}
        if pairs is None:
            return _ANYTHING
        ends = set()
        for key, verdict in pairs:
            holds = None if value is None else among(value, [key])
            if holds is not False:
                ((name, called),) = verdict.items()
                ends |= (
                    {_ENDS[name]} if name in _ENDS else self._called(name, (*table, called["target"]), packet, depth)
                )
            if holds:
                return ends
        return ends | {"go on"}

    def _match(self, match: Mapping[str, Any], table: tuple[str, str], packet: Packet) -> bool | None:
        value = value_of(match["left"], packet)
        right = match["right"]
        if isinstance(right, str) and right.startswith("@"):
            right = self._sets.get((*table, right[1:]))
        return None if value is None or right is None else compared(value, match.get("op", "=="), right)
