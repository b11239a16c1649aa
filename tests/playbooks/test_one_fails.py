# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One property's failure is its own: the others are linked, and the next run goes on from there."""

from __future__ import annotations

from typing import Any

import pytest

from issuing import issue
from playbook_runs import LINK, PROFILE, Run, Site

AUTHORITY = issue("The authority before")
GOOD, ROOMS, DOOMED, FAR, PART, SLOW = "good", "rooms", "doomed", "far", "part", "slow"


def name_of(host: str) -> str:
    return f"pbx.{host}.example.com"


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    """One that is well, and one each whose rooms, trunk, connection and one mapping are bad."""
    site.write("inventory/files/rooms.csv", f"extension,comms_profile_id\n72 01,{PROFILE}A1\n")
    ssh = site.write("ssh", "#!/bin/sh\nexit 255\n")
    ssh.chmod(0o755)
    room = {"extension": "7201", "comms_profile_id": PROFILE + "A1"}
    peculiar: dict[str, dict[str, Any]] = {
        GOOD: {},
        ROOMS: {"alexa_rooms_file": "files/rooms.csv"},
        DOOMED: {},
        FAR: {
            "ansible_connection": "ansible.builtin.ssh",
            "ansible_ssh_executable": str(ssh),
            "ansible_host": "127.0.0.1",
        },
        PART: {"alexa_rooms": [room, {**room, "extension": "7299"}]},
    }
    site.inventory(
        {
            host: {
                "alexa_pbx_name": name_of(host),
                "alexa_pbx_address": f"203.0.113.{number}",
                "alexa_rooms": [room],
                **own,
            }
            for number, (host, own) in enumerate(peculiar.items(), 10)
        },
        pbx_tls_dir=str(site.pbx / "{{ inventory_hostname }}"),
        pbx_firewall_file=str(site.pbx / "{{ inventory_hostname }}.nft"),
    )
    old = [issue(name_of(DOOMED), AUTHORITY).pem, AUTHORITY.pem]
    trunk_id = site.api().control(
        "POST",
        "/trunks",
        {
            "tls": {"name": name_of(DOOMED), "certificateChain": old},
            "peers": [{"ip": "203.0.113.12", "port": 5061}],
        },
    )["trunkId"]
    site.api().control(
        "POST", "/faults", [{"kind": "status", "status": 400, "match": {"method": "POST", "path": "7299$"}}]
    )
    # Whatever is changed at the trunk, it ends badly.
    site.api().control(
        "POST", "/faults", [{"kind": "status-failed", "match": {"method": "PUT", "path": f"{trunk_id}$"}}]
    )
    return site


@pytest.fixture(scope="module")
def first(site: Site) -> Run:
    return site.run(LINK)


def test_fails_for_the_bad_ones_only(first: Run) -> None:
    assert first.code and first.failed() == {ROOMS, DOOMED, FAR, PART}
    assert first.stats[FAR]["unreachable"] == 1 and first.stats[FAR]["failures"] == 0


def test_links_the_good_one(site: Site, first: Run) -> None:
    assert site.trunk(name_of(GOOD))["status"] == "ACTIVE"
    assert site.mappings(name_of(GOOD)) == {"7201": PROFILE + "A1"}


def test_tells_each_bad_one_why(site: Site, first: Run) -> None:
    assert "rooms.csv row 2" in first.message(ROOMS) and "'72 01'" in first.message(ROOMS)
    trunk = site.trunk(name_of(DOOMED))
    assert f"{trunk['trunkId']} of {name_of(DOOMED)}" in first.message(DOOMED) and "FAILED" in first.message(
        DOOMED
    )


def test_makes_no_trunk_and_maps_nothing_for_them(site: Site, first: Run) -> None:
    assert {trunk["tls"]["name"] for trunk in site.state()["trunks"]} == {
        name_of(GOOD),
        name_of(DOOMED),
        name_of(PART),
    }
    assert not site.mappings(name_of(DOOMED))
    assert not {name for name in site.files() if ROOMS in name}


def test_maps_all_the_rooms_that_it_can(site: Site, first: Run) -> None:
    assert site.mappings(name_of(PART)) == {"7201": PROFILE + "A1"} and "7299" in first.message(PART)


def test_the_summary_names_all(first: Run) -> None:
    *table, left, journal = first.shown("Show all properties", GOOD).splitlines()
    rows = {row.split()[0]: row.split()[-2:] for row in table}
    assert left.startswith("left: 4; go on with --limit @") and journal.startswith("journal: ")
    assert rows == {
        "property": ["failed", "result"],
        GOOD: ["0", "ok"],
        PART: ["1", "FAILED"],
        **{host: ["0", "FAILED"] for host in (ROOMS, DOOMED, FAR)},
    }


def test_the_wait_alone_ends_for_each_by_itself(site: Site, first: Run) -> None:
    """Trunks that are there: one active, one failed, one that is never done."""
    site.api().control(
        "POST",
        "/trunks",
        {"tls": {"name": name_of(SLOW)}, "peers": [{"ip": "203.0.113.14", "port": 5061}], "status": "PENDING"},
    )
    site.inventory(
        {
            host: {"alexa_pbx_name": name_of(host), "alexa_pbx_address": f"203.0.113.{number}"}
            for host, number in ((GOOD, 10), (DOOMED, 12), (SLOW, 14))
        },
        trunk_wait_timeout=2,
    )
    run = site.run(LINK, "--tags", "wait")
    assert run.failed() == {DOOMED, SLOW}
    assert "not ACTIVE after 2 seconds" in run.message(SLOW) and "PENDING" in run.message(SLOW)
    assert "Run again" in run.message(SLOW) and "FAILED" in run.message(DOOMED)
    assert f"{site.trunk(name_of(GOOD))['trunkId']}, ACTIVE" in run.shown("Show each property", GOOD)
