# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for trunks: for one, and for many by one listing a look."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._activation import (
    Patience,
    Seen,
    wait_for_active,
    wait_for_all,
    why_not,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError, WaitError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Peer, Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunks import Trunks
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import Call, FakeClock, answer

Scripted = Callable[..., Client]
PATH = "/v1/communications/network/siptrunk"
NAME = "pbx.example.com"
WISH = Trunk(tls_name=NAME, chain=("A",), peers=(Peer("203.0.113.10", 5061),))


def reading(trunk_id: str, body: Any = None, status: int = 200) -> Call:
    return Call("GET", f"{PATH}/{trunk_id}", answer(status, body))


def waiting(scripted: Scripted, *calls: Call, timeout: float = 60) -> Trunk:
    patience = Patience(timeout, 15, lambda _line: None)
    return wait_for_active(Trunks(scripted(*calls)), replace(WISH, trunk_id="t1"), patience)


def status(text: str | None) -> Call:
    return reading("t1", {"status": text})


def test_waiting_ends_with_active(scripted: Scripted, clock: FakeClock) -> None:
    active = waiting(scripted, reading("t1", status=404), status(None), status("CREATING"), status("ACTIVE"))
    assert active == replace(WISH, trunk_id="t1", status="ACTIVE")
    assert clock.sleeps == [15] * 3


@pytest.mark.parametrize("bad", ["FAILED", "CREATE_FAILED", "error", "Rejected"])
def test_a_failed_status_ends_the_wait_at_once(scripted: Scripted, bad: str) -> None:
    with pytest.raises(WaitError, match=f"t1 of {NAME} at .* ended in status {bad}.*Check certificate") as caught:
        waiting(scripted, status("CREATING"), status(bad))
    assert caught.value.details["trunk"]["status"] == bad


def test_a_wait_that_is_too_long_says_the_last_status_and_how_to_go_on(scripted: Scripted, clock: FakeClock) -> None:
    with pytest.raises(WaitError, match="not ACTIVE after 40 seconds; its status is CREATING.*Run again") as caught:
        waiting(scripted, *[status("CREATING") for _read in range(4)], timeout=40)
    assert sum(clock.sleeps) == 40
    assert caught.value.details["trunk"]["trunk_id"] == "t1"


def test_inactive_is_not_active(scripted: Scripted) -> None:
    with pytest.raises(WaitError, match="its status is INACTIVE"):
        waiting(scripted, status("INACTIVE"), timeout=0)


def all_statuses(**statuses: str) -> Call:
    items = [{"trunkId": trunk_id, "status": status} for trunk_id, status in statuses.items()]
    return Call("GET", PATH, answer(200, {"results": items, "paginationContext": {}}))


def test_many_are_awaited_with_one_listing_a_look(scripted: Scripted, clock: FakeClock) -> None:
    told: list[str] = []
    looks = [
        all_statuses(t1="CREATING", t2="CREATING", other="FAILED"),
        all_statuses(t1="ACTIVE", t2="CREATING", t3="CREATING"),
        all_statuses(t1="ACTIVE", t2="FAILED", t3="ACTIVE"),
    ]
    wishes = [replace(WISH, trunk_id=trunk_id) for trunk_id in ("t1", "t2", "t3")]
    seen = wait_for_all(Trunks(scripted(*looks)), wishes, Patience(600, 15, told.append))
    assert [f"{trunk.trunk_id} {trunk.status}" for trunk in seen.trunks] == ["t1 ACTIVE", "t2 FAILED", "t3 ACTIVE"]
    assert clock.sleeps == [15, 15]
    assert told == ["1 of 3 SIP trunks are through after 0:15.", "3 of 3 SIP trunks are through after 0:30."]


def test_the_last_one_left_is_read_by_itself(scripted: Scripted) -> None:
    wishes = [replace(WISH, trunk_id=trunk_id) for trunk_id in ("t1", "t2")]
    looks = [all_statuses(t1="CREATING", t2="ACTIVE"), status("ACTIVE")]
    seen = wait_for_all(Trunks(scripted(*looks)), wishes, Patience(600, 15, lambda _line: None))
    assert [trunk.status for trunk in seen.trunks] == ["ACTIVE", "ACTIVE"]


def test_trunks_that_the_list_shows_without_status_are_read(scripted: Scripted) -> None:
    wishes = [replace(WISH, trunk_id=trunk_id) for trunk_id in ("t1", "t2")]
    items = [{"trunkId": "t1"}, {"trunkId": "t2", "status": "ACTIVE"}]
    look = Call("GET", PATH, answer(200, {"results": items, "paginationContext": {}}))
    seen = wait_for_all(Trunks(scripted(look, status("ACTIVE"))), wishes, Patience(0, 15, lambda _line: None))
    assert [trunk.status for trunk in seen.trunks] == ["ACTIVE", "ACTIVE"]


def test_none_to_wait_for_asks_nothing(scripted: Scripted) -> None:
    assert wait_for_all(Trunks(scripted()), [], Patience(600, 15, lambda _line: None)) == Seen([])


def test_what_ends_in_time_is_kept_though_others_do_not(scripted: Scripted) -> None:
    wishes = [replace(WISH, trunk_id=trunk_id) for trunk_id in ("t1", "t2", "t3")]
    patience = Patience(0, 15, lambda _line: None)
    seen = wait_for_all(Trunks(scripted(all_statuses(t1="ACTIVE", t2="CREATING"))), wishes, patience)
    late = [str(why_not(trunk, patience, seen.trouble)) for trunk in seen.trunks]
    assert late[0] == "None" and "t2" in late[1] and "its status is CREATING" in late[1]
    assert "its status is not readable yet" in late[2]


def test_an_outage_ends_a_look_and_not_the_wait(scripted: Scripted) -> None:
    down = reading("t1", status=503)
    client = scripted(status("CREATING"), *[down] * 3, status("ACTIVE"), retry_timeout=0)
    patience = Patience(600, 15, lambda _line: None)
    assert wait_for_active(Trunks(client), replace(WISH, trunk_id="t1"), patience).status == "ACTIVE"


def test_a_wait_that_ends_in_an_outage_tells_what_was_seen_last_and_why_no_more(scripted: Scripted) -> None:
    down = reading("t1", status=503)
    patience = Patience(0, 15, lambda _line: None)
    wish = replace(WISH, trunk_id="t1")
    looks = [status("CREATING"), down, down]
    seen = wait_for_all(Trunks(scripted(*looks, retry_timeout=0)), [wish], replace(patience, timeout=20))
    told = str(why_not(seen.trunks[0], patience, seen.trouble))
    assert "its status was CREATING. Could not read" in told and "answered 503" in told and "Run again to go on" in told
    seen = wait_for_all(Trunks(scripted(down)), [wish], patience)
    assert "its status could not be read. Could not" in str(why_not(seen.trunks[0], patience, seen.trouble))


def test_what_will_not_pass_ends_a_wait_at_once(scripted: Scripted) -> None:
    with pytest.raises(ApiError, match="answered 403"):
        waiting(scripted, status("CREATING"), reading("t1", status=403), timeout=600)
