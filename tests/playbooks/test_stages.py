# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the job, by --tags and --skip-tags, and a role that one play uses twice for a host."""

from __future__ import annotations

import json

import pytest

from playbook_runs import LINK, PROFILE, UNIT, Run, Site

NAME = "pbx.aurora.example.com"
TWICE = """
- name: Map the rooms of two trunks
  hosts: alexa_pbx
  gather_facts: false
  tasks:
    - name: Map them
      ansible.builtin.include_role:
        name: alexa.smart_properties.extensions
      vars:
        extensions_trunk_id: "{{ item.trunk }}"
        extensions_rooms: ["{{ item.room }}"]
      loop: "{{ wanted }}"
"""


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    room = {"extension": "7201", "comms_profile_id": PROFILE + "A1"}
    host = {"alexa_pbx_name": NAME, "alexa_pbx_address": "203.0.113.10", "alexa_rooms": [room]}
    site.inventory(
        {"aurora": host}, pbx_tls_dir=str(site.pbx / "aurora"), pbx_firewall_file=str(site.pbx / "aurora.nft")
    )
    return site


@pytest.fixture(scope="module")
def unmapped(site: Site) -> Run:
    return site.run(LINK, "--skip-tags", "wait,extensions").good()


def test_without_wait_and_extensions(site: Site, unmapped: Run) -> None:
    assert not site.mappings(NAME) and (site.pbx / "aurora" / "alexa-pbx.crt").exists()
    assert not unmapped.results("Wait until the trunk is active", "aurora")
    assert not unmapped.results("Map the extensions", "aurora")
    assert site.trunk(NAME)["trunkId"] in unmapped.shown("Show each property", "aurora")


def test_wait_alone(site: Site, unmapped: Run) -> None:
    run = site.run(LINK, "--tags", "wait").good()
    assert site.trunk(NAME)["status"] == "ACTIVE" and not site.mappings(NAME)
    assert f"{site.trunk(NAME)['trunkId']}, ACTIVE" in run.shown("Show each property", "aurora")


def test_all_but_the_trunk(site: Site, unmapped: Run) -> None:
    """The stages that need the trunk find it."""
    run = site.run(LINK, "--skip-tags", "trunk,firewall").good()
    assert site.mappings(NAME) == {"7201": PROFILE + "A1"} and not run.results("Create or correct the trunk", "aurora")


def test_a_second_use_of_extensions_inherits_no_rooms(site: Site, unmapped: Run) -> None:
    site.api().control("POST", "/units", [{"id": UNIT + "U1", "name": "Room 1"}])
    other = site.api().control(
        "POST", "/trunks", {"tls": {"name": "other.example.com"}, "peers": [{"ip": "203.0.113.11", "port": 5061}]}
    )["trunkId"]
    wanted = [
        {"trunk": site.trunk(NAME)["trunkId"], "room": {"extension": "8101", "unit_id": UNIT + "U1"}},
        {"trunk": other, "room": {"extension": "8201", "comms_profile_id": PROFILE + "B1"}},
    ]
    site.write("twice.yml", TWICE)
    site.write("wanted.json", json.dumps({"wanted": wanted}))
    site.run("twice.yml", "-e", "@wanted.json").good()
    assert site.mappings("other.example.com") == {"8201": PROFILE + "B1"}
