# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A property whose rooms Amazon knows and whose PBX a file knows, both in the inventory of the examples."""

from __future__ import annotations

import json
import shutil

import pytest

from playbook_runs import LINK, PROFILE, ROOT, UNIT, Run, Site, writes

NAME = "pbx.aurora.example.com"
EXAMPLE = ROOT / "examples" / "inventory_from_alexa"


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    """Two rooms on two floors, one of them without a profile, and a lobby without an extension."""
    site.inventory({})
    common = json.loads(site.inventory_path.read_text())["alexa_pbx"]["vars"]
    site.write("inventory/group_vars/alexa_pbx.yml", json.dumps(common))
    for file in EXAMPLE.iterdir():
        shutil.copy(file, site.folder / "inventory")
    site.inventory_path = site.folder / "inventory"
    tree = {"Hotel Aurora": None, "1": "Hotel Aurora", "Lobby": "1", "Room 201": "1", "7202": "Hotel Aurora"}
    units = [
        {"name": name, "id": UNIT + name[-3:], **({"parentId": UNIT + above[-3:]} if above else {})}
        for name, above in tree.items()
    ]
    site.api().control("POST", "/units", units)
    site.api().control("POST", "/profiles", [{"unitId": UNIT + "201", "profileId": PROFILE + "201"}])
    return site


@pytest.fixture(scope="module")
def linked(site: Site) -> Run:
    return site.run(LINK, ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true").good()


def test_rooms_of_amazon_are_mapped_on_the_pbx_of_the_file(site: Site, linked: Run) -> None:
    assert set(linked.stats) - {"localhost"} == {"aurora"}
    assert site.trunk(NAME)["peers"] == [{"ip": "203.0.113.10", "port": 5061}]
    made = {profile["unitId"]: profile for profile in site.state()["profiles"]}
    assert site.mappings(NAME) == {"201": PROFILE + "201", "7202": made[UNIT + "202"]["profileId"]}
    assert made[UNIT + "202"]["name"] == "7202"


def test_a_second_run_asks_for_no_units_and_changes_nothing(site: Site, linked: Run) -> None:
    site.counted()
    again = site.run(LINK).good()
    counted = site.counted()
    assert not any(again.changed().values()) and not writes(counted)
    assert "GET /v2/units" not in counted


def test_a_property_without_a_pbx_fails_alone(site: Site, linked: Run) -> None:
    site.api().control("POST", "/units", [{"name": "Hotel Birke", "id": UNIT + "birke"}])
    run = site.run(LINK, "--flush-cache")
    assert run.failed() == {"birke"} and "alexa_pbx_name" in run.message("birke")
    assert run.result("Map the extensions", "aurora")["unchanged"] == ["201", "7202"]
