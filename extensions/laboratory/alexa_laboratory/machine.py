# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the laboratory needs of the machine itself: root, Debian's packages, the version 2 of control groups."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .commands import LaboratoryError, run

# The program that tells whether a Debian package is there.
PROGRAMS = {
    "podman": "podman",
    "runc": "runc",
    "debootstrap": "debootstrap",
    "ssh": "openssh-client",
    "nc": "netcat-openbsd",
    "ip": "iproute2",
    "nft": "nftables",
}
INSTALL_TIMEOUT = 600.0  # seconds


def missing_packages() -> list[str]:
    """Return the Debian packages whose programs are not there."""
    return [package for program, package in PROGRAMS.items() if not shutil.which(program)]


def why_not() -> str:
    """Say why this machine can't hold a laboratory; empty if it can, once Debian's packages are installed."""
    if os.geteuid() != 0:
        return "the laboratory makes network namespaces and a container: it needs root"
    if missing_packages() and not shutil.which("apt-get"):
        return f"programs are missing, of the Debian packages {', '.join(missing_packages())}"
    if not Path("/proc/self/ns/net").exists():
        return "this kernel has no network namespaces"
    return ""


def prepare() -> None:
    """Install what is missing; LaboratoryError when this machine can't hold a laboratory."""
    if reason := why_not():
        raise LaboratoryError(reason)
    if not (missing := missing_packages()):
        return
    print(f"Installing {', '.join(missing)} ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ("apt-get", "-qq", "install", "--no-install-recommends", *missing)
    if run(*install, check=False, timeout=INSTALL_TIMEOUT, environment=environment).returncode:
        # A fresh machine has no lists yet, an old one lists that are out of date.
        run("apt-get", "-qq", "update", timeout=INSTALL_TIMEOUT, environment=environment)
        run(*install, timeout=INSTALL_TIMEOUT, environment=environment)
