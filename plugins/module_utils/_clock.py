# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time as an argument, so that waits can be tested without waiting.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import time


class Clock:
    """The real clock. Tests hand in another one with the same two methods."""

    def now(self) -> float:
        """Seconds since some fixed moment; the same for all processes since the machine started."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Do nothing for so many seconds."""
        if seconds > 0:
            time.sleep(seconds)
