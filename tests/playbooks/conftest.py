# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each test file is one story: its runs share a simulator and a control node, and go in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from alexa_simulator.launcher import Simulator
from playbook_runs import CLIENT_SECRET, REFRESH_TOKEN, Site


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """The simulator's process; trunks are ACTIVE after two seconds."""
    arguments = ["--activation-delay", "2", "--client-secret", CLIENT_SECRET, "--refresh-token", REFRESH_TOKEN]
    with Simulator(arguments) as running:
        yield running
        assert running.log() == ""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def site(folder: Path, simulator: Simulator) -> Site:
    """An empty account, and a control node that knows nothing of it."""
    return Site(folder, simulator)
