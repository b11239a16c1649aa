# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does many small things with a few threads, and stops early where going on is useless.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Callable, Generic, TypeVar

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import AlexaError

_T = TypeVar("_T")


@dataclass
class Outcome(Generic[_T]):
    """What became of the items: each is in exactly one of the three."""

    done: list[tuple[_T, Any]] = field(default_factory=list)
    failed: list[tuple[_T, AlexaError]] = field(default_factory=list)
    not_tried: list[_T] = field(default_factory=list)


def for_each(items: Iterable[_T], work: Callable[[_T], Any], concurrency: int) -> Outcome[_T]:
    """Call C(work) with each item, in so many threads. An error that C(stops_all) leaves the rest untried.

    Errors other than AlexaError are faults of this code: the first is raised after all threads have ended.
    """
    job = _Job(items, work)
    threads = [threading.Thread(target=job.serve, daemon=True) for _number in range(min(concurrency, len(job.waiting)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if job.faults:
        raise job.faults[0]
    job.outcome.not_tried = list(reversed(job.waiting))
    return job.outcome


class _Job(Generic[_T]):
    """What the threads of one C(for_each) share."""

    def __init__(self, items: Iterable[_T], work: Callable[[_T], Any]) -> None:
        self.waiting = list(reversed(list(items)))
        self.outcome: Outcome[_T] = Outcome()
        self.faults: list[BaseException] = []
        self._work = work
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def serve(self) -> None:
        """One thread: take the next item until there is none, or until going on is useless."""
        while not self._stop.is_set():
            with self._lock:
                if not self.waiting:
                    return
                item = self.waiting.pop()
            try:
                value = self._work(item)
            except AlexaError as error:
                with self._lock:
                    self.outcome.failed.append((item, error))
                if error.stops_all:
                    self._stop.set()
            except BaseException as fault:  # pylint: disable=broad-exception-caught
                self.faults.append(fault)
                self._stop.set()
            else:
                with self._lock:
                    self.outcome.done.append((item, value))
