# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the body of a trunk must be; everything else is refused and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from alexa_simulator.launcher import Simulator
from issuing import issue
from simulator_chains import INTERMEDIATE, LEAF, NAME, ROOT, tls
from simulator_client import PEERS, TRUNKS, Api, refused

OTHER = issue("Another root")
FULL = tls(LEAF.pem, INTERMEDIATE.pem)


def peer(ip: Any, port: Any = 5061, **more: Any) -> dict[str, Any]:
    return {"peers": [{"ip": ip, "port": port, **more}]}


WRONG_BODIES: list[tuple[Any, str]] = [
    ({}, "either peers or peer"),
    ({**PEERS, "peer": {"name": NAME, "port": 5061}}, "either peers or peer"),
    ({"peers": []}, "peers must be a list with at least one"),
    ({"peers": {"ip": "203.0.113.10", "port": 5061}}, "peers must be a list"),
    ({"peers": ["203.0.113.10"]}, "peers[0] must be a JSON object"),
    ({"peers": [PEERS["peers"][0], {"ip": "203.0.113.11"}]}, "Missing field peers[1].port"),
    ({"peers": [{"port": 5061}]}, "Missing field peers[0].ip"),
    (peer("203.0.113.10", name="pbx"), "Unknown field peers[0].name"),
    *[(peer("203.0.113.10", port), "peers[0].port") for port in ("5061", 0, 65536, 70000, -1, 5061.0, True, None)],
    *[(peer(ip), "IPv4 address") for ip in (
        "", "pbx.example.com", "203.0.113", "203.0.113.010", "203.0.113.256", "2001:db8::1", " 203.0.113.10",
        "203.0.113.10/32", 3405803786, None)],
    *[(peer(ip), "public IPv4 address") for ip in (
        "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "169.254.1.1", "100.64.0.1",
        "100.127.255.255", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "0.0.0.0")],
    ({"peer": {"name": NAME}}, "Missing field peer.port"),
    ({"peer": {"name": NAME, "port": "5061"}}, "peer.port"),
    *[({"peer": {"name": name, "port": 5061}}, "peer.name") for name in (
        "", "pbx", "203.0.113.10", "-pbx.example.com", "pbx..example.com", "pbx_1.example.com", "a" * 64 + ".com", 7)],
    ({**PEERS, "name": "trunk"}, "Unknown field name"),
    ({**PEERS, "certificateChain": [LEAF.pem]}, "Unknown field certificateChain"),
    # Amazon's command line tool sends tls as a list, and a chain as one string.
    ({**PEERS, "tls": [{"name": NAME, "certificateChain": [LEAF.pem]}]}, "tls must be a JSON object"),
    ({**PEERS, "tls": {"name": NAME, "certificateChain": LEAF.pem}}, "tls.certificateChain must be a list"),
    ({**PEERS, "tls": None}, "tls must be a JSON object"),
    ({**PEERS, "tls": {"name": NAME}}, "Missing field tls.certificateChain"),
    ({**PEERS, "tls": {"certificateChain": [LEAF.pem]}}, "Missing field tls.name"),
    ({**FULL, "tls": {**FULL["tls"], "version": "1.2"}}, "Unknown field tls.version"),
    (tls(), "tls.certificateChain must be a list with at least one"),
    ({**PEERS, "tls": {"name": NAME, "certificateChain": [LEAF.pem, 7]}}, "tls.certificateChain[1] must be a string"),
    (tls("-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----"), "not a certificate"),
    (tls("not PEM"), "exactly one certificate"),
    (tls(LEAF.pem + INTERMEDIATE.pem), "exactly one certificate"),
    (tls(LEAF.key_pem), "contains a private key"),
    (tls(LEAF.pem, LEAF.key_pem), "tls.certificateChain[1] contains a private key"),
    (tls(LEAF.pem + LEAF.key_pem), "contains a private key"),
    (tls(INTERMEDIATE.pem, LEAF.pem), "start with the certificate of the PBX"),
    (tls(LEAF.pem, ROOT.pem, INTERMEDIATE.pem), "[0] is not issued by"),
    (tls(LEAF.pem, ROOT.pem), "[0] is not issued by"),
    (tls(LEAF.pem, INTERMEDIATE.pem, OTHER.pem), "[1] is not issued by"),
    (tls(LEAF.pem, LEAF.pem), "[0] is not issued by"),
    (tls(issue(NAME, INTERMEDIATE, starts=-30, ends=-1).pem, INTERMEDIATE.pem), "[0] has expired"),
    (tls(issue(NAME, INTERMEDIATE, starts=1).pem, INTERMEDIATE.pem), "[0] is not valid yet"),
    (tls(LEAF.pem, INTERMEDIATE.pem, name="other.example.com"), "tls.name is neither"),
    (tls(LEAF.pem, INTERMEDIATE.pem, name="203.0.113.10"), "tls.name must be a fully qualified"),
    (tls(issue(None, names=("*.example.com",), authority=False).pem, name="a.b.example.com"), "tls.name is neither"),
    (tls(issue(None, names=("*.example.com",), authority=False).pem, name="example.com"), "tls.name is neither"),
]


@pytest.mark.parametrize(("body", "words"), WRONG_BODIES)
def test_a_wrong_body_is_refused_by_create_and_update(simulator: Simulator, pbx: Api, body: Any, words: str) -> None:
    refused(pbx.post(TRUNKS, json=body), 400, words)
    assert simulator.control("GET", "/state")["trunks"] == []
    path = pbx.new_trunk()
    before = pbx.get(path).json()
    refused(pbx.put(path, json=body), 400, words)
    assert pbx.get(path).json() == before


@pytest.mark.parametrize("body", [
    FULL,
    tls(LEAF.pem, INTERMEDIATE.pem, ROOT.pem),
    tls(LEAF.pem),
    tls(issue(NAME, authority=False, names=()).pem),
    tls(issue(NAME, authority=True).pem),
    tls(issue("something else", ROOT, names=("a.example.com", NAME)).pem, ROOT.pem),
    tls(issue(NAME, authority=False, names=("other.example.com",)).pem),
    tls(issue(None, names=("*.example.com",), authority=False).pem),
    tls(LEAF.pem, INTERMEDIATE.pem, name="PBX.example.com"),
    tls("\n" + LEAF.pem.strip().replace("\n", "\r\n"), INTERMEDIATE.pem),
    # The address of Amazon's page, and the ranges for documentation.
    *[peer(ip) for ip in ("11.22.33.44", "203.0.113.10", "198.51.100.7", "192.0.2.1", "172.32.0.1", "100.128.0.1")],
    peer("203.0.113.10", 1), peer("203.0.113.10", 65535),
    {"peers": [{"ip": "203.0.113.10", "port": 5061}, {"ip": "203.0.113.11", "port": 5062}]},
    {"peer": {"name": "sip-1.pbx.example.com", "port": 5061}, "tls": FULL["tls"]},
])
def test_a_right_body_is_taken(pbx: Api, body: dict[str, Any]) -> None:
    shown = pbx.get(pbx.new_trunk(body)).json()
    assert {name: shown[name] for name in shown if name not in ("trunkId", "status")} == body


@pytest.mark.parametrize("text", ["", "{", "nonsense", "[]", "null", '"text"', b"\xff\xfe"])
def test_a_body_that_is_no_json_object_is_refused(pbx: Api, text: str | bytes) -> None:
    refused(pbx.post(TRUNKS, data=text, headers={"Content-Type": "application/json"}), 400)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_json_must_be_called_json(pbx: Api, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    refused(pbx.post(TRUNKS, data='{"peers": []}', headers=headers), 415, "application/json")


def test_json_may_name_its_charset(pbx: Api) -> None:
    answer = pbx.post(TRUNKS, data='{"peers": [{"ip": "203.0.113.10", "port": 5061}]}',
                      headers={"Content-Type": "application/json; charset=UTF-8"})
    assert answer.status_code == 201
