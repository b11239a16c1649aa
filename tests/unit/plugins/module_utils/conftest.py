# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the unit tests: a clock that does not wait, a script of calls, a state folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import (
    Call,
    FakeClock,
    ScriptedTransport,
    client_on,
)


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where processes share pace and registered chains: never the user's own folder."""
    folder = tmp_path / "state"
    monkeypatch.setenv("ALEXA_STATE_DIR", str(folder))
    return folder


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def scripted(clock: FakeClock) -> Iterator[Callable[..., Client]]:
    """Makes clients that must make exactly the given calls: C(scripted(Call(...), ..., retry_timeout=0))."""
    transports: list[ScriptedTransport] = []

    def make(*calls: Call, **settings: float) -> Client:
        transports.append(ScriptedTransport(*calls))
        return client_on(transports[-1], clock, **settings)

    yield make
    for transport in transports:
        transport.finish()
