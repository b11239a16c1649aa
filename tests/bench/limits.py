# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures that have a limit: each is a ratio to another figure of the same run, or a count."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass

from alexa_simulator.launcher import Simulator
from ways import BARE, COLLECTION, HERE, URI, empty_play, map_extensions, mapped, new_trunk, rows

COUNT = 1000
LOOPED = 50
ROUNDS = 3
MANY = 10_000
PAGE = 50


@dataclass(frozen=True)
class Figure:
    """A figure, and whether it kept its limit."""

    label: str
    value: float
    unit: str = ""
    held: bool = True

    def __str__(self) -> str:
        return f"{self.label:64} {self.value:10.2f} {self.unit}{'' if self.held else '  NOT REACHED'}"


def figures() -> list[Figure]:
    """Mapping one trunk's rooms at 40 ms an answer; medians of several rounds, since machines are noisy."""
    with Simulator(["--latency", "0.04", "--page-size", str(PAGE)]) as simulator:
        empty = statistics.median(empty_play(simulator).wall for _round in range(ROUNDS))
        looped = map_extensions(URI, simulator, new_trunk(simulator), LOOPED).wall - empty
        loop = looped / LOOPED * COUNT
        floors, firsts = [], []
        for _round in range(ROUNDS):
            floors.append(map_extensions(BARE, simulator, new_trunk(simulator), COUNT).wall)
            trunk_id = new_trunk(simulator)
            firsts.append(map_extensions(COLLECTION, simulator, trunk_id, COUNT).wall - empty)
        floor, first = statistics.median(floors), statistics.median(firsts)
        count = mapped(simulator, trunk_id)
        second = map_extensions(COLLECTION, simulator, trunk_id, COUNT)
        again = second.wall - empty
        memory = peak_memory(simulator, new_trunk(simulator))
    allowed = math.ceil(COUNT / PAGE) + 1
    return [
        Figure(f"extensions mapped by the last run, of {COUNT}", count, "", count == COUNT),
        Figure("empty play", empty, "s"),
        Figure(f"{URI}, {LOOPED} rooms, extrapolated to {COUNT}", loop, "s"),
        Figure(f"{BARE}, {COUNT} rooms", floor, "s"),
        Figure(f"{COLLECTION}, {COUNT} rooms, without the empty play", first, "s"),
        Figure("times faster than the uri loop (at least 100)", loop / first, "x", loop / first >= 100),
        Figure("times the bare client (at most 1.3)", first / floor, "x", first / floor <= 1.3),
        Figure("second run, without the empty play (under 3 s)", again, "s", again < 3),
        Figure(f"requests of the second run (at most {allowed})", second.requests, "", second.requests <= allowed),
        Figure(f"peak memory with {MANY} mappings (under 120 MB)", memory, "MB", memory < 120),
    ]


def peak_memory(simulator: Simulator, trunk_id: str) -> float:
    """Peak MB of the module's process with 10,000 mappings, made and then found unchanged."""
    peaks = []
    for _run in range(2):
        done = subprocess.run(
            [sys.executable, str(HERE / "module_process.py"), "alexa_extensions"],
            env={**os.environ, **simulator.environment, "PYTHONPATH": str(HERE.parents[1] / ".build/collections")},
            input=json.dumps({"trunk_id": trunk_id, "extensions": rows(MANY)}),
            capture_output=True,
            text=True,
            check=False,
        )
        if json.loads(done.stdout).get("failed"):
            sys.exit(done.stdout[-2000:])
        peaks.append(float(done.stderr.split()[-1]))
    return max(peaks)
