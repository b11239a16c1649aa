# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same scenarios under every way in which the API may be: what Amazon's pages leave open must not matter."""

from __future__ import annotations

import time
from typing import Any

import pytest

from alexa_simulator.launcher import Simulator
from ansible_collections.alexa.smart_properties.plugins.module_utils import _trunks
from harness import TRUNKS, Outcome, Site
from scenario_chains import CHAIN, NAME, RENEWED_CHAIN

LAG = 2.0
VARIANTS: dict[str, dict[str, Any]] = {
    "as Amazon's page": {},
    "pages of 1": {"page_size": 1},
    "pages of 2": {"page_size": 2},
    "a null token on the last page": {"last_page": "null-token"},
    "no context on the last page": {"last_page": "no-context"},
    "a second POST overwrites": {"second_map": "overwrite"},
    "empty answers to writes": {"write_answer": "empty"},
    "DELETE answers 200": {"delete_status": 200},
    "plain profile ids": {"profile_shape": "plain"},
    "profiles keep a name given at once": {"profile_name": "given"},
    "no chain in GET": {"chain_in_get": False},
    "ids only in the list of trunks": {"list_detail": "ids"},
    "duplicates across pages": {"duplicate_across_pages": True, "page_size": 2},
    "changed trunks are UPDATING for a while": {"update_delay": 0.2},
    "mapping needs an ACTIVE trunk": {"map_needs_active": True, "activation_delay": 0.3},
    "lists lag": {"list_lag": LAG},
    "all of it together": {
        "page_size": 1, "second_map": "overwrite", "delete_status": 200, "profile_shape": "plain",
        "chain_in_get": False, "list_detail": "ids", "duplicate_across_pages": True, "write_answer": "empty"},
}
PEERS = {"peers": [{"ip": "203.0.113.10", "port": 5061}, {"ip": "203.0.113.11", "port": 5061}]}
FQDN_PEER = {"fqdn_peer": {"name": NAME, "port": 5061}}
PROFILE = "amzn1.alexa.unit.did.abcdef1234"
OTHER = "amzn1.alexa.communications.profile.did.other"
REAL_SETTLE = _trunks._SETTLE

every_variant = pytest.mark.parametrize("variant", VARIANTS)


@pytest.fixture(autouse=True)
def the_variant(simulator: Simulator, site: Site, variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    site.settings(**VARIANTS[variant])
    if "list_lag" in VARIANTS[variant]:
        monkeypatch.setattr(_trunks, "_SETTLE", REAL_SETTLE)


def twice(site: Site, module: str, **options: Any) -> Outcome:
    """Run it, and at once again without a change; the first result."""
    first = site.good(module, **options)
    site.forget_requests()
    second = site.good(module, **options)
    assert (second["changed"], site.writes()) == (False, {}), second
    return first


@every_variant
@pytest.mark.parametrize("peers", [PEERS, FQDN_PEER], ids=["by address", "by name"])
def test_a_trunk(site: Site, peers: dict[str, Any]) -> None:
    wish = {"tls_name": NAME, "certificate_chain": CHAIN, **peers}
    other = site.add_trunk(peers=[{"ip": "203.0.113.99", "port": 5061}])
    made = twice(site, "alexa_siptrunk", **wish, wait=True, wait_interval=0.1)
    trunk_id = made["trunk"]["trunk_id"]
    assert made["changed"] and made["trunk"]["status"] == "ACTIVE"
    assert {trunk["trunkId"] for trunk in site.state()["trunks"]} == {other, trunk_id}

    wish["certificate_chain"] = RENEWED_CHAIN
    assert site.good("alexa_siptrunk", check=True, **wish)["changed"]
    rotated = twice(site, "alexa_siptrunk", **wish, trunk_id=trunk_id, wait=True, wait_interval=0.1)
    assert rotated["changed"] and rotated["trunk"]["trunk_id"] == trunk_id
    (trunk,) = (trunk for trunk in site.state()["trunks"] if trunk["trunkId"] == trunk_id)
    assert [pem.strip() for pem in trunk["tls"]["certificateChain"]] == [pem.strip() for pem in RENEWED_CHAIN]
    assert trunk["status"] == "ACTIVE"

    del wish["certificate_chain"]
    assert twice(site, "alexa_siptrunk", state="absent", **wish)["changed"]
    assert [trunk["trunkId"] for trunk in site.state()["trunks"]] == [other]


@every_variant
def test_mappings(site: Site) -> None:
    trunk_id = site.good("alexa_siptrunk", **PEERS, wait=True, wait_interval=0.1)["trunk"]["trunk_id"]
    rows = [{"extension": str(7200 + number), "comms_profile_id": PROFILE} for number in range(6)]
    wish: dict[str, Any] = {"trunk_id": trunk_id, "extensions": rows}
    assert twice(site, "alexa_extensions", **wish)["created"] == [row["extension"] for row in rows]
    assert site.mappings(trunk_id) == {row["extension"]: PROFILE for row in rows}

    site.map(trunk_id, x7201=OTHER, x9999=OTHER)
    site.unmap(trunk_id, "7202")
    wait_for_the_list(site, trunk_id)
    drifted = twice(site, "alexa_extensions", **wish, prune=True, prune_limit="1")
    assert [drifted[fate] for fate in ("created", "updated", "deleted")] == [["7202"], ["7201"], ["9999"]]
    assert site.mappings(trunk_id) == {row["extension"]: PROFILE for row in rows}

    wish["extensions"] = rows[:3]
    pruned = twice(site, "alexa_extensions", **wish, prune=True, prune_limit="50%")
    assert pruned["deleted"] == ["7203", "7204", "7205"]
    assert site.mappings(trunk_id) == {row["extension"]: PROFILE for row in rows[:3]}


def wait_for_the_list(site: Site, trunk_id: str) -> None:
    """Until the list shows what somebody else did: nobody can know of it earlier."""
    page_size = site.simulator.control("GET", "/settings")["page_size"]
    site.settings(page_size=50)
    token, deadline = site.token(), time.monotonic() + 5 * LAG
    while True:
        listed = site.get(f"{TRUNKS}/{trunk_id}/extensions", token).text
        if '"9999"' in listed and '"7202"' not in listed:
            break
        assert time.monotonic() < deadline, listed
    site.settings(page_size=page_size)


@every_variant
def test_rooms(site: Site) -> None:
    """Units in place of profiles; one of them has a profile already."""
    trunk_id = site.good("alexa_siptrunk", **PEERS, wait=True, wait_interval=0.1)["trunk"]["trunk_id"]
    ids = site.add_units("room-1", "room-2", "room-3")
    site.add_profile(ids[1], PROFILE)
    named = [{"unit_id": unit_id, "name": f"Room {number}"} for number, unit_id in enumerate(ids[:2], start=1)]
    assert twice(site, "alexa_comms_profiles", units=named)["changed"]
    rows = [{"extension": str(7201 + number), "unit_id": unit_id} for number, unit_id in enumerate(ids)]
    assert len(twice(site, "alexa_extensions", trunk_id=trunk_id, extensions=rows)["created"]) == 3
    held = {profile["unitId"]: profile for profile in site.state()["profiles"]}
    assert {unit_id: profile["name"] for unit_id, profile in held.items()} == {
        ids[0]: "Room 1", ids[1]: "Room 2", ids[2]: "Guest"}
    expected = {row["extension"]: held[row["unit_id"]]["profileId"] for row in rows}
    assert site.mappings(trunk_id) == expected and expected["7202"] == PROFILE


@every_variant
def test_one_mapping(site: Site) -> None:
    trunk_id = site.good("alexa_siptrunk", **PEERS, wait=True, wait_interval=0.1)["trunk"]["trunk_id"]
    for profile_id in (PROFILE, OTHER):
        wish = {"trunk_id": trunk_id, "extension": "*72#", "comms_profile_id": profile_id}
        assert twice(site, "alexa_extension", **wish)["changed"]
        assert site.mappings(trunk_id) == {"*72#": profile_id}
    assert twice(site, "alexa_extension", trunk_id=trunk_id, extension="*72#", state="absent")["changed"]
    assert site.mappings(trunk_id) == {}
