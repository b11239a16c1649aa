# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One account, one pace: what a 429 does to the speed of all threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ThrottledError
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace import MemoryStore, Pace
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import FakeClock


class CountingStore(MemoryStore):
    """Counts its locks."""

    locks = 0

    @contextmanager
    def locked(self) -> Iterator[None]:
        self.locks += 1
        yield


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
def pace(store: CountingStore, clock: FakeClock) -> Pace:
    return Pace(store, clock)


def sent(pace: Pace, requests: int) -> list[float]:
    return [pace.wait() for _number in range(requests)]


def gaps(moments: list[float]) -> list[float]:
    return [later - earlier for earlier, later in zip(moments, moments[1:])]


def test_nothing_is_held_back_or_locked_while_no_limit_is_known(
    pace: Pace, store: CountingStore, clock: FakeClock
) -> None:
    sent(pace, 100)
    assert (clock.sleeps, store.locks) == ([], 0)


def test_the_first_429_halves_the_measured_speed(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    pace.throttled(sent(pace, 40)[-1], None)
    assert store.read().rate == 20
    moments = sent(pace, 10)
    assert moments[0] == pytest.approx(clock.moment - sum(gaps(moments)))
    assert gaps(moments) == pytest.approx([1 / 20] * 9, rel=0.1)


def test_only_the_requests_of_the_last_second_count_as_speed(
    pace: Pace, store: CountingStore, clock: FakeClock
) -> None:
    sent(pace, 40)
    clock.moment += 1.5
    pace.throttled(sent(pace, 24)[-1], None)
    assert store.read().rate == 12


def test_a_429_at_the_very_first_request_does_not_make_the_run_crawl(pace: Pace, store: CountingStore) -> None:
    pace.throttled(sent(pace, 1)[-1], None)
    assert store.read().rate == 5


def test_the_429s_of_one_round_halve_the_speed_once(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    round_of_16 = sent(pace, 16)
    for moment in round_of_16:
        clock.moment += 0.01
        pace.throttled(moment, None)
    assert store.read().rate == 8
    pace.throttled(sent(pace, 1)[0], None)
    assert store.read().rate == pytest.approx(4, rel=0.1)


def test_the_speed_never_falls_to_a_standstill(pace: Pace, store: CountingStore) -> None:
    for _round in range(20):
        pace.throttled(pace.wait(), None)
    assert store.read().rate == pytest.approx(0.2, rel=0.3)
    assert store.read().rate >= 0.2


def test_the_speed_grows_again_while_answers_are_good(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    pace.throttled(sent(pace, 20)[-1], None)
    started, rates = clock.now(), [store.read().rate]
    while clock.now() - started < 60:
        pace.wait()
        rates.append(store.read().rate)
    assert rates == sorted(rates)
    assert 2 * rates[0] < rates[-1] < 50 * rates[0]


def test_a_long_silence_does_not_make_the_speed_jump(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    pace.throttled(sent(pace, 20)[-1], None)
    clock.moment += 200
    pace.wait()
    assert store.read().rate < 11


def test_a_limit_that_was_not_met_for_long_is_forgotten(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    pace.throttled(sent(pace, 20)[-1], None)
    clock.moment += 301
    pace.wait()
    assert store.read().rate == 0
    slept = len(clock.sleeps)
    sent(pace, 50)
    assert len(clock.sleeps) == slept


def test_retry_after_holds_every_request_back(pace: Pace, clock: FakeClock) -> None:
    moment = pace.wait()
    pace.throttled(moment, 60.0)
    assert pace.wait() >= moment + 60


def test_a_shorter_retry_after_does_not_shorten_a_longer_one(pace: Pace) -> None:
    moment = pace.wait()
    pace.throttled(moment, 60.0)
    pace.throttled(moment, 5.0)
    assert pace.wait() >= moment + 60


def test_an_absurd_retry_after_is_cut(pace: Pace, clock: FakeClock) -> None:
    moment = pace.wait()
    pace.throttled(moment, float("inf"))
    assert moment + 600 < pace.wait() < moment + 3600


def test_a_thread_that_had_its_slot_already_is_held_back_too(pace: Pace, clock: FakeClock) -> None:
    moment = sent(pace, 4)[-1]
    pace.throttled(moment, None)
    pace.wait()
    ends: list[float] = []

    def another_thread_meets_a_429() -> None:
        ends.append(clock.now() + 60)
        pace.throttled(moment, 60.0)

    clock.while_sleeping = another_thread_meets_a_429
    assert pace.wait() >= ends[0]


@pytest.mark.parametrize("ceiling", [0.5, 4.0, 100.0])
def test_a_ceiling_holds_from_the_first_request_on(store: CountingStore, clock: FakeClock, ceiling: float) -> None:
    assert gaps(sent(Pace(store, clock, ceiling), 20)) == pytest.approx([1 / ceiling] * 19)


def test_a_ceiling_does_not_lift_a_lower_speed_that_was_found(store: CountingStore, clock: FakeClock) -> None:
    pace = Pace(store, clock, 1000.0)
    pace.throttled(sent(pace, 4)[-1], None)
    assert min(gaps(sent(pace, 3))) > 0.15


def test_speed_can_be_measured_while_other_threads_send() -> None:
    pace, end = Pace(MemoryStore(), Clock()), threading.Event()

    def send() -> None:
        while not end.is_set():
            pace.wait()

    def measure() -> None:
        for _round in range(300):
            pace._measured(0.0)

    senders = [threading.Thread(target=send) for _number in range(2)]
    for thread in senders:
        thread.start()
    try:
        measure()
    finally:
        end.set()
        for thread in senders:
            thread.join()


def test_a_pause_that_is_longer_than_the_patience_is_an_error_at_once(pace: Pace, clock: FakeClock) -> None:
    pace.throttled(pace.wait(), 25.0)
    with pytest.raises(ThrottledError, match="25 seconds are left, more than retry_timeout .0 s.*Run again"):
        pace.wait(0)
    assert clock.sleeps == []
    assert pace.wait(30) >= 25
