# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network without anybody, for this thread and what it starts: loopback alone, and no way out."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

_CLONE_NEWNET = 0x40000000  # linux/sched.h


@contextmanager
def alone() -> Iterator[None]:
    """Leave the network until the block's end; OSError without the rights."""
    libc = ctypes.CDLL(None, use_errno=True)
    former = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(_CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "no network of its own for this thread")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            if libc.setns(former, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "this thread can't go back to its network")
    finally:
        os.close(former)
