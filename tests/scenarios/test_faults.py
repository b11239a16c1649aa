# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API that throttles, fails, cuts connections, loses answers, revokes tokens and talks nonsense."""

from __future__ import annotations

import datetime
import email.utils
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils import _trunks
from harness import MANAGEMENT_SCOPE, TRUNKS, Site
from scenario_chains import CHAIN, NAME

PROFILE = "amzn1.alexa.unit.did.abcdef1234"
WISH = {"tls_name": NAME, "certificate_chain": CHAIN, "peers": [{"ip": "203.0.113.10", "port": 5061}]}
MAPPED = "/extension/"
TRUNK_LIST = "/siptrunk$"


def rows(count: int) -> list[dict[str, str]]:
    return [{"extension": str(7000 + number), "comms_profile_id": PROFILE} for number in range(count)]


def until(condition: Callable[[], bool]) -> None:
    """Wait; an answer that no module waited for must be counted before the next test starts to count."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def in_two_seconds() -> str:
    return email.utils.format_datetime(
        datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2), usegmt=True)


@pytest.mark.parametrize(("headers", "least"), [
    (lambda: {"Retry-After": "1"}, 1.0), (lambda: {"Retry-After": in_two_seconds()}, 1.0), (dict, 0.0),
], ids=["seconds", "a date", "none"])
@pytest.mark.parametrize(("method", "module", "options"), [
    ("GET", "alexa_extension_info", {}),
    ("POST", "alexa_extension", {"extension": "7000", "comms_profile_id": PROFILE}),
])
def test_throttled(site: Site, method: str, module: str, options: Any, headers: Any, least: float) -> None:
    """429 is repeated for every method, and not before its time."""
    trunk_id = site.add_trunk()
    site.fault("status", method, TRUNKS, status=429, headers=headers(), body={"message": "slow down"})
    began = time.monotonic()
    site.good(module, trunk_id=trunk_id, **options)
    assert time.monotonic() - began >= least
    stats = site.stats()
    assert (stats["before_retry_after"], stats["throttled"], site.faults_met()) == (0, 1, 1)
    assert site.mappings(trunk_id) == ({"7000": PROFILE} if method == "POST" else {})


def test_what_one_process_was_told_the_next_one_knows(site: Site) -> None:
    # Longer than what the halved rate alone would make the next process wait.
    site.fault("status", "GET", TRUNK_LIST, status=429, headers={"Retry-After": "3"})
    site.failure("alexa_siptrunk_info", retry_timeout=0)
    site.good("alexa_siptrunk_info")
    stats = site.stats()
    assert (stats["before_retry_after"], stats["throttled"], stats["api_requests"]) == (0, 1, 2)


def test_throttled_beyond_the_time(site: Site) -> None:
    site.fault("status", "GET", TRUNK_LIST, status=429, times=1000, body={"message": "Rate exceeded."})
    message = site.failure("alexa_siptrunk_info", retry_timeout=0)
    assert "429: Rate exceeded." in message and "requests_per_second" in message and "request id" in message
    assert site.faults_met() == 1


def test_an_account_with_a_limit(site: Site) -> None:
    trunk_id = site.add_trunk()
    # So low that a busy machine is above it too.
    site.settings(rate_limit=8, rate_burst=2, retry_after="seconds")
    site.good("alexa_extensions", trunk_id=trunk_id, extensions=rows(12), concurrency=1)
    assert site.mappings(trunk_id) == {row["extension"]: PROFILE for row in rows(12)}
    stats = site.stats()
    assert stats["throttled"] > 0 and stats["before_retry_after"] == 0


def test_a_limit_that_the_user_knows(site: Site) -> None:
    trunk_id = site.add_trunk()
    began = time.monotonic()
    site.good("alexa_extensions", trunk_id=trunk_id, extensions=rows(20), requests_per_second=20)
    requests = site.stats()["api_requests"]
    assert requests == 22 and time.monotonic() - began >= (requests - 1) / 20


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_passing_server_errors(site: Site, method: str, status: int) -> None:
    trunk_id = site.add_trunk()
    site.map(trunk_id, x7000="amzn1.alexa.other", x7999=PROFILE)
    site.fault("status", method, TRUNKS, status=status, times=2)
    site.good("alexa_extensions", trunk_id=trunk_id, extensions=rows(2), prune=True, prune_limit="1", concurrency=1)
    assert (site.mappings(trunk_id), site.faults_met()) == ({"7000": PROFILE, "7001": PROFILE}, 2)


@pytest.mark.parametrize("kind", ["lost-answer", "lost-before", "reset", "truncated", "status", "html-error"])
def test_a_trunk_is_made_once(site: Site, kind: str) -> None:
    site.fault(kind, "POST", TRUNK_LIST)
    made = site.good("alexa_siptrunk", **WISH)
    (trunk,) = site.state()["trunks"]
    assert (made["changed"], made["trunk"]["trunk_id"]) == (True, trunk["trunkId"])
    assert site.requests(f"POST {TRUNKS}") == (1 if kind in ("lost-answer", "truncated") else 2)
    # Twice before it was made, and at least once more before it might have been made again.
    assert site.stats()["by_route"][f"GET {TRUNKS}"]["200"] > 2


def test_a_trunk_whose_answer_is_lost_is_looked_for_in_a_list_that_lags(
    site: Site, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_trunks, "_SETTLE", 0.3)
    site.settings(list_lag=0.25)
    site.fault("lost-answer", "POST", TRUNK_LIST)
    site.good("alexa_siptrunk", **WISH)
    assert len(site.state()["trunks"]) == 1 and site.requests(f"POST {TRUNKS}") == 1


def test_a_slow_creation_is_not_repeated(site: Site) -> None:
    site.fault("slow", "POST", TRUNK_LIST, seconds=1.0)
    made = site.good("alexa_siptrunk", **WISH, request_timeout=0.3)
    assert [trunk["trunkId"] for trunk in site.state()["trunks"]] == [made["trunk"]["trunk_id"]]
    until(lambda: site.requests(f"POST {TRUNKS}") == 1)


@pytest.mark.parametrize("kind", ["lost-answer", "lost-before", "reset", "truncated"])
@pytest.mark.parametrize("second_map", ["conflict", "overwrite"])
def test_a_mapping_is_made_once(site: Site, kind: str, second_map: str) -> None:
    trunk_id = site.add_trunk()
    site.settings(second_map=second_map)
    site.fault(kind, "POST", MAPPED)
    made = site.good("alexa_extension", trunk_id=trunk_id, extension="7000", comms_profile_id=PROFILE)
    assert made["changed"] and site.mappings(trunk_id) == {"7000": PROFILE}
    assert site.requests("POST " + TRUNKS) == (1 if kind in ("lost-answer", "truncated") else 2)


def test_somebody_else_maps_at_the_same_time(site: Site) -> None:
    """The list does not show it yet: the answer is 409, and the mapping is put right."""
    trunk_id = site.add_trunk()
    site.settings(list_lag=30)
    site.map(trunk_id, x7000="amzn1.alexa.other", x7001=PROFILE)
    made = site.good("alexa_extensions", trunk_id=trunk_id, extensions=rows(3), concurrency=1)
    assert (made["created"], made["updated"], made["unchanged"]) == (["7002"], ["7000"], ["7001"])
    assert site.mappings(trunk_id) == {row["extension"]: PROFILE for row in rows(3)}


def test_too_slow(site: Site) -> None:
    site.fault("slow", "GET", TRUNK_LIST, seconds=1.0)
    message = site.failure("alexa_siptrunk_info", request_timeout=0.2, retry_timeout=0)
    assert "Could not list the SIP trunks" in message and "did not answer GET within 0.2 seconds" in message
    until(lambda: site.requests(f"GET {TRUNKS}") == 1)


@pytest.mark.parametrize(("kind", "status"), [("garbage", 200), ("html-error", 503)])
@pytest.mark.parametrize(("module", "options"), [
    ("alexa_siptrunk_info", {}), ("alexa_siptrunk", WISH),
    ("alexa_extension_info", {"trunk_id": "amzn1.comms.network.siptrunk.1"}),
    ("alexa_unit_info", {"parent_id": "amzn1.alexa.unit.did.ORGANIZATION"}), ("alexa_lwa_token", {})])
def test_html_in_place_of_the_api(site: Site, module: str, options: Any, kind: str, status: int) -> None:
    path = "/auth/" if module == "alexa_lwa_token" else "/v"
    site.fault(kind, path=path, times=1000)
    message = site.failure(module, **options, retry_timeout=0)
    assert f"answered {status}" in message and "<html>" in message
    assert ("token_url (ALEXA_TOKEN_URL)" if module == "alexa_lwa_token" else "proxy") in message
    assert site.writes() == {}


def test_a_truncated_list(site: Site) -> None:
    site.fault("truncated", "GET", TRUNK_LIST, times=1000)
    message = site.failure("alexa_siptrunk_info", retry_timeout=0)
    assert "Could not list the SIP trunks" in message and "was lost during GET" in message
    site.no_faults()
    site.fault("truncated", "GET", TRUNK_LIST)
    site.good("alexa_siptrunk_info")


@pytest.mark.parametrize("after", [0, 1, 30])
def test_a_token_is_revoked_under_16_threads(site: Site, after: int) -> None:
    trunk_id = site.add_trunk()
    site.settings(latency=0.02)
    site.fault("revoke-token", path=TRUNKS, after=after)
    site.forget_requests()
    site.good("alexa_extensions", trunk_id=trunk_id, extensions=rows(100), concurrency=16)
    stats = site.stats()
    assert (stats["lwa_requests"], len(site.mappings(trunk_id)), site.faults_met()) == (2, 100, 1)
    assert stats["in_flight_peak"] > 8


def expired(site: Site, scope: str) -> str:
    """A token that was good a moment ago."""
    site.settings(token_lifetime=1)
    token, path = site.token(scope), TRUNKS if "siptrunk" in scope else "/v2/units"
    until(lambda: site.get(path, token).status_code == 401)
    site.settings(token_lifetime=3600)
    site.secrets.add(token)
    site.forget_requests()
    return token


def test_an_expired_token_with_credentials(site: Site) -> None:
    site.good("alexa_siptrunk_info", access_token=expired(site, "amazon_communication::network:siptrunk"))
    assert site.stats()["lwa_requests"] == 1


@pytest.mark.parametrize(("scope", "module", "options"), [
    ("amazon_communication::network:siptrunk", "alexa_siptrunk_info", {}),
    (MANAGEMENT_SCOPE, "alexa_unit_info", {"parent_id": "amzn1.alexa.unit.did.ORGANIZATION"})])
def test_an_expired_token_without_credentials(site: Site, scope: str, module: str, options: Any) -> None:
    token = expired(site, scope)
    for name in ("ALEXA_CLIENT_ID", "ALEXA_CLIENT_SECRET", "ALEXA_REFRESH_TOKEN"):
        del site.environment[name]
    message = site.failure(module, **options, access_token=token)
    assert "rejected the access token (401)" in message and "ALEXA_CLIENT_ID" in message
    assert site.stats()["lwa_requests"] == 0


def test_a_token_that_is_rejected_again(site: Site) -> None:
    site.fault("status", "GET", TRUNKS, status=401, body={"message": "No."}, times=1000)
    message = site.failure("alexa_siptrunk_info")
    assert "renewed once and rejected again" in message
    assert (site.stats()["lwa_requests"], site.faults_met()) == (2, 2)


def test_a_page_token_that_repeats(site: Site) -> None:
    trunk_id = site.add_trunk()
    site.map(trunk_id, x7000=PROFILE, x7001=PROFILE)
    site.settings(page_size=1, repeat_page_token=True)
    for module, options in (
        ("alexa_siptrunk_info", {}), ("alexa_siptrunk", WISH), ("alexa_extension_info", {"trunk_id": trunk_id}),
        ("alexa_extensions", {"trunk_id": trunk_id, "extensions": rows(2)}),
        ("alexa_unit_info", {"parent_id": "amzn1.alexa.unit.did.ORGANIZATION"}),
    ):
        if module == "alexa_unit_info":
            site.add_units("room-1", "room-2")
        assert "page token that repeats" in site.failure(module, **options)
    assert site.writes() == {}


def test_a_trunk_fails_while_it_is_waited_for(site: Site) -> None:
    site.settings(activation_delay=0.3)
    site.fault("status-failed", "POST", TRUNK_LIST)
    outcome = site.run("alexa_siptrunk", **WISH, wait=True, wait_interval=0.1)
    assert not outcome.ok and "ended in status FAILED" in outcome["msg"]
    assert outcome["trunk"]["trunk_id"] == site.state()["trunks"][0]["trunkId"]


def test_some_of_many_fail(site: Site) -> None:
    """What succeeded is told and kept; the next run goes on from there."""
    trunk_id = site.add_trunk()
    site.map(trunk_id, x7999=PROFILE)
    wish = {"trunk_id": trunk_id, "extensions": rows(20), "prune": True, "prune_limit": "1"}
    site.fault("status", "POST", "/700[35]$", status=400, body={"message": "No such profile."}, times=2)
    partly = site.run("alexa_extensions", **wish)
    assert not partly.ok and partly["changed"] and "run again" in partly["msg"]
    assert [failure["extension"] for failure in partly["failures"]] == ["7003", "7005"]
    assert all("No such profile." in failure["msg"] and failure["request_id"] for failure in partly["failures"])
    assert (partly["failed"], partly["not_tried"], partly["deleted"]) == (True, [], ["7999"])
    assert sorted(site.mappings(trunk_id)) == partly["created"] and len(partly["created"]) == 18
    assert site.good("alexa_extensions", **wish)["created"] == ["7003", "7005"]


def test_going_on_is_useless(site: Site) -> None:
    trunk_id = site.add_trunk()
    site.fault("status", "POST", MAPPED, status=403, body={"message": "Not any more."}, after=3, times=1000)
    partly = site.run("alexa_extensions", trunk_id=trunk_id, extensions=rows(20), concurrency=1)
    assert not partly.ok and "Not any more." in partly["msg"] and "16 were not tried" in partly["msg"]
    assert partly["created"] == ["7000", "7001", "7002"] and len(partly["not_tried"]) == 16
    assert sorted(site.mappings(trunk_id)) == partly["created"] and site.faults_met() == 1


def test_what_became_of_profiles_is_told_where_a_later_step_fails(site: Site) -> None:
    units = site.add_units("201", "202", "203")
    site.fault("status", "PUT", "/profile/", status=400, times=1)
    outcome = site.run("alexa_comms_profiles", units=[{"unit_id": unit, "name": f"Room {unit}"} for unit in units])
    made = {profile["unitId"]: profile["profileId"] for profile in site.state()["profiles"]}
    assert not outcome.ok and outcome["changed"] and len(made) == 3
    assert {profile["unit_id"]: profile["comms_profile_id"] for profile in outcome["profiles"]} == made
    assert "run again to go on from there" in outcome["msg"]


def test_a_pause_that_the_api_asked_for_is_not_waited_for_without_patience(site: Site) -> None:
    trunk_id = site.add_trunk(peers=[{"ip": "203.0.113.10", "port": 5061}])
    site.fault("status", "GET", "/extensions", status=429, headers={"Retry-After": "25"}, times=1)
    assert "retry_timeout" in site.failure("alexa_extension_info", trunk_id=trunk_id, retry_timeout=0)
    site.forget_requests()
    message = site.failure("alexa_extension_info", trunk_id=trunk_id, retry_timeout=0)
    assert message.startswith("Could not list the extensions") and "asked for a pause" in message
    assert site.requests("GET " + TRUNKS + "/{trunkId}/extensions") == 0
