# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to map a trunk's extensions that are measured against each other."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alexa_simulator.launcher import Simulator
from measure import Cost, measured

HERE = Path(__file__).resolve().parent
FIRST = 10_000

COLLECTION = "alexa_extensions"
SECOND = ", second run"
BARE = "bare client, 16 threads"
URI = "loop over uri"
CURL = "loop over curl"
XARGS = "xargs -P8 curl"
WAYS = (COLLECTION, BARE, XARGS, CURL, URI)
_PROCESSES = {XARGS: "8", CURL: "1"}


def rows(count: int) -> list[dict[str, str]]:
    """Rooms as a property-management system would export them."""
    return [
        {"extension": str(number), "comms_profile_id": f"amzn1.alexa.unit.did.{number}"}
        for number in range(FIRST, FIRST + count)
    ]


def new_trunk(simulator: Simulator, name: str = "pbx.example.com") -> str:
    """Make an active trunk; returns its ID."""
    body = {"peers": [{"ip": "203.0.113.10", "port": 5061}], "tls": {"name": name}}
    return str(simulator.control("POST", "/trunks", body)["trunkId"])


def mapped(simulator: Simulator, trunk_id: str) -> int:
    """How many extensions the trunk has, by the simulator."""
    return len(simulator.control("GET", "/state")["mappings"][trunk_id])


def map_extensions(way: str, simulator: Simulator, trunk_id: str, count: int) -> Cost:
    """Map that many extensions in one of the ways. Ways that give up leave some unmapped."""
    if way == BARE:
        return measured([sys.executable, str(HERE / "bare_client.py"), trunk_id, str(count)], simulator, must=False)
    if way in _PROCESSES:
        command = [str(HERE / "curl.sh"), trunk_id, str(FIRST), str(count), _PROCESSES[way]]
        return measured(command, simulator, must=False)
    with _play("collection" if way == COLLECTION else "loop", trunk_id, count) as command:
        return measured(command, simulator, must=way == COLLECTION)


def empty_play(simulator: Simulator) -> Cost:
    """A play that does nothing: what Ansible itself takes to start."""
    with _play("nothing", "", 0) as command:
        return measured(command, simulator)


@contextmanager
def _play(tag: str, trunk_id: str, count: int) -> Iterator[list[str]]:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as rooms:
        json.dump(rows(count), rooms)
        rooms.flush()
        extra = json.dumps({"trunk_id": trunk_id, "rooms": rooms.name, "ansible_connection": "local"})
        playbook = ["ansible-playbook", "-i", "localhost,", str(HERE / "plays.yml"), "--tags", f"{tag},untagged"]
        yield [*playbook, "-e", extra]
