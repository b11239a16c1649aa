# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the system's programs; what they say is part of the error when they fail."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

TIMEOUT = 60.0  # seconds; none of the laboratory's commands but the making of the root takes longer


class LaboratoryError(Exception):
    """What went wrong, and what to do about it."""


def run(
    *argv: str,
    stdin: str = "",
    check: bool = True,
    timeout: float = TIMEOUT,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; LaboratoryError when it fails, unless `check` is off, or takes too long."""
    try:
        done = subprocess.run(
            argv, input=stdin, capture_output=True, text=True, timeout=timeout, env=environment, check=False
        )
    except FileNotFoundError as error:
        raise LaboratoryError(f"{argv[0]} is not installed: {error}") from None
    except subprocess.TimeoutExpired:
        raise LaboratoryError(f"{' '.join(argv)}: no end after {timeout:.0f} s") from None
    if check and done.returncode:
        raise LaboratoryError(f"{' '.join(argv)}: exit code {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done


def run_logged(log: Path, *argv: str, environment: Mapping[str, str]) -> None:
    """Run a long step with its output in the log; the log's last lines are the error when it fails."""
    with open(log, "ab") as output:
        code = subprocess.call(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
    if code:
        end = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
        raise LaboratoryError(f"{argv[0]} ended with {code}, the whole log is {log}:\n{end}")
