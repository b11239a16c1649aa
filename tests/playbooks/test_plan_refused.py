# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not as it was planned is refused by name and left alone, and the others are linked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from playbook_runs import LINK, PROFILE, Run, Site, play_of, writes

PLAN = "alexa.smart_properties.plan"
ROOM = {"extension": "7201", "comms_profile_id": PROFILE + "A1"}
# When the plan is made: one that stays as it was, one whose trunk somebody makes then, one whose mapping somebody
# changes, one whose rooms the inventory changes, two that can't be planned, since a room is none, and since the PBX is
# not reached. The last is listed only after that.
SAME, MADE, MAPPED, WISHED, BROKEN, FAR, LATER = "same", "made", "mapped", "wished", "broken", "far", "later"
REFUSED = {MADE, MAPPED, WISHED, BROKEN, FAR, LATER}
COMPARED = {MADE, MAPPED, WISHED}


def name_of(host: str) -> str:
    return f"pbx.{host}.example.com"


def inventory(site: Site, *hosts: str, **rooms: list[dict[str, Any]]) -> None:
    ssh = site.write("ssh", "#!/bin/sh\nexit 255\n")
    ssh.chmod(0o755)
    unreached = {"ansible_connection": "ansible.builtin.ssh", "ansible_ssh_executable": str(ssh)}
    site.inventory(
        {
            host: {
                "alexa_pbx_name": name_of(host),
                "alexa_pbx_address": f"203.0.113.{number}",
                "alexa_rooms": rooms.get(host, [ROOM]),
                **(unreached if host == FAR else {}),
            }
            for number, host in enumerate(hosts, 10)
        },
        pbx_tls_dir=str(site.pbx / "{{ inventory_hostname }}"),
        pbx_firewall_file=str(site.pbx / "{{ inventory_hostname }}.nft"),
    )


@pytest.fixture(scope="module")
def plan_file(site: Site) -> Path:
    (site.folder / "plans").mkdir()
    return site.folder / "plans" / "friday.json"


@pytest.fixture(scope="module")
def planned(site: Site, plan_file: Path) -> Run:
    """MAPPED is linked before."""
    inventory(site, SAME, MADE, MAPPED, WISHED, BROKEN, FAR)
    site.run(LINK, "--limit", MAPPED).good()
    bad = {BROKEN: [{**ROOM, "extension": "72 01"}], MAPPED: [ROOM, {**ROOM, "extension": "7202"}]}
    inventory(site, SAME, MADE, MAPPED, WISHED, BROKEN, FAR, **bad)
    run = site.run(PLAN, "-e", f"alexa_plan={plan_file}")
    site.counted()
    return run


@pytest.fixture(scope="module")
def applied(site: Site, planned: Run, plan_file: Path) -> tuple[Run, dict[str, int], set[str], Any]:
    """The world has moved on before the plan is done: the run, its requests, the files it made, the state before."""
    body = {"tls": {"name": name_of(MADE)}, "peers": [{"ip": "203.0.113.11", "port": 5061}]}
    site.api().control("POST", "/trunks", body)
    path = f"/trunks/{site.trunk(name_of(MAPPED))['trunkId']}/extensions/7201"
    site.api().control("PUT", path, {"commsProfileId": PROFILE + "STRAY"})
    rooms = {MAPPED: [ROOM, {**ROOM, "extension": "7202"}], WISHED: [{**ROOM, "extension": "7205"}]}
    inventory(site, SAME, MADE, MAPPED, WISHED, BROKEN, FAR, LATER, **rooms)
    files, state = site.files(), site.state()
    site.counted()
    run = site.run(LINK, "-e", f"alexa_plan={plan_file}")
    return run, site.counted(), site.files() - files, state


def test_what_cant_be_planned_is_named_with_its_reason_and_fails_the_run(planned: Run, plan_file: Path) -> None:
    document = json.loads(plan_file.read_text())
    assert planned.code == 2 and planned.failed() == {BROKEN, FAR}
    assert document["failed"].keys() == {BROKEN, FAR} and "72 01" in document["failed"][BROKEN]
    assert document["properties"].keys() == {SAME, MADE, MAPPED, WISHED}
    assert "NOT IN THE PLAN" in planned.shown("Show the plan", SAME)


class TestApply:
    def test_links_what_is_as_it_was(self, applied: tuple[Run, Any, Any, Any], site: Site) -> None:
        run = applied[0]
        assert run.code == 2 and run.failed() == REFUSED
        assert site.mappings(name_of(SAME)) == {"7201": PROFILE + "A1"}

    def test_changes_nothing_of_the_others(
        self, applied: tuple[Run, dict[str, int], set[str], Any], site: Site
    ) -> None:
        _run, counted, files, before = applied
        # A trunk and its one mapping.
        assert sum(writes(counted).values()) == 2
        assert files and all(f"pbx/{SAME}" in name for name in files if name.startswith("pbx/")), files
        now = site.state()
        kept = [trunk for trunk in now["trunks"] if trunk["tls"]["name"] != name_of(SAME)]
        assert kept == before["trunks"]
        assert {key: now["mappings"][key] for key in before["mappings"]} == before["mappings"]

    @pytest.mark.parametrize(
        ("host", "told"),
        [
            (MADE, "when the plan was made there was no trunk of it"),
            (MAPPED, "the plan does not have these changes of extensions, or has others: 7201"),
            (WISHED, "what the inventory says of the rooms has changed since the plan was made"),
            (BROKEN, "it could not be planned"),
            (FAR, "it could not be planned"),
            (LATER, "is not in the plan"),
        ],
    )
    def test_says_of_each_why_and_what_to_do(self, host: str, told: str, applied: tuple[Run, Any, Any, Any]) -> None:
        message = applied[0].message(host)
        assert told in message and host in message, message
        assert ("Make the plan anew" in message) or (host == LATER and "--limit" in message)

    def test_tells_them_as_failed_and_not_as_done(self, applied: tuple[Run, Any, Any, Any]) -> None:
        rows = {row.split()[0]: row.split() for row in applied[0].shown("Show all properties", SAME).splitlines()}
        assert rows[SAME][-1] == "ok" and all(rows[host][-1] == "FAILED" for host in REFUSED)
        assert all(rows[host][4:8] == ["0", "0", "0", "0"] for host in COMPARED), rows


def test_a_change_after_the_last_look_is_refused_where_it_is_written(applied: object, site: Site) -> None:
    """By the roles, which are bound to the plan: here to one that is no longer true."""
    trunk_id = site.trunk(name_of(SAME))["trunkId"]
    for role, wish in {
        "trunk": {"trunk_plan_digest": "0" * 64, "trunk_trunk_id": trunk_id, "trunk_sip_port": 5070},
        "extensions": {
            "extensions_plan_digest": "0" * 64,
            "extensions_trunk_id": trunk_id,
            "extensions_rooms": [{**ROOM, "extension": "7777"}],
        },
    }.items():
        site.write("role.yml", play_of(role))
        site.counted()
        run = site.run(str(site.folder / "role.yml"), "--limit", SAME, "-e", json.dumps(wish))
        assert run.code == 2 and "This is not the plan that was reviewed" in run.message(SAME), run.output
        assert not writes(site.counted())


class TestPlanFile:
    """What is no plan is neither done nor overwritten."""

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"plan": "of a house"}', '{"kind": "plan of alexa.smart_'])
    def test_a_torn_or_foreign_file(self, content: str, applied: object, site: Site) -> None:
        file = site.write("plans/foreign.json", content)
        site.counted()
        for playbook, told in ((LINK, "is no plan, or only a part of one"), (PLAN, "it is not overwritten")):
            run = site.run(playbook, "--limit", SAME, "-e", f"alexa_plan={file}")
            assert run.code == 2 and told in run.message(SAME), run.output
            assert not site.counted() and file.read_text() == content

    @pytest.mark.parametrize("name", ["plans/none.json", "friday.json"])
    def test_one_that_is_not_there_or_has_no_absolute_path(self, name: str, applied: object, site: Site) -> None:
        path = name if name == "friday.json" else str(site.folder / name)
        run = site.run(LINK, "--limit", SAME, "-e", f"alexa_plan={path}")
        assert run.code == 2 and "Give the absolute path of a plan" in run.message(SAME)
        assert not site.counted()

    def test_one_that_somebody_edited(self, applied: object, site: Site, plan_file: Path) -> None:
        document = json.loads(plan_file.read_text())
        document["properties"][SAME]["extensions"]["created"]["7201"] = PROFILE + "EDITED"
        file = site.write("plans/edited.json", json.dumps(document))
        run = site.run(LINK, "--limit", SAME, "-e", f"alexa_plan={file}")
        assert run.code == 2 and f"was edited: its extensions of {SAME}" in run.message(SAME)
        assert not site.counted()

    def test_a_folder_that_is_not_there(self, applied: object, site: Site) -> None:
        run = site.run(PLAN, "--limit", SAME, "-e", f"alexa_plan={site.folder}/no/friday.json")
        assert run.code == 2 and "does not exist" in run.message(SAME)
        assert not site.counted()


def test_a_run_that_was_broken_off_goes_on_with_the_same_plan(site: Site, plan_file: Path) -> None:
    body = {"tls": {"name": name_of("off")}, "peers": [{"ip": "203.0.113.10", "port": 5061}]}
    site.api().control("POST", "/trunks", body)
    inventory(site, "off", off=[ROOM, {**ROOM, "extension": "7204"}])
    options = ["--tags", "extensions", "-e", f"alexa_plan={plan_file}"]
    site.run(PLAN, *options).good()
    fault = {"kind": "status", "status": 400, "match": {"method": "POST", "path": "7204$"}, "times": 1}
    site.api().control("POST", "/faults", [fault])
    run = site.run(LINK, *options)
    assert run.failed() == {"off"} and site.mappings(name_of("off")).keys() == {"7201"}, run.message("off")
    run = site.run(LINK, *options).good()
    assert site.mappings(name_of("off")).keys() == {"7201", "7204"}
    assert run.results("Map the extensions", "off")[-1]["created"] == ["7204"]
