# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests are repeated, how long, and what a Retry-After header means."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import TransportError
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Response
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace import Pace
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace_store import MemoryStore
from ansible_collections.alexa.smart_properties.plugins.module_utils._retry import Repeater, pause, retry_after
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import FakeClock, answer, lost

NOW = "Sat, 01 Jun 2030 12:00:00 GMT"


class Sender:
    """Meets one outcome after the other, the last one for ever."""

    def __init__(self, *outcomes: Response | TransportError) -> None:
        self._outcomes = list(outcomes)
        self.tries = 0

    def __call__(self) -> Response:
        self.tries += 1
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, TransportError):
            raise outcome
        return outcome


@pytest.mark.parametrize(
    ("method", "fault", "repeated"),
    [
        ("GET", answer(429), True),
        ("PUT", answer(429), True),
        ("DELETE", answer(429), True),
        ("POST", answer(429), True),
        ("GET", answer(500), True),
        ("PUT", answer(502), True),
        ("DELETE", answer(503), True),
        ("GET", answer(504), True),
        ("POST", answer(500), False),
        ("POST", answer(503), False),
        ("GET", answer(501), False),
        ("GET", answer(400), False),
        ("GET", answer(401), False),
        ("GET", answer(404), False),
        ("PUT", answer(409), False),
        ("GET", answer(302), False),
        ("GET", lost(), True),
        ("PUT", lost(), True),
        ("DELETE", lost(), True),
        ("POST", lost(), False),
        ("POST", lost(sent=False), True),
        ("GET", lost(sent=False, hopeless=True), False),
        ("POST", lost(sent=False, hopeless=True), False),
    ],
)
def test_what_is_repeated(clock: FakeClock, method: str, fault: Response | TransportError, repeated: bool) -> None:
    good = answer(200)
    send = Sender(fault, good)
    if repeated:
        assert Repeater(300, clock).run(method, send) is good
    elif isinstance(fault, TransportError):
        with pytest.raises(TransportError):
            Repeater(300, clock).run(method, send)
    else:
        assert Repeater(300, clock).run(method, send) is fault
    assert send.tries == (2 if repeated else 1)
    assert bool(clock.sleeps) == repeated


@pytest.mark.parametrize("fault", [answer(503), lost()])
def test_a_post_that_does_no_harm_twice_is_repeated_when_told_so(
    clock: FakeClock, fault: Response | TransportError
) -> None:
    send = Sender(fault, answer(200))
    assert Repeater(300, clock).run("POST", send, repeatable=True).status == 200
    assert send.tries == 2


def test_faults_are_repeated_until_the_time_is_up_and_no_longer(clock: FakeClock) -> None:
    started = clock.now()
    assert Repeater(100, clock).run("GET", Sender(answer(503))).status == 503
    assert 50 < clock.now() - started < 100


def test_a_deadline_ends_the_repeats_before_the_time_is_up(clock: FakeClock) -> None:
    repeater = Repeater(300, clock)
    deadline = clock.now() + 20
    with repeater.until(deadline):
        assert repeater.run("GET", Sender(answer(503))).status == 503
    assert deadline - 15 < clock.now() < deadline
    assert repeater.run("GET", Sender(answer(503), answer(503), answer(200))).status == 200


def test_a_slot_after_the_time_is_up_is_not_used(clock: FakeClock) -> None:
    """A throttled request's turn may come late; it is not sent then."""
    send = Sender(answer(429))
    started = clock.now()
    pace = Pace(MemoryStore(), clock, ceiling=0.1)
    assert Repeater(25, clock).run("GET", send, pace=pace).status == 429
    assert send.tries == 3 and clock.now() - started <= 31


@pytest.mark.parametrize("fault", [answer(429), answer(503), lost()])
def test_a_timeout_of_0_switches_repeating_off(clock: FakeClock, fault: Response | TransportError) -> None:
    send = Sender(fault)
    if isinstance(fault, TransportError):
        with pytest.raises(TransportError):
            Repeater(0, clock).run("GET", send)
    else:
        Repeater(0, clock).run("GET", send)
    assert (send.tries, clock.sleeps) == (1, [])


def test_a_host_that_was_never_reached_is_given_up_after_half_a_minute(clock: FakeClock) -> None:
    started = clock.now()
    with pytest.raises(TransportError):
        Repeater(300, clock).run("GET", Sender(lost(sent=False)))
    assert 10 < clock.now() - started < 30


def test_a_host_that_was_reached_once_is_given_the_whole_time(clock: FakeClock) -> None:
    repeater = Repeater(300, clock)
    repeater.run("GET", Sender(answer(404)))
    started = clock.now()
    with pytest.raises(TransportError):
        repeater.run("GET", Sender(lost(sent=False)))
    assert clock.now() - started > 200


def test_retry_after_is_waited_for(clock: FakeClock) -> None:
    Repeater(300, clock).run("GET", Sender(answer(429, Retry_After="77"), answer(200)))
    assert clock.sleeps == [77.0]


def test_retry_after_beyond_the_time_is_not_waited_for(clock: FakeClock) -> None:
    assert Repeater(60, clock).run("GET", Sender(answer(429, Retry_After="77"))).status == 429
    assert clock.sleeps == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Sat, 01 Jun 2030 12:00:30 GMT", 30.0),
        ("Sat, 01 Jun 2030 14:00:30 +0200", 30.0),
        ("Sat, 01 Jun 2030 12:00:30 -0000", 30.0),
        ("Sat, 01 Jun 2030 11:00:00 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("\u00b2", None),
        ("\u0663", None),
        ("1,2", None),
        ("Sat, 99 Foo 2030 99:99:99 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    """The server's clock is far from this machine's."""
    assert retry_after({"Date": NOW} | ({} if value is None else {"Retry-After": value})) == seconds


@pytest.mark.parametrize("told", [{}, {"Date": "today"}], ids=["no date", "no date that is one"])
def test_a_server_that_does_not_tell_its_time_is_taken_to_have_this_machines(told: dict[str, str]) -> None:
    moment = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=100), usegmt=True)
    assert 90 < (retry_after({"Retry-After": moment, **told}) or 0) <= 100


def test_an_absurd_retry_after_is_a_number_all_the_same() -> None:
    assert (retry_after({"Retry-After": "9" * 5000}) or 0) > 1e9


def test_pauses_double_up_to_a_limit_with_jitter() -> None:
    for attempt in range(50):
        full = min(30.0, 0.5 * 2**attempt)
        pauses = {pause(attempt) for _try in range(20)}
        assert all(full / 2 <= seconds <= full for seconds in pauses)
        assert len(pauses) > 1


class SlowPace(Pace):
    """Every slot is far away, as where thousands of requests queue."""

    def __init__(self, clock: FakeClock, queue: float) -> None:
        super().__init__(MemoryStore(), clock)
        self._queue = queue

    def wait(self, patience: float = float("inf")) -> float:
        self._clock.sleep(self._queue)
        return self._clock.now()


def test_after_a_429_only_the_pace_holds_a_request_back(clock: FakeClock) -> None:
    """Its own pause would double, and let slots go by."""
    send = Sender(*[answer(429)] * 8, answer(200))
    assert Repeater(300, clock).run("POST", send, pace=SlowPace(clock, 0.1)).status == 200
    assert clock.sleeps == pytest.approx([0.1] * 9)


def test_after_a_429_the_pace_waits_for_the_retry_after(clock: FakeClock) -> None:
    started = clock.now()
    Repeater(300, clock).run("GET", Sender(answer(429, Retry_After="77"), answer(200)), pace=Pace(MemoryStore(), clock))
    assert 77 <= clock.now() - started < 79


def test_after_another_fault_a_request_pauses_by_itself(clock: FakeClock) -> None:
    Repeater(300, clock).run("GET", Sender(answer(503, Retry_After="77"), answer(200)), pace=SlowPace(clock, 0.1))
    assert clock.sleeps == pytest.approx([0.1, 77.0, 0.1])


def test_to_queue_for_longer_than_the_timeout_is_no_fault(clock: FakeClock) -> None:
    send = Sender(answer(429), answer(503), answer(429), answer(200))
    assert Repeater(300, clock).run("GET", send, pace=SlowPace(clock, 1000)).status == 200


def test_to_meet_429_for_longer_than_the_timeout_is_an_error(clock: FakeClock) -> None:
    send, started = Sender(answer(429)), clock.now()
    assert Repeater(300, clock).run("GET", send, pace=SlowPace(clock, 5)).status == 429
    assert 290 < clock.now() - started < 310


def test_429s_end_even_where_the_queue_is_long(clock: FakeClock) -> None:
    send = Sender(answer(429))
    assert Repeater(300, clock).run("GET", send, pace=SlowPace(clock, 1000)).status == 429
    assert send.tries < 15


def test_a_timeout_of_0_sends_once_however_long_it_queued(clock: FakeClock) -> None:
    send = Sender(answer(429))
    assert Repeater(0, clock).run("GET", send, pace=SlowPace(clock, 1000)).status == 429
    assert send.tries == 1
