# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator for all tests of a process, put back to its start before each; and a client nobody here wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from alexa_simulator.launcher import Simulator
from simulator_client import MANAGEMENT_SCOPE, TRUNK_SCOPE, Api, Lwa


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    """The simulator's process."""
    with Simulator() as simulator:
        yield simulator
        assert simulator.log() == ""


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    """The simulator as at its start."""
    running_simulator.control("POST", "/reset")
    return running_simulator


@pytest.fixture
def lwa(simulator: Simulator) -> Iterator[Lwa]:
    """A client of the token endpoint."""
    with Lwa(simulator) as lwa:
        yield lwa


@pytest.fixture
def pbx(simulator: Simulator, lwa: Lwa) -> Iterator[Api]:
    """A client of the PBX API with a token of its scope; the counts start after its login."""
    with Api(simulator, lwa.token(TRUNK_SCOPE)) as api:
        simulator.control("DELETE", "/stats")
        yield api


@pytest.fixture
def management(simulator: Simulator, lwa: Lwa) -> Iterator[Api]:
    """A client of the APIs for units and profiles; the counts start after its login."""
    with Api(simulator, lwa.token(MANAGEMENT_SCOPE)) as api:
        simulator.control("DELETE", "/stats")
        yield api
