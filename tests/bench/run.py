# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what the README says of speed and memory: every figure beside another one of the same run.

The simulator answers after 40 ms, as a distant API would. Medians of several rounds, since machines are noisy.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "extensions" / "simulator"))

from alexa_simulator.launcher import Simulator  # noqa: E402

COUNT = 1000
LOOPED = 50
ROUNDS = 3
MANY = 10_000
PAGE = 50


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Wall seconds of a command that must succeed."""
    started = time.perf_counter()
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return time.perf_counter() - started


def rows(count: int) -> list[dict[str, str]]:
    """Rooms as a property-management system would export them."""
    return [
        {"extension": str(number), "comms_profile_id": f"amzn1.alexa.unit.did.{number}"}
        for number in range(10_000, 10_000 + count)
    ]


def play(simulator: Simulator, way: str, trunk_id: str = "", count: int = 0) -> float:
    """Wall seconds of the play with one way of mapping; an unknown way is an empty play."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as rooms:
        json.dump(rows(count), rooms)
        rooms.flush()
        command = ["ansible-playbook", "-i", "localhost,", str(HERE / "plays.yml"), "--tags", f"{way},untagged"]
        extra = json.dumps({"trunk_id": trunk_id, "rooms": rooms.name, "ansible_connection": "local"})
        return timed([*command, "-e", extra], simulator.environment)


def new_trunk(simulator: Simulator) -> str:
    body = {"peers": [{"ip": "203.0.113.10", "port": 5061}]}
    return str(simulator.control("POST", "/trunks", body)["trunkId"])


def rounds(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _round in range(ROUNDS))


def peak_memory(simulator: Simulator, trunk_id: str) -> float:
    """Peak MB of the module's process with 10,000 mappings, made and then found unchanged."""
    peaks = []
    for _run in range(2):
        done = subprocess.run(
            [sys.executable, str(HERE / "module_process.py"), "alexa_extensions"],
            env={**os.environ, **simulator.environment, "PYTHONPATH": str(ROOT / ".build/collections")},
            input=json.dumps({"trunk_id": trunk_id, "extensions": rows(MANY)}),
            capture_output=True,
            text=True,
            check=False,
        )
        if json.loads(done.stdout).get("failed"):
            sys.exit(done.stdout[-2000:])
        peaks.append(float(done.stderr.split()[-1]))
    return max(peaks)


def main() -> int:
    with Simulator(["--latency", "0.04", "--page-size", str(PAGE)]) as simulator:
        empty = rounds(lambda: play(simulator, "nothing"))
        looped = play(simulator, "loop", new_trunk(simulator), LOOPED) - empty
        per_thousand = looped / LOOPED * COUNT
        bare_command = [sys.executable, str(HERE / "bare_client.py")]
        bare, ours = [], []
        for _round in range(ROUNDS):
            bare.append(timed([*bare_command, new_trunk(simulator), str(COUNT)], simulator.environment))
            trunk_id = new_trunk(simulator)
            ours.append(play(simulator, "collection", trunk_id, COUNT) - empty)
        mapped = sum(1 for _mapping in simulator.control("GET", "/state")["mappings"][trunk_id])
        first, floor = statistics.median(ours), statistics.median(bare)
        simulator.control("DELETE", "/stats")
        second = play(simulator, "collection", trunk_id, COUNT) - empty
        requests = simulator.control("GET", "/stats")["total"]
        memory = peak_memory(simulator, new_trunk(simulator))
        allowed = math.ceil(COUNT / PAGE) + 1
        figures = [
            (f"extensions mapped by the last run, of {COUNT}", mapped, "", mapped == COUNT),
            ("empty play", empty, "s", True),
            (f"uri loop, {LOOPED} rooms, extrapolated to {COUNT}", per_thousand, "s", True),
            (f"bare client, {COUNT} rooms", floor, "s", True),
            (f"alexa_extensions, {COUNT} rooms, without the empty play", first, "s", True),
            ("times faster than the uri loop (at least 100)", per_thousand / first, "x", per_thousand / first >= 100),
            ("times the bare client (at most 1.3)", first / floor, "x", first / floor <= 1.3),
            ("second run, without the empty play (under 3 s)", second, "s", second < 3),
            (f"requests of the second run (at most {allowed})", requests, "", requests <= allowed),
            (f"peak memory with {MANY} mappings (under 120 MB)", memory, "MB", memory < 120),
        ]
    for label, value, unit, _held in figures:
        print(f"{label:60} {value:10.2f} {unit}")
    missed = [label for label, _value, _unit, held in figures if not held]
    for label in missed:
        print(f"NOT REACHED: {label}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
