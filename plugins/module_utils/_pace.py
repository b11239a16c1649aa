# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One account, one pace: all threads and processes of a control node share the speed the API allows.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass

from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ThrottledError
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace_store import MemoryStore
from ansible_collections.alexa.smart_properties.plugins.module_utils._rate import HORIZON, Shared

# The next look of one who found no slot; at random, so that processes do not look all at once.
_SOONEST_LOOK = 0.002
_LATEST_LOOK = 1.0
# While nobody throttles, one process a while tells that the numbers are in use.
_TOUCH_AFTER = 30.0
# That every answer is 429 is believed after so many seconds at the earliest.
_LEAST_STARVATION = 30.0


@dataclass(frozen=True)
class Slot:
    """A moment to send at, and when it was given: a cut or a pause after that makes it void."""

    moment: float
    given_at: float


class Pace:
    """Tells each request when it may be sent.

    :param ceiling: requests a second that the user knows to be the limit; None: find it.
    """

    def __init__(self, store: MemoryStore, clock: Clock, ceiling: float | None = None) -> None:
        self._store = store
        self._clock = clock
        self._ceiling = ceiling
        # One thread of a process looks for a slot, the others queue behind it.
        self._head = threading.Lock()
        self._recent: deque[float] = deque(maxlen=1000)
        self._uncounted = False

    def wait(self, patience: float = float("inf")) -> float:
        """Wait until a request may be sent; returns that moment, which C(answered) wants back.

        Raises ThrottledError if the API asked for a longer pause than C(patience) seconds, or refused every request of
        the account for as long.
        """
        while True:
            now = self._clock.now()
            self._uncounted = self._free(self._current(now), now)
            if not self._uncounted:
                with self._head:
                    slot = self._slept(self.search(patience))
                self._clock.sleep(slot.moment - self._clock.now())
                now = self._clock.now()
                if not self.holds(slot):
                    continue
            self._recent.append(now)
            return now

    def search(self, patience: float = float("inf")) -> Generator[float, None, Slot]:
        """Look for a slot: yields the seconds to sleep until the next look."""
        began = self._clock.now()
        while True:
            now = self._clock.now()
            shared = self._current(now)
            self._check(shared, now, began, patience)
            moment, given = (now, True) if self._free(shared, now) else self._asked(shared, now)
            if given:
                return Slot(moment, now)
            pause = moment - now
            if shared.not_before <= now:
                pause = min(_LATEST_LOOK, pause + random.uniform(_SOONEST_LOOK, HORIZON / 2 if pause else 0.01))
            yield pause

    def holds(self, slot: Slot) -> bool:
        """Whether nothing happened since the slot was given that makes it void."""
        now = self._clock.now()
        shared = self._current(now)
        return shared.not_before <= now and not (shared.limit and shared.since > slot.given_at)

    def answered(self, sent_at: float, throttled: bool, retry_after: float | None = None) -> None:
        """The API answered a request that was sent at that moment: with 429, or with anything else."""
        if not throttled and self._uncounted:
            return
        with self._store.locked():
            now = self._clock.now()
            shared = self._current(now)
            if throttled:
                shared.cut(now, sent_at, self._measured(now))
                if retry_after:
                    shared.pause(now, retry_after)
            else:
                shared.good += 1
            self._store.write(shared)

    def _free(self, shared: Shared, now: float) -> bool:
        return shared.proven and not self._ceiling and shared.not_before <= now and now - shared.slot < _TOUCH_AFTER

    def _asked(self, shared: Shared, now: float) -> tuple[float, bool]:
        """Asks without the lock first: most looks find nothing."""
        moment, given = shared.give(now, self._ceiling)
        if not given:
            return moment, given
        with self._store.locked():
            now = self._clock.now()
            shared = self._current(now)
            moment, given = shared.give(now, self._ceiling)
            if given:
                self._store.write(shared)
            return moment, given

    def _slept(self, looks: Generator[float, None, Slot]) -> Slot:
        while True:
            try:
                self._clock.sleep(next(looks))
            except StopIteration as found:
                slot: Slot = found.value
                return slot

    def _current(self, now: float) -> Shared:
        shared = self._store.read()
        if shared.sane(now) and not shared.stale(now):
            return shared
        return Shared()

    @staticmethod
    def _check(shared: Shared, now: float, began: float, patience: float) -> None:
        asked = shared.not_before - now
        if asked > patience:
            raise ThrottledError(
                f"the API asked for a pause, of which {asked:.0f} seconds are left, more than retry_timeout"
                f" ({patience:g} s).",
                "Run again after that, or raise retry_timeout.",
            )
        starved = now - max(shared.starved, began)
        if shared.limit and not shared.good and starved > max(patience, _LEAST_STARVATION):
            raise ThrottledError(
                f"the API has answered 429 to every request of the account for {starved:.0f} seconds, more than"
                f" retry_timeout ({patience:g} s).",
                "Run again later, or raise retry_timeout.",
            )

    def _measured(self, now: float) -> float:
        """Requests that this process sent in the last second."""
        return float(sum(1 for moment in self._recent.copy() if now - moment <= 1.0))
