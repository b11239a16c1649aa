# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad days by name: what fails outside the API's own answers, and how it reads."""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils import _retry
from harness import Site
from scenario_life import GUEST, TRUNK, rooms, rows
from scenario_network import Door

pytestmark = [pytest.mark.usefixtures("haste"), pytest.mark.product_pauses]

LOGIN = "/auth/"
WRITES = "/extension/"
STATUS = "GET /v1/communications/network/siptrunk/{trunkId}"
TEN_MINUTES = 600


@pytest.fixture
def door(site: Site) -> Iterator[Door]:
    """The API is reached by another port; Login with Amazon and the control address stay where they are."""
    door = Door(site.simulator.api_url)
    site.environment["ALEXA_API_URL"] = door.url
    yield door
    door.shut()


def bulk(site: Site, count: int, **options: Any) -> dict[str, Any]:
    """The options to map so many rooms to a trunk that is there."""
    trunks = site.state()["trunks"]
    trunk_id = trunks[0]["trunkId"] if trunks else site.add_trunk()
    return {"trunk_id": trunk_id, "extensions": rows(rooms(count)), **options}


def goes_on(site: Site, **options: Any) -> None:
    """The next run does what is left, and the one after that nothing."""
    site.good("alexa_extensions", **options)
    assert site.mappings(options["trunk_id"]) == rooms(len(options["extensions"]))
    assert not site.good("alexa_extensions", **options)["changed"]


def test_login_is_down_at_the_start(site: Site) -> None:
    site.fault("status", path=LOGIN, times=1000, status=503)
    message = site.failure("alexa_siptrunk", **TRUNK, retry_timeout=20)
    assert message.startswith("Login with Amazon gave no token for client amzn1.") and "answered 503" in message
    assert "Run again in a while: nothing is done twice." in message
    assert site.stats()["api_requests"] == 0 and 3 < site.stats()["lwa_requests"] < 30


def test_nobody_answers_at_the_login_host(site: Site) -> None:
    door = Door(site.simulator.api_url)
    door.shut()
    message = site.failure("alexa_siptrunk", **TRUNK, token_url=f"{door.url}/auth/o2/token", retry_timeout=20)
    assert message.startswith("Could not list the SIP trunks: Login with Amazon gave no token: No connection to 127.0")
    assert "refused" in message and site.stats()["total"] == 0


def test_login_comes_back_in_time(site: Site) -> None:
    site.fault("status", path=LOGIN, times=2, status=503)
    site.fault("reset", path=LOGIN)
    assert site.good("alexa_siptrunk", **TRUNK)["changed"]
    assert site.stats()["lwa_requests"] == 4


@pytest.mark.parametrize("fault", ["status", "reset"])
def test_login_is_down_when_the_token_ends(site: Site, fault: str) -> None:
    """The 64 threads give up together after one time of patience, and every extension is accounted for."""
    options = bulk(site, 200, concurrency=64)
    site.settings(latency=0.05)
    site.fault(fault, path=LOGIN, times=10_000, after=1)
    site.fault("revoke-token", "POST", WRITES, after=100)
    outcome = site.run("alexa_extensions", **options, retry_timeout=30)
    assert not outcome.ok and "Login with Amazon gave no token" in outcome["msg"], outcome["msg"]
    assert sorted(site.mappings(options["trunk_id"])) == outcome["created"] and len(outcome["created"]) >= 100
    failed = [failure["extension"] for failure in outcome["failures"]]
    assert sorted(outcome["created"] + failed + outcome["not_tried"]) == sorted(rooms(200))
    # One series of tries, not one for each of the threads.
    assert 2 < site.stats()["lwa_requests"] < 40
    site.no_faults()
    goes_on(site, **options)


def test_a_token_is_revoked_with_64_requests_in_flight(site: Site) -> None:
    options = bulk(site, 200, concurrency=64)
    site.settings(latency=0.2)
    site.fault("revoke-token", "POST", WRITES, after=20)
    site.good("alexa_extensions", **options)
    stats = site.stats()
    rejected = sum(counts.get("401", 0) for counts in stats["by_route"].values())
    assert rejected > 10 and stats["in_flight_peak"] > 32, "it was not in the middle of the crowd"
    assert stats["lwa_requests"] == 2 and site.mappings(options["trunk_id"]) == rooms(200)


@contextlib.contextmanager
def clock_off(by: float) -> Iterator[None]:
    """The wall clock of the control node is so many seconds off."""
    class Wrong(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime.datetime:
            return datetime.datetime.now(tz) + datetime.timedelta(seconds=by)

    right = time.time
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: right() + by)
        patch.setattr(_retry, "datetime", Wrong)
        yield


@pytest.mark.parametrize("by", [-TEN_MINUTES, TEN_MINUTES])
def test_a_pause_until_a_date_does_not_depend_on_this_clock(site: Site, by: float) -> None:
    """Five minutes: by a clock that is behind they would be fifteen, and by one that is ahead none at all."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)
    site.fault("status", "GET", "siptrunk$", status=429, headers={
        "Retry-After": email.utils.format_datetime(moment, usegmt=True)})
    with clock_off(by):
        site.failure("alexa_siptrunk_info", retry_timeout=0)
        site.forget_requests()
        message = site.failure("alexa_siptrunk_info", retry_timeout=0)
    (left,) = re.findall("of which ([0-9]+) seconds are left", message)
    assert 0 < int(left) <= 300 and site.stats()["api_requests"] == 0


@pytest.mark.parametrize("by", [-7200, 7200])
def test_a_token_lives_until_the_api_rejects_it(site: Site, by: float) -> None:
    token = site.good("alexa_lwa_token")["access_token"]
    site.secrets.add(token)
    site.forget_requests()
    with clock_off(by):
        site.good("alexa_siptrunk_info", access_token=token)
        assert site.stats()["lwa_requests"] == 0
        site.simulator.control("POST", "/revoke-tokens")
        site.good("alexa_siptrunk_info", access_token=token)
        assert site.stats()["lwa_requests"] == 1


def in_the_middle(site: Site, options: dict[str, Any], act: Callable[[], None]) -> threading.Thread:
    """Does something as soon as the first twenty rooms are mapped."""
    def watch() -> None:
        deadline = time.monotonic() + 30
        while len(site.mappings(options["trunk_id"])) < 20 and time.monotonic() < deadline:
            time.sleep(0.005)
        act()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_the_api_is_away_for_a_while(site: Site, door: Door) -> None:
    """Connections are cut and then refused, for less than retry_timeout: nobody notices."""
    options = bulk(site, 120, concurrency=8)
    site.settings(latency=0.02)

    def outage() -> None:
        door.shut()
        # To the modules' clock nine seconds.
        threading.Event().wait(0.3)
        door.open()

    watcher = in_the_middle(site, options, outage)
    outcome = site.good("alexa_extensions", **options)
    watcher.join()
    assert len(outcome["created"]) == 120 and site.mappings(options["trunk_id"]) == rooms(120)


def test_the_api_is_away_for_longer(site: Site, door: Door) -> None:
    options = bulk(site, 120, concurrency=8)
    site.settings(latency=0.02)
    watcher = in_the_middle(site, options, door.shut)
    outcome = site.run("alexa_extensions", **options, retry_timeout=15)
    watcher.join()
    assert not outcome.ok and "run again to go on from there" in outcome["msg"]
    assert "refused" in outcome["msg"] or "was lost" in outcome["msg"]
    mapped = site.mappings(options["trunk_id"])
    failed = [failure["extension"] for failure in outcome["failures"]]
    assert sorted(outcome["created"] + failed + outcome["not_tried"]) == sorted(rooms(120))
    # An answer that was lost may have been for a mapping that was made; nothing that is told as done is missing.
    assert set(outcome["created"]) <= set(mapped) <= {*outcome["created"], *failed}
    assert 20 <= len(mapped) < 120 and set(mapped.values()) == {GUEST}
    door.open()
    goes_on(site, **options)


def test_the_api_is_away_while_a_trunk_is_waited_for(site: Site, door: Door) -> None:
    site.settings(activation_delay=3600)
    fails = threading.Thread(target=lambda: (until_looked(site), door.shut()), daemon=True)
    fails.start()
    outcome = site.run("alexa_siptrunk", **TRUNK, wait=True, wait_timeout=60, wait_interval=1, retry_timeout=10)
    fails.join()
    assert not outcome.ok and outcome["changed"] and outcome["trunk"]["status"] == "CREATING"
    assert "its status was CREATING. Could not read" in outcome["msg"] and "refused" in outcome["msg"], outcome["msg"]
    door.open()
    site.simulator.control("POST", "/activate")
    assert site.good("alexa_siptrunk", **TRUNK, wait=True)["trunk"]["status"] == "ACTIVE"
    assert len(site.state()["trunks"]) == 1


def until_looked(site: Site) -> None:
    """Wait for the second look at the status: so the module has read the answer to the first."""
    deadline = time.monotonic() + 30
    while looks(site) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)


def looks(site: Site) -> int:
    return sum(site.stats()["by_route"].get(STATUS, {}).values())


@contextlib.contextmanager
def no_name_for(host: str, times: float) -> Iterator[list[str]]:
    """The resolver does not know the host so many times; which names it was asked for."""
    resolve, asked = socket.getaddrinfo, []

    def stand_in(name: Any, *rest: Any, **more: Any) -> Any:
        if name == host:
            asked.append(name)
            if len(asked) <= times:
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return resolve(name, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", stand_in)
        yield asked


def test_a_name_that_does_not_resolve(site: Site) -> None:
    with no_name_for("api.amazonalexa.invalid", times=float("inf")) as asked:
        message = site.failure("alexa_siptrunk", **TRUNK, api_url="https://api.amazonalexa.invalid")
    assert message.startswith("Could not list the SIP trunks: No connection to api.amazonalexa.invalid: ")
    assert "name resolution" in message and "Check the name, the route, the firewall and the proxy" in message
    assert 1 < len(asked) < 100 and site.stats()["api_requests"] == 0


def test_a_name_that_resolves_again_in_time(site: Site) -> None:
    site.environment["ALEXA_API_URL"] = site.simulator.api_url.replace("127.0.0.1", "localhost")
    with no_name_for("localhost", times=3) as asked:
        assert site.good("alexa_siptrunk", **TRUNK)["changed"]
    assert len(asked) > 3 and len(site.state()["trunks"]) == 1
