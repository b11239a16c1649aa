# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the gates and close with one line: ``N passed, M failed``.

Arguments are names or groups of gates; none means all. Each gate's output is in .build/logs. With CI=true
in the environment a skipped test is a failure; else it is named with its reason.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from gates import GATES, JUNIT, ROOT, TEMPORARY, Gate, select
from results import Count

LOGS = ROOT / ".build" / "logs"
SHOWN_LINES = 60
LONGEST_GATE = 2400  # seconds
CORES = os.cpu_count() or 1
Ended = tuple[Gate, Count, float]
running: set[subprocess.Popen[bytes]] = set()


def environment() -> dict[str, str]:
    """Return the environment of the gates: without colours, and without the caller's credentials and addresses."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALEXA_")}
    return {**kept, "NO_COLOR": "1"}


def execute(gate: Gate, log: Path) -> int:
    """Run the gate's command with its output in the log; return its exit code, -9 past the time limit."""
    with log.open("w") as output:
        process = subprocess.Popen(
            gate.command(),
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(),
            start_new_session=True,
        )
        running.add(process)
        try:
            return process.wait(LONGEST_GATE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            print(f"\nThe gate was ended after {LONGEST_GATE} s.", file=output)
            return process.wait()
        finally:
            running.discard(process)


def run(gate: Gate) -> Ended:
    """Run one gate; return it, what it counted, and the seconds it took."""
    log, started = LOGS / f"{gate.name}.log", time.monotonic()
    log.unlink(missing_ok=True)
    if gate.program and not shutil.which(gate.program):
        count = Count(skipped=[f"{gate.name}: no program {gate.program} on this machine"])
    else:
        count = gate.count(execute(gate, log), log)
    if os.environ.get("CI") == "true":
        count.fail_skipped()
    return gate, count, time.monotonic() - started


def run_all(gates: list[Gate]) -> Iterator[Ended]:
    """Run the gates, those that need one core side by side; yield each as it ends."""
    pool = ThreadPoolExecutor(CORES)
    suites = [gate for gate in gates if gate.whole_machine]
    suite: Future[Ended] | None = None
    try:
        pending = {pool.submit(run, gate) for gate in gates if not gate.whole_machine}
        while pending or suites:
            # A core would be idle from here on.
            if suites and suite not in pending and len(pending) < CORES:
                suite = pool.submit(run, suites.pop(0))
                pending.add(suite)
            ended, pending = wait(pending, return_when=FIRST_COMPLETED)
            for each in ended:
                yield each.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(running):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    pool.shutdown()


def report(gate: Gate, count: Count, seconds: float) -> None:
    """Print a gate's line, and what is to be known when it did not pass."""
    verdict = "FAILED" if count.failed else "ok"
    print(f"{verdict:6} {gate.name:16} {seconds:6.1f} s  {count}", flush=True)
    for name in count.skipped:
        print(f"       skipped: {name}", flush=True)
    if count.failed:
        report_failure(gate, count, LOGS / f"{gate.name}.log")


def report_failure(gate: Gate, count: Count, log: Path) -> None:
    """Print what a failed gate's log says of it, then what failed."""
    if log.exists():
        lines = log.read_text(errors="replace").splitlines()
        # ansible-test goes on after an error; its log ends with what went well.
        errors = [line for line in lines if line.startswith("ERROR: ")] if gate.group == "ansible-test" else []
        for line in (errors or lines)[-SHOWN_LINES:]:
            print(f"       | {line}")
        print(f"       the whole log: {log.relative_to(ROOT)}")
    for name in count.failed:
        print(f"       failed: {name}", flush=True)


def main() -> int:
    """Run what the command line selects; return 1 when anything failed."""
    wanted = select(sys.argv[1:])
    for place in (JUNIT, TEMPORARY):
        shutil.rmtree(place, ignore_errors=True)
    for place in (JUNIT, TEMPORARY, LOGS):
        place.mkdir(parents=True, exist_ok=True)
    total, started = Count(), time.monotonic()
    for gate, count, seconds in run_all(wanted):
        report(gate, count, seconds)
        total.add(count)
    print(f"{len(wanted)} of {len(GATES)} gates in {time.monotonic() - started:.0f} s")
    print(total, flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
