# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is sent after a deadline, nor after a module has ended: seen by a clock that only pauses move."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils import _module
from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Transport
from harness import TRUNKS, Site
from scenario_life import TRUNK, rooms, rows

# Its pauses take no time.
pytestmark = pytest.mark.product_pauses

LOGIN = "/auth/"


class StandingClock(Clock):
    """A clock that stands still but for the pauses, which take no time. What is sent takes none by it."""

    def __init__(self) -> None:
        self.moment = 1000.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.moment

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.moment += max(0.0, seconds)


class Sent:
    """When each request was sent, by the clock of the modules, counted from the first one on."""

    def __init__(self, clock: StandingClock) -> None:
        self._clock = clock
        self.requests: list[tuple[float, str]] = []

    def note(self, method: str, url: str) -> None:
        path = url.split("/", 3)[3].split("?")[0]
        self.requests.append((self._clock.now() - 1000.0, f"{method} /{path}"))

    def times(self, what: str = "") -> list[float]:
        return [moment for moment, request in self.requests if what in request]


@pytest.fixture
def sent(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    clock = StandingClock()
    sent, send = Sent(clock), Transport.send

    def noted(self: Transport, method: str, url: str, *rest: Any) -> Any:
        sent.note(method, url)
        return send(self, method, url, *rest)

    monkeypatch.setattr(Transport, "send", noted)
    monkeypatch.setattr(_module, "Clock", lambda: clock)
    threads = set(threading.enumerate())
    yield sent
    # A module that has ended has nobody left who could send: and nothing came that this process did not send.
    assert set(threading.enumerate()) <= threads
    assert site.stats()["total"] == len(sent.requests)


FAULTS: dict[str, dict[str, Any]] = {
    "503": {"kind": "status", "status": 503}, "reset": {"kind": "reset"}, "HTML": {"kind": "html-error"},
    "429": {"kind": "status", "status": 429},
    "429 with Retry-After": {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}},
    "503 with Retry-After": {"kind": "status", "status": 503, "headers": {"Retry-After": "7"}},
}


@pytest.mark.parametrize("patience", [0, 5, 40])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_request_after_retry_timeout(site: Site, sent: Sent, fault: str, patience: float) -> None:
    site.fault(**FAULTS[fault], path=TRUNKS, times=1000)
    site.failure("alexa_siptrunk_info", retry_timeout=patience)
    tries = sent.times("siptrunk")
    assert tries[-1] - tries[0] <= patience
    assert len(tries) == 1 if patience == 0 else len(tries) > 1 or "Retry-After" in fault


@pytest.mark.parametrize("fault", ["503", "reset"])
def test_no_login_after_retry_timeout(site: Site, sent: Sent, fault: str) -> None:
    site.fault(**FAULTS[fault], path=LOGIN, times=1000)
    site.failure("alexa_siptrunk_info", retry_timeout=25)
    tries = sent.times(LOGIN)
    assert len(tries) > 3 and tries[-1] <= 25 and sent.times("siptrunk") == []


@pytest.mark.parametrize("fault", FAULTS)
def test_no_write_after_retry_timeout(site: Site, sent: Sent, fault: str) -> None:
    trunk_id = site.add_trunk()
    site.fault(**FAULTS[fault], method="PUT", times=1000)
    site.map(trunk_id, **{f"x{extension}": "amzn1.alexa.other" for extension in rooms(3)})
    outcome = site.run("alexa_extensions", trunk_id=trunk_id, extensions=rows(rooms(3)), concurrency=1,
                       retry_timeout=30)
    writes = sent.times("PUT")
    assert not outcome.ok and writes and writes[-1] - writes[0] <= 30
    assert len(outcome["failures"]) == 1 and len(outcome["not_tried"]) == 2


@pytest.mark.parametrize(("timeout", "interval", "reads"), [
    (100, 15, [0, 15, 30, 45, 60, 75, 90, 100]), (30, 15, [0, 15, 30]), (5, 15, [0, 5]), (0, 15, [0])])
def test_no_look_after_wait_timeout(site: Site, sent: Sent, timeout: int, interval: int, reads: list[int]) -> None:
    """The last look is at the deadline itself."""
    site.settings(activation_delay=3600)
    message = site.failure("alexa_siptrunk", **TRUNK, wait=True, wait_timeout=timeout, wait_interval=interval)
    assert f"not ACTIVE after {timeout} seconds" in message and "Run again to go on waiting" in message
    (created,) = sent.times("POST /v1")
    looks = [moment - created for moment in sent.times("GET /v1/communications/network/siptrunk/")]
    assert looks == pytest.approx(reads)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("module", ["alexa_siptrunk", "alexa_siptrunk_info"])
def test_no_look_after_wait_timeout_while_the_api_is_down(site: Site, sent: Sent, fault: str, module: str) -> None:
    """What retry_timeout would still allow makes no wait longer; what was seen is told."""
    site.settings(activation_delay=3600)
    trunk_id = site.good("alexa_siptrunk", **TRUNK)["trunk"]["trunk_id"]
    site.fault(**FAULTS[fault], after=3, path=TRUNKS, method="GET", times=1000)
    begun = sent.times()[-1]
    wished = TRUNK if module == "alexa_siptrunk" else {"trunk_ids": [trunk_id]}
    outcome = site.run(module, **wished, wait=True, wait_timeout=50, wait_interval=15, retry_timeout=300)
    looks = [moment - begun for moment in sent.times("GET /v1/communications/network/siptrunk")]
    assert len([moment for moment in looks if moment > 0]) > 1 and looks[-1] <= 50
    if module == "alexa_siptrunk":
        assert not outcome.ok and not outcome["changed"] and outcome["trunk"]["trunk_id"] == trunk_id
        message = outcome["msg"]
    else:
        (late,) = outcome["not_active"]
        assert [trunk["trunk_id"] for trunk in outcome["trunks"]] == [trunk_id] == [late["trunk_id"]]
        message = late["msg"]
    assert "not ACTIVE after 50 seconds" in message and "Could not" in message and "Run again" in message


@pytest.mark.parametrize("fault", ["503", "reset"])
def test_no_login_after_wait_timeout(site: Site, sent: Sent, fault: str) -> None:
    site.settings(activation_delay=3600, token_lifetime=30)
    site.fault(**FAULTS[fault], path=LOGIN, after=1, times=1000)
    site.fault("revoke-token", path=TRUNKS, method="GET", after=4)
    outcome = site.run("alexa_siptrunk", **TRUNK, wait=True, wait_timeout=50, wait_interval=15, retry_timeout=300)
    (created,) = sent.times("POST /v1")
    logins = sent.times(LOGIN)
    assert len(logins) > 2 and logins[-1] <= created + 50
    assert outcome["changed"] and "Run again to go on waiting" in outcome["msg"]


def test_an_outage_does_not_end_a_wait(site: Site, sent: Sent) -> None:
    """It is longer than one request may keep meeting faults."""
    trunk_id = site.add_trunk(status="CREATING")
    site.fault("status", status=503, path=TRUNKS, method="GET", after=2, times=25)
    outcome = site.good("alexa_siptrunk_info", trunk_ids=[trunk_id], wait=True, wait_timeout=600, retry_timeout=20)
    (late,) = outcome["not_active"]
    assert late["status"] == "CREATING" and sent.times("GET")[-1] == pytest.approx(600)
