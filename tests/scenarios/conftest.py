# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator a test process, empty before each test; a control node of its own for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from alexa_simulator.launcher import Simulator
from ansible_collections.alexa.smart_properties.plugins.module_utils import _address_books, _retry, _trunks
from harness import CLIENT_SECRET, REFRESH_TOKEN, Site
from scenario_life import in_haste


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """The simulator's process; trunks are ACTIVE at once."""
    arguments = ["--activation-delay", "0", "--client-secret", CLIENT_SECRET, "--refresh-token", REFRESH_TOKEN]
    with Simulator(arguments) as running:
        yield running
        assert running.log() == ""


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marker."""
    config.addinivalue_line("markers", "product_pauses: look twice before a trunk is made as the product does")


@pytest.fixture
def settle(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """Seconds between the two looks before a trunk is made: short, where no list lags and the clock is real."""
    if not request.node.get_closest_marker("product_pauses"):
        monkeypatch.setattr(_trunks, "_SETTLE", 0.03)
        monkeypatch.setattr(_address_books, "SETTLE", 0.03)
    return _trunks._SETTLE


@pytest.fixture
def slow_lists(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at address books and contacts again after longer than the lists of the test lag."""
    monkeypatch.setattr(_address_books, "SETTLE", 0.6)


@pytest.fixture
def haste() -> Iterator[None]:
    """A fast clock."""
    with in_haste():
        yield


@pytest.fixture
def site(simulator: Simulator, settle: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty account, and a control node that knows nothing of it."""
    monkeypatch.setattr(_retry, "_FIRST_PAUSE", 0.02)
    simulator.control("POST", "/reset")
    site = Site(simulator, tmp_path / "state")
    yield site
    for path in site.state_dir.glob("*"):
        site.assert_no_secret(path.read_bytes().decode("latin-1"))
