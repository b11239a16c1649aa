# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that only look, and the token; every way to give credentials."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from harness import MANAGEMENT_SCOPE, TRUNK_SCOPE, TRUNKS, UNKNOWN_TRUNK, Site
from scenario_chains import INTERMEDIATE, LEAF, NAME, ROOT

PROFILE = "amzn1.alexa.unit.did.abcdef1234"
OTHER_NAME = "other.example.com"


@pytest.fixture
def two_trunks(site: Site) -> list[str]:
    """One with a certificate and addresses, one with a name as peer."""
    chain = [LEAF.pem, INTERMEDIATE.pem, ROOT.pem]
    return [
        site.add_trunk(tls={"name": NAME, "certificateChain": chain},
                       peers=[{"ip": "203.0.113.11", "port": 5061}, {"ip": "203.0.113.10", "port": 5062}]),
        site.simulator.control("POST", "/trunks", {
            "tls": {"name": OTHER_NAME, "certificateChain": chain}, "status": "CREATING",
            "peer": {"name": OTHER_NAME, "port": 5061}})["trunkId"]]


def test_trunks_are_awaited_together(site: Site, two_trunks: list[str]) -> None:
    """One is ACTIVE, one never will be, and one the list does not show."""
    active, creating = two_trunks
    asked = {"trunk_ids": [creating, active, UNKNOWN_TRUNK], "wait": True, "wait_timeout": 0.3, "wait_interval": 0.1}
    outcome = site.good("alexa_siptrunk_info", **asked)
    assert [trunk["trunk_id"] for trunk in outcome["trunks"]] == asked["trunk_ids"]
    late = {each["trunk_id"]: each for each in outcome["not_active"]}
    assert set(late) == {creating, UNKNOWN_TRUNK} and late[creating]["status"] == "CREATING"
    assert "0.3 seconds" in late[creating]["msg"] and "not readable yet" in late[UNKNOWN_TRUNK]["msg"]
    assert site.requests("GET " + TRUNKS + "/") == 0 and site.requests("GET " + TRUNKS) > 1
    outcome = site.good("alexa_siptrunk_info", check=True, **asked)
    assert (len(outcome["trunks"]), outcome["not_active"]) == (3, [])


def test_trunks_are_read(site: Site, two_trunks: list[str]) -> None:
    found = {trunk["trunk_id"]: trunk for trunk in site.good("alexa_siptrunk_info")["trunks"]}
    assert list(found) == sorted(two_trunks)
    by_address, by_name = (found[trunk_id] for trunk_id in two_trunks)
    assert by_address == {
        "trunk_id": two_trunks[0], "status": "ACTIVE", "tls_name": NAME, "fqdn_peer": None,
        "peers": [{"ip": "203.0.113.10", "port": 5062}, {"ip": "203.0.113.11", "port": 5061}],
        "certificates": [
            {"subject": issued.certificate.subject.rfc4514_string(), "sha256": issued.sha256,
             "not_after": issued.certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")}
            for issued in (LEAF, INTERMEDIATE, ROOT)]}
    assert by_name == {
        "trunk_id": two_trunks[1], "status": "CREATING", "tls_name": OTHER_NAME, "peers": [],
        "fqdn_peer": {"name": OTHER_NAME, "port": 5061}, "certificates": by_address["certificates"]}


@pytest.mark.parametrize(("options", "expected"), [
    ({"tls_name": NAME.upper()}, [0]),
    ({"tls_name": "nobody.example.com"}, []),
    ({"trunk_id": UNKNOWN_TRUNK}, []),
])
@pytest.mark.parametrize("list_detail", ["full", "ids"])
def test_trunks_are_chosen(
    site: Site, two_trunks: list[str], list_detail: str, options: dict[str, str], expected: list[int],
) -> None:
    site.settings(list_detail=list_detail)
    found = site.good("alexa_siptrunk_info", **options)["trunks"]
    assert [trunk["trunk_id"] for trunk in found] == [two_trunks[index] for index in expected]


def test_a_trunk_is_read_by_its_id(site: Site, two_trunks: list[str]) -> None:
    site.forget_requests()
    (found,) = site.good("alexa_siptrunk_info", check=True, trunk_id=two_trunks[1])["trunks"]
    assert found["trunk_id"] == two_trunks[1]
    assert site.stats()["by_route"] == {"POST /auth/o2/token": {"200": 1}, f"GET {TRUNKS}/{{trunkId}}": {"200": 1}}


def test_mappings_are_read(site: Site) -> None:
    trunk_id = site.add_trunk()
    site.map(trunk_id, x7202=PROFILE, x7201=PROFILE)
    shown = [{"extension": extension, "comms_profile_id": PROFILE, "routing_type": "communication-profile"}
             for extension in ("7201", "7202")]
    for options, expected in (({}, shown), ({"extension": "7202"}, shown[1:]), ({"extension": "7203"}, [])):
        outcome = site.good("alexa_extension_info", trunk_id=trunk_id, **options)
        assert (outcome["mappings"], outcome["changed"]) == (expected, False)


@pytest.mark.parametrize("page_size", [1, 2, 50])
@pytest.mark.parametrize("duplicate", [False, True])
def test_units_are_read(site: Site, page_size: int, duplicate: bool) -> None:
    site.settings(page_size=page_size, duplicate_across_pages=duplicate)
    top, other = site.add_units("house", "elsewhere")
    site.simulator.control("POST", "/units", [
        {"name": "Floor", "id": "amzn1.alexa.floor", "parentId": top},
        {"name": "Zimmer ü \"1\"", "id": "amzn1.alexa.room", "parentId": "amzn1.alexa.floor"},
        {"name": "Not here", "id": "amzn1.alexa.not-here", "parentId": other}])
    floor = {"unit_id": "amzn1.alexa.floor", "name": "Floor", "parent_id": top}
    room = {"unit_id": "amzn1.alexa.room", "name": "Zimmer ü \"1\"", "parent_id": "amzn1.alexa.floor"}
    for options, expected in (({}, [floor, room]), ({"depth": 1}, [floor]), ({"depth": 2}, [floor, room])):
        assert site.good("alexa_unit_info", parent_id=top, **options)["units"] == expected


@pytest.mark.parametrize(("options", "scope", "path"), [
    ({}, TRUNK_SCOPE, TRUNKS),
    ({"grant_type": "client_credentials", "scope": TRUNK_SCOPE}, TRUNK_SCOPE, TRUNKS),
    ({"grant_type": "refresh_token"}, None, "/v2/units"),
    ({"grant_type": "refresh_token", "scope": MANAGEMENT_SCOPE}, MANAGEMENT_SCOPE, "/v2/units"),
])
def test_a_token_is_got(site: Site, options: dict[str, str], scope: str | None, path: str) -> None:
    before = datetime.datetime.now(datetime.timezone.utc)
    for check in (True, False):
        login = site.good("alexa_lwa_token", check=check, **options)
        assert (login["changed"], login["expires_in"], login["scope"]) == (False, 3600, scope)
        ends = datetime.datetime.fromisoformat(login["expires_at"].replace("Z", "+00:00"))
        assert abs((ends - before).total_seconds() - 3600) < 30
        assert site.get(path, login["access_token"]).status_code == 200


def test_everything_may_be_given_as_options(site: Site) -> None:
    """Nothing comes from the environment: what is there would be refused."""
    api = {name.removeprefix("ALEXA_").lower(): value for name, value in site.environment.items()}
    del api["state_dir"]
    site.environment = {name: "wrong" for name in site.environment} | {"ALEXA_STATE_DIR": str(site.state_dir)}
    pace = {"request_timeout": 20.0, "retry_timeout": 5.0, "requests_per_second": 500.0, "validate_certs": True}
    (unit_id,) = site.add_units("room-1")
    trunk_id = site.add_trunk()
    management = {"refresh_token": api.pop("refresh_token")}
    site.good("alexa_siptrunk_info", **api, **pace)
    site.good("alexa_extension_info", **api, **pace, trunk_id=trunk_id)
    site.good("alexa_siptrunk", **api, **pace, trunk_id=trunk_id, peers=[{"ip": "203.0.113.12"}])
    for module, options in (
        ("alexa_unit_info", {"parent_id": unit_id}),
        ("alexa_comms_profiles", {"units": [{"unit_id": unit_id}]}),
        ("alexa_extension", {"trunk_id": trunk_id, "extension": "7201", "unit_id": unit_id}),
        ("alexa_extensions", {"trunk_id": trunk_id, "extensions": [{"extension": "7202", "unit_id": unit_id}]}),
        ("alexa_lwa_token", {"grant_type": "refresh_token"}),
    ):
        site.good(module, **api, **management, **pace, **options)
    assert set(site.mappings(trunk_id)) == {"7201", "7202"}


@pytest.mark.parametrize(("scope", "module", "options"), [
    (TRUNK_SCOPE, "alexa_siptrunk_info", {}),
    (MANAGEMENT_SCOPE, "alexa_unit_info", {"parent_id": "amzn1.alexa.unit.did.house"}),
])
@pytest.mark.parametrize("given_as", ["option", "environment"])
def test_a_token_is_enough(site: Site, scope: str, module: str, options: Any, given_as: str) -> None:
    site.add_units("house")
    token = site.token(scope)
    site.secrets.add(token)
    for name in ("ALEXA_CLIENT_ID", "ALEXA_CLIENT_SECRET", "ALEXA_REFRESH_TOKEN"):
        del site.environment[name]
    if given_as == "environment":
        site.environment["ALEXA_ACCESS_TOKEN"] = token
    else:
        options = {**options, "access_token": token}
    site.forget_requests()
    site.good(module, **options)
    assert site.stats()["lwa_requests"] == 0


def test_a_private_authority_must_be_named(site: Site) -> None:
    ca_path = site.environment.pop("ALEXA_CA_PATH")
    refused = site.failure("alexa_siptrunk_info")
    assert "TLS connection" in refused and "ca_path (ALEXA_CA_PATH)" in refused
    site.good("alexa_siptrunk_info", ca_path=ca_path)
    unverified = site.good("alexa_siptrunk_info", validate_certs=False)
    assert any("validate_certs is off" in str(warning) for warning in unverified["warnings"])


def test_the_state_folder_is_private_and_may_be_missing(site: Site, tmp_path: Path) -> None:
    site.good("alexa_siptrunk_info")
    assert site.state_dir.stat().st_mode & 0o077 == 0
    (tmp_path / "file").write_text("in the way")
    site.environment["ALEXA_STATE_DIR"] = str(tmp_path / "file" / "below")
    site.good("alexa_siptrunk_info")
