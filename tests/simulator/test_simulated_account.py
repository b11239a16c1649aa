# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account that is read from one simulator, and that another one begins with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from alexa_simulator.launcher import Simulator

PROFILE = "amzn1.alexa.communications.profile.did.AA"
UNIT = "amzn1.alexa.unit.did.AA"
SOUTH = "amzn1.alexa.unit.did.SOUTH"
TRUNK = "amzn1.comms.network.siptrunk.aa"


def fill(simulator: Simulator) -> None:
    units = [{"name": "South", "id": SOUTH}, {"name": "101", "id": UNIT, "parentId": SOUTH}]
    simulator.control("POST", "/units", units)
    simulator.control("POST", "/profiles", [{"unitId": UNIT, "profileId": PROFILE, "name": "101"}])
    body = {"trunkId": TRUNK, "status": "FAILED", "peers": [{"ip": "203.0.113.10", "port": 5061}]}
    simulator.control("POST", "/trunks", body)
    simulator.control("PUT", f"/trunks/{TRUNK}/extensions", [{"extension": "7201", "commsProfileId": PROFILE}])
    contact = {"name": "Front desk", "phoneNumbers": [{"number": "+12025550123"}]}
    simulator.control("POST", "/address-books", {"name": "South", "contacts": [contact], "units": [UNIT]})


def test_is_the_same_in_another_simulator_and_after_a_reset(tmp_path: Path) -> None:
    with Simulator() as first:
        fill(first)
        state = first.control("GET", "/state")
    assert len(state["units"]) == 3 and state["mappings"] == {TRUNK: {"7201": PROFILE}}
    file = tmp_path / "account.json"
    file.write_text(json.dumps(state))
    with Simulator(["--account", str(file)]) as second:
        assert second.control("GET", "/state") == state
        second.control("DELETE", f"/trunks/{TRUNK}/extensions/7201")
        second.control("POST", "/units", [{"name": "North"}])
        assert second.control("GET", "/state") != state
        second.control("POST", "/reset")
        assert second.control("GET", "/state") == state


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "Expecting"),
        ("[]", "The account must be a JSON object."),
        ('{"trunk": []}', "Unknown field trunk."),
        ('{"units": [{"id": "a"}]}', "Missing field name."),
        ('{"profiles": {}}', "profiles must be a list."),
        ('{"mappings": {"t": {"7201": "p"}}}', "mappings.t is of no trunk."),
        ('{"trunks": [{"trunkId": "t"}], "mappings": {"t": {"7201": 5}}}', "mappings.t.7201"),
    ],
)
def test_what_is_no_account_is_refused(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "account.json"
    file.write_text(content)
    done = run(["--account", str(file)])
    assert done.returncode == 1 and str(file) in done.stderr and told in done.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run(["--account", str(tmp_path / "missing.json")])
    assert done.returncode == 1 and "missing.json" in done.stderr


def run(options: list[str]) -> Any:
    """A simulator that ends by itself."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "alexa_simulator", *options]
    return subprocess.run(
        command, cwd=root / "extensions" / "simulator", capture_output=True, text=True, timeout=60, check=False)
