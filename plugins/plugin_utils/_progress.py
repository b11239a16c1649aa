# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a rollout has come, and about how long the rest takes.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ansible.utils.helpers import pct_to_int

# What Amazon's page says of a trunk.
_USUAL_WAIT = 600.0


def batch_sizes(serial: Sequence[Any], properties: int) -> list[int]:
    """The sizes of a play's batches: the values of C(serial) in turn, the last one again until none is left."""
    sizes: list[int] = []
    left = properties
    while left > 0:
        wish = serial[min(len(sizes), len(serial) - 1)] if serial else 0
        size = pct_to_int(wish, properties)
        size = min(left, size if size > 0 else left)
        sizes.append(size)
        left -= size
    return sizes


class Rollout:
    """The account of a rollout. Moments are seconds of any clock.

    :param properties: how many there are, those included that the checks before have refused.
    :param sizes: the sizes of the batches.
    """

    def __init__(self, properties: int, sizes: Sequence[int], now: float) -> None:
        self._properties = properties
        self._sizes = list(sizes)
        self._began = now
        self._ended = 0
        self._batch: set[str] = set()
        self._batch_began = now
        self._waiting: set[str] = set()
        self._wait_began: float | None = None
        self._batch_waited = 0.0
        self._worked = self._waited = 0.0
        self.done: set[str] = set()
        self.failed: set[str] = set()

    def begin_batch(self, hosts: Collection[str], refused: Collection[str], now: float) -> None:
        """A batch begins; C(refused) are those that are no longer in the rollout."""
        self.failed |= set(refused)
        self._batch = set(hosts)
        self._batch_began, self._batch_waited = now, 0.0

    def tried(self, hosts: Collection[str]) -> None:
        """So far these were tried: those that did not fail are done. The failure budget's rest is not among them."""
        self.done = set(hosts) - self.failed

    def fail(self, host: str) -> None:
        """A property failed."""
        self.failed.add(host)
        self._waiting.discard(host)

    def await_trunk(self, host: str, waits: bool) -> None:
        """A property begins or ends to wait for its trunk."""
        (self._waiting.add if waits else self._waiting.discard)(host)

    def wait(self, waits: bool, now: float) -> bool:
        """The batch begins or ends to wait; whether it just began."""
        if self._wait_began is not None and not waits:
            self._batch_waited += now - self._wait_began
        begins = waits and self._wait_began is None
        self._wait_began = (self._wait_began if self._wait_began is not None else now) if waits else None
        return begins

    def end_batch(self, now: float) -> None:
        """The batch has ended."""
        self.wait(False, now)
        self._worked += now - self._batch_began - self._batch_waited
        self._waited += self._batch_waited
        self._ended += 1
        self._batch, self._waiting = set(), set()

    def seconds_left(self, now: float) -> float | None:
        """About how long the rest takes: waiting by the batch, work by the property. None before a batch has ended."""
        gone = sum(self._sizes[: self._ended])
        if not gone or not self._worked:
            return None
        batches, properties = len(self._sizes) - self._ended, sum(self._sizes) - gone
        whole = batches * self._waited / self._ended + properties * self._worked / gone
        running = now - self._batch_began if self._batch else 0.0
        return max(0.0, whole - running)

    def line(self, now: float) -> str:
        """All of it on one line."""
        parts = [f"{len(self.done)} of {self._properties} properties done", f"{len(self.failed)} failed"]
        rest = self._properties - len(self.done | self.failed)
        parts += [f"{rest} to go"] if rest else []
        if self._wait_began is not None and self._waiting:
            about = f" (Amazon takes about {_clock(_USUAL_WAIT)})"
            parts.append(f"{len(self._waiting)} waiting for their trunks{about}")
        parts.append(f"{_clock(now - self._began)} gone")
        left = self.seconds_left(now) if rest else None
        parts += [f"about {_clock(left)} left"] if left is not None else []
        number = self._ended + (1 if self._batch else 0)
        return f"alexa: batch {number} of {len(self._sizes)}: {', '.join(parts)}"


def _clock(seconds: float) -> str:
    """Minutes and seconds, or hours and minutes."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes}:{rest:02} min"
