# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout over many properties: batches, a budget of failures, and a file that the next run goes on from."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from issuing import issue
from playbook_runs import LINK, PROFILE, Run, Site, writes

HOSTS = ["canary", "first", "second", "third", "last"]
ROOM = {"extension": "7201", "comms_profile_id": PROFILE + "A1"}
# The trunks are there, and the PBXs are others' affair.
STAGES = ("--tags", "extensions")
TRUNKS = "/v1/communications/network/siptrunk"


def name_of(host: str) -> str:
    return f"pbx.{host}.example.com"


def hosts(**peculiar: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        host: {
            "alexa_pbx_name": name_of(host),
            "alexa_pbx_address": f"203.0.113.{number}",
            "alexa_rooms": [ROOM],
            **peculiar.get(host, {}),
        }
        for number, host in enumerate(HOSTS, 10)
    }


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    for host, variables in hosts().items():
        peers = [{"ip": variables["alexa_pbx_address"], "port": 5061}]
        body = {"trunkId": f"amzn1.comms.network.siptrunk.{host}", "tls": {"name": name_of(host)}, "peers": peers}
        site.api().control("POST", "/trunks", body)
    return site


@pytest.fixture
def rollout(site: Site) -> Iterator[Site]:
    """The five properties, none of them mapped."""
    site.inventory(hosts())
    yield site
    site.api().control("DELETE", "/faults")
    for host in mapped(site):
        site.api().control("DELETE", f"/trunks/amzn1.comms.network.siptrunk.{host}/extensions/7201")
    retry_file(site).unlink(missing_ok=True)


def mapped(site: Site) -> list[str]:
    """The properties whose room is mapped, as the simulator holds it."""
    mappings = site.state()["mappings"]
    return [host for host in HOSTS if mappings.get(f"amzn1.comms.network.siptrunk.{host}")]


def refuse(site: Site, *names: str) -> None:
    """Amazon refuses to map on the trunks of these properties."""
    match = {"method": "POST", "path": f"siptrunk.({'|'.join(names)})/extension"}
    rule = {"kind": "status", "status": 400, "match": match, "times": len(names)}
    site.api().control("POST", "/faults", [rule])


def retry_file(site: Site) -> Path:
    return site.folder / "inventory" / ".alexa" / "link_pbx.retry"


def left(site: Site) -> list[str]:
    return retry_file(site).read_text().split()


def rows(run: Run, host: str) -> dict[str, str]:
    """The result of each property in the table."""
    table = run.shown("Show all properties", host).splitlines()[1:]
    return {line.split()[0]: line.rpartition("  ")[2].strip() for line in table if line.split()[0] in HOSTS}


def test_a_canary_that_fails_spares_the_rest_and_the_next_run_goes_on(rollout: Site) -> None:
    refuse(rollout, "canary")
    wished = ["-e", '{"alexa_rollout_batches": [1, "50%", 10], "alexa_failure_budget": 0}']
    run = rollout.run(LINK, *STAGES, *wished)
    assert run.code == 2 and run.failed() == {"canary"} and "7201" in run.message("canary")
    assert mapped(rollout) == [] and left(rollout) == HOSTS
    assert rows(run, "canary") == {"canary": "FAILED", **{host: "not tried" for host in HOSTS[1:]}}
    table = run.shown("Show all properties", "canary")
    assert f"left: 5; go on with --limit @{retry_file(rollout)}" in table
    assert "stopped: 1 properties failed, more than alexa_failure_budget lets (0)" in table
    assert "not tried" in run.shown("Show each property", "first")

    rollout.run(LINK, *STAGES, *wished, "--limit", f"@{retry_file(rollout)}").good()
    assert mapped(rollout) == HOSTS and not retry_file(rollout).exists()


def test_a_batch_of_which_all_fail_does_not_end_the_rollout_by_itself(rollout: Site) -> None:
    refuse(rollout, "canary", "second")
    run = rollout.run(LINK, *STAGES, "-e", '{"alexa_rollout_batches": [1, 1, 1, 2]}')
    assert run.failed() == {"canary", "second"} and mapped(rollout) == ["first", "third", "last"]
    assert left(rollout) == ["canary", "second"]
    # Another run of some others leaves the names of those that are still to be linked.
    rollout.run(LINK, *STAGES, "--limit", "first:second").good()
    assert left(rollout) == ["canary"]


def test_the_budget_counts_over_the_whole_rollout_also_what_the_checks_refused(rollout: Site) -> None:
    rollout.inventory(hosts(canary={"alexa_rooms": [{**ROOM, "extension": "72 01"}]}))
    refuse(rollout, "first")
    wished = ["-e", '{"alexa_rollout_batches": 3, "alexa_failure_budget": "20%"}']
    run = rollout.run(LINK, *STAGES, *wished)
    assert run.failed() == {"canary", "first"} and mapped(rollout) == ["second"]
    assert rows(run, "first") == {
        **{host: "FAILED" for host in ("canary", "first")}, "second": "ok", "third": "not tried", "last": "not tried",
    }  # fmt: skip
    assert left(rollout) == ["canary", "first", "third", "last"]


def test_a_batch_that_cannot_be_reached_counts_as_failed(rollout: Site) -> None:
    ssh = rollout.write("ssh", "#!/bin/sh\nexit 255\n")
    ssh.chmod(0o755)
    far = {"ansible_connection": "ansible.builtin.ssh", "ansible_ssh_executable": str(ssh), "ansible_host": "127.0.0.1"}
    rollout.inventory(hosts(canary=far), pbx_firewall_file=str(rollout.pbx / "{{ inventory_hostname }}.nft"))
    wished = '{"alexa_rollout_batches": [1, "100%"]}'
    run = rollout.run(LINK, "--tags", "firewall,extensions", "-e", wished)
    assert run.failed() == {"canary"} and mapped(rollout) == HOSTS[1:]
    assert left(rollout) == ["canary"]
    # The stages that only speak with Amazon need no PBX. Those that do not link leave the names as they are.
    rollout.run(LINK, "--tags", "firewall", "--limit", "first").good()
    assert left(rollout) == ["canary"]
    rollout.run(LINK, *STAGES, "--limit", "canary", "-e", wished).good()
    assert mapped(rollout) == HOSTS and not retry_file(rollout).exists()


def test_the_callback_says_how_far_it_has_come(rollout: Site) -> None:
    refuse(rollout, "canary")
    enabled = {"ANSIBLE_CALLBACKS_ENABLED": "alexa.smart_properties.progress"}
    wished = ["-e", '{"alexa_rollout_batches": [1, 4]}']
    run = rollout.run(LINK, *STAGES, *wished, as_json=False, **enabled)
    said = [line.partition(" min gone")[0] for line in run.stdout.splitlines() if line.startswith("alexa: ")]
    assert [line.rpartition(",")[0] for line in said] == [
        "alexa: batch 1 of 2: 0 of 5 properties done, 0 failed, 5 to go",
        "alexa: batch 1 of 2: 0 of 5 properties done, 1 failed, 4 to go",
        "alexa: batch 2 of 2: 0 of 5 properties done, 1 failed, 4 to go",
        "alexa: batch 2 of 2: 4 of 5 properties done, 1 failed",
    ]
    assert "Task failed" not in run.stderr and "callback" not in run.stderr.lower()


def test_the_callback_counts_nobody_that_the_budget_spares(rollout: Site) -> None:
    refuse(rollout, "canary")
    enabled = {"ANSIBLE_CALLBACKS_ENABLED": "alexa.smart_properties.progress"}
    wished = ["-e", '{"alexa_rollout_batches": [1, 4], "alexa_failure_budget": 0}']
    run = rollout.run(LINK, *STAGES, *wished, as_json=False, **enabled)
    said = [line for line in run.stdout.splitlines() if line.startswith("alexa: ")]
    assert "0 of 5 properties done, 1 failed, 4 to go" in said[-1]


def test_a_batch_that_waits_for_one_trunk_logs_in_once(rollout: Site) -> None:
    """The one that waits is not the one that has asked for all."""
    rollout.api().control("PUT", "/settings", {"activation_delay": 600})
    trunks, bearer = f"{rollout.api().api_url}{TRUNKS}", {"Authorization": f"Bearer {rollout.token()}"}
    authority = issue("An authority")
    chain = [issue("pbx.new.example.com", authority).pem, authority.pem]
    tls = {"name": "pbx.new.example.com", "certificateChain": chain}
    body = {"tls": tls, "peers": [{"ip": "203.0.113.30", "port": 5061}]}
    made = requests.post(trunks, json=body, headers=bearer, verify=rollout.api().ca_path, timeout=10).json()["trunkId"]
    new = {"alexa_pbx_name": "pbx.new.example.com", "alexa_pbx_address": "203.0.113.30", "alexa_rooms": [ROOM]}
    rollout.inventory({**hosts(), "new": new})
    rollout.counted()

    def activate() -> None:
        while not rollout.api().control("GET", "/stats")["by_route"].get(f"GET {TRUNKS}/{{trunkId}}"):
            time.sleep(0.2)
        rollout.api().control("POST", "/activate")

    with ThreadPoolExecutor(1) as beside:
        activated = beside.submit(activate)
        run = rollout.run(LINK, "--tags", "wait,extensions").good()
        activated.result()
    assert rollout.state()["mappings"][made] == {"7201": ROOM["comms_profile_id"]}
    assert rollout.counted()["POST /auth/o2/token"] == 1
    assert run.results("Wait until the trunks are active", "new")[0]["trunks"][0]["status"] == "ACTIVE"


def test_check_mode_keeps_no_names_and_sends_no_write(rollout: Site) -> None:
    rollout.counted()
    run = rollout.run(LINK, *STAGES, "--check", "-e", '{"alexa_rollout_batches": [1, 4]}').good()
    assert not retry_file(rollout).exists() and not writes(rollout.counted())
    assert set(rows(run, "canary").values()) == {"ok"}


def test_a_folder_that_cannot_be_written_to_is_told_of_and_stops_nothing(rollout: Site) -> None:
    place = rollout.write("a file", "no folder\n")
    run = rollout.run(LINK, *STAGES, "-e", f"alexa_resume_file='{place}/names'").good()
    assert "could not be written" in run.shown("Tell that the names could not be kept", "canary")
    assert mapped(rollout) == HOSTS


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("alexa_rollout_batches", '[1, "0%"]', "Give how many properties to link in each batch"),
        ("alexa_rollout_batches", '"-1"', "Give how many properties to link in each batch"),
        ("alexa_failure_budget", '"many"', "Give how many properties may fail"),
        ("alexa_failure_budget", "-1", "Give how many properties may fail"),
        ("alexa_resume_file", '"names"', "Give an absolute path on the control node"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything(rollout: Site, variable: str, value: str, remedy: str) -> None:
    run = rollout.run(LINK, *STAGES, "-e", f'{{"{variable}": {value}}}')
    assert run.code == 2 and f"canary: {variable} is" in run.message("canary") and remedy in run.message("canary")
    assert not mapped(rollout)


class TestOwners:
    """Properties of several owners: each owner's account is asked once, with its own credentials."""

    def test_each_account_is_asked_once(self, rollout: Site) -> None:
        token = {"alexa_access_token": rollout.token()}
        rollout.inventory(hosts(first=token, last=token))
        rollout.counted()
        rollout.run(LINK, *STAGES).good()
        counted = rollout.counted()
        assert mapped(rollout) == HOSTS
        assert counted["POST /auth/o2/token"] == 1
        assert counted["GET /v1/communications/network/siptrunk"] == 2

    def test_one_owners_wrong_secret_is_no_other_owners_affair(self, rollout: Site) -> None:
        other = {"alexa_client_id": "amzn1.application-oa2-client.other", "alexa_client_secret": "wr0ng"}
        rollout.inventory(hosts(first=other, last=other))
        run = rollout.run(LINK, *STAGES)
        assert run.failed() == {"first", "last"} and mapped(rollout) == ["canary", "second", "third"]
        for host in run.failed():
            assert f"{host}: Login with Amazon gave no token for client {other['alexa_client_id']}" in run.message(host)
