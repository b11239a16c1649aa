# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which trunks become hosts, what they are called, and which are left out and why."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._adoption import adopted

TRUNK, PROFILE = "amzn1.comms.network.siptrunk.", "amzn1.alexa.communications.profile.did."


def trunk(name: str, number: int = 1, **given: Any) -> dict[str, Any]:
    peers = [{"ip": f"203.0.113.{number}", "port": 5061}]
    return {"trunk_id": f"{TRUNK}{number}", "tls_name": name, "peers": peers, "fqdn_peer": None, **given}


def mapping(extension: str, profile: str = "A") -> dict[str, str]:
    return {"extension": extension, "comms_profile_id": PROFILE + profile, "routing_type": "communication-profile"}


def test_hosts_have_the_names_of_the_trunks_and_none_twice() -> None:
    trunks = [trunk("pbx.b.example.com", 3), trunk("pbx.a.example.com", 2), trunk("pbx.b.example.com", 1)]
    properties, left_out = adopted(trunks, {}, {})
    assert [(each.host, each.variables["alexa_trunk_id"]) for each in properties] == [
        ("pbx.b.example.com", TRUNK + "1"), ("pbx.a.example.com", TRUNK + "2"), ("pbx.b.example.com-2", TRUNK + "3"),
    ]
    assert left_out == []


def test_rooms_are_sorted_and_named_where_the_profile_is_known() -> None:
    mappings = {TRUNK + "1": [mapping("7202", "B"), mapping("0712")]}
    (found,), _left_out = adopted([trunk("pbx.example.com")], mappings, {PROFILE + "B": "Suite"})
    assert [(room["extension"], room["room"]) for room in found.rooms] == [("0712", ""), ("7202", "Suite")]
    assert found.variables["alexa_rooms_file"] == "host_vars/pbx.example.com/rooms.csv"


def test_one_that_is_called_by_name_lacks_its_address() -> None:
    peer = {"name": "pbx.example.com", "port": 5062}
    (found,), _left_out = adopted([trunk("pbx.example.com", peers=[], fqdn_peer=peer)], {}, {})
    assert found.missing == ("alexa_pbx_address",)
    assert found.variables["alexa_peer_type"] == "fqdn" and found.variables["alexa_sip_port"] == 5062


@pytest.mark.parametrize(
    ("changes", "mappings", "said"),
    [
        ({"trunk_id": "../1"}, [], "trunk_id '../1' is no Amazon id"),
        ({"tls_name": None}, [], "'' is no fully qualified host name"),
        ({"tls_name": "pbx"}, [], "'pbx' is no fully qualified host name"),
        ({"peers": None}, [], "it has 0 peers"),
        ({"peers": [{"ip": "203.0.113.1", "port": 1}] * 2}, [], "it has 2 peers"),
        ({"peers": [{"ip": "10.0.0.1", "port": 5061}]}, [], "10.0.0.1 is in 10.0.0.0/8"),
        ({"peers": [{"ip": "203.0.113.1", "port": 0}]}, [], "port 0 is not"),
        ({"peers": [], "fqdn_peer": {"name": "sbc.example.com", "port": 5061}}, [], "its peer 'sbc.example.com'"),
        ({}, [mapping("12a")], "extension '12a' is not"),
        ({}, [{"extension": "12", "comms_profile_id": "x"}], "comms_profile_id 'x' is no Amazon id"),
    ],
)
def test_what_a_link_would_change_is_left_out(changes: dict[str, Any], mappings: list[Any], said: str) -> None:
    given = {**trunk("pbx.example.com"), **changes}
    properties, (left,) = adopted([given], {given["trunk_id"]: mappings}, {})
    assert properties == [] and left["msg"].startswith(said) and left["trunk_id"] == given["trunk_id"]
