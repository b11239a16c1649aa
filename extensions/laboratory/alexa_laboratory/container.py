# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A podman container that runs systemd in a given network namespace, with no more rights than a PBX needs.

podman's own files are kept apart from the machine's containers and images: below a folder, and below /run, where a
restart of the machine removes them, as podman expects of what tells which containers run.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

from .commands import LaboratoryError, run

CONFIGURATION = Path(__file__).resolve().parents[1] / "files" / "containers.conf"
CGROUPS = Path("/sys/fs/cgroup")
STOP_TIMEOUT = 5  # seconds, then it is killed
# systemd's order to halt: at SIGTERM it would start anew.
HALT = str(signal.SIGRTMIN + 3)
# Besides podman's usual ones: firewalls, ping, a firewall's log, the priority of media.
CAPABILITIES = ("NET_ADMIN", "NET_RAW", "AUDIT_WRITE", "SYS_NICE", "SYS_PTRACE")
# Files and processes; for processes podman allows itself no more.
ENOUGH = {"nofile": (resource.RLIMIT_NOFILE, 65536), "nproc": (resource.RLIMIT_NPROC, 32768)}


class Container:
    """One container, from `start` to `remove`, which may be called at any time and again."""

    def __init__(self, name: str, namespace: Path, folder: Path) -> None:
        self.name = name
        self._namespace = namespace
        self._folder = folder
        self._running = Path("/run") / name
        self._monitor = self._running / "monitor.pid"

    @property
    def _podman(self) -> list[str]:
        places = {"root": self._folder, "runroot": self._running / "containers", "tmpdir": self._running / "podman"}
        # The container's root is mounted already: podman manages no layers, so any driver will do.
        return ["podman", *(f"--{option}={place}" for option, place in places.items()), "--storage-driver=vfs"]

    def start(self, root: Path, hostname: str) -> None:
        """Start systemd from a folder that is a mounted root."""
        self._running.mkdir(exist_ok=True)
        options = [f"--name={self.name}", f"--hostname={hostname}", f"--network=ns:{self._namespace}"]
        options += ["--no-hosts", "--dns=none", "--tmpfs=/run", "--tmpfs=/tmp", f"--stop-signal={HALT}"]
        options += ["--env=container=podman", f"--cgroup-parent={self.name}", *_control_groups()]
        options += [f"--cap-add={','.join(CAPABILITIES)}", *_limits()]
        options += [f"--conmon-pidfile={self._monitor}"]
        self._run("run", "--detach", *options, "--rootfs", str(root), "/lib/systemd/systemd")

    def halt(self) -> None:
        """End systemd and all that it runs; what was written stays."""
        self._run("stop", "--time", str(STOP_TIMEOUT), self.name)
        self._await_monitor()

    def resume(self) -> None:
        """Start systemd again, as after a reboot."""
        self._run("start", self.name)

    def execute(self, *argv: str, stdin: str, check: bool) -> subprocess.CompletedProcess[str]:
        """Run a command as root in the container."""
        return self._run("exec", "--interactive", self.name, *argv, stdin=stdin, check=check)

    def _run(self, *argv: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "CONTAINERS_CONF": str(CONFIGURATION)}
        return run(*self._podman, *argv, stdin=stdin, check=check, environment=environment)

    def remove(self) -> None:
        """End it, and remove all that podman and systemd made; LaboratoryError when it can't be ended."""
        if self._folder.exists():
            if self._run("container", "exists", self.name, check=False).returncode == 0:
                self._run("stop", "--time", str(STOP_TIMEOUT), self.name, check=False)
                self._run("rm", "--force", self.name)
                self._await_monitor()
            shutil.rmtree(self._folder)
        shutil.rmtree(self._running, ignore_errors=True)
        _remove_groups(self.name)

    def _await_monitor(self) -> None:
        """Wait for podman's process that watches the container: it clears up at its end, below /run."""
        with contextlib.suppress(FileNotFoundError):
            process = Path("/proc") / self._monitor.read_text().strip()
            deadline = time.monotonic() + STOP_TIMEOUT
            while process.exists() and time.monotonic() < deadline:
                time.sleep(0.02)


def _remove_groups(name: str) -> None:
    """Remove the control groups of this name in all hierarchies, and those below them."""
    deadline = time.monotonic() + STOP_TIMEOUT
    for top in (CGROUPS / name, *(hierarchy / name for hierarchy in CGROUPS.iterdir())):
        groups = [Path(folder) for folder, _folders, _files in os.walk(top, topdown=False)]
        while groups:
            try:
                groups[0].rmdir()
            except FileNotFoundError:  # under another name of the hierarchy
                pass
            except OSError:  # the kernel is still busy with the processes that ended
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
                continue
            groups.pop(0)


def _control_groups() -> list[str]:
    """Return the options that give systemd the version 2 of control groups, the only one it takes."""
    if (CGROUPS / "cgroup.controllers").exists():
        return ["--systemd=always", "--cgroupns=private"]
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _device, place, kind, *_rest = line.split()
        if kind == "cgroup2":
            # All of it, as systemd looks for its own group by the path that the kernel tells.
            return ["--systemd=false", f"--volume={place}:/sys/fs/cgroup:rw"]
    raise LaboratoryError("systemd needs control groups of version 2: mount cgroup2 at /sys/fs/cgroup/unified")


def _limits() -> list[str]:
    """Return the options for limits that are within root's own: podman's defaults are above them on some machines."""
    options = []
    for name, (kind, enough) in ENOUGH.items():
        most = resource.getrlimit(kind)[1]
        least = enough if most == resource.RLIM_INFINITY else min(most, enough)
        options.append(f"--ulimit={name}={least}:{least}")
    return options
