# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Molecule's scenarios: each role and link_pbx from a bare host to the outcome and back, with nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from alexa_laboratory import machine
from playbook_runs import BYTECODE

ROOT = Path(__file__).resolve().parents[2]
SITES = ROOT / ".build" / "laboratory"
MOLECULE = Path(sys.executable).parent / "molecule"
LONGEST_RUN = 1200  # seconds
SHOWN_LINES = 60


def needs_laboratory(scenario: Path) -> bool:
    """Tell whether a scenario has a PBX, or only the simulator of Amazon's API."""
    text = yaml.safe_load(scenario.read_text())
    variables = text.get("provisioner", {}).get("inventory", {}).get("group_vars", {}).get("all", {})
    return bool(variables.get("scenario_site", "laboratory") == "laboratory")


FILES = sorted(
    (ROOT / "extensions" / "molecule").glob("*/molecule.yml"),
    # Those with a PBX take longer: they start first.
    key=lambda path: (not needs_laboratory(path), path),
)


def molecule(command: str, scenario: str) -> tuple[int, str]:
    """Run Molecule as by hand; returns its exit code, -9 past the time limit, and the end of what it said."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("MOLECULE_", "PYTEST_"))}
    with subprocess.Popen(
        [str(MOLECULE), command, "--scenario-name", scenario],
        cwd=ROOT,
        env={**kept, "MOLECULE_COMMAND_BORDERS": "false", "PYTHONPATH": str(BYTECODE)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, _nothing = process.communicate(timeout=LONGEST_RUN)
        except BaseException as reason:
            os.killpg(process.pid, signal.SIGKILL)
            if not isinstance(reason, subprocess.TimeoutExpired):
                raise
            said, _nothing = process.communicate()
    return process.returncode, shown(said)


def shown(said: str) -> str:
    """The end of what Molecule said, after what failed: its own recap fills the last lines."""
    lines = said.splitlines()
    failed = next((at for at, line in enumerate(lines) if "fatal: [" in line or "[ERROR]" in line), len(lines))
    middle = failed + SHOWN_LINES
    return "\n".join([*lines[failed:middle], *lines[max(middle, len(lines) - SHOWN_LINES) :]])


@pytest.mark.parametrize("scenario", FILES, ids=lambda path: path.parent.name)
def test_scenario(scenario: Path) -> None:
    if needs_laboratory(scenario) and (reason := machine.why_not()):
        pytest.skip(reason)
    name = scenario.parent.name
    code, end = molecule("test", name)
    if code:
        # Molecule has done so, unless it was ended itself.
        molecule("destroy", name)
        pytest.fail(end, pytrace=False)
    assert not list(SITES.glob(f"molecule-{name}*"))
