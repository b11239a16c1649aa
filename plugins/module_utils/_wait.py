# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Polls until something is so, or until time is up.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from typing import Callable, TypeVar

from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock

_T = TypeVar("_T")


def poll(
    read: Callable[[], _T], done: Callable[[_T], bool], *, timeout: float, interval: float, clock: Clock
) -> tuple[_T, bool]:
    """Read until C(done) says so or the time is up; the last thing read, and whether it was done.

    Reads once even with a timeout of 0, and once more at the deadline itself, never after it.
    """
    deadline = clock.now() + timeout
    while True:
        seen = read()
        if done(seen):
            return seen, True
        left = deadline - clock.now()
        # Not "left <= 0": a timeout that is no number (NaN) would never end.
        if not left > 0:
            return seen, False
        clock.sleep(min(interval, left))
