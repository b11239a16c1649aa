# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account that somebody linked by hand becomes an inventory, and a link by that inventory changes nothing."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from playbook_runs import CLIENT_SECRET, LINK, PROFILE, UNIT, Run, Site, mode, writes

ADOPT = "alexa.smart_properties.adopt"
TRUNK = "amzn1.comms.network.siptrunk."
ABOVE = "amzn1.alexa.unit.did.hotel"
HOSTILE = '=cmd|x, "{{ lookup(\'env\', \'HOME\') }}"\n!unsafe'
# Of the other one its address has to be filled in.
KNOWN = "alexa_pbx:!pbx.byname.example.com:localhost"
MAPPED = {"7201": PROFILE + "A1", "0712": PROFILE + "A2", "*21": PROFILE + "A3"}
BODIES: dict[str, dict[str, Any]] = {
    "well": {"tls": {"name": "pbx.well.example.com"}, "peers": [{"ip": "203.0.113.10", "port": 5061}]},
    "again": {"tls": {"name": "pbx.well.example.com"}, "peers": [{"ip": "203.0.113.11", "port": 5062}]},
    "bare": {"tls": {"name": "pbx.bare.example.com"}, "peers": [{"ip": "203.0.113.12", "port": 5061}]},
    "byname": {"tls": {"name": "pbx.byname.example.com"}, "peer": {"name": "pbx.byname.example.com", "port": 5061}},
    "twin": {
        "tls": {"name": "pbx.twin.example.com"},
        "peers": [{"ip": "203.0.113.13", "port": 5061}, {"ip": "203.0.113.14", "port": 5061}],
    },
    "hostile": {"tls": {"name": "../{{ 7 * 7 }}"}, "peers": [{"ip": "203.0.113.15", "port": 5061}]},
}


@pytest.fixture(scope="module")
def account(site: Site) -> Site:
    """Six trunks, of which two can't be kept as they are; the rooms of one have units."""
    for name, body in BODIES.items():
        site.api().control("POST", "/trunks", {"trunkId": TRUNK + name, **body})
    seeds = [{"extension": extension, "commsProfileId": profile} for extension, profile in MAPPED.items()]
    site.api().control("PUT", f"/trunks/{TRUNK}well/extensions", seeds)
    site.api().control("PUT", f"/trunks/{TRUNK}again/extensions", seeds[:1])
    names = {"A1": HOSTILE, "A2": "Suite"}
    units = [{"id": UNIT + each, "name": name, "parentId": ABOVE} for each, name in names.items()]
    site.api().control("POST", "/units", [{"id": ABOVE, "name": "Hotel"}, *units])
    site.api().control("POST", "/profiles", [{"unitId": UNIT + each, "profileId": PROFILE + each} for each in names])
    site.inventory({})
    return site


@pytest.fixture(scope="module")
def place(account: Site) -> Path:
    return account.folder / "adopted"


def adopt(site: Site, place: Path, *options: str) -> Run:
    return site.run(ADOPT, "-e", f"alexa_adopt_dir={place}", *options)


def files_in(place: Path) -> dict[str, bytes]:
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def variables(place: Path, host: str) -> Any:
    return yaml.safe_load((place / "host_vars" / host / "main.yml").read_text())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "alexa_adopt_dir"),
        (("-e", "alexa_adopt_dir=adopted"), "alexa_adopt_dir"),
        (("-e", "alexa_adopt_dir=/x", "-e", "alexa_adopt_trunks=pbx.gone.example.com"), "pbx.gone.example.com"),
        (("-e", "alexa_adopt_dir=/proc/adopted"), "can't be written"),
    ],
)
def test_what_cannot_be_done_is_refused(account: Site, options: tuple[str, ...], said: str) -> None:
    run = account.run(ADOPT, *options)
    assert run.code == 2 and said in run.message("localhost")


def test_a_refused_login_is_told(account: Site, place: Path) -> None:
    run = account.run(ADOPT, "-e", f"alexa_adopt_dir={place}", ALEXA_CLIENT_SECRET="another")
    assert run.code == 2 and "client" in run.message("localhost") and not place.exists()


def test_check_mode_shows_the_files_and_writes_none(account: Site, place: Path) -> None:
    run = adopt(account, place, "--check", "--diff").good()
    (shown,) = run.results("Write the inventory", "localhost")
    assert not place.exists() and shown["changed"]
    assert str(place / "hosts.yml") in {part["after_header"] for part in shown["diff"]}


def test_each_list_is_read_once_and_nothing_is_changed(account: Site, place: Path) -> None:
    before = account.state()
    account.counted()
    run = adopt(account, place, "-e", f"alexa_adopt_parent_id={ABOVE}").good()
    counted = account.counted()
    assert account.state() == before and not writes(counted)
    assert counted["GET /v1/communications/network/siptrunk"] == 1
    assert counted["GET /v1/communications/network/siptrunk/{trunkId}/extensions"] == len(BODIES)
    assert run.changed() == {"localhost": 1}
    assert CLIENT_SECRET not in run.output


def test_what_was_written_is_what_amazon_has(account: Site, place: Path) -> None:
    hosts = yaml.safe_load((place / "hosts.yml").read_text())["alexa_pbx"]["hosts"]
    well = "pbx.well.example.com"
    assert sorted(hosts) == ["pbx.bare.example.com", "pbx.byname.example.com", well, f"{well}-2"]
    assert variables(place, "pbx.well.example.com-2") == {
        "alexa_trunk_id": TRUNK + "well",
        "alexa_pbx_name": "pbx.well.example.com",
        "alexa_pbx_address": "203.0.113.10",
        "alexa_sip_port": 5061,
        "alexa_rooms_file": "host_vars/pbx.well.example.com-2/rooms.csv",
    }
    with (place / "host_vars" / "pbx.well.example.com-2" / "rooms.csv").open(encoding="utf-8-sig", newline="") as file:
        rooms = {row["extension"].lstrip("'"): row for row in csv.DictReader(file)}
    assert {extension: row["comms_profile_id"] for extension, row in rooms.items()} == MAPPED
    # No spreadsheet runs it, and it comes back as it was.
    assert rooms["7201"]["room"] == "'" + HOSTILE and rooms["0712"]["room"] == "Suite"
    assert "alexa_rooms_file" not in variables(place, "pbx.bare.example.com")
    assert "alexa_pbx_address" not in variables(place, "pbx.byname.example.com")


def test_what_cannot_be_kept_is_left_out_and_told_of(account: Site, place: Path) -> None:
    readme = (place / "README.md").read_text()
    run = adopt(account, place, "-e", f"alexa_adopt_parent_id={ABOVE}").good()
    (done,) = run.results("Write the inventory", "localhost")
    assert {each["trunk_id"]: each["msg"].split(",")[0] for each in done["left_out"]} == {
        TRUNK + "twin": "it has 2 peers",
        TRUNK + "hostile": "'../{{ 7 * 7 }}' is no fully qualified host name like pbx.example.com",
    }
    assert all(each["trunk_id"] in readme for each in done["left_out"])
    assert {each["host"]: each["missing"] for each in done["hosts"] if each["missing"]} == {
        "pbx.byname.example.com": ["alexa_pbx_address"]
    }
    assert "Left out: " + TRUNK + "twin" in run.shown("Show what was adopted", "localhost")
    assert run.changed() == {"localhost": 0}


def test_others_may_not_read_or_change_the_files(account: Site, place: Path) -> None:
    assert {mode(path) for path in place.rglob("*") if path.is_file()} == {"640"} and mode(place) == "750"


def test_a_link_by_that_inventory_changes_nothing(account: Site, place: Path) -> None:
    before = account.state()
    for options in (("--check", "--diff"), ()):
        account.inventory_path = place
        try:
            run = account.run(LINK, "--tags", "wait,extensions", "--limit", KNOWN, *options)
        finally:
            account.inventory_path = account.folder / "inventory" / "hosts.yml"
        assert {host: run.changed_tasks(host) for host, count in run.good().changed().items() if count} == {}
        assert account.state() == before


def test_the_certificate_that_is_registered_stays_until_the_user_says_otherwise(account: Site, place: Path) -> None:
    account.inventory_path = place
    before = account.state()
    try:
        run = account.run(LINK, "--limit", "pbx.bare.example.com,localhost")
    finally:
        account.inventory_path = account.folder / "inventory" / "hosts.yml"
    assert run.code == 2 and "pbx_tls_given_certificate_file" in run.message("pbx.bare.example.com")
    assert account.state() == before


def test_a_file_of_the_users_is_never_overwritten(account: Site, place: Path) -> None:
    file = place / "host_vars" / "pbx.bare.example.com" / "main.yml"
    file.write_text(file.read_text() + "alexa_pbx_kind: asterisk\n")
    os.unlink(place / "hosts.yml")
    before = files_in(place)
    run = adopt(account, place, "-e", f"alexa_adopt_parent_id={ABOVE}")
    assert run.code == 2 and f"{file} is there" in run.message("localhost") and files_in(place) == before


def test_one_trunk_is_adopted_by_its_name(account: Site, tmp_path: Path) -> None:
    adopt(account, tmp_path / "one", "-e", "alexa_adopt_trunks=pbx.bare.example.com").good()
    assert sorted(files_in(tmp_path / "one")) == [
        "README.md", "group_vars/alexa_pbx/main.yml", "host_vars/pbx.bare.example.com/main.yml", "hosts.yml",
    ]  # fmt: skip


def test_the_module_takes_what_the_info_modules_return(account: Site, tmp_path: Path) -> None:
    trunk = {"trunk_id": TRUNK + "x", "tls_name": "pbx.example.com", "peers": [{"ip": "203.0.113.20", "port": 5061}]}
    mapping = {"extension": "7201", "comms_profile_id": PROFILE + "A1", "routing_type": "communication-profile"}
    options = {
        "dest": str(tmp_path / "by-hand"),
        "trunks": [trunk],
        "mappings": {TRUNK + "x": [mapping]},
        "units": [{"unit_id": UNIT + "A1", "name": "Suite", "parent_id": None}],
        "profiles": [{"unit_id": UNIT + "A1", "comms_profile_id": PROFILE + "A1"}],
    }
    task = {"name": "Write", "alexa.smart_properties.adopted_inventory": options}
    play = account.write("by-hand.yml", json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    run = account.run(str(play)).good()
    assert run.results("Write", "localhost")[0]["hosts"][0]["status"] is None
    assert b"7201,Suite," in files_in(tmp_path / "by-hand")["host_vars/pbx.example.com/rooms.csv"]
    assert account.run(str(play)).good().changed() == {"localhost": 0}
