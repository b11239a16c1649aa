# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same job where Amazon answers otherwise wherever its documentation leaves it open. No secret is shown."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus

import pytest

from playbook_runs import CLIENT_SECRET, LINK, PROFILE, REFRESH_TOKEN, UNIT, UNLINK, Run, Site, writes

AURORA, LINDENHOF = "pbx.aurora.example.com", "pbx.lindenhof.example.com"
OTHERWISE = {
    "page_size": 1,
    "second_map": "overwrite",
    "delete_status": 200,
    "profile_shape": "plain",
    "chain_in_get": False,
    "list_lag": 2,
    "last_page": "no-context",
    "list_detail": "ids",
    "write_answer": "empty",
    "profile_name": "given",
}
# As a hotel's system in Austria writes it: a mark, semicolons, quotes, umlauts, columns of its own, CRLF.
ROOMS = (
    f'\ufeffExtension;Room;Etage;Unit_ID\r\n8101;"Stüberl; Kaminzimmer";1;{UNIT}U1\r\n\r\n'
    f'8102;"Salon ""Sissi""";1;{UNIT}U2\r\n8103;Küche;2;{UNIT}U3\r\n8193;Küche (Wand);2;{UNIT}U3\r\n'
)
NAMES = {"U1": "Stüberl; Kaminzimmer", "U2": 'Salon "Sissi"'}


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    site.api().control("PUT", "/settings", OTHERWISE)
    site.api().control(
        "POST", "/units", [{"id": f"{UNIT}U{number}", "name": f"Room {number}"} for number in (1, 2, 3)]
    )
    # One of the rooms has a profile already.
    site.api().control("POST", "/profiles", [{"unitId": UNIT + "U2", "profileId": PROFILE + "SISSI"}])
    site.write("inventory/host_vars/lindenhof/rooms.csv", ROOMS)
    rooms = [{"extension": str(7201 + number), "comms_profile_id": f"{PROFILE}A{number}"} for number in range(3)]
    site.inventory(
        {
            "aurora": {
                "alexa_pbx_name": AURORA,
                "alexa_pbx_address": "203.0.113.10",
                "alexa_rooms": rooms,
                "pbx_tls_dir": str(site.pbx / "aurora"),
            },
            "lindenhof": {
                "alexa_pbx_name": LINDENHOF,
                "alexa_pbx_address": "198.51.100.20",
                "alexa_pbx_kind": "external",
                "alexa_sip_port": 5071,
                "alexa_rooms_file": "host_vars/{{ inventory_hostname }}/rooms.csv",
            },
        },
        alexa_handover_dir=str(site.folder / "handover" / "{{ inventory_hostname }}"),
        alexa_client_id="{{ lookup('ansible.builtin.env', 'VAULT_ID') }}",
        alexa_client_secret="{{ lookup('ansible.builtin.env', 'VAULT_SECRET') }}",
        alexa_refresh_token="{{ lookup('ansible.builtin.env', 'VAULT_TOKEN') }}",
    )
    return site


def run(site: Site, playbook: str, *options: str) -> Run:
    """Run with the credentials as from a vault, and none in the environment, showing all that Ansible can."""
    vault = {
        "VAULT_ID": site.api().client_id,
        "VAULT_SECRET": CLIENT_SECRET,
        "VAULT_TOKEN": REFRESH_TOKEN,
        "ALEXA_CLIENT_ID": "",
        "ALEXA_CLIENT_SECRET": "",
        "ALEXA_REFRESH_TOKEN": "",
    }
    done = site.run(playbook, "--diff", "-vvv", *options, as_json=False, **vault)
    assert done.code == 0, done.output[-4000:]
    return done


@pytest.fixture(scope="module")
def linked(site: Site) -> Run:
    return run(site, LINK)


@pytest.fixture(scope="module")
def again(site: Site, linked: Run) -> tuple[Run, dict[str, int]]:
    site.counted()
    return run(site, LINK), site.counted()


@pytest.fixture(scope="module")
def unlinked(site: Site, again: object) -> Run:
    return run(site, UNLINK, "-e", "unlink_confirm=true", "--tags", "trunk,extensions")


def test_links_each_room_once(site: Site, linked: Run) -> None:
    profiles = {profile["unitId"]: profile["profileId"] for profile in site.state()["profiles"]}
    assert len(profiles) == len(site.state()["profiles"]) == 3 and profiles[UNIT + "U2"] == PROFILE + "SISSI"
    assert site.mappings(AURORA) == {str(7201 + number): f"{PROFILE}A{number}" for number in range(3)}
    assert site.mappings(LINDENHOF) == {
        "8101": profiles[UNIT + "U1"],
        "8102": PROFILE + "SISSI",
        "8103": profiles[UNIT + "U3"],
        "8193": profiles[UNIT + "U3"],
    }
    assert {trunk["status"] for trunk in site.state()["trunks"]} == {"ACTIVE"} and len(site.state()["trunks"]) == 2


def test_names_profiles_after_rooms(site: Site, linked: Run) -> None:
    names = {profile["unitId"]: profile["name"] for profile in site.state()["profiles"]}
    for unit, name in NAMES.items():
        assert names[UNIT + unit] == name


def test_again_changes_nothing(again: tuple[Run, dict[str, int]]) -> None:
    done, counted = again
    assert set(done.changed()) >= {"aurora", "lindenhof"} and not any(done.changed().values()), done.stdout[-2000:]
    assert not writes(counted)


def test_unlinks_all(site: Site, unlinked: Run) -> None:
    assert not site.state()["trunks"] and not any(site.state()["mappings"].values())


def test_no_secret_is_shown_or_written(site: Site, linked: Run, again: tuple[Run, object], unlinked: Run) -> None:
    keys = {
        line
        for path in (*site.pbx.rglob("*.key"), *site.folder.rglob("alexa-pbx.key"), *site.secrets.rglob("ca.key"))
        for line in path.read_text().splitlines()
        if not line.startswith("-----")
    }
    assert keys
    spelled = {
        spelling
        for secret in (CLIENT_SECRET, REFRESH_TOKEN)
        for spelling in (
            secret,
            quote(secret),
            quote(secret, safe=""),
            quote_plus(secret),
            json.dumps(secret)[1:-1],
        )
    }
    starts = {"Atc|", "Atza|", "Atc%7C", "Atza%7C", "Atc%7c", "Atza%7c", "Atc\\u007c"}
    for done in (linked, again[0], unlinked):
        shown = [text for text in spelled | starts | keys if text in done.output]
        assert not shown, shown
        assert "PRIVATE KEY-----" not in done.output
    for path in site.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes().decode("latin-1")
            assert not [text for text in spelled | starts if text in content], path
