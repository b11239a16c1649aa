# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many processes with many threads at a server that throttles, in simulated time: no thread and no wait is real."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Union

from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace import Pace
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace_store import MemoryStore

START = 10_000.0
#: What a thread does: it sleeps for so many seconds, or queues until it is woken.
Thread = Generator[Union[float, "deque[Thread]"], None, None]


class SimulatedClock(Clock):
    """Moves only when the simulation goes on."""

    moment = START

    def now(self) -> float:
        return self.moment

    def sleep(self, seconds: float) -> None:
        raise AssertionError("a thread of the simulation must not sleep by itself")


class TokenBucket:
    """Lets C(limit) requests a second pass, and C(burst) at once."""

    def __init__(self, limit: float, burst: float) -> None:
        self.limit, self.burst = limit, burst
        self._filled, self._counted_at = burst, START

    def change(self, now: float, limit: float) -> None:
        """Another limit from that moment on."""
        self._fill(now)
        self.limit = limit

    def _fill(self, now: float) -> None:
        self._filled = min(self.burst, self._filled + (now - self._counted_at) * self.limit)
        self._counted_at = now

    def admits(self, now: float) -> bool:
        self._fill(now)
        if self._filled < 1:
            return False
        self._filled -= 1
        return True


class FixedWindow:
    """Lets C(limit) requests pass in each second of the server's clock."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._second, self._passed = 0, 0

    def admits(self, now: float) -> bool:
        if int(now) != self._second:
            self._second, self._passed = int(now), 0
        self._passed += 1
        return self._passed <= self.limit


@dataclass
class Fleet:
    """Processes that share one pace, and what came of it.

    :param retry_after: seconds that a 429 asks to wait, from the moment it is made.
    :param changes: (seconds after the start, new limit), in their order.
    :param jitter: how much the way to the server and back may differ, as a share of the latency.
    """

    server: TokenBucket | FixedWindow | None
    latency: float = 0.04
    jitter: float = 0.1
    retry_after: float | None = None
    ceiling: float | None = None
    changes: list[tuple[float, float]] = field(default_factory=list)
    store: MemoryStore = field(default_factory=MemoryStore)
    sent: int = 0
    refused: int = 0
    early: int = 0
    arrivals: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = SimulatedClock()
        self._asked_until = 0.0
        self._random = random.Random(7)
        self._order = itertools.count()
        self._events: list[tuple[float, int, Thread]] = []
        self._owners: dict[Thread, Process] = {}

    def run(self, requests: int, processes: int = 20, threads: int = 16) -> float:
        """Send so many good requests; returns the seconds it took."""
        began = self.clock.moment
        for number in range(processes):
            share = requests * (number + 1) // processes - requests * number // processes
            self.start(share, threads)
        return self.finish() - began

    def start(self, requests: int, threads: int, delay: float = 0.0) -> Process:
        """A process begins so many seconds from now."""
        process = Process(self, requests)
        for _number in range(min(threads, requests)):
            thread = process.work()
            self._owners[thread] = process
            self.at(delay, thread)
        return process

    def finish(self, until: float = float("inf")) -> float:
        """Go on until nothing is left to do, or until that moment."""
        changes = self.changes
        while self._events and self._events[0][0] <= until:
            moment, _number, thread = heapq.heappop(self._events)
            while changes and START + changes[0][0] <= moment:
                seconds, limit = changes.pop(0)
                assert isinstance(self.server, TokenBucket)
                self.server.change(START + seconds, limit)
            self.clock.moment = moment
            pause = None if self._owners[thread].killed else next(thread, None)
            if isinstance(pause, deque):
                pause.append(thread)
            elif pause is not None:
                self.at(pause, thread)
        return self.clock.moment

    def at(self, pause: float, thread: Thread) -> None:
        heapq.heappush(self._events, (self.clock.moment + max(0.0, pause), next(self._order), thread))

    def way(self) -> float:
        """Seconds that a request or its answer is under way."""
        return self.latency / 2 * self._random.uniform(1 - self.jitter, 1 + self.jitter)

    def lateness(self) -> float:
        """A sleeping thread is never woken quite in time."""
        return self._random.expovariate(1 / 0.0005)

    def leaves(self) -> None:
        """A request is sent."""
        self.early += self.clock.moment < self._asked_until

    def admitted(self) -> bool:
        now = self.clock.moment
        self.sent += 1
        if self.server is None or self.server.admits(now):
            self.arrivals.append(now)
            return True
        self.refused += 1
        return False

    def told(self, until: float) -> None:
        """A process reads a Retry-After."""
        self._asked_until = max(self._asked_until, until)

    @property
    def refused_share(self) -> float:
        return self.refused / self.sent


class Process:
    """One process: its threads take its requests one by one, and one of them at a time looks for a slot."""

    def __init__(self, fleet: Fleet, requests: int) -> None:
        self._fleet = fleet
        self._left = requests
        self._pace = Pace(fleet.store, fleet.clock, fleet.ceiling)
        self._looking = False
        self.killed = False
        self._queue: deque[Thread] = deque()

    def work(self) -> Thread:
        while self._left:
            self._left -= 1
            while not (yield from self._tried()):
                pass

    def _tried(self) -> Generator[float | deque[Thread], None, bool]:
        fleet, pace = self._fleet, self._pace
        sent_at = yield from self._turn()
        fleet.leaves()
        yield fleet.way()
        good = fleet.admitted()
        yield fleet.way()
        pace.answered(sent_at, not good, None if good else fleet.retry_after)
        if not good and fleet.retry_after:
            fleet.told(fleet.clock.now() + fleet.retry_after)
        return good

    def _turn(self) -> Generator[float | deque[Thread], None, float]:
        fleet = self._fleet
        while True:
            if self._looking:
                yield self._queue
            self._looking = True
            slot = yield from self._pace.search()
            self._looking = bool(self._queue)
            if self._queue:
                fleet.at(0.0, self._queue.popleft())
            if slot.moment > fleet.clock.now():
                yield slot.moment - fleet.clock.now() + fleet.lateness()
            if self._pace.holds(slot):
                return fleet.clock.now()
