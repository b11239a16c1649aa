# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of an account: properties, rooms, groups, and what stands beside it in the same folder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from harness import CLIENT_SECRET, MANAGEMENT_SCOPE, REFRESH_TOKEN, Site
from scenario_inventory import PROFILES, UNITS, ControlNode, add_tree, unit_id

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "plugins" / "inventory" / "alexa_units.py"
AURORA = ("Hotel Aurora", "Hotel Aurora/1", "Hotel Aurora/1/Room 101", "Hotel Aurora/1/7102", "Hotel Aurora/Lobby")
ROOMS = {"101": unit_id(AURORA[2]), "7102": unit_id(AURORA[3])}


@pytest.fixture
def node(site: Site, tmp_path: Path) -> ControlNode:
    """A control node, and an account with two properties."""
    add_tree(site, *AURORA, "Gästehaus", "Gästehaus/Room 101")
    site.forget_requests()
    return ControlNode(site, tmp_path / "node")


def test_properties_are_hosts_with_rooms(node: ControlNode) -> None:
    node.site.settings(page_size=3)
    node.write()
    listing = node.good()
    assert listing.groups == {"alexa_pbx": {"Hotel-Aurora", "Gastehaus"}}
    assert listing.rooms("Hotel-Aurora") == ROOMS
    assert listing.rooms("Gastehaus") == {"101": unit_id("Gästehaus/Room 101")}
    assert {room["room"] for room in listing.variables["Hotel-Aurora"]["alexa_rooms"]} == {"Room 101", "7102"}
    assert listing.variables["Gastehaus"]["alexa_unit_name"] == "Gästehaus"
    assert node.site.stats()["by_route"] == {"POST /auth/o2/token": {"200": 1}, UNITS: {"200": 3}}


def test_rooms_that_are_left_out_are_told(node: ControlNode) -> None:
    node.write()
    told = "Hotel-Aurora: rooms without an extension are left out (1): Hotel Aurora / Lobby ("
    assert told in node.good("--list", "-v").told and "Lobby" not in node.good().told


def test_hosts_can_be_chosen_and_drawn(node: ControlNode) -> None:
    node.write()
    assert set(node.good("--list", "--limit", "Gastehaus").variables) == {"Gastehaus"}
    drawn = node.good("--graph").stdout
    assert "|--@alexa_pbx:" in drawn and "|--Gastehaus" in drawn and "|--Hotel-Aurora" in drawn
    assert '"extension": "101"' in node.good("--host", "Gastehaus").stdout


def test_expressions_choose_and_name(node: ControlNode) -> None:
    add_tree(node.site, "Hotel Aurora/2", "Hotel Aurora/2/Room 101")
    add_tree(node.site, "South", "South/Hotel Birke", "South/Hotel Birke/5")
    node.write(
        properties="name is match('Hotel ')", rooms="leaf and not name.endswith('Lobby')",
        hostname="name | regex_replace('^Hotel ', '') | lower",
        extension="(path | last | regex_search('^[0-9]+$') or '') ~ (name | regex_search('[0-9]+'))")
    listing = node.good()
    assert set(listing.variables) == {"aurora", "birke"}
    assert set(listing.rooms("aurora")) == {"1101", "17102", "2101"} and set(listing.rooms("birke")) == {"5"}
    assert listing.variables["birke"]["alexa_unit_path"] == ["South"]


def test_the_expression_of_the_guide_tells_buildings_apart(node: ControlNode) -> None:
    add_tree(node.site, "Castle", *(f"Castle/{path}" for path in ("Main", "Main/Room 201", "Annex", "Annex/Room 201")))
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_inventory.rst").read_text()
    (extension,) = re.findall(r"""extension: "({'Main'.*)"$""", guide, re.MULTILINE)
    node.write(properties="name == 'Castle'", extension=extension)
    assert set(node.good().rooms("Castle")) == {"7201", "8201"}


def test_a_part_of_the_organization_can_be_the_whole(node: ControlNode) -> None:
    add_tree(node.site, "South", "South/Birke", "South/Birke/5")
    node.write(parent_id=unit_id("South"))
    assert set(node.good().variables) == {"Birke"}


def test_groups_and_variables_are_constructed(node: ControlNode) -> None:
    constructed = {
        "compose": {"room_count": "alexa_rooms | length", "unset": "nowhere"},
        "groups": {"large": "alexa_rooms | length > 1"},
        "keyed_groups": [{"key": "alexa_unit_name.split(' ') | first | lower", "separator": "-"}],
        "leading_separator": False}
    node.write(**constructed)
    listing = node.good()
    assert listing.groups["large"] == listing.groups["hotel"] == {"Hotel-Aurora"} and "gästehaus" in listing.groups
    aurora = listing.variables["Hotel-Aurora"]
    assert int(aurora["room_count"]) == 2 and "unset" not in aurora
    node.write(**constructed, strict=True)
    assert "Could not set unset for host" in node.run().told


def test_a_static_inventory_knows_the_pbx(node: ControlNode) -> None:
    """Hosts of the same name are one, and a variable of the folder's later file wins."""
    node.write(hostname="name | lower | replace('hotel ', '')")
    hosts = {"aurora": {"alexa_pbx_address": "203.0.113.10", "alexa_unit_name": "ours"}, "elsewhere": {}}
    group = {"hosts": hosts, "vars": {"ansible_user": "pbx"}}
    (node.inventory / "hosts.yml").write_text(json.dumps({"alexa_pbx": group}))
    listing = node.good()
    assert listing.groups["alexa_pbx"] == {"aurora", "gastehaus", "elsewhere"}
    aurora = listing.variables["aurora"]
    assert (aurora["alexa_pbx_address"], aurora["alexa_unit_name"]) == ("203.0.113.10", "ours")
    assert listing.rooms("aurora") == ROOMS and aurora["ansible_user"] == "pbx"
    assert listing.variables["gastehaus"]["ansible_user"] == "pbx"


def test_profiles_are_read_where_they_are_wanted(node: ControlNode) -> None:
    expected = {}
    for number, (extension, unit) in enumerate(ROOMS.items()):
        expected[extension] = f"amzn1.alexa.communications.profile.did.{number}"
        node.site.add_profile(unit, expected[extension])
    node.write(read_profiles=True, properties="name == 'Hotel Aurora'")
    listing = node.good()
    assert listing.rooms("Hotel-Aurora") == expected
    for room in listing.variables["Hotel-Aurora"]["alexa_rooms"]:
        assert set(room) == {"extension", "room", "comms_profile_id"}
    assert node.site.stats()["by_route"][PROFILES] == {"200": 2}


def test_names_are_never_evaluated(node: ControlNode) -> None:
    trap = node.folder / "trap"
    name = f"{{{{ lookup('ansible.builtin.pipe', 'touch {trap}') }}}} 7"
    hotel = "amzn1.alexa.unit.did.x"
    node.site.simulator.control("POST", "/units", [
        {"name": name, "id": hotel}, {"name": name, "id": f"{hotel}.1", "parentId": hotel}])
    node.write(hostname="unit_id", compose={"copied": "alexa_rooms"}, keyed_groups=[{"key": "alexa_unit_name"}])
    listing = node.good()
    assert "lookup(" in str(listing.variables[hotel]["alexa_unit_name"])
    assert "lookup(" in str(listing.variables[hotel]["copied"])
    assert not trap.exists()


def test_a_bad_day_of_the_api_is_waited_out(node: ControlNode) -> None:
    node.site.fault("status", "GET", path="units", times=1)
    node.site.fault("status", "GET", path="units", times=1, status=429, headers={"Retry-After": "1"})
    node.write()
    assert node.good().rooms("Hotel-Aurora") == ROOMS
    assert node.site.faults_met() == 2


@pytest.mark.parametrize("given", ["options", "templates", "access token"])
def test_credentials_may_be_given_otherwise(node: ControlNode, given: str) -> None:
    """And none of them is shown at the highest verbosity."""
    here = node.site.simulator
    none = dict.fromkeys(("ALEXA_CLIENT_ID", "ALEXA_CLIENT_SECRET", "ALEXA_REFRESH_TOKEN"), "")
    if given == "access token":
        none["ALEXA_ACCESS_TOKEN"] = node.site.token(MANAGEMENT_SCOPE)
        node.write()
    elif given == "templates":
        none |= {"MY_SECRET": CLIENT_SECRET, "MY_TOKEN": REFRESH_TOKEN}
        secrets = {"client_secret": "{{ lookup('ansible.builtin.env', 'MY_SECRET') }}",
                   "refresh_token": "{{ lookup('ansible.builtin.env', 'MY_TOKEN') }}"}
        node.write(client_id=here.client_id, **secrets)
    else:
        none |= dict.fromkeys(("ALEXA_API_URL", "ALEXA_TOKEN_URL", "ALEXA_CA_PATH"), "")
        node.write(
            client_id=here.client_id, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN, api_url=here.api_url,
            token_url=here.token_url, ca_path=str(here.ca_path))
    assert node.good("--list", "-vvvvv", **none).told.count("Hotel-Aurora")


def test_the_example_runs(node: ControlNode) -> None:
    block = SOURCE.read_text().partition('EXAMPLES = r"""')[2].partition('"""')[0]
    (node.inventory / "alexa_units.yml").write_text(block)
    listing = node.good()
    assert listing.rooms("aurora") == ROOMS and set(listing.variables) == {"aurora"}
    assert int(listing.variables["aurora"]["room_count"]) == 2 and listing.groups["kind_hotel"] == {"aurora"}
    assert "large" not in listing.groups
    assert list((node.folder / ".ansible" / "alexa_units").iterdir())
