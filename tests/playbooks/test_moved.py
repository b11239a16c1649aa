# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trunks that are told apart by their peers: recognised in any case of the name, and never left silently."""

from __future__ import annotations

from typing import Any

import pytest

from playbook_runs import LINK, PROFILE, UNLINK, Run, Site, writes

AURORA, LINDENHOF = "pbx.aurora.example.com", "pbx.lindenhof.example.com"
MAPPED = {"7201": PROFILE + "A1"}
CONFIRMED = ("-e", "unlink_confirm=true")


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    """One property by address and one by name, whose trunks somebody wrote in capitals."""
    room = {"extension": "7201", "comms_profile_id": PROFILE + "A1"}
    site.inventory(
        {
            "aurora": {"alexa_pbx_name": AURORA, "alexa_pbx_address": "203.0.113.10"},
            "lindenhof": {"alexa_pbx_name": LINDENHOF, "alexa_peer_type": "fqdn"},
        },
        alexa_rooms=[room],
        pbx_tls_dir=str(site.pbx / "{{ inventory_hostname }}"),
        pbx_firewall_file=str(site.pbx / "{{ inventory_hostname }}.nft"),
    )
    peers: dict[str, dict[str, Any]] = {
        AURORA: {"peers": [{"ip": "203.0.113.10", "port": 5061}]},
        LINDENHOF: {"peer": {"name": LINDENHOF, "port": 5061}},
    }
    for name, peer in peers.items():
        site.api().control("POST", "/trunks", {"tls": {"name": name.upper()}, **peer})
    return site


def trunk_ids(site: Site) -> list[str]:
    """The ids of aurora's trunk and of lindenhof's."""
    return [trunk["trunkId"] for trunk in sorted(site.state()["trunks"], key=lambda trunk: str(trunk["tls"]["name"]))]


@pytest.fixture(scope="module")
def mapped(site: Site) -> Run:
    return site.run(LINK, "--tags", "extensions").good()


def test_recognises_names_in_another_case(site: Site, mapped: Run) -> None:
    assert [site.state()["mappings"][trunk_id] for trunk_id in trunk_ids(site)] == [MAPPED, MAPPED]


def test_unlink_refuses_to_leave_a_namesake_behind(site: Site, mapped: Run) -> None:
    aurora, lindenhof = trunk_ids(site)
    certificate = site.write("pbx/aurora/alexa-pbx.crt", "in use")
    before = site.state()
    site.counted()
    run = site.run(UNLINK, *CONFIRMED, "-e", "alexa_sip_port=5071")
    assert run.failed() == {"aurora", "lindenhof"} and not writes(site.counted())
    for host, trunk_id in (("aurora", aurora), ("lindenhof", lindenhof)):
        assert host in run.message(host) and trunk_id in run.message(host) and "alexa_trunk_id" in run.message(host)
    assert site.state() == before and certificate.exists()


def test_unlink_of_the_extensions_keeps_the_trunks(site: Site, mapped: Run) -> None:
    aurora, _lindenhof = trunk_ids(site)
    run = site.run(UNLINK, *CONFIRMED, "--tags", "extensions", "--limit", "aurora").good()
    assert site.state()["mappings"].get(aurora, {}) == {} and aurora in trunk_ids(site)
    told = run.shown("Show each property", "aurora")
    assert f"{aurora} stays" in told and "removed 1" in told


def test_unlink_of_a_pinned_trunk_tells_what_it_removed(site: Site, mapped: Run) -> None:
    _aurora, lindenhof = trunk_ids(site)
    pinned = ["--limit", "lindenhof", "-e", "alexa_sip_port=5071", "-e", f"alexa_trunk_id={lindenhof}"]
    told = site.run(UNLINK, *pinned, "--check").good().shown("Show each property", "lindenhof")
    assert f"{lindenhof} would be deleted" in told and "would be removed 1" in told
    told = site.run(UNLINK, *CONFIRMED, *pinned).good().shown("Show each property", "lindenhof")
    assert f"{lindenhof} deleted" in told and "removed 1" in told and lindenhof not in trunk_ids(site)
    told = site.run(UNLINK, *CONFIRMED, *pinned).good().shown("Show each property", "lindenhof")
    assert "was not there" in told and "removed 0" in told
