# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only one process of this control node may do at a time.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import WaitError
from ansible_collections.alexa.smart_properties.plugins.module_utils._state import state_directory

_FILE = "creations.lock"
_INTERVAL = 0.2


@contextmanager
def alone(doing: str, thing: str, patience: float, clock: Clock) -> Iterator[None]:
    """Do something to a thing while no other process of this control node does.

    Other things are not kept waiting. Where the folder can't be used, or its file system knows no locks, there is none.
    Raises WaitError if it takes others longer than C(patience) seconds.

    :param doing: what is to be done, as in "Could not <doing>".
    :param thing: whatever tells the things apart.
    """
    try:
        # Closing it frees the lock, and the kernel closes it for a process that dies.
        lock = open(os.open(state_directory() / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
    except OSError:
        yield
        return
    with lock:
        deadline = clock.now() + patience
        while not _locked(lock.fileno(), thing):
            if not clock.now() < deadline:
                raise WaitError(
                    f"Could not {doing}: another run on this control node has been at it for {patience:g} seconds.",
                    "Run again when the other one has ended; nothing was changed.",
                )
            clock.sleep(_INTERVAL)
        yield


def _locked(file: int, thing: str) -> bool:
    """Whether the lock was free, or can't be had at all. Each thing has a byte of its own, so one file does for all."""
    byte = int.from_bytes(hashlib.sha256(thing.encode()).digest()[:6], "big")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True
