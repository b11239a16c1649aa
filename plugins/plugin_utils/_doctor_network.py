# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's look at the PBX's name, addresses, clock and firewall.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_case import (
    Case,
    Finding,
    Unseen,
    parameters,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._packet_filter import (
    ADMITTED,
    REFUSED,
    UNCERTAIN,
    PacketFilter,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._packet_match import Packet

_NO_RULES = '{"nftables": []}'
# RFC 5737: nobody's address, so it stands for everybody.
_STRANGER = "192.0.2.1"
_TOLERATED_SKEW = 60
_ADDRESS = re.compile(r"^(\d+\.\d+\.\d+\.\d+)\s", re.MULTILINE)
# With a peer, as of PPPoE, the length of the network comes after that.
_INTERFACE = re.compile(r"\binet (\d+\.\d+\.\d+\.\d+)[/ ]")


def look(case: Case) -> Iterator[Finding | Unseen]:
    """What is wrong around the PBX."""
    yield from _name(case)
    yield from _translation(case)
    yield from _clock(case)
    yield from _firewall(case)
    yield from _surroundings(case)


def _name(case: Case) -> Iterator[Finding | Unseen]:
    name, address = case.wish.name, case.wish.address
    there = sorted(set(_ADDRESS.findall(case.said("name")))) if case.answered("name") else None
    here = sorted(set(case.here)) if not isinstance(case.here, str) else None
    if case.asked("name6") and (found := _global_ipv6(case.said("name6"))):
        yield Finding("name-ipv6", f"{name} has the IPv6 address {found} too.")
    asked = f"at {', '.join(case.resolvers)}" if case.resolvers else "on the control node"
    for place, addresses in ((asked, here), ("on the PBX", there)):
        own = {address}
        if addresses is there:
            # Behind address translation the PBX may well know itself by its own address, or by one of loopback.
            own |= {*_INTERFACE.findall(case.said("addresses")), *(each for each in there or () if each[:4] == "127.")}
        if addresses and address and not set(addresses) & own:
            is_inside = not any(ipaddress.IPv4Address(each).is_global for each in addresses)
            about = "name-private" if is_inside and addresses is here and not case.resolvers else "name-elsewhere"
            yield Finding(about, f"{name} resolves to {', '.join(addresses)} {place}, not to {address}.")
    if here is None or not here:
        if there == []:
            besides = f"nor {asked}" if here == [] else "and the control node's name service does not answer"
            yield Finding("name-unresolved", f"{name} does not resolve on the PBX, {besides}.")
        elif here == [] and case.resolvers:
            yield Finding("name-unresolved", f"{name} does not resolve {asked}.")
        elif here == []:
            yield Finding("name-unresolved-here", f"{name} does not resolve on the control node.")
        else:
            service = ", ".join(case.resolvers) or "The control node's name service"
            yield Unseen("name-unresolved", f"{service} does not answer: {case.here}")


def _global_ipv6(text: str) -> str:
    for word in re.findall(r"^(\S+)\s", text, re.MULTILINE):
        try:
            address = ipaddress.IPv6Address(word)
        except ValueError:
            continue
        if address.ipv4_mapped is None and not address.is_link_local and not address.is_loopback:
            return word
    return ""


def _translation(case: Case) -> Iterator[Finding]:
    transport = parameters(case.said("transport"))
    own = _INTERFACE.findall(case.said("addresses"))
    if not transport or not own or not case.wish.address:
        return
    told = {transport.get(name, "") for name in ("external_signaling_address", "external_media_address")}
    if case.wish.address in own:
        told.discard("")
        if told - {case.wish.address}:
            yield Finding("nat-wrong", f"The transport announces {', '.join(sorted(told))}, not {case.wish.address}.")
    elif "" in told:
        yield Finding(
            "nat-unannounced",
            f"{case.wish.address} is none of the PBX's own addresses ({', '.join(own)}), and its transport does not"
            " announce it: calls are connected and silent.",
        )
    elif told != {case.wish.address}:
        yield Finding("nat-wrong", f"The transport announces {', '.join(sorted(told))}, not {case.wish.address}.")
    elif not transport.get("local_net"):
        yield Finding("nat-local", "The transport names no local_net: inside phones get the public address.")


def _clock(case: Case) -> Iterator[Finding]:
    text = case.said("clock").strip()
    if case.clock and text.isdigit():
        before, after = case.clock
        skew = int(text) - after if int(text) > after else int(text) - before
        if abs(skew) > _TOLERATED_SKEW and not before <= int(text) <= after:
            way = "ahead of" if skew > 0 else "behind"
            yield Finding("clock-skew", f"The PBX's clock is {abs(skew):.0f} seconds {way} the control node's.")
    if case.answered("own_name") and not case.said("own_name"):
        yield Finding("own-name", "The PBX's own host name does not resolve there.")


def _firewall(case: Case) -> Iterator[Finding | Unseen]:
    is_whole, legacy = case.asked("rules"), case.said("legacy")
    if not is_whole:
        yield Unseen("sip-refused", "The PBX's firewall can't be read: it has no nft, or is not reached.")
    try:
        rules = PacketFilter(case.said("rules") if is_whole else _NO_RULES, case.said("compatible"), legacy)
        judged = list(_judged(case, rules))
    except (ValueError, KeyError, TypeError, AttributeError):
        yield Unseen("sip-refused", "nft does not list the PBX's rules in a way that is known here.")
        return
    if case.texts.get("legacy_tables", "").strip() and not legacy:
        yield Unseen("sip-refused", "The PBX has rules of iptables-legacy besides, which can't be read.")
    # One chain that refuses is enough; that nobody does is known of all rules only.
    yield from (each for each in judged if is_whole or (isinstance(each, Finding) and each.about != "sip-open"))


def _judged(case: Case, rules: PacketFilter) -> Iterator[Finding | Unseen]:
    sip, media = _ends_of(case.wish.networks), case.wish.rtp_ports
    own = tuple(each for each in _INTERFACE.findall(case.said("addresses")) if not each.startswith("127."))
    # From outside it is the public address, if the PBX has it itself.
    outer = (case.wish.address,) if case.wish.address in own else own
    for about, protocol, ports, sources, to in (
        ("sip-refused", "tcp", [case.wish.port], sip, outer),
        ("media-refused", "udp", media, sip, outer),
        ("phones-refused", "udp", media, _ends_of(case.wish.inside_networks), own),
    ):
        packets = [Packet(source, protocol, port, to) for source in sources for port in sorted(set(ports))]
        yield from _refused(rules, about, packets)
    if rules.verdict(Packet(_STRANGER, "tcp", case.wish.port, outer)).answer == ADMITTED:
        yield Finding("sip-open", f"TCP port {case.wish.port} is open to everybody.")


def _refused(rules: PacketFilter, about: str, packets: Sequence[Packet]) -> Iterator[Finding | Unseen]:
    doubtful = None
    for packet in packets:
        verdict = rules.verdict(packet)
        what = f"what comes from {packet.source} to {packet.protocol.upper()} port {packet.port}."
        if verdict.answer == REFUSED:
            yield Finding(about, f"The chain {verdict.chain} drops {what}")
            return
        if verdict.answer == UNCERTAIN and not doubtful:
            doubtful = Unseen(about, f"The chain {verdict.chain} has rules that can't be read; they may drop {what}")
    if doubtful:
        yield doubtful


def _ends_of(networks: Sequence[str]) -> list[str]:
    """The first and the last host of each network."""
    ends = []
    for network in map(ipaddress.IPv4Network, networks):
        first, last = (1, -2) if network.num_addresses > 2 else (0, -1)
        ends += [str(network[first]), str(network[last])]
    return ends


def _surroundings(case: Case) -> Iterator[Finding]:
    if re.search(r"^nf_conntrack_sip ", case.texts.get("modules", ""), re.MULTILINE):
        yield Finding("sip-helper", "The kernel's SIP helper (nf_conntrack_sip) is loaded.")
    banned = re.findall(r"\d+\.\d+\.\d+\.\d+", case.said("banned"))
    networks = [ipaddress.IPv4Network(network) for network in case.wish.networks]
    ours = sorted({each for each in banned if any(ipaddress.IPv4Address(each) in network for network in networks)})
    if ours:
        yield Finding("banned", f"fail2ban has banned {', '.join(ours)}, which is Amazon's.")
    first, last = case.wish.rtp_ports
    for port, program in re.findall(r":(\d+)\s.*?\(\(\"([^\"]+)\"", case.said("udp_sockets")):
        if first <= int(port) <= last and program not in ("asterisk", "rtpengine"):
            yield Finding("media-taken", f"{program} holds UDP port {port}, which is among the media ports.")
