# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real processes with real locks at an account with a limit: they share one pace, also when one of them is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from alexa_simulator.launcher import Simulator
from harness import CLIENT_SECRET, REFRESH_TOKEN, Site

PROFILE = "amzn1.alexa.unit.did.abcdef1234"
# Runs a module as Ansible would, in a process of its own.
CHILD = "import json, os, sys, harness; print(harness.run(environment=dict(os.environ), **json.load(sys.stdin)).raw)"


@pytest.fixture
def throttled_site(tmp_path: Path) -> Iterator[Site]:
    """A simulator of its own, for it is hit hard."""
    arguments = ["--activation-delay", "0", "--client-secret", CLIENT_SECRET, "--refresh-token", REFRESH_TOKEN]
    with Simulator(arguments) as simulator:
        yield Site(simulator, tmp_path / "state")
        assert simulator.log() == ""


@contextmanager
def fleet(site: Site, trunk_ids: list[str], rooms: int) -> Iterator[list[subprocess.Popen[str]]]:
    """One process a trunk, each of which maps so many rooms; all that are left are ended."""
    environment = {**os.environ, **site.environment, "PYTHONPATH": os.pathsep.join(sys.path)}
    processes = []
    try:
        for trunk_id in trunk_ids:
            process = subprocess.Popen([sys.executable, "-c", CHILD], env=environment, text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            processes.append(process)
            assert process.stdin
            json.dump({"module": "alexa_extensions", "trunk_id": trunk_id, "extensions": [
                {"extension": str(7000 + number), "comms_profile_id": PROFILE} for number in range(rooms)
            ]}, process.stdin)
            process.stdin.close()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()
            assert process.stdout
            process.stdout.close()


def result(process: subprocess.Popen[str]) -> Any:
    assert process.stdout
    return json.loads(process.stdout.read())


def mapped(site: Site) -> int:
    return sum(len(mappings) for mappings in site.state()["mappings"].values())


def until_mapped(site: Site, least: int) -> None:
    deadline = time.monotonic() + 60
    while mapped(site) < least:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def trunks(site: Site, count: int) -> list[str]:
    return [site.add_trunk(peers=[{"ip": f"203.0.113.{number + 10}", "port": 5061}]) for number in range(count)]


@pytest.mark.parametrize("retry_after", ["none", "seconds"])
def test_four_processes_share_one_pace(throttled_site: Site, retry_after: str) -> None:
    site = throttled_site
    site.settings(rate_limit=100, rate_burst=20, retry_after=retry_after)
    with fleet(site, trunks(site, 4), 150) as processes:
        results = [result(process) for process in processes]
    assert [len(made["created"]) for made in results] == [150] * 4
    assert [made.get("warnings") for made in results] == [None] * 4
    assert mapped(site) == 600
    stats = site.stats()
    # Most of them while the limit is found: a run this short is half of that.
    assert 0 < stats["throttled"] < 0.12 * stats["api_requests"]
    # Nobody is sent ahead of the others: what one second holds is the limit, the bucket and a bit.
    assert stats["peak_per_second"] < 1.6 * 100


def test_a_killed_and_a_stopped_process_hold_nobody_up(throttled_site: Site) -> None:
    site = throttled_site
    site.settings(rate_limit=100, rate_burst=20)
    with fleet(site, trunks(site, 4), 100) as processes:
        until_mapped(site, 80)
        processes[0].kill()
        processes[1].send_signal(signal.SIGSTOP)
        made = [len(result(process)["created"]) for process in processes[2:]]
        processes[1].send_signal(signal.SIGCONT)
        assert [*made, len(result(processes[1])["created"])] == [100] * 3
    stats = site.stats()
    assert 0 < stats["throttled"] < 0.15 * stats["api_requests"]
