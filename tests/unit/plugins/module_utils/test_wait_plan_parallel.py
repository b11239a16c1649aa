# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits end, plans show what changes, threads account for every item."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._parallel import for_each
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Plan, Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._wait import poll
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import FakeClock


def polled(clock: FakeClock, values: list[str], timeout: float, interval: float) -> tuple[tuple[str, bool], int]:
    reads = iter(values)
    seen: list[str] = []

    def read() -> str:
        seen.append(next(reads))
        return seen[-1]

    return poll(read, lambda value: value == "done", timeout=timeout, interval=interval, clock=clock), len(seen)


@pytest.mark.parametrize(
    ("values", "timeout", "end", "reads", "sleeps"),
    [
        (["done"], 0, ("done", True), 1, []),
        (["a"], 0, ("a", False), 1, []),
        (["a"], -5, ("a", False), 1, []),
        (["a"], float("nan"), ("a", False), 1, []),
        (["a", "b", "done"], 100, ("done", True), 3, [10, 10]),
        (["a", "b", "c"], 20, ("c", False), 3, [10, 10]),
        (["a", "b", "c", "done"], 25, ("done", True), 4, [10, 10, 5]),
    ],
)
def test_poll(
    clock: FakeClock, values: list[str], timeout: float, end: tuple[str, bool], reads: int, sleeps: list[float]
) -> None:
    assert polled(clock, values, timeout, 10) == (end, reads)
    assert clock.sleeps == sleeps


def test_a_plan_shows_what_changes_and_nothing_else() -> None:
    plan = Plan(
        create=["9", "1"], change=["3"], delete=["2"], unchanged=["4"],
        labels_before={"3": "old", "2": "gone", "4": "same"},
        labels_after={"9": "n", "1": "a", "3": "new", "4": "same"},
    )  # fmt: skip
    assert plan.changed
    assert plan.before == "2: gone\n3: old\n"
    assert plan.after == "1: a\n3: new\n9: n\n"


@pytest.mark.parametrize("kind", ["create", "change", "delete"])
def test_any_kind_of_change_is_a_change(kind: str) -> None:
    assert Plan(**{kind: ["1"]}).changed
    assert not Plan(unchanged=["1"]).changed


def test_a_result_holds_values_and_diff_beside_each_other() -> None:
    result = Result(True, {"trunk": 1}, "a", "b", ["careful"])
    assert result.to_dict() == {"changed": True, "trunk": 1, "diff": {"before": "a", "after": "b"}}


def test_all_items_are_done_by_several_threads_at_a_time() -> None:
    together = threading.Barrier(4, timeout=10)
    outcome = for_each(range(8), lambda number: (together.wait(), number * 2)[1], 4)
    assert sorted(outcome.done) == [(number, number * 2) for number in range(8)]
    assert (outcome.failed, outcome.not_tried) == ([], [])


def test_no_more_threads_than_allowed() -> None:
    lock, running, most, together = threading.Lock(), [0], [0], threading.Barrier(3, timeout=10)

    def work(_item: int) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        together.wait()
        with lock:
            running[0] -= 1

    for_each(range(39), work, 3)
    assert most[0] == 3


def test_an_item_that_fails_leaves_the_others_alone() -> None:
    def work(item: int) -> int:
        if item % 2:
            raise InputError(str(item))
        return item

    outcome = for_each(range(10), work, 3)
    assert sorted(outcome.done) == [(number, number) for number in range(0, 10, 2)]
    assert sorted(item for item, _error in outcome.failed) == [1, 3, 5, 7, 9]
    assert outcome.not_tried == []


def test_an_error_that_stops_all_leaves_the_rest_untried() -> None:
    def work(item: int) -> int:
        if item == 2:
            raise ApiError("x", status=403)
        return item

    outcome = for_each(range(6), work, 1)
    assert outcome.done == [(0, 0), (1, 1)]
    assert [item for item, _error in outcome.failed] == [2]
    assert outcome.not_tried == [3, 4, 5]


def test_a_fault_of_the_code_is_raised_and_not_counted_as_a_failure() -> None:
    def work(item: int) -> Any:
        return [][item]

    with pytest.raises(IndexError):
        for_each(range(6), work, 3)


def test_nothing_to_do_is_done_at_once() -> None:
    outcome = for_each([], lambda item: item, 16)
    assert (outcome.done, outcome.failed, outcome.not_tried) == ([], [], [])
