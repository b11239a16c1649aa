# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps across runs what each run of Ansible would make anew of the same sources.

Python loads this file at its start where PYTHONPATH names its folder. What it keeps is four folders up, in .build:
what Python compiles of archives, as it does of files, for each module of Ansible would compile 50 files; and what
payloads.py keeps. It is loaded with each module, and so imports only what they import too.
"""

from __future__ import annotations

import gc
import hashlib
import marshal
import os
import sys
import zipimport
from types import CodeType

BUILD = os.path.join(os.path.abspath(__file__).rsplit(os.sep, 4)[0], ".build")
KEPT = os.path.join(BUILD, "bytecode", sys.implementation.cache_tag or "none")
compile_source = zipimport._compile_source  # type: ignore[attr-defined]


def compile_once(name: str, source: bytes) -> CodeType:
    """Return the code of a source, compiled by this Python at some time."""
    place = os.path.join(KEPT, hashlib.sha1(source, usedforsecurity=False).hexdigest())
    try:
        with open(place, "rb") as kept:
            return marshal.loads(kept.read())
    except (OSError, ValueError, EOFError):
        code: CodeType = compile_source(name, source)
        keep(place, marshal.dumps(code))
        return code


def keep(place: str, code: bytes) -> None:
    """Write the file in one step, as other processes read it; do without where that is not allowed."""
    part = f"{place}.{os.getpid()}"
    try:
        os.makedirs(KEPT, exist_ok=True)
        with open(part, "wb") as written:
            written.write(code)
        os.replace(part, place)
    except OSError:
        return


class BeforePacker:
    """Finds nothing for Python; Ansible knows its settings and has no worker yet when it loads what packs modules."""

    @staticmethod
    def find_spec(name: str, *_where: object) -> None:
        if name == "ansible.executor.module_common":
            import payloads

            payloads.keep(BUILD)


# What Ansible starts lives for seconds; looking for what it could free there costs a twentieth of its time.
gc.disable()
zipimport._compile_source = compile_once  # type: ignore[attr-defined]
sys.meta_path.insert(0, BeforePacker)  # type: ignore[arg-type]
