# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small file through which processes share one pace: whatever is in it, work goes on."""

from __future__ import annotations

import errno
import os
import random
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils import _pace_store
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace import Pace
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace_store import FileStore, store_of
from ansible_collections.alexa.smart_properties.plugins.module_utils._rate import Shared
from ansible_collections.alexa.smart_properties.plugins.module_utils._state import state_directory
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import FakeClock

ACCOUNT = "https://api.example.com client"


def alone() -> str:
    """Why the process keeps a pace of its own."""
    store = store_of(ACCOUNT)
    assert store.trouble
    with store.locked():
        store.write(Shared(limit=7.0))
    assert (store.read().limit, store_of(ACCOUNT).read().limit) == (7.0, 0.0)
    return store.trouble


def pace_file() -> Path:
    store_of(ACCOUNT)
    (path,) = state_directory().iterdir()
    return path


def throttled(pace: Pace, retry_after: float | None = None) -> float:
    moment = pace.wait()
    pace.answered(moment, True, retry_after)
    return moment


def limit_found() -> float:
    """What another process reads, without a lock."""
    (path,) = state_directory().iterdir()
    return FileStore(str(path)).read().limit


def test_two_processes_share_one_pace(clock: FakeClock) -> None:
    one, other = Pace(store_of(ACCOUNT), clock), Pace(store_of(ACCOUNT), clock)
    throttled(one)
    moments = [pace.wait() for _number in range(2) for pace in (one, other)]
    gaps = [later - earlier for earlier, later in zip(moments, moments[1:])]
    assert gaps == pytest.approx([1 / 5] * 3, rel=0.5)


def test_retry_after_reaches_the_other_process(clock: FakeClock) -> None:
    one, other = Pace(store_of(ACCOUNT), clock), Pace(store_of(ACCOUNT), clock)
    moment = throttled(one, 30.0)
    assert other.wait() >= moment + 30


def test_another_account_has_another_pace(clock: FakeClock) -> None:
    one, other = Pace(store_of(ACCOUNT), clock), Pace(store_of("another"), clock)
    moment = throttled(one, 30.0)
    assert other.wait() == moment


def test_the_file_holds_no_account_name_and_is_the_owners_alone() -> None:
    path = pace_file()
    assert "client" not in path.name and b"client" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


GOOD = Shared(0.5, 5.0, 1.0, 1.0, 1.0, 9_999.0, 10_000.4, 10_000.0, 9_999.0)


def changed(position: int, value: float) -> bytes:
    """A good record but for one number, with the right checksum."""
    numbers = list(GOOD.numbers())
    numbers[position] = value
    FileStore(str(path := pace_file())).write(Shared(*numbers))
    return path.read_bytes()


def of_another_form() -> bytes:
    body = b"alexapc9" + changed(0, 0.5)[8:-4]
    return body + struct.pack("<L", zlib.crc32(body))


@pytest.mark.parametrize(
    "content",
    [
        lambda: b"",
        lambda: b"alexapc1",
        lambda: b"\x00" * 84,
        lambda: b"another program's file " * 10,
        lambda: random.Random(7).randbytes(84),
        lambda: changed(0, 0.5)[:40],
        lambda: changed(0, 0.5)[:40] + changed(0, 400.0)[40:],
        of_another_form,
        lambda: struct.pack("<8s5d", b"alexapc1", 0.5, 10_000.0, 0, 0, 0),
        *(lambda position=position: changed(position, float("nan")) for position in range(9)),
        *(lambda position=position: changed(position, float("inf")) for position in range(9)),
        *(lambda position=position: changed(position, -5.0) for position in range(9)),
        *(lambda position=position: changed(position, 20_000.0) for position in range(5, 9)),
    ],
)
def test_a_file_with_nonsense_holds_nothing_back_and_is_put_right(
    clock: FakeClock, content: Callable[[], bytes]
) -> None:
    path = pace_file()
    path.write_bytes(content())
    pace = Pace(store_of(ACCOUNT), clock)
    moment = [pace.wait() for _number in range(4)][-1]
    assert clock.sleeps == []
    pace.answered(moment, True)
    assert limit_found() == 10  # the first guess


def test_the_record_that_is_taken_for_nonsense_above_would_hold_back_otherwise(clock: FakeClock) -> None:
    pace_file().write_bytes(changed(0, 0.5))
    [Pace(store_of(ACCOUNT), clock).wait() for _number in range(2)]
    assert sum(clock.sleeps) > 3


@pytest.mark.parametrize("old", [13_000.0, 10_100.0])
def test_numbers_from_before_a_restart_of_the_machine_hold_nothing_back(
    clock: FakeClock, old: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its clock began again, and may by now be past the old moments."""
    (boot := tmp_path / "boot_id").write_text("one")
    monkeypatch.setattr(_pace_store, "_BOOT_ID", str(boot))
    store_of(ACCOUNT).write(Shared(0.2, 0.0, 0.0, 0.0, 0.0, old, old, old + 50, old))
    boot.write_text("another")
    Pace(store_of(ACCOUNT), clock).wait()
    assert clock.sleeps == []


def test_a_clock_that_was_set_back_without_a_restart_holds_nothing_back(clock: FakeClock) -> None:
    store_of(ACCOUNT).write(Shared(0.2, 0.0, 0.0, 0.0, 0.0, 13_000.0, 13_500.0, 12_900.0, 12_950.0))
    Pace(store_of(ACCOUNT), clock).wait()
    assert clock.sleeps == []


def test_two_versions_of_the_collection_use_a_file_each(monkeypatch: pytest.MonkeyPatch) -> None:
    store_of(ACCOUNT)
    monkeypatch.setattr(_pace_store, "_FORM_NUMBER", "3")
    store_of(ACCOUNT)
    assert len(list(state_directory().iterdir())) == 2


def test_numbers_that_another_process_wrote_a_moment_ago_are_believed(clock: FakeClock) -> None:
    now = clock.now()
    assert Shared(1.0, 0.0, 0.0, 0.0, 0.0, now + 0.5, now + 30, now + 40, now + 0.5).sane(now)


def test_where_no_folder_can_be_made_the_process_keeps_its_own_pace(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ALEXA_STATE_DIR", str(tmp_path / "file" / "folder"))
    assert str(tmp_path / "file") in alone()


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_what_is_no_file_is_left_alone(kind: str, tmp_path: Path) -> None:
    path = pace_file()
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        (tmp_path / "elsewhere").write_bytes(b"precious")
        path.symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(path)
    assert str(path) in alone()
    assert kind != "link" or (tmp_path / "elsewhere").read_bytes() == b"precious"


def refusing(error: int) -> Callable[..., object]:
    def refuse(*_arguments: object, **_more: object) -> object:
        raise OSError(error, os.strerror(error))

    return refuse


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("os.open", errno.EACCES),
        ("os.open", errno.ENOSPC),
        ("os.pread", errno.EIO),
        ("os.pwrite", errno.ENOSPC),
        ("fcntl.flock", errno.ENOLCK),
    ],
    ids=["another user's or mode 000", "no room for a file", "disk broken", "disk full", "no locks"],
)
def test_a_file_that_can_not_be_used_is_found_out_at_once(
    monkeypatch: pytest.MonkeyPatch, call: str, error: int
) -> None:
    monkeypatch.setattr(call, refusing(error))
    told = alone()
    assert "pace-" in told and os.strerror(error) in told and "ALEXA_STATE_DIR" in told


@pytest.mark.parametrize(
    ("call", "error"), [("os.pread", errno.ESTALE), ("os.pwrite", errno.ENOSPC), ("fcntl.flock", errno.ENOLCK)]
)
def test_a_file_that_fails_in_the_middle_leaves_what_was_known(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch, call: str, error: int
) -> None:
    store = store_of(ACCOUNT)
    pace = Pace(store, clock)
    throttled(pace)
    with monkeypatch.context() as failing:
        failing.setattr(call, refusing(error))
        moments = [pace.wait() for _number in range(3)]
    assert moments[2] - moments[0] == pytest.approx(0.4)
    assert store.trouble and os.strerror(error) in store.trouble
    throttled(pace, 40.0)
    assert pace.wait() >= clock.now()
    assert store.read().limit < 10 == limit_found()


def test_a_write_that_is_cut_short_counts_as_no_record(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    pace, write = Pace(store_of(ACCOUNT), clock), os.pwrite
    throttled(pace)
    with monkeypatch.context() as failing:
        failing.setattr("os.pwrite", lambda file, record, offset: write(file, record[:50], offset))
        pace.wait()
    assert limit_found() == 0


@contextmanager
def holder_of_the_lock() -> Iterator[subprocess.Popen[bytes]]:
    code = (
        "import fcntl, os, sys, time; file = os.open(sys.argv[1], os.O_RDWR); fcntl.flock(file, fcntl.LOCK_EX);"
        " print('locked', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(pace_file())], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None and holder.stdout.readline() == b"locked\n"
            yield holder
        finally:
            holder.kill()


def test_the_lock_of_a_killed_process_is_free(clock: FakeClock) -> None:
    with holder_of_the_lock() as holder:
        holder.send_signal(signal.SIGSTOP)
        holder.kill()
        holder.wait()
        store = store_of(ACCOUNT)
    assert Pace(store, clock, 10.0).wait() == clock.now()
    assert store.trouble is None


def test_nobody_waits_for_ever_for_a_process_that_was_stopped(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pace_store, "_LOCK_PATIENCE", 0.05)
    store = store_of(ACCOUNT)
    pace = Pace(store, clock)
    throttled(pace)
    with holder_of_the_lock() as holder:
        holder.send_signal(signal.SIGSTOP)
        throttled(pace)
        assert store.read().limit < 10
        assert store.trouble and "does not let go of its lock" in store.trouble
        assert limit_found() == 10
    # The lock is free again: what is shared counts again.
    pace.wait()
    throttled(pace)
    assert store.read().limit == limit_found()


def test_the_folder_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ALEXA_STATE_DIR", str(tmp_path / "a" / "b"))
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "ansible"))
    assert state_directory() == tmp_path / "a" / "b"
    monkeypatch.delenv("ALEXA_STATE_DIR")
    assert state_directory() == tmp_path / "ansible" / "alexa_smart_properties"
    monkeypatch.delenv("ANSIBLE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_directory() == tmp_path / ".ansible" / "alexa_smart_properties"
    assert state_directory().is_dir()
