# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command costs: seconds, processor, memory, and what the API saw of it."""

from __future__ import annotations

import dataclasses
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from alexa_simulator.launcher import Simulator

SAMPLE = 1.0  # seconds between two looks at the memory


@dataclasses.dataclass(frozen=True)
class Cost:
    """What one command cost.

    wall and cpu are seconds, cpu that of all its processes; memory is the most MB that they had together, pages that
    they share counted once; requests and throttled (answers of 429) are the simulator's counts; early counts requests
    that came before a Retry-After had passed.
    """

    wall: float
    cpu: float
    memory: float
    requests: int
    throttled: int
    early: int


def measured(
    command: Sequence[str], simulator: Simulator, environment: Mapping[str, str] | None = None, must: bool = True
) -> Cost:
    """Run the command, which must succeed unless `must` is false, on a control node that knows no pace yet."""
    simulator.control("DELETE", "/stats")
    with tempfile.TemporaryDirectory(prefix="alexa-bench-") as folder, open(f"{folder}/output", "w+") as output:
        # Nothing of the user's, such as an ansible.cfg, has a say in a figure.
        settings = Path(folder, "ansible.cfg")
        settings.touch()
        own = {"ALEXA_STATE_DIR": f"{folder}/state", "ANSIBLE_CONFIG": str(settings), "ANSIBLE_NOCOLOR": "true"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            env={**os.environ, **own, **simulator.environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        peak = _peak_memory(process)
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if process.returncode and must:
            output.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{output.read()[-3000:]}")
    stats = simulator.control("GET", "/stats")
    return Cost(
        wall=wall,
        cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        memory=peak,
        requests=stats["total"],
        throttled=stats["throttled"],
        early=stats["before_retry_after"],
    )


def _peak_memory(process: subprocess.Popen[bytes]) -> float:
    """Await the process; returns the most MB that it and its descendants had at any look."""
    ended = threading.Event()
    looks = [0.0]

    def watch() -> None:
        while not ended.wait(SAMPLE if looks[1:] else SAMPLE / 4):
            looks.append(_memory(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    ended.set()
    watcher.join()
    return max(looks)


def _memory(pid: int) -> float:
    total = 0
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0.0
    for member in family:
        try:
            total += member.memory_full_info().pss
        except psutil.Error:
            continue  # it has ended meanwhile
    return total / 2**20
