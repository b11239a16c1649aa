# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts how often Ansible executes a module on a host: its interpreter there writes a line first."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


class CountedPython:
    """`interpreter` is the value of ansible_python_interpreter."""

    def __init__(self, folder: Path, host: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / f"{host}.log"
        script = folder / f"python-of-{host}"
        log, python = shlex.quote(str(self._log)), shlex.quote(sys.executable)
        script.write_text(f'#!/bin/sh\necho executed >>{log}\nexec {python} "$@"\n')
        script.chmod(0o755)
        self.interpreter = str(script)

    def count(self) -> int:
        """The module executions since the last call."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return len(lines)
