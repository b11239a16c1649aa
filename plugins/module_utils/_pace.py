# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One account, one pace: all threads and processes of a control node share the speed the API allows.

The limits are not published, so the pace finds them: nothing is held back until the API answers 429; then the rate
is halved, and it grows again while answers are good. What is shared is a few numbers in a small locked file.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ThrottledError
from ansible_collections.alexa.smart_properties.plugins.module_utils._state import state_directory

_SLOWEST = 0.2
# Growth of the rate each second while answers are good: a twentieth, and at least this many requests a second.
_GROWTH = 0.05
_LEAST_GROWTH = 0.2
# A process that is throttled at its first requests has measured nothing: it starts from this guess.
_FIRST_GUESS = 10.0
# After so many seconds without a 429 the limit is taken to be gone.
_FORGOTTEN_AFTER = 300.0
# A moment further ahead than this can only come from before a restart of the machine.
_FURTHEST = 3600.0
# So many seconds after a process looked at the clock another one may have written a moment that is past.
_STALENESS = 60.0


@dataclass
class Shared:
    """What the processes share. Moments are seconds of the machine's monotonic clock.

    rate: requests a second, 0 while no limit is known; next_slot: when the next request may be sent;
    not_before: end of the latest Retry-After; cut_at: when the rate was last halved; moved_at: when it last grew.
    """

    rate: float = 0.0
    next_slot: float = 0.0
    not_before: float = 0.0
    cut_at: float = 0.0
    moved_at: float = 0.0

    def sane(self, now: float) -> bool:
        """Whether the numbers can be of this machine's current life."""
        ahead = all(0.0 <= moment < now + _FURTHEST for moment in (self.next_slot, self.not_before))
        past = all(0.0 <= moment < now + _STALENESS for moment in (self.cut_at, self.moved_at))
        return 0.0 <= self.rate < 1e6 and ahead and past


_FORM = struct.Struct("<8s5d")
_MAGIC = b"alexapc1"


class MemoryStore:
    """Keeps the pace of this process alone, where no file can be used."""

    def __init__(self) -> None:
        self._shared = Shared()

    def read(self) -> Shared:
        return self._shared

    def write(self, shared: Shared) -> None:
        self._shared = shared

    @contextmanager
    def locked(self) -> Iterator[None]:
        yield


class FileStore:
    """Keeps the pace in a file. The kernel frees the lock of a process that dies."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def read(self) -> Shared:
        """One read without a lock: the record is smaller than a page, and a torn one would not be sane."""
        record = os.pread(self._file, _FORM.size, 0)
        if len(record) != _FORM.size:
            return Shared()
        magic, *numbers = _FORM.unpack(record)
        return Shared(*numbers) if magic == _MAGIC else Shared()

    def write(self, shared: Shared) -> None:
        record = _FORM.pack(
            _MAGIC, shared.rate, shared.next_slot, shared.not_before, shared.cut_at, shared.moved_at
        )
        os.pwrite(self._file, record, 0)

    @contextmanager
    def locked(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)


def store_of(account: str) -> FileStore | MemoryStore:
    """The store that all processes of this control node share for one account.

    :param account: whatever tells accounts apart; only its hash is used, as a file name.
    """
    name = hashlib.sha256(account.encode()).hexdigest()[:16]
    try:
        store = FileStore(str(state_directory() / f"pace-{name}"))
        # Some file systems know no locks, and some are full: better to learn that here than in the middle of a run.
        with store.locked():
            store.write(store.read())
        return store
    except OSError:
        return MemoryStore()


class Pace:
    """Tells each request when it may be sent.

    :param ceiling: requests a second that the user knows to be the limit; None: find it.
    """

    def __init__(self, store: FileStore | MemoryStore, clock: Clock, ceiling: float | None = None) -> None:
        self._store = store
        self._clock = clock
        self._ceiling = ceiling
        self._threads = threading.Lock()
        self._recent: deque[float] = deque(maxlen=1000)

    def wait(self, patience: float = float("inf")) -> float:
        """Wait until a request may be sent; returns that moment, which C(throttled) wants back.

        Raises ThrottledError if the API asked for a longer pause than C(patience) seconds.
        """
        while True:
            now = self._clock.now()
            asked = self._current(now).not_before - now
            if asked > patience:
                raise ThrottledError(
                    f"the API asked for a pause, of which {asked:.0f} seconds are left, more than retry_timeout"
                    f" ({patience:g} s).",
                    "Run again after that, or raise retry_timeout.",
                )
            slot = self._reserve()
            self._clock.sleep(slot - self._clock.now())
            now = self._clock.now()
            # Another thread may have met a Retry-After while this one slept.
            if self._current(now).not_before <= now:
                self._recent.append(now)
                return now

    def throttled(self, sent_at: float, retry_after: float | None) -> None:
        """The API answered 429 to a request that was sent at that moment."""
        with self._threads, self._store.locked():
            now = self._clock.now()
            shared = self._current(now)
            if retry_after:
                shared.not_before = max(shared.not_before, now + min(retry_after, _FURTHEST / 2))
            # Requests that were under way when the rate was cut say nothing about the new rate.
            if sent_at >= shared.cut_at:
                shared.rate = max(_SLOWEST, (shared.rate or self._measured(now)) / 2)
                shared.cut_at = shared.moved_at = now
                shared.next_slot = now + 1 / shared.rate
            self._store.write(shared)

    def _reserve(self) -> float:
        now = self._clock.now()
        shared = self._current(now)
        if not shared.rate and not self._ceiling:
            return max(now, shared.not_before)
        with self._threads, self._store.locked():
            shared = self._current(now)
            self._grow(shared, now)
            slot = max(now, shared.next_slot, shared.not_before)
            rate = min(shared.rate or float("inf"), self._ceiling or float("inf"))
            shared.next_slot = slot + 1 / rate
            self._store.write(shared)
            return slot

    @staticmethod
    def _grow(shared: Shared, now: float) -> None:
        if not shared.rate:
            shared.moved_at = max(now, shared.moved_at)
            return
        if now - shared.cut_at > _FORGOTTEN_AFTER:
            shared.rate = 0.0
            return
        seconds = min(1.0, max(0.0, now - shared.moved_at))
        shared.rate += max(_LEAST_GROWTH, _GROWTH * shared.rate) * seconds
        shared.moved_at = max(now, shared.moved_at)

    def _current(self, now: float) -> Shared:
        shared = self._store.read()
        return shared if shared.sane(now) else Shared()

    def _measured(self, now: float) -> float:
        """Requests that this process sent in the last second: the speed at which the limit was met."""
        return max(_FIRST_GUESS, float(sum(1 for moment in self._recent.copy() if now - moment <= 1.0)))
