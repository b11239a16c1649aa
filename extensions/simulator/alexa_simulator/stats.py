# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts of what clients did: the evidence for tests and benchmarks."""

from __future__ import annotations

import asyncio
import weakref
from collections import Counter, defaultdict
from typing import Any

from .throttle import seconds_of

CUT = "cut"


class Stats:
    """Counts since the start or the last reset. Control requests are not counted."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """All counts back to nothing."""
        self._by_route: dict[str, Counter[str]] = defaultdict(Counter)
        self._api_requests = 0
        self._lwa_requests = 0
        self._early = 0
        self._not_before = 0.0
        self._second = 0
        self._in_second = 0
        self._peak = 0
        self._in_flight = 0
        self._in_flight_peak = 0
        self._seen: weakref.WeakSet[asyncio.BaseTransport] = weakref.WeakSet()
        self._connections = 0

    def arrived(self, lwa: bool, transport: asyncio.BaseTransport | None, now: float) -> None:
        """Counts a request before anything is decided about it."""
        if transport is not None and transport not in self._seen:
            self._seen.add(transport)
            self._connections += 1
        self._in_flight += 1
        self._in_flight_peak = max(self._in_flight_peak, self._in_flight)
        if lwa:
            self._lwa_requests += 1
            return
        self._api_requests += 1
        self._early += now < self._not_before
        if int(now) != self._second:
            self._second, self._in_second = int(now), 0
        self._in_second += 1
        self._peak = max(self._peak, self._in_second)

    def answered(self, route: str, status: int | str, retry_after: str | None, now: float) -> None:
        """Counts the answer; `status` is CUT for a connection cut instead of an answer."""
        self._in_flight = max(0, self._in_flight - 1)
        self._by_route[route][str(status)] += 1
        if retry_after:
            self._not_before = max(self._not_before, now + seconds_of(retry_after))

    def shown(self) -> dict[str, Any]:
        """The counts for GET /control/stats."""
        throttled = sum(counts["429"] for counts in self._by_route.values())
        return {
            "total": self._api_requests + self._lwa_requests,
            "api_requests": self._api_requests,
            "lwa_requests": self._lwa_requests,
            "by_route": {route: dict(counts) for route, counts in sorted(self._by_route.items())},
            "throttled": throttled,
            "before_retry_after": self._early,
            "peak_per_second": self._peak,
            "in_flight_peak": self._in_flight_peak,
            "connections": self._connections,
        }
