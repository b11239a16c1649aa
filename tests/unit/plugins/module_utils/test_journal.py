# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal's file: read as it was written, though a line is torn and many write at a time."""

from __future__ import annotations

import threading
from pathlib import Path
from unittest import mock

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils import _journal
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._journal import Journal, steps_of
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Mapping, Peer, Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Plan

TRUNK = Trunk("t1", "ACTIVE", "pbx.example.com", ("pem",), (Peer("203.0.113.2", 5061), Peer("203.0.113.1", 5061)))
PLAN = Plan(create=["1"])


def written(file: Path, host: str = "aurora") -> Journal:
    return Journal({"file": str(file), "host": host})


def test_each_host_has_its_steps_in_order(tmp_path: Path) -> None:
    file = tmp_path / "new" / "run.jsonl"
    aurora = written(file)
    step = aurora.begin_trunk(None, TRUNK)
    written(file, "boreal").begin_trunk(TRUNK, None)
    aurora.begin_mappings("t1", PLAN, {}, {"1": "p1"})
    aurora.end_trunk(step, "t1")
    trunk, mappings = steps_of(file, "aurora")
    assert trunk["made"] == "t1" and trunk["before"] is None
    assert [peer["ip"] for peer in trunk["after"]["peers"]] == ["203.0.113.1", "203.0.113.2"]
    assert (mappings["before"], mappings["after"], mappings["made"]) == ({}, {"1": "p1"}, None)
    (other,) = steps_of(file, "boreal")
    assert other["after"] is None and other["before"]["certificate_chain"] == ["pem"]
    assert not list(steps_of(file, "coral"))


def test_no_journal_and_no_change_write_nothing(tmp_path: Path) -> None:
    Journal(None).begin_trunk(None, TRUNK)
    written(tmp_path / "run.jsonl").open(Plan(unchanged=["1"]))
    written(tmp_path / "run.jsonl").begin_mappings("t1", Plan(unchanged=["1"]), {"1": Mapping("1", "p")}, {"1": "p"})
    assert not list(tmp_path.iterdir())


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    written(file).begin_trunk(None, TRUNK)
    with file.open("ab") as torn:
        torn.write(b'\n{"schema": 1, "kind": "tr')
    written(file).begin_mappings("t1", PLAN, {}, {"1": "p1"})
    assert [step["kind"] for step in steps_of(file, "aurora")] == ["trunk", "mappings"]


def test_a_full_disk_stops_the_change(tmp_path: Path) -> None:
    with mock.patch.object(_journal.os, "write", return_value=3), pytest.raises(InputError, match="the disk is full"):
        written(tmp_path / "run.jsonl").begin_trunk(None, TRUNK)


def test_what_was_made_is_no_failure_though_its_id_can_t_be_noted(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    step = written(file).begin_trunk(None, TRUNK)
    with mock.patch.object(_journal.os, "write", side_effect=OSError(28, "No space left on device")):
        written(file).end_trunk(step, "t1")
    (trunk,) = steps_of(file, "aurora")
    assert trunk["made"] is None


def test_many_write_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    profiles = {str(number): "p" * 50 for number in range(500)}

    def note(host: str) -> None:
        for _turn in range(10):
            written(file, host).begin_mappings("t1", Plan(create=list(profiles)), {}, profiles)

    threads = [threading.Thread(target=note, args=(host,)) for host in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(step["after"] == profiles for host in "abcd" for step in steps_of(file, host))
    assert [len(list(steps_of(file, host))) for host in "abcd"] == [10] * 4


@pytest.mark.parametrize("content", ["no json\n", "[]\n", '{"schema": 2, "host": "aurora"}\n'])
def test_another_file_is_no_journal(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.jsonl"
    file.write_text(content)
    with pytest.raises(InputError, match=f"{file} is no journal"):
        list(steps_of(file, "aurora"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone.jsonl can't be read"):
        list(steps_of(tmp_path / "gone.jsonl", "aurora"))
