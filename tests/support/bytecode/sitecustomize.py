# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what Python compiles of archives, as it does of files: without, each module of Ansible compiles 50 files anew.

Python loads this file at its start where PYTHONPATH names its folder. What it keeps is four folders up, in .build.
"""

from __future__ import annotations

import marshal
import os
import sys
import zipimport
from hashlib import sha1
from pathlib import Path
from types import CodeType

KEPT = Path(__file__).resolve().parents[3] / ".build" / "bytecode" / (sys.implementation.cache_tag or "none")
compile_source = zipimport._compile_source  # type: ignore[attr-defined]


def compile_once(name: str, source: bytes) -> CodeType:
    """Return the code of a source, compiled by this Python at some time."""
    place = KEPT / sha1(source, usedforsecurity=False).hexdigest()
    try:
        return marshal.loads(place.read_bytes())
    except (OSError, ValueError, EOFError):
        code: CodeType = compile_source(name, source)
        keep(place, marshal.dumps(code))
        return code


def keep(place: Path, code: bytes) -> None:
    """Write the file in one step, as other processes read it; do without where that is not allowed."""
    part = place.with_name(f"{place.name}.{os.getpid()}")
    try:
        KEPT.mkdir(parents=True, exist_ok=True)
        part.write_bytes(code)
        part.replace(place)
    except OSError:
        return


zipimport._compile_source = compile_once  # type: ignore[attr-defined]
