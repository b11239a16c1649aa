# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the pace is kept: a small locked file for all processes, or memory where no file can be used.

Whatever is wrong with the file, work goes on: with a pace of this process's own, and one warning.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace

from ansible_collections.alexa.smart_properties.plugins.module_utils._rate import Shared
from ansible_collections.alexa.smart_properties.plugins.module_utils._state import state_directory

# Another form of the record wants another number: then two versions of this collection use a file each.
_FORM_NUMBER = "2"
_FORM = struct.Struct(f"<8s{len(fields(Shared))}d")
_SUM = struct.Struct("<L")
_BOOT_ID = "/proc/sys/kernel/random/boot_id"
# A lock is held for microseconds. Whoever holds it longer was stopped, and may never go on.
_LOCK_PATIENCE = 5.0
_FIRST_RETRY = 0.0005
_LAST_RETRY = 0.01


class MemoryStore:
    """Keeps the pace of this process alone.

    :ivar trouble: why the pace is not shared, for the user; None where that is as it should be.
    """

    def __init__(self, trouble: str | None = None) -> None:
        self.trouble = trouble
        self._shared = Shared()
        self._threads = threading.Lock()

    def read(self) -> Shared:
        return replace(self._shared)

    def write(self, shared: Shared) -> None:
        self._shared = replace(shared)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else writes meanwhile."""
        with self._threads:
            yield


class FileStore(MemoryStore):
    """Keeps the pace in a file, and goes on in memory when the file fails. The kernel frees a dead process's lock."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._mark = _mark()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._broken = False
        self._stuck = False
        self._last = b""

    def read(self) -> Shared:
        """One read without a lock; a record that is torn or not of this machine's current life counts as none."""
        if self._broken or self._stuck:
            return super().read()
        try:
            record = os.pread(self._file, _FORM.size + _SUM.size, 0)
        except OSError as error:
            self._broke(error)
            return super().read()
        self._last = record
        return self._parsed(record)

    def write(self, shared: Shared) -> None:
        if self._broken or self._stuck:
            return super().write(shared)
        body = _FORM.pack(self._mark, *shared.numbers())
        self._last = body + _SUM.pack(zlib.crc32(body))
        try:
            os.pwrite(self._file, self._last, 0)
        except OSError as error:
            self._broke(error)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else writes meanwhile, unless the lock can't be had: then nothing is shared."""
        with self._threads:
            try:
                if not self._broken:
                    self._try_to_lock()
            except OSError as error:
                self._broke(error)
            held = not self._broken and not self._stuck
            try:
                yield
            finally:
                if held:
                    fcntl.flock(self._file, fcntl.LOCK_UN)

    def _try_to_lock(self) -> None:
        got = self._got_lock()
        if not got and not self._stuck:
            self._alone()
        self._stuck = not got

    def _got_lock(self) -> bool:
        """Waits for the lock, but not for ever; one who waited in vain just tries once the next time."""
        patience = 0.0 if self._stuck else _LOCK_PATIENCE
        deadline, pause = time.monotonic() + patience, _FIRST_RETRY
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    self.trouble = trouble(self._path, "another process does not let go of its lock")
                    return False
            time.sleep(pause)
            pause = min(_LAST_RETRY, pause * 2)

    def _parsed(self, record: bytes) -> Shared:
        if len(record) != _FORM.size + _SUM.size:
            return Shared()
        body, checksum = record[: _FORM.size], _SUM.unpack(record[_FORM.size :])[0]
        mark, *numbers = _FORM.unpack(body)
        return Shared(*numbers) if mark == self._mark and checksum == zlib.crc32(body) else Shared()

    def _broke(self, error: OSError) -> None:
        if not self._stuck:
            self._alone()
        self._broken = True
        self.trouble = trouble(self._path, error.strerror or str(error))

    def _alone(self) -> None:
        """Go on from what the file said last."""
        super().write(self._parsed(self._last))


def trouble(path: str, reason: str) -> str:
    """What the user reads when the pace can't be shared."""
    return (
        f"The pace file {path} can't be used ({reason}): this process kept a pace of its own, so the account's limit is"
        " met more often. Remove what is there if it is not in use, see that you may write there and the disk has room,"
        " or set ALEXA_STATE_DIR to another folder."
    )


def store_of(account: str) -> MemoryStore:
    """The store that all processes of this control node share for one account.

    :param account: whatever tells accounts apart; only its hash is used, as a file name.
    """
    name = "pace-" + hashlib.sha256(f"{_FORM_NUMBER} {account}".encode()).hexdigest()[:16]
    try:
        path = str(state_directory() / name)
    except OSError as error:
        return MemoryStore(trouble(f"{error.filename or name}", error.strerror or str(error)))
    try:
        store = FileStore(path)
    except OSError as error:
        return MemoryStore(trouble(path, error.strerror or str(error)))
    # Some file systems know no locks, and some are full: better to learn that here than in the middle of a run.
    store.read()
    with store.locked():
        store.write(store.read())
    return store


def _mark() -> bytes:
    """Tells records of this start of the machine from others: after a restart its clock begins again."""
    try:
        with open(_BOOT_ID, encoding="ascii") as file:
            boot = file.read()
    except OSError:
        boot = ""
    return hashlib.sha256(f"alexa pace {_FORM_NUMBER} {boot}".encode()).digest()[:8]
