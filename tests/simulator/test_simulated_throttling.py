# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate limit of the account."""

from __future__ import annotations

import datetime
import email.utils
import time

import pytest

from alexa_simulator.launcher import Simulator
from simulator_client import TRUNK_SCOPE, TRUNKS, Api, Lwa, refused, until


def statuses(api: Api, count: int) -> list[int]:
    return [api.get(TRUNKS).status_code for _turn in range(count)]


def test_what_exceeds_the_burst_answers_429(simulator: Simulator, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"rate_limit": 0.1, "rate_burst": 3})
    assert statuses(pbx, 5) == [200, 200, 200, 429, 429]
    refused(pbx.get(TRUNKS), 429, "Rate exceeded")
    stats = simulator.control("GET", "/stats")
    assert stats["throttled"] == 3
    assert stats["by_route"] == {f"GET {TRUNKS}": {"200": 3, "429": 3}}


def test_a_throttled_write_is_not_done(simulator: Simulator, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"rate_limit": 0.1, "rate_burst": 1})
    pbx.new_trunk()
    refused(pbx.post(TRUNKS, json={"peers": [{"ip": "203.0.113.10", "port": 5061}]}), 429)
    assert len(simulator.control("GET", "/state")["trunks"]) == 1


def test_the_burst_is_the_limit_unless_given(simulator: Simulator, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"rate_limit": 2})
    assert statuses(pbx, 3) == [200, 200, 429]


def test_requests_pass_again_at_the_rate(simulator: Simulator, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"rate_limit": 20, "rate_burst": 1})
    start = time.monotonic()
    for _turn in range(11):
        until(lambda: pbx.get(TRUNKS).status_code == 200)
    assert 0.5 <= time.monotonic() - start < 3


def test_one_account_has_one_limit_whatever_token_or_connection(simulator: Simulator, lwa: Lwa, pbx: Api,
                                                                management: Api) -> None:
    with Api(simulator, lwa.token(TRUNK_SCOPE)) as other:
        simulator.control("PUT", "/settings", {"rate_limit": 0.1, "rate_burst": 2})
        assert statuses(pbx, 1) + statuses(other, 2) == [200, 200, 429]
        refused(management.get("/v2/units"), 429)
    lwa.token(TRUNK_SCOPE)


def test_no_limit_is_the_default_and_can_come_back(simulator: Simulator, pbx: Api) -> None:
    assert set(statuses(pbx, 100)) == {200}
    simulator.control("PUT", "/settings", {"rate_limit": 0.1, "rate_burst": 1})
    assert statuses(pbx, 2) == [200, 429]
    simulator.control("PUT", "/settings", {"rate_limit": 0})
    assert set(statuses(pbx, 10)) == {200}


@pytest.mark.parametrize("form", ["none", "seconds", "date"])
def test_retry_after_comes_in_its_forms(simulator: Simulator, pbx: Api, form: str) -> None:
    simulator.control("PUT", "/settings", {"rate_limit": 0.25, "rate_burst": 1, "retry_after": form})
    assert pbx.get(TRUNKS).status_code == 200
    header = pbx.get(TRUNKS).headers.get("Retry-After", "")
    if form == "none":
        assert header == ""
    elif form == "seconds":
        assert header == "4"
    else:
        wait = email.utils.parsedate_to_datetime(header) - datetime.datetime.now(datetime.timezone.utc)
        assert 3 < wait.total_seconds() <= 5


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_who_waits_as_told_passes_and_is_not_counted_as_early(simulator: Simulator, pbx: Api, form: str) -> None:
    simulator.control("PUT", "/settings", {"rate_limit": 1, "rate_burst": 1, "retry_after": form})
    assert statuses(pbx, 2) == [200, 429]
    assert statuses(pbx, 2) == [429, 429]
    told = pbx.get(TRUNKS).headers["Retry-After"]
    early = simulator.control("GET", "/stats")["before_retry_after"]
    assert early == 3

    def passed() -> bool:
        if form == "seconds":
            return time.monotonic() >= asked_at + int(told)
        return datetime.datetime.now(datetime.timezone.utc) >= email.utils.parsedate_to_datetime(told)

    asked_at = time.monotonic()
    until(passed)
    assert statuses(pbx, 1) == [200]
    assert simulator.control("GET", "/stats")["before_retry_after"] == early


def test_without_retry_after_nobody_is_early(simulator: Simulator, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"rate_limit": 0.1, "rate_burst": 1})
    statuses(pbx, 5)
    assert simulator.control("GET", "/stats")["before_retry_after"] == 0
