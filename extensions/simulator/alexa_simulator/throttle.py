# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate limit of the account: a token bucket, and Retry-After in its two forms."""

from __future__ import annotations

import datetime
import email.utils
import math

from .answers import Refusal
from .settings import Settings


class Throttle:
    """Lets `rate_limit` requests a second pass, and `rate_burst` at once. New settings start with a full bucket."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._filled = 0.0
        self._counted_at = 0.0

    def admit(self, settings: Settings, now: float) -> None:
        """Refuses with 429 a request that is too many."""
        if settings.rate_limit <= 0:
            return
        most = settings.rate_burst or max(1.0, settings.rate_limit)
        if settings is not self._settings:
            self._settings, self._filled = settings, most
        self._filled = min(most, self._filled + (now - self._counted_at) * settings.rate_limit)
        self._counted_at = now
        if self._filled < 1:
            wait = math.ceil((1 - self._filled) / settings.rate_limit)
            raise Refusal(429, "Rate exceeded.", _headers(settings.retry_after, wait))
        self._filled -= 1


def _headers(form: str, wait: int) -> dict[str, str]:
    if form == "seconds":
        return {"Retry-After": str(wait)}
    if form == "date":
        # A date has whole seconds: one more, so that the moment it names is never too early.
        moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=wait + 1)
        return {"Retry-After": email.utils.format_datetime(moment, usegmt=True)}
    return {}


def seconds_of(retry_after: str) -> float:
    """Seconds from now that a Retry-After header asks for, in either form; 0 when it is neither."""
    if retry_after.isdigit():
        return float(retry_after)
    try:
        moment = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    return (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
