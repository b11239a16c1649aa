# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run is taken back by its journal: what it made goes, what it changed or removed returns, what others did stays."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from playbook_runs import CLIENT_SECRET, LINK, PROFILE, REFRESH_TOKEN, UNLINK, Run, Site, writes

ROLLBACK = "alexa.smart_properties.rollback"
CONFIRMED = ("-e", "rollback_confirm=true")
NAMES = {"aurora": "pbx.aurora.example.com", "boreal": "pbx.boreal.example.com"}
BEFORE: dict[str, dict[str, Any]] = {
    "aurora": {"alexa_pbx_name": NAMES["aurora"], "alexa_pbx_address": "203.0.113.10"},
    "boreal": {"alexa_pbx_name": NAMES["boreal"], "alexa_pbx_address": "203.0.113.11", "alexa_peer_type": "fqdn"},
}


def rooms(**profiles: str) -> dict[str, Any]:
    """From e7201="A1"."""
    listed = [{"extension": each[1:], "comms_profile_id": PROFILE + to} for each, to in profiles.items()]
    return {"alexa_rooms": listed}


def hosts(**changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Two properties with two rooms each, and what is different about them."""
    listed = {"aurora": rooms(e7201="A1", e7202="A2"), "boreal": rooms(e7301="B1", e7302="B2")}
    return {host: {**BEFORE[host], **listed[host], **changes.get(host, {})} for host in BEFORE}


def link(site: Site, **changes: dict[str, Any]) -> Path:
    """Link what is wished; returns the run's journal."""
    before = journals(site)
    site.inventory(hosts(**changes), alexa_pbx_kind="external", alexa_prune_limit="100%")
    run = site.run(LINK).good()
    (journal,) = journals(site) - before
    assert str(journal) in run.shown("Show all properties", "aurora")
    return journal


def journals(site: Site) -> set[Path]:
    return set((site.secrets / "journal").glob("*.jsonl"))


def held(site: Site) -> dict[str, Any]:
    """Trunks and mappings by the trunk's name, without the trunks' ids and dates, which no way back can keep."""
    return {
        name: [*(trunk.get(part) for part in ("tls", "peers", "peer")), site.mappings(name)]
        for trunk in site.state()["trunks"]
        for name in [trunk["tls"]["name"]]
    }


def back(site: Site, journal: Path, *options: str) -> Run:
    return site.run(ROLLBACK, "-e", f"alexa_journal={journal}", *(options or CONFIRMED))


def told(run: Run, host: str = "aurora") -> str:
    return run.shown("Show each property", host)


@pytest.fixture(scope="module")
def first(site: Site) -> Path:
    return link(site)


def test_the_journal_is_its_owners_and_has_no_secret(site: Site, first: Path) -> None:
    assert stat.S_IMODE(first.stat().st_mode) == 0o600 and stat.S_IMODE(first.parent.stat().st_mode) == 0o700
    text = first.read_text()
    assert not any(secret in text for secret in (CLIENT_SECRET, REFRESH_TOKEN, "Atza|", "PRIVATE KEY"))
    assert {json.loads(line)["host"] for line in text.splitlines() if line} == {"aurora", "boreal"}


def test_a_run_that_changes_nothing_leaves_none(site: Site, first: Path) -> None:
    before = journals(site)
    site.run(LINK).good()
    site.run(UNLINK, "--check").good()
    assert journals(site) == before


def test_it_is_asked_for(site: Site, first: Path) -> None:
    run = site.run(ROLLBACK, *CONFIRMED)
    assert run.code == 2 and "alexa_journal" in run.message("aurora") and str(first) in run.message("aurora")
    assert "confirm with -e rollback_confirm=true" in back(site, first, "--diff").message("aurora")


@pytest.mark.parametrize(("content", "words"), [("no json", "is no journal"), ('{"schema": 7}', "is no journal that")])
def test_another_file_is_refused(site: Site, first: Path, content: str, words: str) -> None:
    before = site.state()
    other = site.write("other.jsonl", content)
    run = back(site, other)
    assert run.code == 2 and words in run.message("aurora") and str(other) in run.message("aurora")
    assert site.state() == before


def test_what_a_run_changed_returns(site: Site, first: Path) -> None:
    before = held(site)
    journal = link(
        site,
        aurora={"alexa_prune": True, **rooms(e7201="OTHER", e7203="A3")},
        boreal={"alexa_sip_port": 5071, "alexa_trunk_id": site.trunk(NAMES["boreal"])["trunkId"]},
    )
    assert held(site) != before
    site.counted()
    checked = back(site, journal, "--check", "--diff").good()
    assert not writes(site.counted()) and "2 would be made what they were, 1 would be removed" in told(checked)
    taken = back(site, journal).good()
    assert held(site) == before
    assert "2 made what they were, 1 removed" in told(taken) and "made what it was" in told(taken, "boreal")
    assert taken.changed() == {**checked.changed()}
    assert back(site, journal).good().changed() == {"localhost": 0, "aurora": 0, "boreal": 0}


def test_a_way_back_is_taken_back(site: Site, first: Path) -> None:
    former = held(site)
    journal = link(site, aurora=rooms(e7201="A9", e7202="A2"))
    linked = held(site)
    before = journals(site)
    back(site, journal).good()
    (own,) = journals(site) - before
    assert held(site) == former
    back(site, own).good()
    assert held(site) == linked
    back(site, journal).good()


def test_what_others_changed_since_stays(site: Site, first: Path) -> None:
    before = held(site)
    journal = link(site, aurora=rooms(e7201="A8", e7202="A8"), boreal=rooms(e7301="B8", e7302="B2"))
    trunk = site.trunk(NAMES["aurora"])["trunkId"]
    site.api().control("PUT", f"/trunks/{trunk}/extensions/7201", {"commsProfileId": PROFILE + "THEIRS"})
    run = back(site, journal)
    assert run.code == 2 and run.failed() == {"aurora"}
    assert f"extension 7201 is mapped to {PROFILE}THEIRS by now" in run.message("aurora")
    assert site.mappings(NAMES["aurora"]) == {"7201": PROFILE + "THEIRS", "7202": PROFILE + "A2"}
    assert held(site)[NAMES["boreal"]] == before[NAMES["boreal"]]
    site.api().control("PUT", f"/trunks/{trunk}/extensions/7201", {"commsProfileId": PROFILE + "A1"})
    assert held(site) == before


def test_what_was_unlinked_is_linked_again(site: Site, first: Path) -> None:
    before, known = held(site), journals(site)
    site.run(UNLINK, "--limit", "aurora", "-e", "unlink_confirm=true").good()
    (journal,) = journals(site) - known
    assert NAMES["aurora"] not in held(site)
    run = back(site, journal).good()
    assert held(site) == before and site.trunk(NAMES["aurora"])["status"] == "ACTIVE"
    assert "made anew" in told(run) and "another id" in told(run) and "nothing of it" in told(run, "boreal")
    site.inventory(hosts(), alexa_pbx_kind="external")
    assert site.run(LINK, "--tags", "extensions").good().changed()["aurora"] == 0


def test_a_trunk_that_a_run_made_goes_unless_others_use_it(site: Site, first: Path) -> None:
    site.run(UNLINK, "-e", "unlink_confirm=true").good()
    journal = link(site)
    trunk = site.trunk(NAMES["aurora"])["trunkId"]
    site.api().control("PUT", f"/trunks/{trunk}/extensions/9", {"commsProfileId": PROFILE + "THEIRS"})
    run = back(site, journal)
    assert run.failed() == {"aurora"} and "mappings that the run did not make: 9" in run.message("aurora")
    assert list(held(site)) == [NAMES["aurora"]] and site.mappings(NAMES["aurora"]) == {"9": PROFILE + "THEIRS"}
    site.api().control("DELETE", f"/trunks/{trunk}/extensions/9")
    back(site, journal).good()
    assert held(site) == {}


@pytest.mark.parametrize("after", [2, 4, 6, 8])
def test_a_run_that_was_killed_is_taken_back(site: Site, first: Path, after: float) -> None:
    known = journals(site)
    site.inventory(hosts(), alexa_pbx_kind="external")
    site.run_killed(LINK, after=after)
    made = held(site)
    for journal in journals(site) - known:
        back(site, journal).good()
    assert held(site) == {}, made


def test_a_journal_that_can_t_be_written_stops_the_run_before_anything(site: Site, first: Path) -> None:
    site.inventory(hosts(), alexa_pbx_kind="external", alexa_journal_dir="/proc/journal")
    run = site.run(LINK)
    assert run.code == 2 and "alexa_journal_dir" in run.message("aurora") and held(site) == {}
    site.inventory(hosts(), alexa_pbx_kind="external", alexa_journal_dir="journal")
    assert "absolute path" in site.run(LINK).message("aurora")
    known = journals(site)
    site.inventory(hosts(), alexa_pbx_kind="external", alexa_journal_dir="")
    site.run(LINK).good()
    assert journals(site) == known
