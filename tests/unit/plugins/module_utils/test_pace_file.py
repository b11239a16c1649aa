# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small file through which processes share one pace: whatever is in it, work goes on."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._pace import (
    FileStore,
    MemoryStore,
    Pace,
    Shared,
    store_of,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._state import state_directory
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import FakeClock

ACCOUNT = "https://api.example.com client"


def pace_file() -> Path:
    store_of(ACCOUNT)
    (path,) = state_directory().iterdir()
    return path


def test_two_processes_share_one_pace(clock: FakeClock) -> None:
    one, other = Pace(store_of(ACCOUNT), clock), Pace(store_of(ACCOUNT), clock)
    moment = [one.wait() for _number in range(20)][-1]
    one.throttled(moment, None)
    moments = [pace.wait() for _number in range(5) for pace in (one, other)]
    gaps = [later - earlier for earlier, later in zip(moments, moments[1:])]
    assert gaps == pytest.approx([0.1] * 9, rel=0.1)


def test_retry_after_reaches_the_other_process(clock: FakeClock) -> None:
    one, other = Pace(store_of(ACCOUNT), clock), Pace(store_of(ACCOUNT), clock)
    moment = one.wait()
    one.throttled(moment, 30.0)
    assert other.wait() >= moment + 30


def test_another_account_has_another_pace(clock: FakeClock) -> None:
    one, other = Pace(store_of(ACCOUNT), clock), Pace(store_of("another"), clock)
    moment = one.wait()
    one.throttled(moment, 30.0)
    assert other.wait() == moment


def test_the_file_holds_no_account_name_and_is_the_owners_alone() -> None:
    path = pace_file()
    assert "client" not in path.name and b"client" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"alexapc1",
        b"\x00" * 48,
        b"another program's file " * 10,
        b"alexapc1" + b"\xff" * 40,
        struct.pack("<8s5d", b"alexapc1", float("nan"), 0, 0, 0, 0),
        struct.pack("<8s5d", b"alexapc1", 5.0, float("inf"), 0, 0, 0),
        struct.pack("<8s5d", b"alexapc1", -5.0, 0, 0, 0, 0),
        struct.pack("<8s5d", b"alexapc1", 5.0, 0, 1e9, 0, 0),
        struct.pack("<8s5d", b"alexapc9", 0.001, 11_000.0, 11_000.0, 9_999.0, 9_999.0),
    ],
    ids=["empty", "short", "zeros", "foreign", "torn", "nan", "inf", "negative", "far ahead", "newer form"],
)
def test_a_file_with_nonsense_holds_nothing_back_and_is_put_right(clock: FakeClock, content: bytes) -> None:
    path = pace_file()
    path.write_bytes(content)
    pace = Pace(store_of(ACCOUNT), clock)
    moment = [pace.wait() for _number in range(4)][-1]
    assert clock.sleeps == []
    pace.throttled(moment, None)
    assert FileStore(str(path)).read().rate == 5  # half of the first guess


@pytest.mark.parametrize(
    "old",
    [
        Shared(0.2, 13_000.0, 13_500.0, 12_900.0, 12_950.0),
        Shared(0.0, 12_000.0, 0.0, 0.0, 11_990.0),
    ],
    ids=["a limit was found", "only a ceiling"],
)
def test_numbers_from_before_a_restart_of_the_machine_hold_nothing_back(clock: FakeClock, old: Shared) -> None:
    FileStore(str(pace_file())).write(old)
    Pace(store_of(ACCOUNT), clock).wait()
    assert clock.sleeps == []


def test_a_ceiling_leaves_the_moment_by_which_a_restart_is_known(clock: FakeClock) -> None:
    Pace(store_of(ACCOUNT), clock, 1.0).wait()
    assert FileStore(str(pace_file())).read().moved_at == clock.now()


def test_numbers_that_another_process_wrote_a_moment_ago_are_believed(clock: FakeClock) -> None:
    now = clock.now()
    assert Shared(1.0, now + 30, now + 40, now + 0.5, now + 0.5).sane(now)


def test_where_no_folder_can_be_made_the_process_keeps_its_own_pace(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ALEXA_STATE_DIR", str(tmp_path / "file" / "folder"))
    assert isinstance(store_of(ACCOUNT), MemoryStore)


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
    assert isinstance(store_of(ACCOUNT), MemoryStore)
    assert kind != "link" or (tmp_path / "elsewhere").read_bytes() == b"precious"


def test_a_file_system_without_locks_is_found_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    assert isinstance(store_of(ACCOUNT), MemoryStore)


def test_the_lock_of_a_killed_process_is_free(clock: FakeClock) -> None:
    path = pace_file()
    code = (
        "import fcntl, os, sys, time; file = os.open(sys.argv[1], os.O_RDWR); fcntl.flock(file, fcntl.LOCK_EX);"
        " print('locked', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None and holder.stdout.readline() == b"locked\n"
        finally:
            holder.send_signal(signal.SIGKILL)
    pace = Pace(store_of(ACCOUNT), clock, 10.0)
    assert pace.wait() == clock.now()


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
