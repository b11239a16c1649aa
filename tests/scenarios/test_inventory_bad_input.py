# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory that can't be: what is wrong is named before anything is asked, or before any host is added."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness import REFRESH_TOKEN, Site
from scenario_inventory import ORGANIZATION, PLUGIN, UNITS, ControlNode, add_tree, unit_id

HOTEL = ("Hotel", "Hotel/Main", "Hotel/Main/Room 201", "Hotel/Annex", "Hotel/Annex/Room 202")


@pytest.fixture
def node(site: Site, tmp_path: Path) -> ControlNode:
    return ControlNode(site, tmp_path / "node")


@pytest.mark.parametrize(("options", "environment", "told"), [
    ({}, {"ALEXA_CLIENT_SECRET": ""}, "there is no client_secret. Give ALEXA_CLIENT_SECRET"),
    ({}, {"ALEXA_REFRESH_TOKEN": ""}, "there is no refresh_token. Give ALEXA_REFRESH_TOKEN"),
    ({}, {"ALEXA_CLIENT_ID": "", "ALEXA_REFRESH_TOKEN": ""}, "there is no client_id and no refresh_token"),
    ({"extension": "name | regex_search('"}, {}, "extension \"name | regex_search('\" is no Jinja expression"),
    ({"hostname": "{{ name }}"}, {}, "hostname '{{ name }}' is no Jinja expression"),
    ({"compose": {"x": "a b"}}, {}, "compose.x 'a b' is no Jinja expression: unexpected 'b' after the expression."),
    ({"extention": "name"}, {}, "extention is no option. Correct the name."),
    ({"api_url": "http://api.example.com"}, {}, "api_url 'http://api.example.com' can't be used. Give a plain https"),
    ({"ca_path": "/nowhere/ca.pem"}, {}, "ca_path /nowhere/ca.pem does not exist"),
    ({"request_timeout": 0}, {}, "request_timeout 0.0 can't be used. Give a number above 0."),
])
def test_nothing_is_asked(node: ControlNode, options: dict[str, Any], environment: dict[str, str], told: str) -> None:
    node.write(**options)
    assert told in node.failure(**environment)
    assert node.site.stats()["total"] == 0


@pytest.mark.parametrize("name", ["client_secret", "refresh_token", "access_token"])
def test_a_secret_of_another_type_is_not_quoted(node: ControlNode, name: str) -> None:
    node.site.secrets.add("se|cret")
    node.write(**{name: ["se|cret"]})
    assert f"{name} is no text. Put it in quotes." in node.failure("--list", "-vvvv")
    assert node.site.stats()["total"] == 0


@pytest.mark.parametrize(("line", "told"), [
    ("client_id: \"{{ lookup('ansible.builtin.file', '/nowhere/id') }}\"", "client_id can't be evaluated"),
    ("retry_timeout: soon", "'soon'"),
    ("rooms: nothing", "rooms 'nothing' can't be evaluated: 'nothing' is undefined"),
    ("compose: {wrong: nothing}", "Could not set wrong for host Hotel: 'nothing' is undefined"),
])
def test_no_other_line_of_the_file_is_shown(node: ControlNode, line: str, told: str) -> None:
    """Ansible itself shows those before the one that is wrong."""
    add_tree(node.site, *HOTEL)
    secret = f"refresh_token: {json.dumps(REFRESH_TOKEN)}"
    (node.inventory / "alexa_units.yml").write_text("\n".join(
        [f"plugin: {PLUGIN}", f"parent_id: {ORGANIZATION}", "strict: true", secret, line]))
    listing = node.run("--list", "-vvvv")
    assert listing.code != 0 and told in listing.told


@pytest.mark.parametrize(("units", "options", "told"), [
    ((), {}, f"There are no units below {ORGANIZATION}. Check parent_id"),
    (HOTEL, {"properties": "level > 9"}, "None of the units is a property. Change the condition properties"),
    ((*HOTEL, "Hotel/Annex/Room 201"), {}, [
        f"Hotel / Main / Room 201 ({unit_id(HOTEL[2])})", "extension '201' is already given by",
        f"Hotel / Annex / Room 201 ({unit_id('Hotel/Annex/Room 201')})"]),
    (HOTEL, {"extension": "name"}, f"/ Room 201 ({unit_id(HOTEL[2])}): extension 'Room 201' is not 1 to 32"),
    (HOTEL, {"extension": "[name]"}, "extension '[name]' yields ['Room 202'], which is no text"),
    (HOTEL, {"extension": "nmae"}, ["'nmae' can't be evaluated", "/ Annex / Room 202", "Known are name, unit_id"]),
    (HOTEL, {"rooms": "name"}, "rooms 'name' yields 'Annex', which is neither true nor false, for the unit Hotel /"),
    (("東京",), {}, "'東京' has no letter or digit that a host name could be made of: rename the unit, or change"),
    (("Hotel A", "Hotel+A"), {}, ["would be the host 'Hotel-A'", "Hotel A (amzn", "Hotel+A (amzn"]),
    (("localhost",), {}, "'localhost' would be the host 'localhost', which means something else to Ansible"),
    (HOTEL, {"read_profiles": True}, ["Hotel: Room 201 (extension 201, amzn1", "Hotel: Room 202 (extension 202, amzn1",
                                      "has no communication profile", "alexa_comms_profiles"]),
])
def test_units_that_cannot_be_used_are_named(
    node: ControlNode, units: tuple[str, ...], options: dict[str, Any], told: str | list[str],
) -> None:
    add_tree(node.site, *units)
    node.write(**options)
    shown = node.failure()
    for part in [told] if isinstance(told, str) else told:
        assert part in shown
    assert node.site.stats()["by_route"][UNITS] == {"200": 1} and not node.site.writes()


def test_an_unknown_parent_is_named(node: ControlNode) -> None:
    node.write(parent_id="amzn1.alexa.unit.did.nobody")
    told = node.failure()
    assert "Could not list the units below amzn1.alexa.unit.did.nobody" in told and "answered 404" in told


@pytest.mark.parametrize(("environment", "told"), [
    ({"ALEXA_REFRESH_TOKEN": "Atzr|expired"}, ["answered 400", "The refresh token (ALEXA_REFRESH_TOKEN) is of an"]),
    ({"ALEXA_CLIENT_SECRET": "wrong"}, ["answered 401", "Check client_id and client_secret"]),
])
def test_a_login_that_is_refused_names_the_remedy(
    node: ControlNode, environment: dict[str, str], told: list[str],
) -> None:
    add_tree(node.site, *HOTEL)
    node.site.secrets |= set(environment.values()) - {"wrong"}
    node.write()
    shown = node.failure("--list", "-vvvv", **environment)
    assert all(part in shown for part in told)


def test_the_name_of_the_file_is_checked(node: ControlNode) -> None:
    node.write()
    (node.inventory / "alexa_units.yml").rename(node.inventory / "units.yml")
    listing = node.run()
    assert listing.code != 0 and "could not be verified by inventory plugin" in listing.told


def test_a_server_that_echoes_shows_no_secret(node: ControlNode) -> None:
    node.site.fault("status", "GET", path="units", status=403, body={
        "message": f"you sent {node.site.simulator.client_id} {' '.join(sorted(node.site.secrets))}"})
    node.write()
    told = node.failure("--list", "-vvvv")
    assert "answered 403: you sent" in told and "Grant the security profile access" in told
