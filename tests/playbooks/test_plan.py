# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan is made and done: of a new property, of one whose rooms have changed, of one that is as it should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from playbook_runs import CLIENT_SECRET, LINK, PROFILE, REFRESH_TOKEN, UNIT, Run, Site, mode, writes

PLAN = "alexa.smart_properties.plan"
ROOM = {"extension": "7201", "room": "Room 201", "comms_profile_id": PROFILE + "A1"}
READY, BARE = UNIT + "ready", UNIT + "bare"
BY_UNIT = [
    {"extension": "7301", "room": "Suite", "unit_id": READY},
    {"extension": "7302", "room": "Attic", "unit_id": BARE},
]
LISTING = "GET /v1/communications/network/siptrunk"


def name_of(host: str) -> str:
    return f"pbx.{host}.example.com"


def hosts(**rooms: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        host: {
            "alexa_pbx_name": name_of(host),
            "alexa_pbx_address": f"203.0.113.{len(host)}",
            "pbx_tls_dir": "/".join(["{{ alexa_pbxs }}", host]),
            "alexa_rooms": listed,
        }
        for host, listed in rooms.items()
    }


def common(site: Site) -> dict[str, Any]:
    return {"alexa_pbxs": str(site.pbx), "pbx_firewall_file": str(site.pbx / "{{ inventory_hostname }}.nft")}


@pytest.fixture(scope="module")
def plan_file(site: Site) -> Path:
    """Where the plan goes."""
    (site.folder / "plans").mkdir()
    return site.folder / "plans" / "friday.json"


@pytest.fixture(scope="module")
def estate(site: Site) -> Site:
    """Two properties are linked; then the rooms of one are wished otherwise, and a new property is listed."""
    site.inventory(hosts(grown=[ROOM, {**ROOM, "extension": "7209"}], still=[ROOM]), **common(site))
    site.run(LINK).good()
    site.api().control("POST", "/units", [{"name": "ready", "id": READY}, {"name": "bare", "id": BARE}])
    site.api().control("POST", "/profiles", [{"unitId": READY, "profileId": PROFILE + "R", "name": "Suite"}])
    grown = [{**ROOM, "comms_profile_id": PROFILE + "B"}, {**ROOM, "extension": "7202"}]
    settings = {"alexa_prune": True, "alexa_prune_limit": "50%"}
    site.inventory(hosts(grown=grown, still=[ROOM], new=[ROOM, *BY_UNIT]), **common(site), **settings)
    site.counted()
    return site


@pytest.fixture(scope="module")
def planned(estate: Site, plan_file: Path) -> tuple[Run, dict[str, int], bool]:
    """The run, its requests, and whether all was as before."""
    before = estate.state(), estate.files()
    run = estate.run(PLAN, "-e", f"alexa_plan={plan_file}").good()
    counted = estate.counted()
    return run, counted, (estate.state(), estate.files()) == before


@pytest.fixture(scope="module")
def checked(estate: Site, planned: object, plan_file: Path) -> tuple[Run, dict[str, int]]:
    """What check mode says that the plan's run would do."""
    run = estate.run(LINK, "--check", "--diff", "-e", f"alexa_plan={plan_file}").good()
    return run, estate.counted()


@pytest.fixture(scope="module")
def done(estate: Site, checked: object, plan_file: Path) -> Run:
    """The run that does the plan."""
    run = estate.run(LINK, "--diff", "-e", f"alexa_plan={plan_file}").good()
    estate.counted()
    return run


class TestPlan:
    def test_only_looks(self, planned: tuple[Run, dict[str, int], bool], estate: Site) -> None:
        _run, counted, same = planned
        assert same and not writes(counted)
        # Once for all properties, and once for the trunk that is not there.
        assert counted[LISTING] == 2

    def test_is_a_file_for_its_owner_without_secrets(self, planned: object, plan_file: Path) -> None:
        assert mode(plan_file) == "600"
        text = plan_file.read_text()
        assert CLIENT_SECRET not in text and REFRESH_TOKEN not in text and "Atc|" not in text
        document = json.loads(text)
        assert (document["kind"], document["schema"]) == ("plan of alexa.smart_properties", 1)
        assert document["failed"] == {} and sorted(document["properties"]) == ["grown", "new", "still"]

    def test_says_of_each_property_what_would_be_done(
        self, planned: object, estate: Site, plan_file: Path
    ) -> None:
        plan = json.loads(plan_file.read_text())["properties"]
        new, grown, still = (plan[host] for host in ("new", "grown", "still"))
        assert (new["trunk"]["action"], new["trunk"]["certificate"]) == ("create", "made by the run")
        assert new["trunk"]["before"] is None and new["trunk"]["after"]["peers"] == [
            {"ip": "203.0.113.3", "port": 5061}
        ]
        assert new["extensions"]["created"] == {
            "7201": PROFILE + "A1",
            "7301": PROFILE + "R",
            "7302": f"a new communication profile (unit {BARE})",
        }
        assert new["profiles"]["after"] == {BARE: "named Attic"}
        assert (grown["trunk"]["action"], grown["trunk"]["certificate"]) == ("none", "bound")
        assert grown["trunk"]["trunk_id"] == grown["extensions"]["trunk_id"] == trunk_id(estate, "grown")
        assert grown["extensions"]["created"] == {"7202": PROFILE + "A1"}
        assert grown["extensions"]["updated"] == {"7201": {"before": PROFILE + "A1", "after": PROFILE + "B"}}
        assert grown["extensions"]["deleted"] == {"7209": PROFILE + "A1"}
        assert [still["extensions"][deed] for deed in ("created", "updated", "deleted")] == [{}, {}, {}]

    def test_shows_a_table(self, planned: tuple[Run, Any, Any], plan_file: Path) -> None:
        head, *rows, path, then = planned[0].shown("Show the plan", "grown").splitlines()
        assert head.split() == ["property", "trunk", "certificate", "new", "changed", "removed"]
        assert sorted(row.split() for row in rows) == [
            ["grown", "none", "bound", "1", "1", "1"],
            ["new", "create", "made", "by", "the", "run", "3", "0", "0"],
            ["still", "none", "bound", "0", "0", "0"],
        ]
        assert path.split() == ["plan:", str(plan_file)] and f"-e alexa_plan={plan_file}" in then

    def test_is_the_same_again_but_for_the_time(self, planned: object, estate: Site, plan_file: Path) -> None:
        first = plan_file.read_text()
        estate.run(PLAN, "-e", f"alexa_plan={plan_file}").good()
        again = plan_file.read_text()
        times = {json.loads(text)["made"]: text for text in (first, again)}
        assert len(times) == 2 and len({text.replace(made, "") for made, text in times.items()}) == 1
        estate.counted()

    def test_of_check_mode_writes_no_file(self, planned: object, estate: Site, plan_file: Path) -> None:
        other = plan_file.with_name("never.json")
        run = estate.run(PLAN, "--check", "--limit", "still", "-e", f"alexa_plan={other}").good()
        assert not other.exists() and "would be" in run.shown("Show the plan", "still")
        estate.counted()

    def test_with_a_limit_holds_those_properties_only(self, planned: object, estate: Site, plan_file: Path) -> None:
        other = plan_file.with_name("one.json")
        estate.run(PLAN, "--limit", "grown", "--tags", "extensions", "-e", f"alexa_plan={other}").good()
        assert other.read_text().startswith('{\n  "failed": {},\n  "kind": ')
        plan = json.loads(other.read_text())["properties"]
        assert plan.keys() == {"grown"} and plan["grown"].keys() == {"extensions", "profiles"}
        assert not writes(estate.counted())


def trunk_id(site: Site, host: str) -> str:
    return str(site.trunk(name_of(host))["trunkId"])


class TestTheRunThatDoesIt:
    def test_check_mode_passes_and_sends_no_write(self, checked: tuple[Run, dict[str, int]]) -> None:
        run, counted = checked
        assert not writes(counted)
        _looked, told = run.results("Map the extensions", "grown")
        assert (told["created"], told["updated"], told["deleted"]) == (["7202"], ["7201"], ["7209"])

    def test_does_exactly_what_the_plan_says(self, done: Run, estate: Site) -> None:
        assert estate.mappings(name_of("grown")) == {"7201": PROFILE + "B", "7202": PROFILE + "A1"}
        assert estate.mappings(name_of("still")) == {"7201": PROFILE + "A1"}
        (made,) = [each for each in estate.state()["profiles"] if each["unitId"] == BARE]
        assert estate.mappings(name_of("new")) == {
            "7201": PROFILE + "A1",
            "7301": PROFILE + "R",
            "7302": made["profileId"],
        }
        assert made["name"] == "Attic" and estate.trunk(name_of("new"))["status"] == "ACTIVE"

    def test_the_modules_were_bound_to_the_plan(self, done: Run, plan_file: Path) -> None:
        plan = json.loads(plan_file.read_text())["properties"]
        for host in ("grown", "new", "still"):
            _looked, mapped = done.results("Map the extensions", host)
            assert mapped["invocation"]["module_args"]["plan_digest"] == plan[host]["extensions"]["digest"]
            _looked, made = done.results("Create or correct the trunk", host)
            assert made["invocation"]["module_args"]["plan_digest"] == plan[host]["trunk"]["digest"]

    def test_the_table_tells_what_was_done(self, done: Run) -> None:
        rows = {row.split()[0]: row.split()[3:] for row in done.shown("Show all properties", "grown").splitlines()}
        assert rows["grown"] == ["2", "1", "1", "1", "0", "ok"] and rows["still"] == ["1", "0", "0", "0", "0", "ok"]

    def test_again_changes_nothing(self, done: Run, estate: Site, plan_file: Path) -> None:
        before = estate.state()
        run = estate.run(LINK, "-e", f"alexa_plan={plan_file}").good()
        assert not writes(estate.counted()) and estate.state() == before
        assert not any(run.changed().values()), [run.changed_tasks(host) for host in ("grown", "new", "still")]

    def test_a_profile_that_would_be_named_otherwise_is_refused(self, done: Run, estate: Site, plan_file: Path) -> None:
        """Somebody else gave the room's profile another name; to give it back is not in the plan."""
        estate.api().control("POST", "/profiles", [{"unitId": READY, "profileId": PROFILE + "R", "name": "Theirs"}])
        run = estate.run(LINK, "--limit", "new", "-e", f"alexa_plan={plan_file}")
        assert run.code == 2 and f"make or name the communication profiles of {READY}" in run.message("new")
        assert not writes(estate.counted())
