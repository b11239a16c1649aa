# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the archives that Ansible makes of a module and the files it imports: each run would parse 50 files a module.

Ansible puts them into a folder of the run. Here that folder is a link to one that all runs of the same sources share;
Ansible itself locks and completes what several runs make at a time. And it would compile the files of collections in
every run, unlike Python.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from types import CodeType

import sitecustomize
from ansible import constants, release
from ansible.utils.collection_loader import _collection_finder

DAY = 24 * 3600


def keep(build: str) -> None:
    """Share what this run makes."""
    _collection_finder.compile = compile_once
    share_archives(Path(build, "payloads"))


def compile_once(source: str | bytes, filename: str, **_how: object) -> CodeType:
    """Stand in for Python's own function, which Ansible calls with what compiling a whole file needs."""
    return sitecustomize.compile_once(filename, source.encode() if isinstance(source, str) else source)


def share_archives(folder: Path) -> None:
    """Have this run's archives where others find them; do without where that is not allowed."""
    place = folder / sha1("\n".join(sources()).encode(), usedforsecurity=False).hexdigest()
    try:
        if not place.is_dir():
            forget(folder)
            place.mkdir(parents=True, exist_ok=True)
        os.utime(place)
        Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache").symlink_to(place)
    except OSError:
        return


def sources() -> Iterator[str]:
    """Yield all that an archive depends on: every file that may go in, as it is now, and who packs it."""
    core = Path(release.__file__).parent
    yield f"{release.__version__} {core} {sys.version}"
    # The collections that come with Ansible change only as pip does.
    yield str(core.parent.stat().st_mtime_ns)
    folders = [core / "modules", core / "module_utils"]
    folders += [Path(path) for path in (*constants.DEFAULT_MODULE_PATH, *constants.DEFAULT_MODULE_UTILS_PATH)]
    for path in constants.COLLECTIONS_PATHS:
        for part in ("plugins", "meta"):
            folders += sorted(Path(path, "ansible_collections").glob(f"*/*/{part}"))
    for folder in folders:
        for place, _folders, names in os.walk(folder):
            if not place.endswith("__pycache__"):
                for name in sorted(names):
                    known = os.stat(os.path.join(place, name))
                    yield f"{place}/{name} {known.st_mtime_ns} {known.st_size}"


def forget(folder: Path) -> None:
    """Remove what no run has used for a day: every change of a source begins anew."""
    for place in folder.glob("*"):
        if place.stat().st_mtime < time.time() - DAY:
            shutil.rmtree(place, ignore_errors=True)
