# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One laboratory for the whole suite; its PBX stays as the test file before has left it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from alexa_laboratory import machine
from alexa_laboratory.laboratory import Laboratory
from alexa_simulator.launcher import Simulator
from asterisk_host import AsteriskHost
from laboratory_site import LaboratorySite
from playbook_runs import CLIENT_SECRET, REFRESH_TOKEN


@pytest.fixture(scope="session")
def able() -> None:
    """Skips what this machine can't do, and says why."""
    if reason := machine.why_not():
        pytest.skip(reason)


@pytest.fixture(scope="session")
def laboratory(able: None) -> Iterator[Laboratory]:
    with Laboratory(f"test-{os.getpid()}") as running:
        yield running


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """Amazon's API; trunks are ACTIVE after two seconds."""
    arguments = ["--activation-delay", "2", "--client-secret", CLIENT_SECRET, "--refresh-token", REFRESH_TOKEN]
    with Simulator(arguments) as running:
        yield running
        assert running.log() == ""


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, simulator: Simulator, laboratory: Laboratory
) -> LaboratorySite:
    """A control node that knows the laboratory's inventory, and an empty account."""
    return LaboratorySite(tmp_path_factory.mktemp("site"), laboratory, simulator)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, laboratory: Laboratory) -> Iterator[AsteriskHost]:
    """The PBX with a certificate for the role pbx_asterisk alone, for a whole test file."""
    host = AsteriskHost(tmp_path_factory.mktemp("site"), laboratory)
    host.certify()
    host.save()
    yield host
    host.leave()


@pytest.fixture
def host(saved: AsteriskHost) -> Iterator[AsteriskHost]:
    """A PBX that the role has not touched."""
    yield saved
    saved.put_back()
