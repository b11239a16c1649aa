# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what iptables-save prints into the form in which nft lists the same rules.

nft shows nothing of iptables-legacy, and leaves out what a rule of iptables-nft looks for in a module of iptables.
Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator
from typing import Any

# Where packets from outside pass: the kernel's hook, and which chain comes first.
_BASES = {
    ("raw", "PREROUTING"): -300, ("mangle", "PREROUTING"): -150, ("nat", "PREROUTING"): -100,
    ("mangle", "INPUT"): -150, ("filter", "INPUT"): 0, ("security", "INPUT"): 50,
}  # fmt: skip
_VERDICTS = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "reject", "RETURN": "return"}
_DIVERTING = {"DNAT", "REDIRECT", "NETMAP", "TPROXY"}
_PASSING = {"LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "CT", "NOTRACK", "AUDIT", "SET", "TRACE", "TCPMSS", "DSCP"}
_UNKNOWN: dict[str, Any] = {"xt": None}
# An address of the host's own is one that the packet was sent to.
_SENT_TO = {"LOCAL": "host", "BROADCAST": "broadcast", "MULTICAST": "multicast"}
# Options that say nothing of which packets are meant, and how many words follow each.
_IDLE = {"-m": 1, "--comment": 1, "--limit": 1, "--limit-burst": 1}


def listed(text: str, mark: str = "") -> list[dict[str, Any]]:
    """Chains and rules as nft's JSON has them.

    :param mark: what is put behind the tables' names, to tell them from others.
    """
    entries: list[dict[str, Any]] = []
    table, chains = "", set()
    for line in text.splitlines():
        place = {"family": "ip", "table": table + mark}
        if line.startswith("*"):
            table, chains = line[1:].strip(), set()
        elif line.startswith(":"):
            name, policy = line[1:].split()[:2]
            chains.add(name)
            entries.append({"chain": {**place, "name": name, **_base(table, name, policy)}})
        elif line.startswith("-A "):
            _append, chain, *words = shlex.split(line)
            entries.append({"rule": {**place, "chain": chain, "expr": list(_expressions(words, chains))}})
    return entries


def _base(table: str, name: str, policy: str) -> dict[str, Any]:
    if (table, name) not in _BASES:
        return {}
    kind, hook = "nat" if table == "nat" else "filter", name.lower()
    return {"type": kind, "hook": hook, "prio": _BASES[table, name], "policy": policy.lower()}


def _expressions(words: list[str], chains: Collection[str]) -> Iterator[dict[str, Any]]:
    """The parts of a rule; one that is not known here may mean anything."""
    negated = False
    while words:
        option = words.pop(0)
        if option == "!":
            negated = True
            continue
        if option in ("-j", "-g"):
            # What follows is the target's own.
            yield _target(option, words[0], chains)
            return
        length = _count(option, words)
        values, words = words[:length], words[length:]
        if option not in _IDLE:
            yield _part(option, values, "!=" if negated else "==")
        negated = False


def _count(option: str, words: list[str]) -> int:
    """How many words belong to an option: those until the next one."""
    if option in _IDLE:
        return _IDLE[option]
    ends = [number for number, word in enumerate(words) if word == "!" or word.startswith("-")]
    return ends[0] if ends else len(words)


def _target(option: str, name: str, chains: Collection[str]) -> dict[str, Any]:
    if name in chains:
        return {"goto" if option == "-g" else "jump": {"target": name}}
    if name in _VERDICTS:
        return {_VERDICTS[name]: None}
    return {"dnat": None} if name in _DIVERTING else {"log": None} if name in _PASSING else _UNKNOWN


def _part(option: str, values: list[str], how: str) -> dict[str, Any]:
    try:
        left, right = _READERS[option](*values)
    except (KeyError, TypeError, ValueError):
        return _UNKNOWN
    return {"match": {"op": how, "left": left, "right": right}}


def _payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


def _address(field: str, text: str) -> tuple[Any, Any]:
    address, _slash, length = text.partition("/")
    return _payload("ip", field), {"prefix": {"addr": address, "len": length or 32}}


def _ports(text: str) -> tuple[Any, Any]:
    pairs = [each.split(":") for each in text.split(",")]
    ranges = [{"range": [int(pair[0]), int(pair[-1])]} for pair in pairs]
    return _payload("th", "dport"), {"set": ranges}


def _states(text: str) -> tuple[Any, Any]:
    return {"ct": {"key": "state"}}, {"set": text.lower().split(",")}


def _flags(mask: str, wanted: str) -> tuple[Any, Any]:
    whole = "fin,syn,rst,psh,ack,urg" if mask == "ALL" else mask.lower()
    flags = {"NONE": [], "ALL": whole.split(",")}.get(wanted, wanted.lower().split(","))
    return {"&": [_payload("tcp", "flags"), whole.split(",")]}, flags


# Of each option what a rule looks at, and for what.
_READERS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "-s": lambda text: _address("saddr", text),
    "-d": lambda text: _address("daddr", text),
    "-p": lambda name: ({"meta": {"key": "l4proto"}}, int(name) if name.isdigit() else name),
    "-i": lambda name: ({"meta": {"key": "iifname"}}, name),
    "--dport": _ports,
    "--dports": _ports,
    "--ctstate": _states,
    "--state": _states,
    "--tcp-flags": _flags,
    "--icmp-type": lambda kind: (_payload("icmp", "type"), kind),
    "--dst-type": lambda kind: ({"meta": {"key": "pkttype"}}, _SENT_TO[kind]),
}
