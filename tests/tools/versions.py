# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command under another Ansible: ``versions.py 2.21 pytest tests/playbooks``.

The environment is made in .build/versions. A Python of its version is taken from the PATH or from pyenv.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build" / "versions"
REQUIREMENTS = ROOT / "requirements-versions.txt"


@dataclass(frozen=True)
class Version:
    """An ansible-core, the C(ansible) of PyPI that brings it with the collections we depend on, and a Python."""

    core: str
    package: str
    python: str


# The oldest that meta/runtime.yml admits, and those that upstream supports; `make test` runs under 2.19.
VERSIONS = {
    version.core: version
    for version in (
        Version("2.16", "9", "3.11"),
        Version("2.18", "11", "3.12"),
        Version("2.20", "13", "3.12"),
        Version("2.21", "14", "3.13"),
    )
}


def interpreter(python: str) -> str | None:
    """A Python of this version that runs, or None: pyenv's stand-ins are there for every version, and fail."""
    # The environment of the tests has a HOME of its own.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path(pwd.getpwuid(os.getuid()).pw_dir, ".pyenv"))
    places = [Path(place) for place in os.environ["PATH"].split(os.pathsep)]
    places += sorted(pyenv.glob(f"versions/{python}.*/bin"))
    for place in places:
        found = place / f"python{python}"
        if os.access(found, os.X_OK) and not subprocess.call(
            [found, "-c", "import ensurepip, venv"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ):
            return str(found)
    return None


def environment(version: Version) -> Path:
    """The environment of a version, made anew where what it is made of has changed."""
    place = BUILD / version.core
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        # Gates run side by side.
        fcntl.flock(lock, fcntl.LOCK_EX)
        venv, stamp = place / "venv", place / "stamp"
        wanted = hashlib.sha256(repr((version, sys.version)).encode() + REQUIREMENTS.read_bytes()).hexdigest()
        if not stamp.exists() or stamp.read_text() != wanted:
            python = interpreter(version.python)
            if python is None:
                sys.exit(f"There is no Python {version.python} with venv for ansible-core {version.core}.")
            subprocess.run([python, "-m", "venv", "--clear", venv], check=True)
            subprocess.run(
                [venv / "bin" / "pip", "install", "--quiet", "--no-compile", f"ansible=={version.package}.*"]
                + ["-r", REQUIREMENTS],
                check=True,
            )
            stamp.write_text(wanted)
        return venv


def main() -> None:
    """Become the command, with the version's programs first."""
    venv = environment(VERSIONS[sys.argv[1]])
    os.environ["PATH"] = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
