# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links the example inventory to the simulator: first run, second run, a drift put right, a summary.

Needs no root, no account and no network. Everything it writes is below .build/demo in the repository.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
INVENTORY = ROOT / "examples" / "inventory"
WORK = ROOT / ".build" / "demo"
sys.path.insert(0, str(ROOT / "extensions" / "simulator"))

from alexa_simulator.launcher import Simulator  # noqa: E402

# Amazon takes about ten minutes; the demo has no patience.
ACTIVATION_DELAY = 5
PROPERTIES = {"aurora": "pbx.aurora.example.com", "lindenhof": "pbx.lindenhof.example.com"}
RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


@dataclass
class Step:
    """One run of the playbook."""

    title: str
    seconds: float
    changed: dict[str, int]


def main() -> int:
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    with Simulator(["--activation-delay", str(ACTIVATION_DELAY)], state_dir=WORK / "simulator") as simulator:
        print(f"The simulator plays Amazon at {simulator.api_url}; a trunk is ACTIVE after {ACTIVATION_DELAY} s.\n")
        seed_units(simulator)
        steps = [link(simulator, "Link two properties")]
        steps.append(link(simulator, "Run again: nothing to do"))
        expect_no_change(steps[-1])
        drifted = drift(simulator)
        steps.append(link(simulator, "Put right what somebody else changed", "--tags", "extensions"))
        expect_put_right(simulator, *drifted)
        print(summary(simulator, steps, drifted[1]))
    return 0


def link(simulator: Simulator, title: str, *options: str) -> Step:
    """Run the main job as a user does, and show what it says."""
    print(f"== {title}: ansible-playbook alexa.smart_properties.link_pbx {' '.join(options)}\n", flush=True)
    command = ["ansible-playbook", "alexa.smart_properties.link_pbx", "-i", str(INVENTORY), *options]
    # An ordinary user has no Asterisk here: `make lab` shows that part.
    command += ["--skip-tags", "asterisk,doctor"]
    # The example's PBXs do not exist: this machine stands in for them, in a folder of its own.
    command += ["-e", f"@{Path(__file__).parent / 'this_machine.yml'}", "-e", json.dumps({"demo_folder": str(WORK)})]
    environment = {**os.environ, **simulator.environment, "ALEXA_STATE_DIR": str(WORK / "state")}
    environment["ANSIBLE_PIPELINING"] = "true"
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        lines = []
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    seconds = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"{title}: ansible-playbook ended with {process.returncode}.")
    recap = RECAP.findall("".join(lines))
    return Step(title, seconds, {host: int(changed) for host, _ok, changed, _unreachable, _failed in recap})


def rooms(name: str) -> list[dict[str, str]]:
    """The rooms of a property, read by something other than the collection."""
    text = (INVENTORY / "host_vars" / name / "rooms.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter=";" if ";" in text.splitlines()[0] else ","))


def seed_units(simulator: Simulator) -> None:
    """The rooms of the console: those that the lists name by unit."""
    listed = [room for name in PROPERTIES for room in rooms(name)]
    units = [{"id": room["unit_id"], "name": room["room"]} for room in listed if room.get("unit_id")]
    simulator.control("POST", "/units", units)


def trunk_of(state: dict[str, Any], tls_name: str) -> dict[str, Any]:
    return next(trunk for trunk in state["trunks"] if trunk["tls"]["name"] == tls_name)


def drift(simulator: Simulator) -> tuple[str, str, str]:
    """Somebody else points a room's extension at another room; returns trunk, extension and the right profile."""
    state = simulator.control("GET", "/state")
    trunk_id = trunk_of(state, PROPERTIES["aurora"])["trunkId"]
    (extension, right), (_other, wrong) = sorted(state["mappings"][trunk_id].items())[:2]
    simulator.control("PUT", f"/trunks/{trunk_id}/extensions/{extension}", {"commsProfileId": wrong})
    print(f"\nSomebody else maps extension {extension} of aurora to another room.\n")
    return trunk_id, extension, right


def expect_no_change(step: Step) -> None:
    if any(step.changed.values()):
        sys.exit(f"{step.title}: changes were reported: {step.changed}.")


def expect_put_right(simulator: Simulator, trunk_id: str, extension: str, right: str) -> None:
    if simulator.control("GET", "/state")["mappings"][trunk_id][extension] != right:
        sys.exit(f"Extension {extension} was not put right.")


def summary(simulator: Simulator, steps: list[Step], drifted: str) -> str:
    """What a manager reads. The figures are the simulator's, not the collection's own word."""
    state = simulator.control("GET", "/state")
    stats = simulator.control("GET", "/stats")
    lines = ["", f"{'Property':12} {'PBX':30} {'Trunk':10} {'Rooms':>6} {'Linked':>7}", "-" * 69]
    for name, tls_name in PROPERTIES.items():
        trunk = trunk_of(state, tls_name)
        listed, linked = len(rooms(name)), len(state["mappings"][trunk["trunkId"]])
        lines.append(f"{name:12} {tls_name:30} {trunk['status']:10} {listed:>6} {linked:>7}")
        if listed != linked or trunk["status"] != "ACTIVE":
            sys.exit(f"{name}: {linked} of {listed} rooms are linked, and the trunk is {trunk['status']}.")
    lines += ["", f"{'Step':44} {'Changes':>8} {'Seconds':>8}", "-" * 62]
    lines += [f"{step.title:44} {sum(step.changed.values()):>8} {step.seconds:>8.1f}" for step in steps]
    total = sum(step.seconds for step in steps)
    lines += [
        f"{'All steps':44} {'':>8} {total:>8.1f}",
        "",
        f"Extension {drifted}, which somebody else had changed, rings in its own room again.",
        f"Requests to Amazon's API in all: {stats['total']}. Handed over: {WORK / 'handover'}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
