# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a ruleset would do with a packet, and that what can't be read makes the answer uncertain."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._packet_filter import (
    ADMITTED,
    REFUSED,
    UNCERTAIN,
    PacketFilter,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._packet_match import Packet
from ansible_collections.alexa.smart_properties.tests.unit.plugins.plugin_utils.sound_case import (
    ACCEPT,
    AMAZON,
    DROP,
    MEDIA,
    SIP,
    field,
    match,
    rule,
    ruleset,
)

ALEXA = Packet("3.239.178.130", "tcp", 5061)
STRANGER = Packet("192.0.2.1", "tcp", 5061)
VOICE = Packet("3.239.178.130", "udp", 10000)
META, CT = {"meta": {"key": "iifname"}}, {"ct": {"key": "state"}}
UNKNOWN = {"fib": {"result": "type", "flags": "daddr"}}


def chain(name: str) -> dict[str, Any]:
    return {"chain": {"family": "inet", "table": "filter", "name": name}}


def a_set(*members: Any) -> dict[str, Any]:
    return {"set": {"family": "inet", "table": "filter", "name": "amazon", "elem": list(members)}}


def vmap(key: Any, *pairs: Any) -> dict[str, Any]:
    return {"vmap": {"key": key, "data": {"set": [list(pair) for pair in pairs]}}}


FLAGS = {"&": [field("tcp", "flags"), ["syn", "ack"]]}
OLDER_FLAGS = {"&": [field("tcp", "flags"), {"|": ["syn", "ack"]}]}
CASES: dict[str, tuple[list[dict[str, Any]], Packet, str]] = {
    "the policy": ([], ALEXA, REFUSED),
    "an address in a network": ([rule(SIP, AMAZON, ACCEPT)], ALEXA, ADMITTED),
    "an address outside of it": ([rule(SIP, AMAZON, ACCEPT)], STRANGER, REFUSED),
    "another protocol": ([rule(SIP, AMAZON, ACCEPT)], VOICE, REFUSED),
    "a port in a range": ([rule(MEDIA, ACCEPT)], VOICE, ADMITTED),
    "a port outside of it": ([rule(MEDIA, ACCEPT)], Packet("3.239.178.130", "udp", 9999), REFUSED),
    "a set by name": (
        [a_set({"prefix": {"addr": "3.239.178.128", "len": 25}}), rule(match(field("ip", "saddr"), "@amazon"), ACCEPT)],
        ALEXA,
        ADMITTED,
    ),
    "a set that is not there": ([rule(match(field("ip", "saddr"), "@gone"), ACCEPT)], ALEXA, UNCERTAIN),
    "a set of ports": (
        [rule(match(field("tcp", "dport"), {"set": [22, {"range": [5060, 5062]}]}), ACCEPT)],
        ALEXA,
        ADMITTED,
    ),
    "addresses one by one": ([rule(match(field("ip", "saddr"), "3.239.178.130"), ACCEPT)], ALEXA, ADMITTED),
    "all but one": ([rule(match(field("ip", "saddr"), "192.0.2.1", "!="), ACCEPT)], ALEXA, ADMITTED),
    "the first rule that applies": ([rule(SIP, DROP), rule(SIP, ACCEPT)], ALEXA, REFUSED),
    "loopback is not outside": ([rule(match(META, "lo"), ACCEPT)], ALEXA, REFUSED),
    "an interface that nobody knows": ([rule(match(META, "eth7"), ACCEPT)], ALEXA, UNCERTAIN),
    "connections that are up": ([rule(match(CT, ["established", "related"], "in"), ACCEPT)], ALEXA, REFUSED),
    "new connections": ([rule(match(CT, ["established", "new"], "in"), ACCEPT)], ALEXA, ADMITTED),
    "the first packet has no ACK": ([rule(match(FLAGS, "ack"), ACCEPT)], ALEXA, REFUSED),
    "as older nft prints flags": ([rule(match(OLDER_FLAGS, "syn"), ACCEPT)], ALEXA, ADMITTED),
    "a jump that comes back": (
        [chain("mine"), rule(SIP, {"return": None}, chain="mine"), rule({"jump": {"target": "mine"}}), rule(ACCEPT)],
        ALEXA,
        ADMITTED,
    ),
    "a jump that decides": (
        [chain("mine"), rule(SIP, ACCEPT, chain="mine"), rule({"jump": {"target": "mine"}})],
        ALEXA,
        ADMITTED,
    ),
    "a goto does not come back": ([chain("mine"), rule({"goto": {"target": "mine"}}), rule(ACCEPT)], ALEXA, REFUSED),
    "a chain that calls itself": (
        [chain("mine"), rule({"jump": {"target": "mine"}}, chain="mine"), rule({"jump": {"target": "mine"}})],
        ALEXA,
        UNCERTAIN,
    ),
    "a verdict map": ([rule(vmap(CT, ("established", ACCEPT), ("new", DROP))), rule(ACCEPT)], ALEXA, REFUSED),
    "a verdict map by port": ([rule(vmap(field("tcp", "dport"), (22, DROP), (5061, ACCEPT)))], ALEXA, ADMITTED),
    "a verdict map of what nobody knows": ([rule(vmap(META, ("eth7", DROP))), rule(ACCEPT)], ALEXA, UNCERTAIN),
    "what can't be read": ([rule(match(UNKNOWN, "local"), ACCEPT)], ALEXA, UNCERTAIN),
    "what can't be read, and what can": ([rule(match(UNKNOWN, "local"), ACCEPT), rule(SIP, ACCEPT)], ALEXA, ADMITTED),
    "a target of iptables": ([rule(SIP, {"xt": None})], ALEXA, UNCERTAIN),
    "a comment of iptables": ([rule(SIP, {"xt": {"type": "match", "name": "comment"}}, ACCEPT)], ALEXA, ADMITTED),
    "a counter and a log": (
        [rule(SIP, {"counter": {"packets": 1}}, {"log": {"prefix": "x"}}, ACCEPT)],
        ALEXA,
        ADMITTED,
    ),
    "a rejection": ([rule(SIP, {"reject": {"type": "tcp reset"}}), rule(ACCEPT)], ALEXA, REFUSED),
    "IPv6 is another matter": (
        [rule(match(field("ip6", "saddr"), "2001:db8::1"), DROP), rule(ACCEPT)],
        ALEXA,
        ADMITTED,
    ),
}
FIN_SYN, ALL = (["fin", "syn"], ["fin", "syn", "rst", "psh", "ack", "urg"])
CONCAT = {"concat": [field("ip", "saddr"), field("tcp", "dport")]}
NAT = {"chain": {"family": "ip", "table": "nat", "name": "PRE", "type": "nat", "hook": "prerouting", "prio": -100}}
REDIRECT = {"rule": {"family": "ip", "table": "nat", "chain": "PRE", "expr": [SIP, {"redirect": {"port": 5060}}]}}
BY_PORT = {
    "map": {
        "family": "inet", "table": "filter", "name": "by_port", "map": "verdict",
        "elem": [[22, DROP], [5061, ACCEPT]]},
}  # fmt: skip
# What nft 1.0.6 prints of rules that many hosts have, all but a few before a rule that accepts.
SEEN: dict[str, tuple[list[dict[str, Any]], Packet, str]] = {
    "UDP has no TCP port": ([rule(match(field("tcp", "dport"), 22, "!="), DROP), rule(ACCEPT)], VOICE, ADMITTED),
    "TCP has one": ([rule(match(field("tcp", "dport"), 22, "!="), DROP), rule(ACCEPT)], ALEXA, REFUSED),
    "IPv4 is not from elsewhere in IPv6": (
        [rule(match(field("ip6", "saddr"), {"prefix": {"addr": "2001:db8::", "len": 32}}, "!="), DROP), rule(ACCEPT)],
        ALEXA,
        ADMITTED,
    ),
    "no other kind of ICMP": (
        [rule(match(field("icmp", "type"), "echo-request", "!="), DROP), rule(ACCEPT)],
        ALEXA,
        ADMITTED,
    ),
    "lower ports": ([rule(match(field("tcp", "dport"), 1024, "<"), DROP), rule(ACCEPT)], ALEXA, ADMITTED),
    "higher ports": ([rule(match(field("tcp", "dport"), 1024, ">="), ACCEPT)], ALEXA, ADMITTED),
    "what nobody ever compared so": ([rule(match(field("ip", "saddr"), "1.2.3.4", "<"), DROP)], ALEXA, REFUSED),
    "flags that no first packet has": (
        [rule(match({"&": [field("tcp", "flags"), FIN_SYN]}, FIN_SYN), DROP), rule(ACCEPT)],
        ALEXA,
        ADMITTED,
    ),
    "no flag at all": ([rule(match(field("tcp", "flags"), ALL, "!"), DROP), rule(ACCEPT)], ALEXA, ADMITTED),
    "one flag of several": ([rule(match(field("tcp", "flags"), ["syn", "ack"], "in"), ACCEPT)], ALEXA, ADMITTED),
    "a set of flags": ([rule(match(field("tcp", "flags"), {"set": ["syn", "ack"]}), ACCEPT)], ALEXA, ADMITTED),
    "a new connection that does not begin": (
        [rule(match({"&": [field("tcp", "flags"), ALL]}, "syn", "!="), match(CT, "new", "in"), DROP), rule(ACCEPT)],
        ALEXA,
        ADMITTED,
    ),
    "UDP has no flags": ([rule(match(field("tcp", "flags"), "syn", "!="), DROP), rule(ACCEPT)], VOICE, ADMITTED),
    "UDP has no flags to be cut": (
        [rule(match({"&": [field("tcp", "flags"), FIN_SYN]}, "syn", "!="), DROP), rule(ACCEPT)],
        VOICE,
        ADMITTED,
    ),
    "a protocol by its number": ([rule(match({"meta": {"key": "l4proto"}}, 6), ACCEPT)], ALEXA, ADMITTED),
    "another protocol by its number": ([rule(match({"meta": {"key": "l4proto"}}, 47), ACCEPT)], ALEXA, REFUSED),
    "two fields at once": ([rule(match(CONCAT, "@pairs"), ACCEPT)], ALEXA, UNCERTAIN),
    "two fields at once in a verdict map": ([rule(vmap(CONCAT, ("x", ACCEPT)))], ALEXA, UNCERTAIN),
    "a verdict map by name": (
        [BY_PORT, rule({"vmap": {"key": field("tcp", "dport"), "data": "@by_port"}})],
        ALEXA,
        ADMITTED,
    ),
    "a verdict map that is not there": (
        [rule({"vmap": {"key": field("tcp", "dport"), "data": "@gone"}})],
        ALEXA,
        UNCERTAIN,
    ),
    "a verdict map of what the packet has not": (
        [rule(vmap(field("udp", "dport"), (53, DROP))), rule(ACCEPT)],
        ALEXA,
        ADMITTED,
    ),
    "a verdict map that goes on": ([rule(vmap(CT, ("new", {"continue": None}))), rule(ACCEPT)], ALEXA, ADMITTED),
    "everything else in a verdict map": ([rule(vmap(field("tcp", "dport"), ("*", ACCEPT)))], ALEXA, ADMITTED),
    "too many": ([rule(SIP, {"limit": {"rate": 10, "inv": True}}, DROP), rule(ACCEPT)], ALEXA, ADMITTED),
    "too many at once": ([rule({"ct count": {"val": 10, "inv": True}}, DROP), rule(ACCEPT)], ALEXA, ADMITTED),
    "not too many": ([rule(SIP, {"limit": {"rate": 10}}, ACCEPT)], ALEXA, ADMITTED),
    "a limit by name": ([rule(SIP, {"limit": "sip"}, ACCEPT)], ALEXA, UNCERTAIN),
    "a helper": ([rule(SIP, {"ct helper": "sip"}, ACCEPT)], ALEXA, ADMITTED),
    "a table that sleeps": (
        [rule(DROP), {"table": {"family": "inet", "name": "filter", "flags": ["dormant"]}}],
        ALEXA,
        ADMITTED,
    ),
    "what was redirected": ([rule(match({"ct": {"key": "status"}}, "dnat", "in"), ACCEPT)], ALEXA, REFUSED),
    "another port before this chain": ([NAT, REDIRECT, rule(SIP, DROP), rule(ACCEPT)], ALEXA, UNCERTAIN),
    "another port for others": ([NAT, REDIRECT, rule(DROP)], VOICE, REFUSED),
}
TO_OTHERS = match(field("ip", "daddr"), "172.17.0.2")
TO_ME = match(field("ip", "daddr"), {"set": ["10.0.0.5", "203.0.113.10"]})
AT_HOME = Packet("3.239.178.130", "tcp", 5061, ("10.0.0.5",))
SEEN |= {
    "what Docker keeps from its containers": ([rule(TO_OTHERS, DROP), rule(ACCEPT)], AT_HOME, ADMITTED),
    "one of the host's own addresses": ([rule(TO_ME, ACCEPT)], AT_HOME, ADMITTED),
    "perhaps one of them": ([rule(TO_ME, ACCEPT)], replace(AT_HOME, own=("10.0.0.5", "192.168.1.1")), UNCERTAIN),
    "an address where none is known": ([rule(TO_ME, ACCEPT)], ALEXA, UNCERTAIN),
}


@pytest.mark.parametrize("title", SEEN)
def test_the_verdict_on_what_hosts_have(title: str) -> None:
    rules, packet, expected = SEEN[title]
    assert PacketFilter(ruleset(*rules)).verdict(packet).answer == expected


@pytest.mark.parametrize("title", CASES)
def test_the_verdict(title: str) -> None:
    rules, packet, expected = CASES[title]
    assert PacketFilter(ruleset(*rules)).verdict(packet).answer == expected


def test_one_table_that_drops_is_enough_and_is_named() -> None:
    admits = json.loads(ruleset(rule(SIP, ACCEPT)))["nftables"]
    other = {"family": "ip", "table": "theirs", "name": "in", "type": "filter", "hook": "input", "policy": "drop"}
    both = PacketFilter(json.dumps({"nftables": [*admits, {"chain": other}]}))
    assert (both.verdict(ALEXA).answer, both.verdict(ALEXA).chain) == (REFUSED, "ip theirs in")
    harmless = {**other, "hook": "output"}
    assert PacketFilter(json.dumps({"nftables": [*admits, {"chain": harmless}]})).verdict(ALEXA).answer == ADMITTED


def test_a_host_without_rules_admits_everybody() -> None:
    assert PacketFilter('{"nftables": [{"metainfo": {}}]}').verdict(STRANGER).answer == ADMITTED


@pytest.mark.parametrize("text", ["", "table inet x", "[]", "{}", '{"nftables": 1}'])
def test_other_text_is_no_ruleset(text: str) -> None:
    with pytest.raises(ValueError):
        PacketFilter(text)
