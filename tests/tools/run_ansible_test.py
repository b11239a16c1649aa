# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare what ansible-test needs and run it: ``run_ansible_test.py NAME sanity`` or ``units``; NAME is its folder's.

It wants a real folder .../ansible_collections/alexa/smart_properties (no link), a get-pip script that it
would download, and it hands no pip settings on to the environments it makes; all three are laid in .build.
"""

from __future__ import annotations

import ast
import fcntl
import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import ansible_test

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".build" / "home"


def copy_of(name: str) -> Path:
    """The folder of a copy; those of other names are used at the same time."""
    return ROOT / ".build" / "ansible-test" / name / "ansible_collections" / "alexa" / "smart_properties"


def known_files() -> list[str]:
    """Return the files that git knows or would add, those deleted but not yet committed left out."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(name for name in set(listing.stdout.split("\0")) if name and (ROOT / name).exists())


def copy_collection(copy: Path) -> None:
    """Replace the copy by the files of now; the output of the last run goes too."""
    shutil.rmtree(copy, ignore_errors=True)
    for name in known_files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)


def place_get_pip() -> None:
    """Put the stand-in where ansible-test looks before it downloads; the name holds the pip version it wants."""
    source = Path(ansible_test.__file__).parent / "_internal" / "python_requirements.py"
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in re.findall(r"pip='([\d.]+)'", source.read_text()):
        shutil.copy(Path(__file__).with_name("get_pip.py"), cache / f"get_pip_{version.replace('.', '_')}.py")


def place_pip_settings() -> None:
    """Write the caller's pip settings (index, certificates, cache) into the home that ansible-test's pip sees."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    )
    settings = ConfigParser(interpolation=None)
    settings["global"] = {"cache-dir": os.environ["PIP_CACHE_DIR"], "quiet": "1"}
    for line in listing.stdout.splitlines():
        name, _equals, value = line.partition("=")
        section, _dot, key = name.rpartition(".")
        if section in ("global", ":env:") and key != "config-file":
            settings["global"][key] = ast.literal_eval(value).strip().replace("\n", "\n    ")
    place = HOME / ".config" / "pip" / "pip.conf"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.touch(mode=0o600)
    with place.open("w") as file:
        settings.write(file)


def main() -> int:
    """Run ansible-test in the copy with this Python's version; return its exit code."""
    name, *arguments = sys.argv[1:]
    copy = copy_of(name)
    # Two at a time would take away each other's copy.
    lock = (ROOT / ".build" / f"ansible-test-{name}.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    copy_collection(copy)
    place_get_pip()
    place_pip_settings()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = ["ansible-test", *arguments, "--venv", "--python", python, "--color", "no"]
    # Told its root, it does not find the repository around the copy, in which the copy is ignored.
    return subprocess.call(command, cwd=copy, env=dict(os.environ, ANSIBLE_TEST_CONTENT_ROOT=str(copy)))


if __name__ == "__main__":
    sys.exit(main())
