# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One account, one pace: what a 429 does to the speed of all threads. How well that works: test_pace_simulation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ThrottledError
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace import Pace
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace_store import MemoryStore
from ansible_collections.alexa.smart_properties.plugins.module_utils._rate import SLOWEST, Shared
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


def good(pace: Pace, requests: int) -> list[float]:
    """Requests that are answered well, one after the other; when they were sent."""
    moments = []
    for _number in range(requests):
        moments.append(pace.wait())
        pace.answered(moments[-1], False)
    return moments


def throttled(pace: Pace, retry_after: float | None = None) -> float:
    moment = pace.wait()
    pace.answered(moment, True, retry_after)
    return moment


def gaps(moments: list[float]) -> list[float]:
    return [later - earlier for earlier, later in zip(moments, moments[1:])]


def knows_limit(store: MemoryStore, clock: FakeClock, limit: float = 10.0) -> None:
    """A limit was measured, and the time after the cut is over."""
    now = clock.now()
    store.write(Shared(limit=limit, calm=60.0, busy=1.0, good=10.0, since=now, slot=now))


def test_requests_that_are_answered_one_by_one_are_never_held_back(pace: Pace, clock: FakeClock) -> None:
    good(pace, 2000)
    assert clock.sleeps == []


def test_after_many_good_answers_nothing_is_locked(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    good(pace, 640)
    store.locks = 0
    [pace.wait() for _number in range(500)]
    good(pace, 500)
    assert (clock.sleeps, store.locks) == ([], 0)


def test_what_went_well_long_ago_proves_nothing(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    good(pace, 640)
    clock.moment += 301
    pace.wait()
    assert not store.read().proven


def test_what_goes_well_all_the_time_stays_proven(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    good(pace, 640)
    for _minute in range(20):
        clock.moment += 60
        good(pace, 1)
    assert store.read().proven
    assert clock.sleeps == []


def test_few_requests_are_under_way_before_the_first_answer(pace: Pace, clock: FakeClock) -> None:
    started = clock.now()
    [pace.wait() for _number in range(4)]
    assert clock.sleeps == []
    # Nobody answers: the process may have died. Others go on, slowly.
    [pace.wait() for _number in range(20)]
    assert 1.8 < clock.now() - started < 2.5


def test_each_good_answer_allows_two_more(pace: Pace, clock: FakeClock) -> None:
    moments = [pace.wait() for _number in range(4)]
    for moment in moments:
        pace.answered(moment, False)
    [pace.wait() for _number in range(8)]
    assert clock.sleeps == []
    pace.wait()
    assert clock.sleeps


def test_a_first_429_halves_the_rate_of_good_answers(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    good(pace, 30)
    clock.moment += 0.5
    throttled(pace)
    # Within half a second, but a bucket may have let more pass at first than a second's worth.
    assert (store.read().limit, store.read().rate) == (30, 15)
    clock.moment += 1
    assert gaps(good(pace, 4)) == pytest.approx([1 / 15] * 3, rel=0.1)


def test_where_nobody_counted_the_requests_of_the_last_second_are_the_speed(
    pace: Pace, store: CountingStore, clock: FakeClock
) -> None:
    good(pace, 700)
    clock.moment += 1.5
    moments = good(pace, 24)
    pace.answered(moments[-1], True)
    assert store.read().rate == 12


def test_a_429_at_the_very_first_request_does_not_make_the_run_crawl(pace: Pace, store: CountingStore) -> None:
    throttled(pace)
    assert store.read().rate == 5


def test_the_429s_of_one_round_halve_the_speed_once(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    knows_limit(store, clock)
    round_of_8 = [pace.wait() for _number in range(8)]
    for moment in round_of_8:
        pace.answered(moment, True)
    first = store.read()
    assert first.rate < 5.5
    throttled(pace)
    assert store.read().limit == first.limit / 2


def test_the_limit_is_what_was_answered_well_between_two_429s(
    pace: Pace, store: CountingStore, clock: FakeClock
) -> None:
    now = clock.now()
    # The rate grew to 13, and 100 requests were answered well in 10 seconds.
    store.write(Shared(limit=10.0, calm=5.0, busy=10.0, good=100.0, since=now - 10, slot=now))
    pace.answered(now, True)
    assert 10 <= store.read().limit < 12
    assert store.read().rate == store.read().limit / 2


def test_a_limit_that_fell_is_followed_at_once(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    now = clock.now()
    store.write(Shared(limit=30.0, calm=10.0, busy=3.0, good=9.0, since=now - 3, slot=now))
    pace.answered(now, True)
    assert store.read().limit == 3


def test_the_speed_never_falls_to_a_standstill(pace: Pace, store: CountingStore) -> None:
    for _round in range(20):
        throttled(pace)
    assert store.read().rate == SLOWEST


def test_the_speed_grows_again_while_answers_are_good(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    knows_limit(store, clock)
    throttled(pace)
    started, rates = clock.now(), [store.read().rate]
    while clock.now() - started < 15:
        good(pace, 1)
        rates.append(store.read().rate)
    assert rates == sorted(rates)
    assert 5 * rates[0] < rates[-1] < 50 * rates[0]


def test_a_long_silence_does_not_make_the_speed_jump(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    knows_limit(store, clock)
    throttled(pace)
    clock.moment += 200
    good(pace, 2)
    assert store.read().rate < 11


def test_a_limit_that_was_not_met_for_long_is_forgotten(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    throttled(pace)
    clock.moment += 301
    good(pace, 50)
    assert store.read().limit == 0
    assert clock.sleeps == []


def test_retry_after_holds_every_request_back_and_none_comes_in_a_crowd(pace: Pace, clock: FakeClock) -> None:
    moment = throttled(pace, 400.0)
    moments = good(pace, 8)
    assert moments[0] >= moment + 400
    assert min(gaps(moments)) > 0.05


def test_a_shorter_retry_after_does_not_shorten_a_longer_one(pace: Pace) -> None:
    moment = pace.wait()
    pace.answered(moment, True, 60.0)
    pace.answered(moment, True, 5.0)
    assert pace.wait() >= moment + 60


def test_an_absurd_retry_after_is_cut(pace: Pace) -> None:
    moment = throttled(pace, float("inf"))
    assert moment + 600 < pace.wait() < moment + 3600


@pytest.mark.parametrize("retry_after", [60.0, None])
def test_a_thread_that_had_its_slot_already_is_held_back_too(
    pace: Pace, store: CountingStore, clock: FakeClock, retry_after: float | None
) -> None:
    knows_limit(store, clock, 2.5)
    moment = pace.wait()
    ends: list[float] = []

    def another_thread_meets_a_429() -> None:
        ends.append(clock.now() + (retry_after or 0.7))
        pace.answered(moment, True, retry_after)

    clock.while_sleeping = another_thread_meets_a_429
    assert pace.wait() >= ends[0]


def test_a_late_429_that_cuts_nothing_may_still_ask_for_a_pause(
    pace: Pace, store: CountingStore, clock: FakeClock
) -> None:
    knows_limit(store, clock, 2.5)
    before_the_cut = pace.wait()
    clock.moment += 0.1
    pace.answered(pace.wait(), True)
    slot = pace._slept(pace.search())
    assert pace.holds(slot)
    pace.answered(before_the_cut, True, 60.0)
    assert not pace.holds(slot)


def test_no_slot_is_given_far_ahead(store: CountingStore, clock: FakeClock) -> None:
    """It would be as far from the next as the rate was then, which may have risen meanwhile."""
    knows_limit(store, clock)
    slots = []
    for _number in range(30):
        search = Pace(store, clock).search()
        try:
            next(search)
        except StopIteration as found:
            slots.append(found.value.moment)
    assert 4 <= len(slots) <= 6
    assert max(slots) <= clock.now() + 0.5


@pytest.mark.parametrize("ceiling", [0.5, 4.0, 100.0])
def test_a_ceiling_holds_from_the_first_request_on(store: CountingStore, clock: FakeClock, ceiling: float) -> None:
    assert gaps(good(Pace(store, clock, ceiling), 20)) == pytest.approx([1 / ceiling] * 19)


def test_a_ceiling_does_not_lift_a_lower_speed_that_was_found(store: CountingStore, clock: FakeClock) -> None:
    pace = Pace(store, clock, 1000.0)
    throttled(pace)
    assert min(gaps(good(pace, 3))) > 0.15


def test_a_ceiling_keeps_no_higher_speed_for_those_without_one(store: CountingStore, clock: FakeClock) -> None:
    knows_limit(store, clock)
    throttled(pace := Pace(store, clock, 4.0))
    good(pace, 400)
    assert store.read().rate <= 10


def test_speed_can_be_measured_while_other_threads_send() -> None:
    pace, end = Pace(MemoryStore(), Clock()), threading.Event()

    def send() -> None:
        while not end.is_set():
            good(pace, 1)

    senders = [threading.Thread(target=send) for _number in range(2)]
    for thread in senders:
        thread.start()
    try:
        for _round in range(300):
            pace._measured(0.0)
    finally:
        end.set()
        for thread in senders:
            thread.join()


def test_a_pause_that_is_longer_than_the_patience_is_an_error_at_once(pace: Pace, clock: FakeClock) -> None:
    throttled(pace, 25.0)
    with pytest.raises(ThrottledError, match="25 seconds are left, more than retry_timeout .0 s.*Run again"):
        pace.wait(0)
    assert clock.sleeps == []
    assert pace.wait(30) >= 25


def test_who_queues_for_long_waits_on_while_others_are_answered(
    pace: Pace, store: CountingStore, clock: FakeClock
) -> None:
    """The others take every slot for five minutes."""
    knows_limit(store, clock)
    search, started = pace.search(60.0), clock.now()
    while clock.now() - started < 300:
        shared = store.read()
        shared.slot, shared.since = clock.now() + 1, clock.now()
        store.write(shared)
        clock.moment += next(search)
    shared.slot = clock.now() - 1
    store.write(shared)
    with pytest.raises(StopIteration):
        next(search)


def test_an_account_that_gets_nothing_but_429_ends_the_wait(pace: Pace, store: CountingStore, clock: FakeClock) -> None:
    knows_limit(store, clock)
    throttled(pace)
    search, started = pace.search(60.0), clock.now()
    with pytest.raises(ThrottledError, match="429 to every request of the account for 6. seconds.*Run again later"):
        while clock.now() - started < 300:
            shared = store.read()
            shared.slot = clock.now() + 1
            store.write(shared)
            clock.moment += next(search)
    # A process that begins now has not waited yet.
    assert pace.wait(60.0)
