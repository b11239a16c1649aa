# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does many small things with a few threads, and stops early where going on is useless.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Callable, Generic, Iterable, TypeVar

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
    outcome: Outcome[_T] = Outcome()
    waiting = list(reversed(list(items)))
    lock = threading.Lock()
    faults: list[BaseException] = []
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            with lock:
                if not waiting:
                    return
                item = waiting.pop()
            try:
                value = work(item)
            except AlexaError as error:
                with lock:
                    outcome.failed.append((item, error))
                if error.stops_all:
                    stop.set()
            except BaseException as fault:  # pylint: disable=broad-exception-caught
                faults.append(fault)
                stop.set()
            else:
                with lock:
                    outcome.done.append((item, value))

    threads = [threading.Thread(target=serve, daemon=True) for _number in range(min(concurrency, len(waiting)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    outcome.not_tried = list(reversed(waiting))
    return outcome
