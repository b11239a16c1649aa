# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two properties from nothing to linked, again, put right after a drift, pruned, and back to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from playbook_runs import LINK, PROFILE, UNLINK, Run, Site, mode, openssl, writes

AURORA, LINDENHOF = "pbx.aurora.example.com", "pbx.lindenhof.example.com"
ROOMS = {
    AURORA: {"7201": PROFILE + "A1", "7202": PROFILE + "A2", "0712": PROFILE + "A3"},
    LINDENHOF: {"8101": PROFILE + "B1", "*82#": PROFILE + "B2"},
}
FIRST_RUN = ["aurora", "lindenhof"]


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    """aurora is a PBX that Ansible manages, its rooms in a CSV file; lindenhof an external one with a list."""
    lines = [f"{number};Zimmer {number};{profile}" for number, profile in ROOMS[AURORA].items()]
    site.write("inventory/files/rooms.csv", "\r\n".join(["extension;room;comms_profile_id", *lines, ""]))
    rooms = [{"extension": number, "comms_profile_id": profile} for number, profile in ROOMS[LINDENHOF].items()]
    site.inventory(
        {
            "aurora": {
                "alexa_pbx_name": AURORA,
                "alexa_pbx_address": "203.0.113.10",
                "pbx_tls_dir": str(site.pbx / "aurora"),
                "alexa_rooms_file": "files/rooms.csv",
                "alexa_edge_host": "edge.example.com",
            },
            "lindenhof": {
                "alexa_pbx_name": LINDENHOF,
                "alexa_pbx_address": "198.51.100.20",
                "alexa_pbx_kind": "external",
                "alexa_sip_port": 5071,
                "alexa_peer_type": "fqdn",
                "alexa_rooms": rooms,
            },
        },
        alexa_handover_dir=str(site.folder / "handover" / "{{ inventory_hostname }}"),
    )
    return site


@pytest.fixture(scope="module")
def checked(site: Site) -> tuple[Run, dict[str, int], set[str]]:
    """The first look at a bare host: the run, the requests, the files."""
    run = site.run(LINK, "--check", "--diff").good()
    return run, site.counted(), site.files()


@pytest.fixture(scope="module")
def linked(site: Site, checked: object) -> tuple[Run, dict[str, int], Any]:
    """The first real run: the run, the requests, the state after it."""
    run = site.run(LINK, "--diff").good()
    return run, site.counted(), site.state()


@pytest.fixture(scope="module")
def again(site: Site, linked: object) -> tuple[Run, dict[str, int], set[str]]:
    run = site.run(LINK, "--diff").good()
    return run, site.counted(), site.files()


@pytest.fixture(scope="module")
def drifted(site: Site, again: object) -> tuple[Run, dict[str, int]]:
    """Somebody else changed one mapping and removed another; only the stage `extensions` runs."""
    trunk = site.trunk(AURORA)["trunkId"]
    site.api().control("PUT", f"/trunks/{trunk}/extensions/7201", {"commsProfileId": PROFILE + "WRONG"})
    site.api().control("DELETE", f"/trunks/{trunk}/extensions/7202")
    run = site.run(LINK, "--diff", "--tags", "extensions").good()
    return run, site.counted()


@pytest.fixture(scope="module")
def pruned(site: Site, drifted: object) -> tuple[Run, dict[str, int]]:
    """Mappings that nobody lists, on both trunks; only aurora is run."""
    for name in (AURORA, LINDENHOF):
        path = f"/trunks/{site.trunk(name)['trunkId']}/extensions/9999"
        site.api().control("PUT", path, {"commsProfileId": PROFILE + "OLD"})
    options = ["-e", "alexa_prune=true", "-e", "alexa_prune_limit=1", "-e", "extensions_concurrency=2"]
    run = site.run(LINK, "--limit", "aurora", "--tags", "extensions", *options).good()
    return run, site.counted()


class TestCheckOnABareHost:
    def test_sends_no_write_and_writes_no_file(self, checked: tuple[Run, dict[str, int], set[str]]) -> None:
        _run, counted, files = checked
        assert not writes(counted)
        assert not files

    @pytest.mark.parametrize("host", FIRST_RUN)
    def test_says_what_it_would_do(self, host: str, checked: tuple[Run, dict[str, int], set[str]]) -> None:
        run = checked[0]
        told = run.shown("Show each property", host)
        assert "would be created" in told
        assert f"would be mapped {len(ROOMS[AURORA if host == 'aurora' else LINDENHOF])} new" in told
        for task in (
            "Tell of the key that a real run would make",
            "Tell of the certificate that a real run would make",
            "Write the rules for nftables",
            "Create or correct the trunk",
            "Map the extensions",
        ):
            assert task in run.changed_tasks(host), task
        assert "Tell of the private CA that a real run would make" in run.changed_tasks(host)

    @pytest.mark.parametrize("host", FIRST_RUN)
    @pytest.mark.parametrize(
        "task", ["Map the extensions", "Write the rules for nftables", "Write the rules as a table"]
    )
    def test_its_diff_is_the_real_runs(
        self,
        task: str,
        host: str,
        checked: tuple[Run, dict[str, int], set[str]],
        linked: tuple[Run, Any, Any],
    ) -> None:
        told, done = checked[0].result(task, host)["diff"], linked[0].result(task, host)["diff"]
        assert before_and_after(told) == before_and_after(done)
        assert before_and_after(done)[0] != before_and_after(done)[1]

    @pytest.mark.parametrize("host", FIRST_RUN)
    def test_the_trunks_diff_lacks_the_unmade_certificate_only(
        self,
        host: str,
        checked: tuple[Run, Any, Any],
        linked: tuple[Run, Any, Any],
    ) -> None:
        task = "Create or correct the trunk"
        told, done = checked[0].result(task, host)["diff"]["after"], linked[0].result(task, host)["diff"]["after"]
        assert told["certificates"] == [] and len(done["certificates"]) == 2
        assert {**told, "certificates": None} == {**done, "certificates": None}


class TestLink:
    @pytest.mark.parametrize("name", [AURORA, LINDENHOF])
    def test_trunk_is_active_and_rooms_are_mapped(self, name: str, linked: tuple[Run, Any, Any]) -> None:
        state = linked[2]
        (trunk,) = [trunk for trunk in state["trunks"] if trunk["tls"]["name"] == name]
        assert trunk["status"] == "ACTIVE"
        assert state["mappings"][trunk["trunkId"]] == ROOMS[name]

    def test_peers_are_those_of_the_inventory(self, linked: tuple[Run, Any, Any]) -> None:
        aurora, lindenhof = sorted(linked[2]["trunks"], key=lambda trunk: str(trunk["tls"]["name"]))
        assert aurora["peers"] == [{"ip": "203.0.113.10", "port": 5061}]
        assert lindenhof["peer"] == {"name": LINDENHOF, "port": 5071} and "peers" not in lindenhof

    def test_amazon_knows_the_chain_that_the_pbx_holds(self, site: Site, linked: tuple[Run, Any, Any]) -> None:
        held = (site.pbx / "aurora" / "alexa-pbx-chain.pem").read_text()
        (registered,) = [trunk["tls"]["certificateChain"] for trunk in linked[2]["trunks"] if "peers" in trunk]
        assert "".join("".join(registered).split()) == "".join(held.split())
        ca, leaf = site.secrets / "ca" / "ca.crt", site.pbx / "aurora" / "alexa-pbx.crt"
        assert openssl("verify", "-x509_strict", "-CAfile", str(ca), str(leaf)) == f"{leaf}: OK\n"

    def test_reports_each_property_and_all(self, site: Site, linked: tuple[Run, Any, Any]) -> None:
        run, _counted, state = linked
        trunks = {trunk["tls"]["name"]: trunk["trunkId"] for trunk in state["trunks"]}
        aurora, lindenhof = (run.shown("Show each property", host) for host in FIRST_RUN)
        assert f"{trunks[AURORA]}, ACTIVE" in aurora and f"{trunks[LINDENHOF]}, ACTIVE" in lindenhof
        assert "3 listed; mapped 3 new, changed 0, removed 0, unchanged 0, failed 0" in aurora
        assert "missing:    alexa_ca_bundle" in aurora and "alexa_edge_host" not in aurora
        assert "missing:    alexa_edge_host" in lindenhof and "settings.md" in lindenhof
        head, *rows, journal = run.shown("Show all properties", "aurora").splitlines()
        assert Path(journal.split()[1]).parent == site.secrets / "journal"
        assert head.split() == [
            "property",
            "trunk",
            "status",
            "rooms",
            "new",
            "changed",
            "removed",
            "failed",
            "result",
        ]
        assert [row.split() for row in rows] == [
            ["aurora", trunks[AURORA], "ACTIVE", "3", "3", "0", "0", "0", "ok"],
            ["lindenhof", trunks[LINDENHOF], "ACTIVE", "2", "2", "0", "0", "0", "ok"],
        ]


class TestLinkAgain:
    def test_changes_nothing(self, again: tuple[Run, Any, Any]) -> None:
        assert not any(again[0].changed().values()), [again[0].changed_tasks(host) for host in FIRST_RUN]

    def test_asks_for_one_token_one_listing_and_each_trunk_and_its_mappings_once(
        self,
        again: tuple[Run, dict[str, int], Any],
    ) -> None:
        trunks = "/v1/communications/network/siptrunk"
        assert again[1] == {
            "POST /auth/o2/token": 1,
            f"GET {trunks}": 1,
            f"GET {trunks}/{{trunkId}}": 2,
            f"GET {trunks}/{{trunkId}}/extensions": 2,
        }


class TestDrift:
    def test_is_put_right(self, site: Site, drifted: tuple[Run, Any]) -> None:
        assert site.mappings(AURORA) == ROOMS[AURORA]
        result = drifted[0].result("Map the extensions", "aurora")
        assert (result["created"], result["updated"], result["deleted"]) == (["7202"], ["7201"], [])
        assert sorted(result["unchanged"]) == ["0712"]

    def test_nothing_else_is_run_or_changed(self, drifted: tuple[Run, dict[str, int]]) -> None:
        run, counted = drifted
        assert run.changed() == {"aurora": 1, "lindenhof": 0, "localhost": 0}
        assert sum(writes(counted).values()) == 2
        assert not run.results("Make the request", "aurora") and not run.results(
            "Write the settings sheet", "lindenhof"
        )


class TestPrune:
    def test_removes_what_is_not_listed(self, site: Site, pruned: tuple[Run, Any]) -> None:
        assert pruned[0].result("Map the extensions", "aurora")["deleted"] == ["9999"]
        assert site.mappings(AURORA) == ROOMS[AURORA]
        assert "removed 1" in pruned[0].shown("Show each property", "aurora")

    def test_limit_leaves_other_properties_alone(self, site: Site, pruned: tuple[Run, dict[str, int]]) -> None:
        assert "lindenhof" not in pruned[0].stats
        assert site.mappings(LINDENHOF) == {**ROOMS[LINDENHOF], "9999": PROFILE + "OLD"}
        assert sum(writes(pruned[1]).values()) == 1


@pytest.fixture(scope="module")
def refused(site: Site, pruned: object) -> tuple[Run, dict[str, int]]:
    return site.run(UNLINK), site.counted()


@pytest.fixture(scope="module")
def unlink_checked(site: Site, refused: object) -> tuple[Run, dict[str, int], bool]:
    before = site.state(), site.files()
    run = site.run(UNLINK, "--check", "--diff").good()
    return run, site.counted(), before == (site.state(), site.files())


@pytest.fixture(scope="module")
def unlinked(site: Site, unlink_checked: object) -> Run:
    run = site.run(UNLINK, "--diff", "-e", "unlink_confirm=true").good()
    site.counted()
    return run


class TestUnlink:
    def test_without_confirmation_is_refused(self, refused: tuple[Run, dict[str, int]]) -> None:
        run, counted = refused
        assert run.code and run.failed() == set(FIRST_RUN) and not counted
        for host in FIRST_RUN:
            assert host in run.message(host) and "-e unlink_confirm=true" in run.message(host)

    def test_check_changes_nothing_and_tells(self, unlink_checked: tuple[Run, dict[str, int], bool]) -> None:
        run, counted, same = unlink_checked
        assert same and not writes(counted)
        for host in FIRST_RUN:
            assert {"Remove every mapping of the trunk", "Delete the trunk", "Remove the files"} <= set(
                run.changed_tasks(host)
            )

    def test_empties_the_account(self, site: Site, unlinked: Run, unlink_checked: tuple[Run, Any, Any]) -> None:
        state = site.state()
        assert not state["trunks"] and not any(state["mappings"].values())
        for host in FIRST_RUN:
            for task in ("Remove every mapping of the trunk", "Delete the trunk"):
                told, done = unlink_checked[0].result(task, host)["diff"], unlinked.result(task, host)["diff"]
                assert before_and_after(told) == before_and_after(done)

    def test_removes_all_files_but_keys_and_ca(self, site: Site, unlinked: Run) -> None:
        kept = {name for name in site.files() if (site.folder / name).is_file() and "/.alexa/ca/" not in name}
        keys = {"pbx/aurora/alexa-pbx.key", "handover/lindenhof/alexa-pbx.key"}
        assert kept == {*keys, "handover/lindenhof/.gitignore"}
        assert mode(site.pbx / "aurora" / "alexa-pbx.key") == "600"
        assert (site.secrets / "ca" / "ca.key").is_file()

    def test_again_changes_nothing(self, site: Site, unlinked: Run) -> None:
        run = site.run(UNLINK, "-e", "unlink_confirm=true").good()
        assert not any(run.changed().values()), [run.changed_tasks(host) for host in FIRST_RUN]
        assert not writes(site.counted())


def before_and_after(diff: Any) -> list[Any]:
    """What a diff shows, without where the files lie."""
    parts = [
        part for part in (diff if isinstance(diff, list) else [diff]) if part.get("before") != part.get("after")
    ]
    assert len(parts) == 1, diff
    return [parts[0].get("before"), parts[0].get("after")]
