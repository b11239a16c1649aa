# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which gates run at a time: as many as there are cores, but of those that keep all cores busy one."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import results
import run_gates
from gates import Gate


class Watched:
    """Stands in for the running of gates: none ends before all have started that are to run beside it."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.beside: dict[str, set[str]] = {}
        self._up: set[str] = set()
        self._changed = threading.Condition()

    def run(self, gate: Gate) -> run_gates.Ended:
        with self._changed:
            self.started.append(gate.name)
            self._up.add(gate.name)
            for name in self._up:
                self.beside.setdefault(name, set()).update(self._up - {name})
            self._changed.notify_all()
            # The long one ends when a suite has come beside it.
            self._changed.wait_for(lambda: gate.name != "long" or "suite 1" in self.started, timeout=10)
            self._up.discard(gate.name)
        return gate, results.Count(1), 0.0


def gate(name: str) -> Gate:
    def count(_code: int, _log: Path) -> results.Count:
        return results.Count(1)

    return Gate(name, "lint", lambda: ["true"], count, whole_machine=name.startswith("suite"))


def test_a_suite_starts_beside_the_last_of_the_others_and_never_two(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched()
    monkeypatch.setattr(run_gates, "run", watched.run)
    monkeypatch.setattr(run_gates, "CORES", 2)
    names = ["long", "short 1", "suite 1", "short 2", "suite 2"]
    ended = [each.name for each, _count, _seconds in run_gates.run_all([gate(name) for name in names])]
    assert sorted(ended) == sorted(names) and watched.started == ["long", "short 1", "short 2", "suite 1", "suite 2"]
    assert "suite 1" in watched.beside["long"] and "suite 2" not in watched.beside["suite 1"]
