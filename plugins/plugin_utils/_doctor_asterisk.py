# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's look at the PBX: Asterisk in full, of Kamailio what its socket and its media range tell.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from contextlib import suppress

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_case import (
    Case,
    Finding,
    parameters,
    some,
)

_PROGRAMS = {"asterisk": "asterisk", "kamailio": "kamailio"}
# Of each branch the first version that knows allow_wildcard_certs.
_FIRST_WITH_WILDCARDS = {18: 14, 19: 6}
# Letters of Asterisk's patterns.
_LETTERS = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*", "-": ""}


def look(case: Case) -> Iterator[Finding]:
    """What is wrong with the PBX itself."""
    program = _PROGRAMS.get(case.wish.kind)
    if not program:
        return
    if not case.asked("version"):
        yield Finding("pbx-missing", f"There is no {program} on the PBX.")
        return
    if case.on_asterisk and not case.said("settings"):
        yield Finding("pbx-stopped", f"Asterisk does not answer: {_reason(case, 'settings')}.")
        return
    holders = sorted(set(re.findall(r"\(\(\"([^\"]+)\"", case.said("sockets"))))
    strangers = [holder for holder in holders if holder != program]
    # Somebody else may listen on another address of the PBX.
    if strangers and program not in holders:
        yield Finding("port-taken", f"TCP port {case.wish.port} is held by {', '.join(strangers)}.")
    yield from _media_range(case)
    if case.on_asterisk:
        endpoint = parameters(case.said("endpoint"))
        yield from _modules(case)
        yield from _version(case, not endpoint)
        if "No such command" in str((case.answers.get("endpoint") or {}).get("stdout")):
            yield Finding("pjsip-missing", "Asterisk has not loaded PJSIP.")
        elif not endpoint:
            yield Finding("unlinked", "Asterisk has no endpoint for Alexa yet.")
        else:
            yield from _endpoint(case, endpoint)
            yield from _transport(case)
            yield from _edge(case)
            yield from _dial_plan(case)
    linked = bool(parameters(case.said("endpoint")) if case.on_asterisk else case.texts.get("certificate"))
    # Names of programs are told to root alone.
    if linked and (case.answers.get("sockets") or {}).get("rc") == 0 and not case.said("sockets").strip():
        yield Finding("not-listening", f"{program} does not listen on TCP port {case.wish.port}.")
    if not case.wish.edge_host:
        yield Finding("edge-missing", "alexa_edge_host is not given: rooms can call, and can't be called.")


def _reason(case: Case, name: str) -> str:
    answer = case.answers.get(name) or {}
    return " ".join(str(answer.get("stderr") or answer.get("stdout") or "no answer").split())[:200].rstrip(".")


def _media_range(case: Case) -> Iterator[Finding]:
    found = re.search(r"Port start: +(\d+).*?Port end: +(\d+)", case.said("rtp"), re.DOTALL) or re.search(
        r"^port-min *= *(\d+).*?^port-max *= *(\d+)", case.texts.get("rtpengine", ""), re.DOTALL | re.MULTILINE
    )
    if not found:
        return
    first, last = case.wish.rtp_ports
    if int(found[1]) < first or int(found[2]) > last:
        used = f"{found[1]}-{found[2]}"
        yield Finding("media-range", f"The PBX's media uses the UDP ports {used}, alexa_rtp_ports is {first}-{last}.")


def _modules(case: Case) -> Iterator[Finding]:
    if case.said("srtp") and not re.search(r"^res_srtp\.so .*Running", case.said("srtp"), re.MULTILINE):
        yield Finding("srtp-missing", "Asterisk does not run its module res_srtp.so.")


def _version(case: Case, is_new: bool) -> Iterator[Finding]:
    """A trunk that somebody made by hand may do without the check."""
    found = re.match(r"Asterisk (\d+)\.(\d+)", case.said("version"))
    verifies = parameters(case.said("transport")).get("verify_server") == "Yes"
    if found and (is_new or verifies) and int(found[1]) < 20:
        first = _FIRST_WITH_WILDCARDS.get(int(found[1]))
        if first is None or int(found[2]) < first:
            yield Finding("pbx-old", f"{case.said('version').strip()} can't accept Amazon's wildcard certificate.")


def _endpoint(case: Case, endpoint: dict[str, str]) -> Iterator[Finding]:
    if endpoint.get("media_encryption") != "sdes":
        yield Finding("srtp-off", f"The endpoint's media_encryption is {endpoint.get('media_encryption')!r}, not sdes.")
    if endpoint.get("srtp_tag_32") == "true":
        yield Finding("srtp-suite", "The endpoint has srtp_tag_32=yes.")
    allowed = re.findall(r"[a-z0-9_]+", endpoint.get("allow", ""))
    if not set(allowed) & set(case.wish.codecs):
        wanted = ", ".join(case.wish.codecs)
        yield Finding("codec", f"The endpoint allows {', '.join(allowed) or 'no codec'}, and none of {wanted}.")
    if endpoint.get("auth"):
        yield Finding("password-asked", f"The endpoint has auth={endpoint['auth']}.")
    matched = []
    for text in re.findall(r"^ +Match: (\S+)", case.said("endpoint"), re.MULTILINE):
        # A name or an IPv6 network is somebody's own business.
        with suppress(ValueError):
            matched.append(ipaddress.IPv4Network(text, strict=False))
    matched = list(ipaddress.collapse_addresses(matched))
    for network in map(ipaddress.IPv4Network, case.wish.networks):
        if not any(network.subnet_of(each) for each in matched):
            known = ", ".join(map(str, matched)) or "nothing"
            yield Finding("unmatched", f"identify matches {known}, and not {network}.")
    context = endpoint.get("context", "")
    if f"Context '{context}'" not in case.said("dial_in"):
        yield Finding("context-missing", f"The endpoint's context {context} is not in the dial plan.")


def _transport(case: Case) -> Iterator[Finding]:
    transport = parameters(case.said("transport"))
    if transport.get("verify_server") == "Yes" and transport.get("allow_wildcard_certs") == "No":
        yield Finding("wildcard", "The transport verifies servers, and takes no wildcard certificates.")


def _edge(case: Case) -> Iterator[Finding]:
    if not case.wish.edge_host:
        return
    aor = case.said("aor")
    contact = re.search(r"^ contact +: sip:([^:;]+)", aor, re.MULTILINE)
    if contact and re.fullmatch(r"[\d.]+", contact[1]):
        yield Finding("contact-address", f"Calls go to the address {contact[1]}, not to a name.")
    if parameters(aor).get("qualify_frequency") == "0":
        yield Finding("qualify-off", "The contact's qualify_frequency is 0.")
    if re.search(r"^ +Contact: .* Unavail ", case.said("endpoint"), re.MULTILINE):
        yield Finding("edge-silent", f"{case.wish.edge_host} does not answer OPTIONS.")


def _dial_plan(case: Case) -> Iterator[Finding]:
    inward, outward = case.said("dial_in"), case.said("dial_out")
    missing = [pattern for pattern in case.wish.dial_in if pattern not in _extensions(inward)]
    if "Context '" in inward and missing and not _leads_on(inward):
        yield Finding("dial-in-missing", f"Alexa can't reach {some(missing)} on the PBX.")
    known = _extensions(outward)
    patterns = [re.compile(_expression(each[1:])) for each in known if each.startswith("_")]
    rooms = [str(room["extension"]) for room in case.rooms]
    unknown = [room for room in rooms if room not in known and not any(each.fullmatch(room) for each in patterns)]
    if case.wish.edge_host and unknown and not _leads_on(outward):
        yield Finding("room-unreachable", f"The PBX's dial plan has no {some(unknown)}.")


def _extensions(text: str) -> set[str]:
    return set(re.findall(r"^  '([^']+)' =>", text, re.MULTILINE))


def _leads_on(text: str) -> bool:
    """Whether a context has more than its own extensions."""
    return bool(re.search(r"^ +(Include|Alt\. ?Switch|Switch) +=>", text, re.MULTILINE))


def _expression(pattern: str) -> str:
    parts = re.findall(r"\[[^]]+\]|.", pattern)
    return "".join(_LETTERS.get(each.upper(), each if len(each) > 1 else re.escape(each)) for each in parts)
