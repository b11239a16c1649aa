# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rehearsal says what a real run then does, and reaches nobody."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alexa_simulator.launcher import Simulator
from alone import alone
from playbook_runs import CLIENT_SECRET, LINK, PROFILE, REFRESH_TOKEN, UNIT, Run, Site

REHEARSE = "alexa.smart_properties.rehearse"
REPORT = "alexa.smart_properties.report"
DIAL_IN = {"alexa_dial_in": [{"pattern": "_1XXX", "context": "internal"}]}
AURORA = {"alexa_pbx_name": "pbx.aurora.example.com", "alexa_pbx_address": "203.0.113.10", **DIAL_IN}
BOREAL = {"alexa_pbx_name": "pbx.boreal.example.com", "alexa_pbx_address": "203.0.113.11", "alexa_pbx_kind": "external"}
CORAL = {"alexa_pbx_name": "pbx.coral.example.com", "alexa_pbx_address": "203.0.113.12", **DIAL_IN}
#: Nobody is at this address, and nothing leads there.
FAR = {"ansible_connection": "ssh", "ansible_host": "192.0.2.1", "pbx_firewall_backend": "nftables"}
FATES = ("created", "updated", "deleted", "unchanged")


def rooms(*pairs: str) -> dict[str, Any]:
    """From extension:profile, or extension@unit."""
    listed = []
    for pair in pairs:
        extension, _colon, profile = pair.partition(":")
        if profile:
            listed.append({"extension": extension, "room": f"R{extension}", "comms_profile_id": PROFILE + profile})
        else:
            number, _at, unit = pair.partition("@")
            listed.append({"extension": number, "room": f"R{number}", "unit_id": UNIT + unit})
    return {"alexa_rooms": listed}


BEFORE = {
    "aurora": {**AURORA, **rooms("7201:A1", "7202:A2", "7203:A3")},
    "boreal": {**BOREAL, **rooms("7301@B1", "7302@B2")},
}
AFTER = {
    "aurora": {**AURORA, **rooms("7201:A1", "7202:OTHER", "7204:A4"), "alexa_prune": True, "alexa_prune_limit": "50%"},
    "boreal": {**BOREAL, "alexa_sip_port": 5061, **rooms("7301@B1", "7302@B2", "7303@B3")},
    "coral": {**CORAL, "alexa_peer_type": "fqdn", **rooms("7401:C1")},
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """In a network without anybody, so that whoever is reached is noticed."""
    if os.geteuid():
        pytest.skip("only root may have a network of its own")
    arguments = ["--activation-delay", "0", "--client-secret", CLIENT_SECRET, "--refresh-token", REFRESH_TOKEN]
    with alone(), Simulator(arguments) as running:
        yield running
        assert running.log() == ""


@pytest.fixture(scope="module")
def place(site: Site) -> Path:
    """Where a rehearsal makes its folder."""
    folder = site.folder / "temporary"
    folder.mkdir()
    return folder


def rehearse(site: Site, place: Path, *options: str, hosts: dict[str, Any], **common: Any) -> Run:
    """A rehearsal of which nothing is left and that nobody noticed."""
    site.inventory(hosts, **{**FAR, **common})
    before = sorted(site.folder.rglob("*"))
    site.api().control("DELETE", "/stats")
    run = site.run(REHEARSE, *options, TMPDIR=str(place))
    assert site.api().control("GET", "/stats")["total"] == 0
    assert not list(place.iterdir()) and not simulators(place)
    new = set(site.folder.rglob("*")) - set(before)
    assert not [path for path in new if site.home not in path.parents and path.is_file()]
    return run


def simulators(place: Path) -> list[int]:
    """The processes that have a folder in this place."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            words = (each / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"alexa_simulator" in words and any(str(place).encode() in word for word in words):
            found.append(int(each.name))
    return found


def told(run: Run, host: str) -> str:
    return run.shown("Show each property", host)


def counts(run: Run, host: str) -> dict[str, list[str]]:
    result = run.result("Map the extensions", host)
    return {fate: result[fate] for fate in FATES}


def test_without_a_report_all_is_new(site: Site, place: Path) -> None:
    run = rehearse(site, place, hosts=AFTER).good()
    assert "would be created" in told(run, "aurora") and "3 listed; 3 would be mapped" in told(run, "aurora")
    assert "(pbx.aurora.example.com, 203.0.113.10:5061, asterisk)" in told(run, "aurora")
    summary = run.shown("Show all properties", "aurora")
    assert "an empty account" in summary and "3 would be created, 0 changed" in summary
    assert "7 would be mapped, 0 changed, 0 removed" in summary and "ten minutes" in summary


def test_the_time_is_that_of_the_requests_at_the_limit(site: Site, place: Path) -> None:
    run = rehearse(site, place, "-e", "alexa_rehearse_limit=1", hosts=AFTER).good()
    requests = run.result("Count the requests", "aurora")["json"]["total"]
    assert requests > 10
    assert f"{requests}; at 1 a second 0:00:{requests} " in run.shown("Show all properties", "aurora")


def test_a_real_run_does_what_was_rehearsed(site: Site, place: Path) -> None:
    local: dict[str, Any] = {"alexa_pbx_kind": "external"}
    site.inventory({host: {**known, **local} for host, known in BEFORE.items()})
    units = [{"id": UNIT + each, "name": each} for each in ("B1", "B2", "B3")]
    site.api().control("POST", "/units", units)
    site.run(LINK).good()
    site.run(REPORT).good()
    trunk_id = site.trunk("pbx.boreal.example.com")["trunkId"]

    pinned = {**AFTER, "boreal": {**AFTER["boreal"], "alexa_trunk_id": trunk_id, "alexa_sip_port": 5071}}
    rehearsed = rehearse(site, place, hosts=pinned).good()
    assert "trunk:      as it is" in told(rehearsed, "aurora")
    assert "trunk:      would be changed" in told(rehearsed, "boreal")
    assert "trunk:      would be created" in told(rehearsed, "coral")
    assert counts(rehearsed, "aurora") == {
        "created": ["7204"], "updated": ["7202"], "deleted": ["7203"], "unchanged": ["7201"],
    }  # fmt: skip
    assert counts(rehearsed, "boreal") == {
        "created": ["7303"], "updated": [], "deleted": [], "unchanged": ["7301", "7302"],
    }  # fmt: skip
    assert "report.json saw at 20" in rehearsed.shown("Show all properties", "aurora")
    assert "attention" not in told(rehearsed, "aurora") and "attention" not in told(rehearsed, "boreal")
    assert "not known, so all counts as new (it is not in the report)" in told(rehearsed, "coral")

    site.inventory({host: {**known, **local} for host, known in pinned.items()})
    real = site.run(LINK).good()
    for host in pinned:
        assert counts(real, host) == counts(rehearsed, host)
        (made,) = real.results("Create or correct the trunk", host)
        assert made["changed"] == rehearsed.result("Create or correct the trunk", host)["changed"]

    site.run(REPORT).good()
    again = rehearse(site, place, hosts=pinned).good()
    assert again.changed() == {"localhost": 0, **dict.fromkeys(pinned, 0)}


@pytest.mark.parametrize("wrong", ["aurora", "coral"])
def test_one_that_is_wrong_fails_alone(site: Site, place: Path, wrong: str) -> None:
    """Also the first, which does what is done once for all."""
    twisted = {"alexa_rooms": [{"extension": "74 01", "comms_profile_id": PROFILE}]}
    run = rehearse(site, place, "-e", "alexa_rehearse_report=", hosts={**AFTER, wrong: {**AFTER[wrong], **twisted}})
    assert run.code == 2 and run.failed() == {wrong}
    assert "74 01" in run.message(wrong) and "74 01" in told(run, wrong)
    assert "of which 1 would fail" in run.shown("Show all properties", "aurora")
    assert "would be created" in told(run, "boreal") and "3 would be mapped" in told(run, "boreal")


@pytest.mark.parametrize("name", ["no name", "*.aurora.example.com"])
def test_a_name_that_can_t_be_certified_fails_alone(site: Site, place: Path, name: str) -> None:
    own_name = {"boreal": {**AFTER["boreal"], "trunk_name": "sip.boreal.example.com"}}
    run = rehearse(site, place, hosts={**AFTER, **own_name, "aurora": {**AFTER["aurora"], "alexa_pbx_name": name}})
    assert run.code == 2 and run.failed() == {"aurora"} and name in run.message("aurora")
    assert "would be created" in told(run, "boreal")


def test_a_property_that_the_report_could_not_read_is_told(site: Site, place: Path) -> None:
    site.inventory({**BEFORE, "boreal": {**BEFORE["boreal"], **rooms("bad:B1")}})
    assert site.run(REPORT).failed() == {"boreal"}
    run = rehearse(site, place, hosts=BEFORE).good()
    assert "not known, so all counts as new" in told(run, "boreal") and "extension 'bad'" in told(run, "boreal")
    assert "attention" not in told(run, "aurora")


def test_a_pinned_trunk_that_nobody_saw_is_told(site: Site, place: Path) -> None:
    unseen = "amzn1.comms.network.siptrunk.unseen"
    run = rehearse(site, place, hosts={"aurora": {**AFTER["aurora"], "alexa_trunk_id": unseen}}).good()
    assert f"alexa_trunk_id is {unseen}, which the report has not seen" in told(run, "aurora")


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("alexa_rehearse_limit=0", ["alexa_rehearse_limit", "such as 10"]),
        ("alexa_rehearse_report=report.json", ["alexa_rehearse_report", "absolute path"]),
        ("ansible_connection=ssh", ["-e", "inventory"]),
        ("pbx_tls_ca_bundle=https://example.invalid/bundle.pem", ["-e", "fetched", "alexa_ca_bundle"]),
    ],
)
def test_bad_input_is_refused_before_anything_is_started(
    site: Site, place: Path, option: str, words: list[str]
) -> None:
    run = rehearse(site, place, "-e", option, hosts=AFTER)
    assert run.code == 2 and all(word in run.message("aurora") for word in words)
    assert not run.results("Start the simulator", "aurora")


def test_a_report_that_is_none_is_named(site: Site, place: Path) -> None:
    file = site.write("torn.json", json.dumps({"schema": 1}))
    run = rehearse(site, place, "-e", f"alexa_rehearse_report={file}", hosts=AFTER)
    assert run.code == 2 and f"The report {file} is damaged" in run.message("aurora")


def test_a_simulator_that_does_not_start_is_told_with_its_words(site: Site, place: Path) -> None:
    broken = json.dumps({"alexa_rehearse_command": ["sh", "-c", "echo No module named aiohttp"]})
    run = rehearse(site, place, "-e", broken, hosts=AFTER)
    assert run.code == 2 and "No module named aiohttp" in run.message("aurora")
    assert "Install aiohttp" in run.message("aurora")


def test_the_simulator_ends_with_a_run_that_was_killed(site: Site, place: Path) -> None:
    site.inventory(AFTER, **FAR)
    os.environ["TMPDIR"] = str(place)
    try:
        deadline = time.monotonic() + 60
        assert site.run_killed(REHEARSE, after=7)
    finally:
        del os.environ["TMPDIR"]
    while simulators(place) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not simulators(place)
