# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a rollout has come, and when that is shown."""

from __future__ import annotations

import pytest

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._progress import Rollout, batch_sizes


@pytest.mark.parametrize(
    ("serial", "properties", "sizes"),
    [
        ([], 3, [3]),
        (["100%"], 3, [3]),
        ([1, 2], 6, [1, 2, 2, 1]),
        ([1, "25%"], 8, [1, 2, 2, 2, 1]),
        (["1%"], 3, [1, 1, 1]),
        ([5], 0, []),
    ],
)
def test_the_batches_are_those_that_ansible_makes(serial: list[object], properties: int, sizes: list[int]) -> None:
    assert batch_sizes(serial, properties) == sizes


def test_a_rollout_from_its_canary_to_its_end() -> None:
    rollout = Rollout(6, [1, 4], 0.0)
    rollout.begin_batch({"canary"}, {"refused"}, 0.0)
    assert rollout.line(0.0) == (
        "alexa: batch 1 of 2: 0 of 6 properties done, 1 failed, 5 to go, 0:00 min gone"
    )
    rollout.await_trunk("canary", True)
    assert rollout.wait(True, 20.0) and not rollout.wait(True, 30.0)
    assert "1 waiting for their trunks (Amazon takes about 10:00 min)" in rollout.line(30.0)
    rollout.await_trunk("canary", False)
    assert not rollout.wait(False, 620.0)
    rollout.tried(["canary"])
    rollout.end_batch(630.0)
    # 600 seconds of waiting a batch, and 30 of work a property: 600 + 4 * 30.
    assert rollout.line(630.0) == (
        "alexa: batch 1 of 2: 1 of 6 properties done, 1 failed, 4 to go, 10:30 min gone, about 12:00 min left"
    )
    rollout.begin_batch({"a", "b", "c", "d"}, {"refused"}, 630.0)
    rollout.fail("b")
    assert rollout.seconds_left(690.0) == 660
    assert "batch 2 of 2: 1 of 6 properties done, 2 failed, 3 to go" in rollout.line(690.0)
    rollout.tried(["canary", "a", "b", "c", "d"])
    rollout.end_batch(1350.0)
    assert rollout.line(1350.0) == "alexa: batch 2 of 2: 4 of 6 properties done, 2 failed, 22:30 min gone"


def test_what_takes_longer_than_thought_is_never_less_than_nothing_left() -> None:
    rollout = Rollout(2, [1, 1], 0.0)
    rollout.begin_batch({"a"}, (), 0.0)
    rollout.end_batch(10.0)
    rollout.begin_batch({"b"}, (), 10.0)
    assert rollout.seconds_left(500.0) == 0 and "8:20 min gone, about 0:00 min left" in rollout.line(500.0)


def test_what_the_failure_budget_spares_is_not_done() -> None:
    rollout = Rollout(5, [1, 4], 0.0)
    rollout.begin_batch({"canary"}, (), 0.0)
    rollout.fail("canary")
    rollout.tried(["canary"])
    rollout.end_batch(10.0)
    rollout.begin_batch({"a", "b", "c", "d"}, (), 10.0)
    rollout.end_batch(10.0)
    assert "0 of 5 properties done, 1 failed, 4 to go" in rollout.line(10.0)


def test_hours_are_told_as_hours() -> None:
    rollout = Rollout(2, [1, 1], 0.0)
    rollout.begin_batch({"a"}, (), 0.0)
    rollout.end_batch(4000.0)
    assert "1 h 06 min gone" in rollout.line(4000.0)
