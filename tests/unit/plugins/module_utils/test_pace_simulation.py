# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How near to its limit a fleet works, and how often it is refused, at servers of many kinds; all in simulated time."""

from __future__ import annotations

import random

import pytest

from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.pace_simulation import (
    START,
    FixedWindow,
    Fleet,
    TokenBucket,
)


@pytest.fixture(autouse=True)
def same_chances() -> None:
    """The pace looks for slots at random moments."""
    random.seed(7)


@pytest.mark.parametrize("retry_after", [None, 1.0, 2.0], ids=["no retry-after", "1 s", "2 s as a date may be"])
@pytest.mark.parametrize("latency", [0.04, 0.4])
@pytest.mark.parametrize("processes", [1, 20])
def test_a_fleet_keeps_close_below_the_limit(processes: int, latency: float, retry_after: float | None) -> None:
    fleet = Fleet(TokenBucket(10, 10), latency, retry_after=retry_after)
    assert fleet.run(2000, processes) < 1.10 * 2000 / 10
    assert fleet.refused_share < 0.03
    assert fleet.early == 0


@pytest.mark.parametrize("retry_after", [None, 1.0])
@pytest.mark.parametrize(("latency", "share"), [(0.04, 0.03), (0.4, 0.045)])
def test_a_large_bucket_is_not_taken_for_the_limit(latency: float, share: float, retry_after: float | None) -> None:
    fleet = Fleet(TokenBucket(10, 30), latency, retry_after=retry_after)
    assert fleet.run(2000) < 1.02 * 2000 / 10
    assert fleet.refused_share < share
    assert fleet.early == 0


@pytest.mark.parametrize(("retry_after", "times"), [(None, 1.2), (1.0, 1.3)])
def test_a_server_without_a_bucket(retry_after: float | None, times: float) -> None:
    """It refuses whatever comes a millisecond early, and no pause is ever made up for."""
    fleet = Fleet(TokenBucket(10, 1), retry_after=retry_after)
    assert fleet.run(2000) < times * 2000 / 10
    assert fleet.refused_share < 0.03
    assert fleet.early == 0


@pytest.mark.parametrize("retry_after", [None, 1.0])
@pytest.mark.parametrize("latency", [0.04, 0.4])
def test_a_server_that_counts_in_windows(latency: float, retry_after: float | None) -> None:
    fleet = Fleet(FixedWindow(10), latency, retry_after=retry_after)
    assert fleet.run(2000) < 1.2 * 2000 / 10
    assert fleet.refused_share < 0.03
    assert fleet.early == 0


@pytest.mark.parametrize("retry_after", [None, 1.0])
@pytest.mark.parametrize("latency", [0.04, 0.4])
def test_a_high_limit(latency: float, retry_after: float | None) -> None:
    fleet = Fleet(TokenBucket(200, 200), latency, retry_after=retry_after)
    assert fleet.run(10_000) < 1.12 * 10_000 / 200
    assert fleet.refused_share < 0.05


@pytest.mark.parametrize("retry_after", [None, 1.0])
@pytest.mark.parametrize("latency", [0.04, 0.4])
@pytest.mark.parametrize(("at_first", "drop", "rise"), [(30, 20, 40), (10, 60, 90)])
def test_a_limit_that_falls_to_3_and_rises_to_30(
    at_first: int, drop: float, rise: float, latency: float, retry_after: float | None
) -> None:
    server = TokenBucket(at_first, at_first)
    fleet = Fleet(server, latency, retry_after=retry_after, changes=[(drop, 3), (rise, 30)])
    passed_by_then = at_first * drop + 3 * (rise - drop)
    assert fleet.run(2000) < 1.25 * (rise + (2000 - passed_by_then) / 30)
    # What is under way when the limit falls to a tenth is refused whatever one does.
    assert fleet.refused_share < (0.035 if latency < 0.1 else 0.075)
    assert fleet.early == 0


@pytest.mark.parametrize(("ceiling", "rate", "share"), [(8.0, 8, 0.0), (10.0, 10, 0.0), (20.0, 10, 0.02)])
def test_a_ceiling(ceiling: float, rate: float, share: float) -> None:
    fleet = Fleet(TokenBucket(10, 10), ceiling=ceiling)
    assert fleet.run(2000) < 1.02 * 2000 / rate
    assert fleet.refused_share <= share


@pytest.mark.parametrize(("processes", "requests", "times"), [(1, 2000, 1.02), (20, 40_000, 1.06)])
def test_where_nobody_throttles_nothing_is_held_back(processes: int, requests: int, times: float) -> None:
    """Twenty processes that begin at one moment are let in by and by, once; one alone hardly is."""
    fleet = Fleet(None)
    assert fleet.run(requests, processes) < times * requests / (16 * processes) * fleet.latency


def test_many_modules_that_send_two_requests_each_share_what_was_learned() -> None:
    fleet = Fleet(TokenBucket(10, 10))
    for number in range(400):
        fleet.start(2, 1, delay=number / 20)
    assert fleet.finish() - START < 1.15 * 800 / 10
    assert fleet.refused_share < 0.04


def test_killed_processes_take_nothing_with_them_but_a_few_slots() -> None:
    fleet = Fleet(TokenBucket(10, 10))
    processes = [fleet.start(100, 16) for _number in range(10)]
    fleet.finish(until=START + 20)
    for process in processes[::2]:
        process.killed = True
    passed = len(fleet.arrivals)
    more = fleet.finish() - START - 20
    assert more < 1.10 * (len(fleet.arrivals) - passed) / 10


def test_nobody_stampedes_after_a_retry_after() -> None:
    fleet = Fleet(TokenBucket(10, 10), retry_after=30.0)
    for _number in range(20):
        fleet.start(100, 16)
    fleet.finish(until=START + 2)
    assert fleet.refused
    fleet.finish(until=START + 33)
    after = [moment for moment in fleet.arrivals if moment > START + 25]
    assert 20 < len(after) < 35
    assert fleet.early == 0
