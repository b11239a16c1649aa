# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on this machine of one laboratory, found without the laboratory's own code."""

from __future__ import annotations

import glob
import os
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".build" / "laboratory"


def left_of(instance: str) -> list[str]:
    """Return files, namespaces, mounts, control groups, containers and processes that bear the instance's name."""
    found = []
    for pattern in ("/run/netns/alexa-{}-*", "/run/alexa-{}*", "/sys/fs/cgroup/alexa-{}", "/sys/fs/cgroup/*/alexa-{}"):
        found += glob.glob(pattern.format(instance))
    found += glob.glob(f"{FOLDER}/{instance}*")
    marks = (f"alexa-{instance}", f"/laboratory/{instance}/")
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    found += [line for line in mounts if any(mark in line for mark in marks)]
    containers = subprocess.run(["podman", "ps", "--all"], capture_output=True, text=True, check=True).stdout
    found += [line for line in containers.splitlines() if marks[0] in line]
    return found + [f"{pid} {command}" for pid, command in processes() if any(mark in command for mark in marks)]


def processes() -> list[tuple[int, str]]:
    """Return this machine's processes with their command lines, but for the one that asks."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue
        if int(path.parent.name) != os.getpid():
            found.append((int(path.parent.name), command))
    return found
