# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits until trunks are ACTIVE, any number of them by one listing a poll.

Source: Amazon's page, step 5: "After about ten minutes, the status of the SIP trunk becomes ACTIVE". There is no event
for it. Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Callable

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import AlexaError, WaitError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import ACTIVE, Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunk_plan import named, shown
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunks import Trunks
from ansible_collections.alexa.smart_properties.plugins.module_utils._wait import poll

_FAILED = re.compile("FAIL|ERROR|REJECT", re.IGNORECASE)
_UNREADABLE = "not readable yet"


@dataclass(frozen=True)
class Patience:
    """How long and how often to look, in seconds, and who is told when something has happened."""

    timeout: float
    interval: float
    tell: Callable[[str], None]


@dataclass(frozen=True)
class Seen:
    """The trunks with the status that each had when it was last seen, and why the last look failed if it did."""

    trunks: list[Trunk]
    trouble: str = ""


def wait_for_active(trunks: Trunks, trunk: Trunk, patience: Patience) -> Trunk:
    """Poll until the trunk is ACTIVE. Raises WaitError when the time is up or the trunk has failed."""
    seen = wait_for_all(trunks, [trunk], patience)
    error = why_not(seen.trunks[0], patience, seen.trouble)
    if error:
        raise error
    return seen.trunks[0]


def wait_for_all(trunks: Trunks, waiting: Sequence[Trunk], patience: Patience) -> Seen:
    """Poll until each trunk is ACTIVE or has failed, or the time is up.

    What may pass, such as an API that is down, only ends a look. Raises AlexaError for what will not.
    """
    began = trunks.clock.now()
    trouble = ""
    now = {str(trunk.trunk_id): replace(trunk, status=None) for trunk in waiting}

    def read() -> list[Trunk]:
        nonlocal trouble
        left = [trunk_id for trunk_id, trunk in now.items() if not _ended(trunk)]
        before = len(left)
        try:
            statuses = trunks.statuses(left, began + patience.timeout)
            trouble = ""
        except AlexaError as error:
            if not error.passing:
                raise
            statuses, trouble = {}, f" {error.message}"
        for trunk_id, status in statuses.items():
            # A trunk that was made a moment ago may not be readable yet.
            now[trunk_id] = replace(now[trunk_id], status=status or _UNREADABLE)
        left = [trunk_id for trunk_id, trunk in now.items() if not _ended(trunk)]
        if len(left) < before and len(now) > 1:
            minutes, seconds = divmod(round(trunks.clock.now() - began), 60)
            patience.tell(f"{len(now) - len(left)} of {len(now)} SIP trunks are through after {minutes}:{seconds:02}.")
        return list(now.values())

    def done(seen: list[Trunk]) -> bool:
        return all(_ended(trunk) for trunk in seen)

    if not now:
        return Seen([])
    last = poll(read, done, timeout=patience.timeout, interval=patience.interval, clock=trunks.clock)[0]
    return Seen(last, trouble)


def why_not(trunk: Trunk, patience: Patience, trouble: str) -> WaitError | None:
    """Why a trunk that was waited for is not ACTIVE; None for one that is."""
    if trunk.status == ACTIVE:
        return None
    known = {"trunk": shown(trunk)}
    if _ended(trunk):
        return WaitError(
            f"The SIP trunk {trunk.trunk_id} of {named(trunk)} ended in status {trunk.status}.",
            "Check certificate, name, address and port against what the PBX really serves, mend them and run"
            " again; if it stays, delete the trunk and make it anew.",
            **known,
        )
    status = "could not be read" if trouble and not trunk.status else f"{'was' if trouble else 'is'} {trunk.status}"
    return WaitError(
        f"The SIP trunk {trunk.trunk_id} of {named(trunk)} is not ACTIVE after {patience.timeout:g} seconds; its status"
        f" {status}.{trouble} Amazon says about ten minutes.",
        "Run again to go on waiting: nothing is made twice. Raise wait_timeout if it often takes longer.",
        **known,
    )


def _ended(trunk: Trunk) -> bool:
    return trunk.status == ACTIVE or bool(_FAILED.search(trunk.status or ""))
