# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the pace, as numbers without a clock, a lock or a file.

No limit is published, so it is found. A start is gentle: each good answer allows two requests more, until so many went
well that nobody throttles. A 429 halves the rate. Two 429s in a row tell the limit: both met an empty bucket, so what
was answered well between them is what the API refilled. For a while the rate then stays a little below, so that a
bucket fills again, then it looks for more, and grows fast where nothing is refused: the limit may have risen.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SLOWEST = 0.2
# Requests that may be under way before the first answer.
_AT_ONCE = 4
_FOR_EACH_GOOD = 2
# So that requests whose process died, and which are never answered, do not hold the others up.
_WITHOUT_ANSWERS = 10.0
# After so many good answers nobody counts any more: twice as many as 20 processes of 16 threads have under way.
_PROVEN = 640
# A bucket lets more pass at first than later. Most hold what a second refills: nothing shorter is measured.
_SHORTEST_MEASURE = 1.0
_FIRST_GUESS = 10.0
_ENOUGH_TO_MEASURE = 4
# A 429 soon after the last, but after so many good answers: the limit is not far, and a measure would be too short.
_TOO_MANY_TO_BE_FAR = 8
_A_BIT_LESS = 0.8
# Seconds for which the rate stays halved: it gives an empty bucket some tokens, against requests that come unevenly.
_HALVED = 0.5
_BELOW = 0.97
# Seconds just below a limit that was measured; longer where it was found again and again, as each 429 has its price.
_CALM = 5.0
_CALM_GROWTH = 1.35
_LONGEST_CALM = 25.0
_STEADY = 0.15
# Then a look whether there is more, slow and not far above, so that the 429 that ends it comes alone.
_PROBE = 1.3
_PROBE_RAMP = 4.0
_PROBED = 4.5
# If none comes the limit has risen: e-fold growth in so many seconds, to e to the power of the other at most.
_GROWTH_TIME = 3.0
_STEEPEST = 12.0
# A server without a bucket refuses at once what is above its limit: then the limit is the rate, and what was answered
# is less, for it holds the time after the cut. With a bucket it is the other way round. Which it is can't be seen.
_TRUST_IN_RATE = 0.4
# Fewer answers than by this factor, at a rate that had not grown: the limit has fallen.
_FALLEN = 1.6
# A process may hold a slot that is so far ahead. No further: slots are as far apart as the rate was when given.
HORIZON = 0.5
# What was learned is forgotten where it was not used, or not confirmed by a 429, for so long.
_FORGOTTEN_AFTER = 300.0
# A moment further ahead than this can only come from before a restart of the machine.
FURTHEST = 3600.0
# So many seconds after a process looked at the clock another one may have written a moment that is past.
_STALENESS = 60.0


@dataclass
class Shared:
    """What the processes share. Moments are seconds of the machine's monotonic clock.

    :param limit: requests a second that the API seems to allow, 0 while none is known.
    :param calm: seconds for which the rate stays below the limit before it grows.
    :param busy: seconds that slots were given out for, since the last cut.
    :param good: answers other than 429, since the last cut.
    :param given: slots that were given out while no limit was known.
    :param since: when the rate was last cut, or counting began.
    :param slot: the latest slot that was given out.
    :param not_before: end of the latest Retry-After.
    :param starved: since when every answer has been 429, if C(good) is 0.
    """

    limit: float = 0.0
    calm: float = 0.0
    busy: float = 0.0
    good: float = 0.0
    given: float = 0.0
    since: float = 0.0
    slot: float = 0.0
    not_before: float = 0.0
    starved: float = 0.0

    def numbers(self) -> tuple[float, ...]:
        """All of them in the order of the fields, many times as fast as C(dataclasses.astuple)."""
        learned = (self.limit, self.calm, self.busy, self.good, self.given)
        return (*learned, self.since, self.slot, self.not_before, self.starved)

    def sane(self, now: float) -> bool:
        """Whether the numbers can be of this machine's current life."""
        ahead = self.slot < now + FURTHEST and self.not_before < now + FURTHEST
        past = self.since < now + _STALENESS and self.starved < now + _STALENESS
        numbers = self.numbers()
        # A comparison with NaN is false, wherever min and max may leave it.
        return ahead and past and min(numbers) >= 0.0 and max(numbers) < 1e12 and sum(numbers) < 1e13

    @property
    def proven(self) -> bool:
        """Whether so much went well that nobody needs to wait or to count."""
        return not self.limit and self.good >= _PROVEN

    @property
    def rate(self) -> float:
        """Requests a second, once a limit is known."""
        if self.busy < _HALVED:
            return max(SLOWEST, self.limit / 2)
        over = self.busy - _HALVED - self.calm
        probing = _BELOW + (_PROBE - _BELOW) * min(1.0, max(0.0, over / _PROBE_RAMP))
        return self.limit * probing * math.exp(min(_STEEPEST, max(0.0, over - _PROBED) / _GROWTH_TIME))

    def stale(self, now: float) -> bool:
        """Whether all this is too old to be of use."""
        last = self.since if self.limit else self.slot
        return now - max(last, self.not_before) > _FORGOTTEN_AFTER

    def give(self, now: float, ceiling: float | None) -> tuple[float, bool]:
        """A slot and True; or the moment from which on there may be one, and False."""
        if self.not_before > now:
            return self.not_before, False
        if not self.limit and not ceiling:
            return self._give_at_start(now)
        rate = min(self.rate if self.limit else math.inf, ceiling or math.inf)
        slot = max(now, self.slot + 1 / rate)
        if slot > now + HORIZON:
            return slot - HORIZON, False
        if not ceiling or rate < ceiling:
            # A pause in the demand says nothing about the limit.
            self.busy += min(slot - self.slot, 2 / rate)
        self.slot = slot
        return slot, True

    def _give_at_start(self, now: float) -> tuple[float, bool]:
        if not self.since:
            self.since = now
        if self.given >= _AT_ONCE + _FOR_EACH_GOOD * self.good + _WITHOUT_ANSWERS * (now - self.since):
            return now, False
        self.given += 1
        self.slot = now
        return now, True

    def cut(self, now: float, sent_at: float, measured: float) -> None:
        """A 429 came for a request that was sent at that moment.

        :param measured: requests that this process sent in the last second.
        """
        # Requests that were under way when the rate was cut say nothing about the new rate.
        if self.limit and sent_at < self.since:
            return
        if self.good or not self.limit:
            self.starved = now
        self.limit, self.calm = self._learned(now, measured)
        self.busy = self.good = self.given = 0.0
        self.since = self.slot = now

    def _learned(self, now: float, measured: float) -> tuple[float, float]:
        if not self.limit:
            average = self.good / max(_SHORTEST_MEASURE, now - self.since)
            return max(_FIRST_GUESS, measured if self.proven else average), 0.0
        rate, busy = self.rate, self.busy - max(0.0, self.slot - now)
        if self.good < _ENOUGH_TO_MEASURE or busy <= _HALVED:
            return max(2 * SLOWEST, self.limit / 2), 0.0
        if busy < _SHORTEST_MEASURE + _HALVED and self.good > _TOO_MANY_TO_BE_FAR:
            return max(2 * SLOWEST, self.limit * _A_BIT_LESS), _CALM
        answered = min(rate, self.good / busy)
        if answered * _FALLEN < rate <= self.limit:
            return max(2 * SLOWEST, answered), 0.0
        limit = max(2 * SLOWEST, answered * (rate / answered) ** _TRUST_IN_RATE)
        steady = self.calm and abs(limit - self.limit) < _STEADY * self.limit
        return limit, min(_LONGEST_CALM, self.calm * _CALM_GROWTH) if steady else _CALM

    def pause(self, now: float, seconds: float) -> None:
        """The API asked for a pause."""
        self.not_before = max(self.not_before, now + min(seconds, FURTHEST / 2))
        # It gives the bucket more than a halved rate would.
        if self.limit and seconds >= _HALVED:
            self.busy = max(self.busy, _HALVED)
