# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests are repeated, and when. A write that may have been carried out never is.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Callable

from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ThrottledError, TransportError
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Response
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace import Pace

THROTTLED = 429
_REPEATABLE_METHODS = frozenset({"GET", "PUT", "DELETE"})
_PASSING_FAULTS = frozenset({500, 502, 503, 504})
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
# A host that this process never reached is more likely misspelt than down for a while.
_FIRST_CONTACT = 30.0


def pause(attempt: int) -> float:
    """Seconds to wait before the next try: doubling, with jitter so that many clients do not move in step."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(attempt, 10)) * random.uniform(0.5, 1.0)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait (RFC 9110 section 10.2.3: seconds or a date); None for none.

    A date is measured by the server's own clock where the answer tells it (section 6.6.1): this machine's may be wrong.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    date = _date(value)
    if date is None:
        return None
    now = _date(headers.get("Date", "")) or datetime.now(timezone.utc)
    return max(0.0, (date - now).total_seconds())


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)


# A turn within so many seconds counts as one that comes at once.
_AT_ONCE = 0.5


class Repeater:
    """Sends one request until it is answered for good, or until its time is up.

    :param timeout: seconds that one request may keep meeting faults; 0 switches repeating off.
    """

    def __init__(self, timeout: float, clock: Clock) -> None:
        self._timeout = timeout
        self._clock = clock
        self._reached = False
        self._deadline = float("inf")

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        """Within it nothing is repeated after this moment of the clock, however much time is left. For one thread."""
        self._deadline = deadline
        try:
            yield
        finally:
            self._deadline = float("inf")

    def run(
        self, method: str, send: Callable[[], Response], repeatable: bool | None = None, pace: Pace | None = None
    ) -> Response:
        """The last answer, good or bad; raises the last TransportError if there was none.

        :param send: sends the request once.
        :param repeatable: whether doing it twice is harmless; None: as the method says.
        :param pace: says when each try may be sent, and hears how it was answered.
        """
        harmless = method in _REPEATABLE_METHODS if repeatable is None else repeatable
        started = self._clock.now()
        attempt, owed = 0, 0.0
        throttled: Response | None = None
        while True:
            asked = self._clock.now()
            sent_at = pace.wait(max(0.0, min(self._timeout, self._deadline - asked))) if pace else asked
            # To queue behind other requests is no fault that this one keeps meeting.
            started += max(0.0, sent_at - asked - owed)
            if throttled and not self._in_time(started, 0.0):
                return throttled
            if sent_at > self._deadline and sent_at - asked > _AT_ONCE:
                raise ThrottledError(
                    "the pace of the account's requests gave this one no turn in time.", "Run again later."
                )
            try:
                response = send()
                self._reached = True
            except TransportError as error:
                wait = rest = pause(attempt)
                if error.hopeless or (error.sent and not harmless) or not self._in_time(started, wait):
                    raise
            else:
                throttled = response if response.status == THROTTLED else None
                wait = retry_after(response.headers) or 0.0
                if pace:
                    pace.answered(sent_at, bool(throttled), wait)
                # After a 429 the pace gives the next slot, and none before a Retry-After has passed: one more pause
                # would only let slots go by.
                rest = 0.0 if pace and throttled else max(pause(attempt), wait)
                if not self._passing(response.status, harmless) or not self._in_time(started, max(wait, rest)):
                    return response
            self._clock.sleep(rest)
            attempt, owed = attempt + 1, max(_LONGEST_PAUSE, wait)

    @staticmethod
    def _passing(status: int, harmless: bool) -> bool:
        return status == THROTTLED or (harmless and status in _PASSING_FAULTS)

    def _in_time(self, started: float, wait: float) -> bool:
        allowed = self._timeout if self._reached else min(self._timeout, _FIRST_CONTACT)
        then = self._clock.now() + wait
        return then - started < allowed and then < self._deadline
