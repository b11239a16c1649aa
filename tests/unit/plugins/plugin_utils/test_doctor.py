# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor: silent on a sound property, and each finding where its cause is, and alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.alexa.smart_properties.plugins.module_utils._certificates import summaries
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor import examined
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_case import Case
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_catalogue import CATALOGUE
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_questions import questions
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.certs import DAY, NOW, issue
from ansible_collections.alexa.smart_properties.tests.unit.plugins.plugin_utils import sound_case as a
from ansible_collections.alexa.smart_properties.tests.unit.plugins.plugin_utils.sound_case import (
    has,
    holds,
    says,
    sound,
    wishes,
)

Spoil = Callable[[Case], Case]


def certified(case: Case, *chain: str, served: bool = True) -> Case:
    """The PBX, its files and Amazon have this chain."""
    text = "".join(chain)
    case = holds(case, certificate=text, chain=text)
    case = says(case, served=f"CONNECTED\n{text}") if served else case
    return has(case, certificates=summaries(chain))


def leaf(*, name: str = a.NAME, begins: int = -1, ends: int = 365, usage: bool = False) -> tuple[str, ...]:
    """A chain whose leaf is like this, in days from now."""
    made = issue(
        name, a.FAMILY.intermediate, names=(name,), begins=NOW + begins * DAY, ends=NOW + ends * DAY,
        usage=ExtendedKeyUsageOID.SERVER_AUTH if usage else None)  # fmt: skip
    return (made.pem, *a.FAMILY.pems[1:])


def without(case: Case, *questions_left_out: str) -> Case:
    return replace(case, answers={name: said for name, said in case.answers.items() if name not in questions_left_out})


def failing(case: Case, question: str, rc: int = 1, told: str = "") -> Case:
    return replace(case, answers={**case.answers, question: {"rc": rc, "stdout": told, "stderr": told}})


OTHER = issue(a.NAME, names=(a.NAME,)).pem
BEHIND_NAT = "2: eth0    inet 10.0.0.5/24 scope global eth0\n"
NAT = a.TRANSPORT.replace("_media_address      :", f"_media_address : {a.ADDRESS}").replace(
    "_signaling_address  :", f"_signaling_address : {a.ADDRESS}"
)

# Each finding, and what must be otherwise for it.
SPOILED: dict[str, Spoil] = {
    "certificate-missing": lambda case: holds(without(case, "served"), certificate="", chain=""),
    "certificate-broken": lambda case: holds(case, chain="-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"),
    "chain-order": lambda case: has(case, certificates=summaries(a.FAMILY.pems[::-1])),
    "chain-incomplete": lambda case: holds(case, chain=a.FAMILY.leaf.pem),
    "chain-stray": lambda case: holds(case, chain=a.CHAIN + OTHER),
    "certificate-name": lambda case: certified(case, *leaf(name="elsewhere.example.com")),
    "certificate-expired": lambda case: certified(case, *leaf(begins=-9, ends=-1)),
    "certificate-early": lambda case: certified(case, *leaf(begins=1)),
    "certificate-expires": lambda case: certified(case, *leaf(ends=13)),
    "certificate-client": lambda case: certified(case, *leaf(usage=True)),
    "certificate-not-served": lambda case: says(case, served=f"CONNECTED\n{OTHER}"),
    "certificate-not-registered": lambda case: has(case, certificates=summaries([OTHER])),
    "key-unreadable": lambda case: failing(case, "key_readable"),
    "key-mismatch": lambda case: says(case, key_public="another key"),
    "trust-missing": lambda case: holds(case, trust="# nothing\n"),
    "trust-expired": lambda case: holds(case, trust=issue("Old Root", ends=NOW + 13 * DAY).pem),
    "tls-version": lambda case: says(case, transport=a.TRANSPORT.replace("tlsv1_2", "tlsv1")),
    "tls-silent": lambda case: failing(case, "served", told="CONNECTED(00000003)\nno peer certificate available"),
    "name-unresolved": lambda case: replace(failing(case, "name", 2), here=[]),
    "name-unresolved-here": lambda case: replace(case, here=[]),
    "name-elsewhere": lambda case: replace(case, here=["8.8.8.8"]),
    "name-private": lambda case: replace(case, here=["10.0.0.5"]),
    "name-ipv6": lambda case: says(case, name6=f"2001:db8::1 STREAM {a.NAME}\n"),
    "nat-unannounced": lambda case: says(case, addresses=BEHIND_NAT),
    "nat-wrong": lambda case: says(case, addresses=BEHIND_NAT, transport=NAT.replace(a.ADDRESS, "198.51.100.9")),
    "nat-local": lambda case: says(case, addresses=BEHIND_NAT, transport=NAT),
    "clock-skew": lambda case: says(case, clock=str(int(NOW.timestamp()) + 90)),
    "own-name": lambda case: failing(case, "own_name", 2),
    "sip-refused": lambda case: says(
        case, rules=a.ruleset(a.rule(a.MEDIA, a.AMAZON, a.ACCEPT), a.rule(a.MEDIA, a.INSIDE, a.ACCEPT))
    ),
    "media-refused": lambda case: says(
        case, rules=a.ruleset(a.rule(a.SIP, a.AMAZON, a.ACCEPT), a.rule(a.MEDIA, a.INSIDE, a.ACCEPT))
    ),
    "phones-refused": lambda case: says(
        case, rules=a.ruleset(a.rule(a.SIP, a.AMAZON, a.ACCEPT), a.rule(a.MEDIA, a.AMAZON, a.ACCEPT))
    ),
    "sip-open": lambda case: says(case, rules=a.ruleset(policy="accept")),
    "sip-helper": lambda case: holds(case, modules="nf_tables 1 0\nnf_conntrack_sip 45056 0 - Live\n"),
    "banned": lambda case: says(case, banned="[{'sshd': ['198.51.100.1', '3.239.178.130']}]"),
    "pbx-missing": lambda case: failing(case, "version", 127),
    "pbx-old": lambda case: says(case, version="Asterisk 18.10.0~dfsg+~cs6.10.40431411-2\n"),
    "pjsip-missing": lambda case: says(
        case, endpoint="No such command 'pjsip show endpoint alexa' (type 'core show help' for help)\n"
    ),
    "pbx-stopped": lambda case: failing(case, "settings"),
    "port-taken": lambda case: says(case, sockets='LISTEN 0 5 0.0.0.0:5061 0.0.0.0:* users:(("nginx",pid=9,fd=1))'),
    "not-listening": lambda case: without(says(case, sockets=""), "served"),
    "unlinked": lambda case: without(says(case, endpoint="Unable to find object alexa."), "transport", "aor"),
    "srtp-missing": lambda case: says(case, srtp="0 modules loaded\n"),
    "srtp-off": lambda case: says(case, endpoint=a.ENDPOINT.replace("sdes", "no")),
    "srtp-suite": lambda case: says(case, endpoint=re.sub("(srtp_tag_32 +): false", r"\1: true", a.ENDPOINT)),
    "codec": lambda case: says(case, endpoint=a.ENDPOINT.replace("(ulaw)", "(g729|g722)")),
    "unmatched": lambda case: says(case, endpoint=a.ENDPOINT.replace("3.239.178.128/25", "3.239.178.128/26")),
    "password-asked": lambda case: says(case, endpoint=re.sub("(auth +):", r"\1: alexa", a.ENDPOINT)),
    "context-missing": lambda case: says(case, dial_in="There is no existence of 'from-alexa' context\n"),
    "wildcard": lambda case: says(case, transport=a.TRANSPORT.replace("certs        : Yes", "certs : No")),
    "contact-address": lambda case: says(case, aor=a.AOR.replace("edge.alexa.example", "3.239.178.130")),
    "edge-missing": lambda case: wishes(case, edge_host=""),
    "edge-silent": lambda case: says(case, endpoint=a.ENDPOINT.replace("Avail ", "Unavail ")),
    "qualify-off": lambda case: says(case, aor=a.AOR.replace(": 60", ": 0")),
    "media-range": lambda case: says(case, rtp="  Port start:      5000\n  Port end:        31000\n"),
    "media-taken": lambda case: says(case, udp_sockets=case.said("udp_sockets").replace("asterisk", "named")),
    "room-unreachable": lambda case: says(case, dial_out=a.DIAL_OUT.replace("7201", "7202")),
    "dial-in-missing": lambda case: wishes(case, dial_in=["_1XXX", "9"]),
    "account-refused": lambda case: replace(case, account_error="Login with Amazon gave no token.", trunk=None),
    "trunk-missing": lambda case: replace(case, trunk={}),
    "trunk-failed": lambda case: has(case, status="FAILED"),
    "trunk-waiting": lambda case: has(case, status="CREATING"),
    "trunk-elsewhere": lambda case: has(case, peers=[{"ip": a.ADDRESS, "port": 5071}]),
    "room-unmapped": lambda case: replace(case, mappings={}),
    "room-elsewhere": lambda case: replace(case, mappings={"7201": "amzn1.alexa.unit.did.2"}),
    "mapping-unlisted": lambda case: replace(case, mappings={"7201": a.PROFILE, "7299": a.PROFILE}),
}


def found(case: Case, *mended: str) -> list[str]:
    return [finding["id"] for finding in examined(case, mended)["findings"]]


def test_a_sound_property_has_no_finding() -> None:
    result = examined(sound(), ())
    assert (result["findings"], result["totals"], result["unseen"]) == ([], {"error": 0, "warning": 0}, [])


def test_what_was_measured_is_told() -> None:
    leaf = summaries(a.FAMILY.pems)[0]["sha256"]
    amazon = a.match(a.field("ip", "saddr"), "@amazon")
    counts = [
        a.rule(port, amazon, {"counter": {"packets": number, "bytes": 1}}, a.ACCEPT)
        for port, number in ((a.SIP, 7), (a.MEDIA, 500))
    ]
    rules = a.ruleset(*counts).replace('"filter", "chain"', '"alexa_sip", "chain"')
    told = examined(says(sound(), rules=rules), ())["seen"]
    assert told == {
        "certificate": {"file": leaf, "served": leaf, "registered": leaf}, "packets": {"tcp": 7, "udp": 500},
        "contact": {"status": "Avail", "milliseconds": 0.977}, "trunk": "ACTIVE", "mapped": 1}  # fmt: skip
    blind = replace(sound(), answers={}, texts={}, trunk=None, mappings=None)
    nothing = {"file": None, "served": None, "registered": None}
    assert examined(blind, ())["seen"] == {
        "certificate": nothing, "packets": None, "contact": None, "trunk": None, "mapped": None}  # fmt: skip


@pytest.mark.parametrize("about", SPOILED)
def test_a_finding_where_its_cause_is(about: str) -> None:
    result = examined(SPOILED[about](sound()), ())
    assert {finding["id"] for finding in result["findings"]} == {about}
    (finding, *_more) = result["findings"]
    assert finding["severity"] == CATALOGUE[about].severity and result["totals"][finding["severity"]] >= 1
    assert finding["remedy"].endswith(".") and finding["evidence"].rstrip().endswith((".", ")"))
    assert finding["guide"].endswith(f"guide_doctor.rst#{about}")


def test_every_finding_is_tried() -> None:
    assert set(SPOILED) == set(CATALOGUE)


@pytest.mark.parametrize("about", SPOILED)
def test_what_a_stage_mends_is_no_finding_before_it_runs(about: str) -> None:
    case, stage = SPOILED[about](sound()), CATALOGUE[about].mended_by
    assert found(case, "firewall", "tls", "asterisk", "trunk", "extensions") == ([] if stage else [about])
    if stage:
        assert about not in found(case, stage) and about in found(case, "another")


HIDDEN = json.dumps(a.rule(a.SIP, {"xt": {"type": "match", "name": "set"}}, a.DROP)) + ", "
LISTENING = 'LISTEN 0 5 {}:5061 0.0.0.0:* users:(("{}",pid=44,fd=11))\n'
# A sound system that looks odd.
ODD: dict[str, Spoil] = {
    "Debian's own line in /etc/hosts": lambda case: says(case, name=f"127.0.1.1 STREAM {a.NAME}\n"),
    "PPPoE": lambda case: says(
        case, addresses=f"{BEHIND_NAT}3: ppp0    inet {a.ADDRESS} peer 10.64.64.64/32 scope global ppp0\n"
    ),
    "another program on another address": lambda case: says(
        case, sockets=LISTENING.format("10.0.0.1", "nginx") + LISTENING.format(a.ADDRESS, "asterisk")
    ),
    "no ss": lambda case: failing(case, "sockets", 127),
    "an ss that knows no -H": lambda case: failing(case, "sockets", 255),
    "sockets without names": lambda case: says(case, sockets="LISTEN 0 5 0.0.0.0:5061 0.0.0.0:*\n"),
    "a slow answer on SRTP": lambda case: failing(case, "srtp", 124),
    "a slow name service for its own name": lambda case: failing(case, "own_name", 124),
    "a runuser that is slow": lambda case: failing(case, "key_readable", 124),
    "a runuser that fails": lambda case: failing(case, "key_readable", 1, "runuser: cannot open session"),
}


FOR_PUBLIC = a.ruleset(
    *[a.rule(each, a.match(a.field("ip", "daddr"), a.ADDRESS), a.AMAZON, a.ACCEPT) for each in (a.SIP, a.MEDIA)],
    a.rule(a.MEDIA, a.INSIDE, a.ACCEPT),
)
ODD |= {
    "rooms by a pattern": lambda case: says(case, dial_out=a.DIAL_OUT.replace("'7201'", "'_7[1-3]XX'")),
    "rooms from a database": lambda case: says(
        case, dial_out="[ Context 'to-alexa' created by 'x' ]\n  Switch =>  'Realtime/'  [pbx_config]\n"
    ),
    "what Alexa reaches is included": lambda case: says(
        case, dial_in="[ Context 'from-alexa' created by 'x' ]\n  Include =>        'internal'     [x]\n"
    ),
    "two halves of Amazon's network": lambda case: says(
        case, endpoint=a.ENDPOINT.replace("3.239.178.128/25", "3.239.178.128/26\n        Match: 3.239.178.192/26")
    ),
    "a rule for the public address, on a PBX that has another one too": lambda case: says(
        case, addresses=f"{BEHIND_NAT}3: eth1    inet {a.ADDRESS}/24 scope global eth1\n", rules=FOR_PUBLIC
    ),
    "a name in capitals": lambda case: has(
        wishes(case, peer_type="fqdn"), peers=[], fqdn_peer={"name": a.NAME.upper(), "port": 5061}
    ),
    "an old Asterisk that verifies nobody": lambda case: says(
        case, version="Asterisk 16.28.0", transport=a.TRANSPORT.replace("server               : Yes", "server : No")
    ),
    "the first Asterisk that will do": lambda case: says(case, version="Asterisk 18.14.0"),
    "a certified one": lambda case: says(case, version="Asterisk certified/18.9-cert5"),
}


@pytest.mark.parametrize("title", ODD)
def test_what_only_looks_odd_is_no_finding(title: str) -> None:
    result = examined(ODD[title](sound()), ())
    assert (result["findings"], result["unseen"]) == ([], [])


def test_a_name_that_was_not_answered_in_time_is_not_unknown() -> None:
    case = replace(failing(sound(), "name", 124), here="Temporary failure in name resolution")
    result = examined(case, ())
    assert result["findings"] == [] and [each["id"] for each in result["unseen"]] == ["name-unresolved"]


def test_an_address_of_a_provider_s_own_network_is_private() -> None:
    assert found(replace(sound(), here=["100.64.0.9"])) == ["name-private"]


def test_an_endpoint_that_is_not_there_need_not_listen() -> None:
    bare = without(says(sound(), endpoint="Unable to find object alexa.\n", sockets=""), "served", "transport", "aor")
    assert found(bare) == ["unlinked"]


def test_a_ban_that_stands_is_told_before_the_firewall_runs() -> None:
    """What the stage firewall does keeps fail2ban from the next ban only."""
    assert found(SPOILED["banned"](sound()), "firewall") == ["banned"]


UNSEEN: dict[str, tuple[Spoil, str]] = {
    "no nft": (lambda case: without(case, "rules"), "sip-refused"),
    "no right to ask nft": (lambda case: failing(case, "rules"), "sip-refused"),
    "a rule that can't be read": (
        lambda case: says(case, rules=a.RULES.replace('"nftables": [', '"nftables": [' + HIDDEN)), "sip-refused"),
    "older rules besides": (lambda case: holds(case, legacy_tables="filter\n"), "sip-refused"),
    "no name service": (lambda case: replace(case, here="Temporary failure in name resolution"), "name-unresolved"),
    "no chain at Amazon": (lambda case: has(case, certificates=[]), "certificate-not-registered"),
    "nobody asked Amazon": (lambda case: replace(case, trunk=None, mappings=None), "trunk-missing"),
}


@pytest.mark.parametrize("title", UNSEEN)
def test_what_could_not_be_looked_at_is_told_and_no_finding(title: str) -> None:
    spoil, about = UNSEEN[title]
    result = examined(spoil(sound()), ())
    assert result["findings"] == [] and [each["id"] for each in result["unseen"]] == [about]
    assert about in CATALOGUE


def external(case: Case) -> Case:
    """A PBX of which the control node sees its name and, if it is open, its port."""
    seen = {name: case.answers[name] for name in ("served", "clock")}
    texts = {name: text for name, text in case.texts.items() if name not in ("modules", "trust", "trust_file")}
    return replace(wishes(case, kind="external"), answers=seen, texts=texts)


def test_an_external_pbx_is_examined_as_far_as_it_is_seen() -> None:
    assert found(external(sound())) == []
    assert found(says(external(sound()), served=f"CONNECTED\n{OTHER}")) == ["certificate-not-served"]
    refusing = failing(external(sound()), "served", 1, "CONNECTED(3)\nerrno=104\nno peer certificate available")
    assert found(refusing) == [] and "certificate-not-served" in [u["id"] for u in examined(refusing, ())["unseen"]]
    broken = failing(external(sound()), "served", 1, "CONNECTED(3)\nsslv3 alert handshake failure")
    assert found(broken) == ["tls-silent"]
    shut = external(failing(sound(), "served", 124, told="s_client: not done after 5 s"))
    result = examined(shut, ())
    assert result["findings"] == [] and "certificate-not-served" in [each["id"] for each in result["unseen"]]


def test_a_certificate_that_was_issued_elsewhere_is_judged_by_what_is_served() -> None:
    case = holds(external(certified(sound(), *leaf(ends=5))), certificate="", chain="")
    assert "certificate-expires" in found(case) + found(replace(case, texts={}))


def test_kamailio_is_asked_for_its_socket_and_its_media_range() -> None:
    case = wishes(sound(), kind="kamailio")
    case = says(case, sockets=case.said("sockets").replace("asterisk", "kamailio"), endpoint="", rtp="")
    assert found(holds(case, rtpengine="port-min = 10000\nport-max = 20000\n")) == []
    assert found(holds(case, rtpengine="port-min = 9000\nport-max = 20000\n")) == ["media-range"]
    assert found(without(says(case, sockets=""), "served")) == ["not-listening"]


def test_a_chain_that_is_served_in_the_wrong_order() -> None:
    two = a.FAMILY.pems[:2]
    case = says(sound(), served="CONNECTED\n" + "".join(reversed(two)))
    assert "chain-order" in found(case)


def test_what_the_first_link_makes_is_a_warning_until_then() -> None:
    new = replace(SPOILED["certificate-missing"](sound()), trunk={}, mappings=[])
    result = examined(new, ())
    assert result["totals"] == {"error": 0, "warning": 2}
    assert examined(SPOILED["srtp-missing"](new), ())["totals"]["error"] == 1


def test_a_certificate_alone_need_not_lead_to_a_root() -> None:
    assert found(holds(sound(), chain="")) == []


def test_identify_may_match_names_too() -> None:
    named = a.ENDPOINT.replace("        Match: 3.239", "        Match: edge.example.com\n        Match: 3.239")
    assert found(says(sound(), endpoint=named)) == []


def test_what_the_pbx_says_in_a_way_that_nobody_knows_is_unseen() -> None:
    chain = a.rule({"vmap": {"key": a.field("tcp", "dport"), "data": {"set": [5061]}}})
    for odd in ('{"nftables": [{"rule": {"family": "ip", "table": "x"}}]}', a.ruleset(chain)):
        result = examined(says(sound(), rules=odd), ())
        assert result["findings"] == [] and "sip-refused" in [each["id"] for each in result["unseen"]]


def test_errors_come_first() -> None:
    case = SPOILED["media-refused"](SPOILED["edge-missing"](sound()))
    assert found(case) == ["media-refused", "edge-missing"]


PARAMS = {
    "kind": "asterisk", "check_name": True, "name": a.NAME, "address": a.ADDRESS, "sip_port": 5061,
    "endpoint": "alexa", "user": "",
    "certificate_file": "/tls/pbx.crt", "chain_file": "/tls/chain.pem", "key_file": "/tls/pbx.key",
    "trust_file": "/tls/amazon.pem", "rtpengine_file": None, "command_timeout": 5}  # fmt: skip


@pytest.mark.parametrize("kind", ["asterisk", "kamailio", "external"])
def test_the_questions_only_read_and_name_no_key_to_be_printed(kind: str) -> None:
    asked = questions({**PARAMS, "kind": kind})
    assert PARAMS["key_file"] not in asked["contents"]
    printing = [words for words in asked["commands"].values() if PARAMS["key_file"] in words]
    assert all(words[-1] == "-pubout" or words[-3:-1] == ["test", "-r"] for words in printing)
    assert bool(printing) == (kind != "external")
