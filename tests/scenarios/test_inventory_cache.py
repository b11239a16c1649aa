# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache of the inventory: one account's, whole, and told of where it can't be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import Site
from scenario_inventory import PROFILES, UNITS, ControlNode, add_tree, unit_id

ROOM = unit_id("Hotel/Room 1")
OTHER = unit_id("Hotel/Room 2")


@pytest.fixture
def node(site: Site, tmp_path: Path) -> ControlNode:
    """A control node, and an account with one property of two rooms, one of which has a profile."""
    add_tree(site, "Hotel", "Hotel/Room 1", "Hotel/Room 2")
    site.add_profile(ROOM, "amzn1.alexa.communications.profile.did.1")
    return ControlNode(site, tmp_path / "node")


def asked(node: ControlNode, route: str) -> int:
    """How many requests came to the route since the last look."""
    count = sum(node.site.stats()["by_route"].get(route, {}).values())
    node.site.forget_requests()
    return count


def entry(node: ControlNode) -> Path:
    (path,) = node.cache.iterdir()
    return path


def test_what_is_kept_is_not_read_again(node: ControlNode) -> None:
    node.write_cached()
    first = node.good()
    assert asked(node, UNITS) == 1
    assert node.good().stdout == first.stdout and node.site.stats()["total"] == 0
    assert node.good("--list", "--flush-cache").stdout == first.stdout and asked(node, UNITS) == 1


def test_another_account_has_an_entry_of_its_own(node: ControlNode) -> None:
    node.write_cached()
    node.good()
    told = node.failure(ALEXA_REFRESH_TOKEN="Atzr|of-another-account")
    assert "answered 400" in told and len(list(node.cache.iterdir())) == 1
    node.write_cached(parent_id=unit_id("Hotel"), rooms="true", properties="true")
    assert set(node.good().variables) == {"Room-1", "Room-2"} and len(list(node.cache.iterdir())) == 2


def test_the_file_of_another_account_is_told_of_and_not_used(node: ControlNode) -> None:
    node.write_cached()
    whole = node.good().stdout
    text = entry(node).read_text()
    mark = json.loads(json.loads(text).get("__payload__", text))["mark"]
    entry(node).write_text(text.replace(mark, "0" * 64).replace("Room 1", "Room 9"))
    asked(node, UNITS)
    again = node.good()
    assert again.stdout == whole and asked(node, UNITS) == 1
    assert "is of another account or organization: it is ignored, and the units are read anew" in again.told
    assert node.good().stderr == "" and asked(node, UNITS) == 0


@pytest.mark.parametrize("content", ["no JSON", '{"__payload__": "[1]"}', '{"__payload__": "{"}'])
def test_a_corrupt_file_is_not_used(node: ControlNode, content: str) -> None:
    node.write_cached()
    whole = node.good().stdout
    entry(node).write_text(content)
    asked(node, UNITS)
    again = node.good()
    assert again.stdout == whole and asked(node, UNITS) == 1
    assert "it is ignored, and the units are read anew" in again.told


def test_what_is_wrong_is_not_kept(node: ControlNode) -> None:
    add_tree(node.site, "Hotel/Annex", "Hotel/Annex/Room 1")
    node.write_cached()
    assert "already given by" in node.failure() and not list(node.cache.glob("*"))


def test_units_that_are_mended_are_seen_in_spite_of_the_cache(node: ControlNode) -> None:
    node.write_cached()
    node.good()
    node.write_cached(extension="name.split(' ') | first")
    assert "extension 'Room' is not 1 to 32" in node.failure()
    node.site.simulator.control("POST", "/units", [
        {"name": f"{number} with a view", "id": room, "parentId": unit_id("Hotel")}
        for number, room in enumerate((ROOM, OTHER), start=1)])
    assert node.good().rooms("Hotel") == {"1": ROOM, "2": OTHER}


def test_profiles_that_were_read_are_kept_also_by_a_run_that_fails(node: ControlNode) -> None:
    node.write_cached(read_profiles=True)
    told = node.failure()
    assert f"Hotel: Room 2 (extension 2, {OTHER}) has no communication profile" in told and asked(node, PROFILES) == 2
    node.site.add_profile(OTHER, "amzn1.alexa.communications.profile.did.2")
    assert node.good().rooms("Hotel")["2"].endswith(".did.2") and asked(node, PROFILES) == 1
    node.good()
    assert node.site.stats()["total"] == 0
