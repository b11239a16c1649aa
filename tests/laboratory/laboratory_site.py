# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs playbooks against the laboratory's PBX, over SSH."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alexa_laboratory import network
from alexa_laboratory.inventory import HOST
from alexa_laboratory.laboratory import Laboratory
from alexa_laboratory.pbx import NAME
from alexa_simulator.launcher import Simulator
from playbook_runs import BYTECODE, Run, Site

COUNT = "/var/tmp/laboratory-executions"
COUNTING_PYTHON = f"{COUNT}.sh"
# Where Python on the PBX looks for what it is to load at its start.
# The control node has names of its own too, and asks no name service of this machine.
WITH_NAMES = 'mount --bind "$0/hosts" /etc/hosts && mount --bind "$0/resolv.conf" /etc/resolv.conf && exec "$@"'
HOSTS = f"127.0.0.1 localhost\n{network.PBX} {NAME}\n"
SITE_PACKAGES = ("python3", "-c", "import site; print(site.getsitepackages()[0])")


class LaboratorySite(Site):
    """A control node whose inventory is the laboratory's: the host `aurora`, all stages."""

    always = ()

    def __init__(self, folder: Path, laboratory: Laboratory, simulator: Simulator | None = None) -> None:
        super().__init__(folder, simulator)
        self.laboratory = laboratory
        self.machine = laboratory.pbx
        self.inventory_path = laboratory.inventory
        self.secrets = laboratory.inventory / ".alexa"
        self.write("hosts", HOSTS)
        self.write("resolv.conf", "nameserver 127.0.0.1\n")
        place = self.machine.run(*SITE_PACKAGES).stdout.strip()
        self.machine.write(f"{place}/compiled_once.py", (BYTECODE / "sitecustomize.py").read_text())
        self.machine.write(f"{place}/compiled_once.pth", "import compiled_once\n")

    def command(self, playbook: str, *options: str) -> list[str]:
        own = super().command(playbook, *options)
        return ["unshare", "--mount", "sh", "-c", WITH_NAMES, str(self.folder), *own]

    def run_counted(self, run: Callable[[], Run]) -> tuple[Run, int]:
        """A run, and how many modules Ansible executed on the PBX for it: its interpreter there counts."""
        self.machine.write(COUNTING_PYTHON, f'#!/bin/sh\necho executed >>{COUNT}\nexec /usr/bin/python3 "$@"\n')
        self.machine.run("chmod", "755", COUNTING_PYTHON)
        # After connection.yml, which names the ordinary one.
        override = self.inventory_path / "host_vars" / HOST / "counting.yml"
        override.write_text(f"---\nansible_python_interpreter: {COUNTING_PYTHON}\n")
        try:
            done = run()
        finally:
            override.unlink()
        executed = self.machine.run("cat", COUNT, check=False).stdout.splitlines()
        self.machine.run("rm", "-f", COUNT, COUNTING_PYTHON)
        return done, len(executed)
