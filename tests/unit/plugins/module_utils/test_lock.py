# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process of the control node at a time: who holds a lock, who waits for it, and when it is free again."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils import _lock
from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import WaitError
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import FakeClock


class Holder:
    """Another process, a copy of this one, that holds the lock until it is told to let go, or killed."""

    def __init__(self, thing: str) -> None:
        held, self._go = os.pipe(), os.pipe()
        self._pid = os.fork()
        if not self._pid:
            # The copy must end here whatever happens: it is no test run of its own.
            with contextlib.suppress(BaseException), _lock.alone("create it", thing, 60, Clock()):
                os.close(self._go[1])
                os.write(held[1], b".")
                os.read(self._go[0], 1)
            os._exit(0)
        os.close(held[1])
        assert os.read(held[0], 1) == b".", "the lock could not be had"
        os.close(held[0])

    def let_go(self) -> None:
        os.write(self._go[1], b".")
        self._ended()

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        self._ended()

    def _ended(self) -> None:
        if self._pid:
            os.waitpid(self._pid, 0)
            self._pid = 0
            for end in self._go:
                os.close(end)

    def stop(self) -> None:
        if self._pid:
            self.kill()


@pytest.fixture
def held() -> Iterator[Callable[[str], Holder]]:
    """Makes processes that hold a lock."""
    holders: list[Holder] = []

    def hold(thing: str) -> Holder:
        holders.append(Holder(thing))
        return holders[-1]

    yield hold
    for holder in holders:
        holder.stop()


def test_another_process_waits_until_the_lock_is_free(clock: FakeClock, held: Callable[[str], Holder]) -> None:
    clock.while_sleeping = held("t1").let_go
    with _lock.alone("create it", "t1", 60, clock):
        assert clock.sleeps == [0.2]


def test_a_process_that_is_killed_keeps_nothing(clock: FakeClock, held: Callable[[str], Holder]) -> None:
    held("t1").kill()
    with _lock.alone("create it", "t1", 60, clock):
        assert clock.sleeps == []


def test_the_wait_ends_and_says_what_for(clock: FakeClock, held: Callable[[str], Holder]) -> None:
    held("t1")
    with pytest.raises(WaitError, match="Could not create it: another run .* 60 seconds.*Run again"):
        with _lock.alone("create it", "t1", 60, clock):
            raise AssertionError("two processes at once")
    assert 60 <= sum(clock.sleeps) < 61


def test_another_thing_is_not_kept_waiting(clock: FakeClock, held: Callable[[str], Holder]) -> None:
    held("t1")
    with _lock.alone("create it", "t2", 60, clock):
        assert clock.sleeps == []


def test_a_folder_that_can_not_be_used_is_no_reason_to_stop(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ALEXA_STATE_DIR", str(tmp_path / "file" / "below"))
    with _lock.alone("create it", "t1", 60, clock):
        assert clock.sleeps == []


def test_a_file_system_without_locks_is_no_reason_to_stop(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_request: int) -> None:
        raise OSError("No locks available")

    monkeypatch.setattr(_lock.fcntl, "lockf", refuse)
    with _lock.alone("create it", "t1", 60, clock):
        assert clock.sleeps == []


def test_an_error_of_the_work_is_not_hidden_and_frees_the_lock(clock: FakeClock) -> None:
    for _time in range(2):
        with pytest.raises(OSError, match="of the work"), _lock.alone("create it", "t1", 60, clock):
            raise OSError("of the work")
