# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trunks: how one is recognised, made once, changed and waited for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError, InputError, WaitError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Peer, Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._registered import remembered
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunk_plan import shown
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunks import Trunks
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.certs import family
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import (
    Call,
    FakeClock,
    answer,
    lost,
)

Scripted = Callable[..., Client]
PATH = "/v1/communications/network/siptrunk"
NAME = "pbx.example.com"
PEER = Peer("203.0.113.10", 5061)
WISH = Trunk(tls_name=NAME, chain=("A",), peers=(PEER,))
BODY = {"tls": {"certificateChain": ["A"], "name": NAME}, "peers": [{"ip": PEER.host, "port": PEER.port}]}


def item(trunk_id: str, name: str = NAME, ip: str = PEER.host, **more: Any) -> dict[str, Any]:
    return {"trunkId": trunk_id, "tls": {"name": name}, "peers": [{"ip": ip, "port": 5061}], "status": "ACTIVE", **more}


def listing(*items: Any) -> Call:
    return Call("GET", PATH, answer(200, {"results": list(items), "paginationContext": {}}))


def reading(trunk_id: str, body: Any = None, status: int = 200) -> Call:
    return Call("GET", f"{PATH}/{trunk_id}", answer(status, body))


def test_a_trunk_that_is_not_there_is_none(scripted: Scripted) -> None:
    assert Trunks(scripted(reading("t1", status=404))).get("t1") is None


def test_a_list_holds_each_trunk_once_and_leaves_out_what_has_no_id(scripted: Scripted) -> None:
    client = scripted(listing(item("t1"), item("t1"), {"status": "x"}, item("t2")))
    assert [trunk.trunk_id for trunk in Trunks(client).list()] == ["t1", "t2"]


def test_a_list_of_ids_only_is_completed_by_reading_each(scripted: Scripted) -> None:
    client = scripted(
        listing({"trunkId": "t1"}, {"id": "t2"}), reading("t1", item("t1")), reading("t2", status=404)
    )
    assert [trunk.peers for trunk in Trunks(client).list()] == [(PEER,)]


def test_a_pinned_trunk_is_read_and_nothing_listed(scripted: Scripted) -> None:
    found, namesakes = Trunks(scripted(reading("t9", item("t9", "other.example.com")))).find(Trunk("t9"))
    assert found and found.trunk_id == "t9" and namesakes == []


def test_a_trunk_is_recognised_by_name_and_peers(scripted: Scripted) -> None:
    client = scripted(
        listing(
            item("t1", "other.example.com"), item("t2", ip="203.0.113.99"), item("t3", NAME.upper()),
            {"trunkId": "t4", "tls": {"name": NAME}, "peer": {"name": NAME, "port": 5061}},
        ),
        reading("t3", item("t3")),
    )  # fmt: skip
    found, namesakes = Trunks(client).find(WISH)
    assert found and found.trunk_id == "t3"
    assert [trunk.trunk_id for trunk in namesakes] == ["t2", "t4"]


def test_the_order_of_peers_does_not_matter(scripted: Scripted) -> None:
    peers = [{"ip": ip, "port": 5061} for ip in ("203.0.113.20", "203.0.113.10")]
    body = item("t1", peers=peers)
    wish = Trunk(tls_name=NAME, peers=(PEER, Peer("203.0.113.20", 5061)))
    assert Trunks(scripted(listing(body), reading("t1", body))).find(wish)[0]


def test_another_port_is_another_trunk(scripted: Scripted) -> None:
    wish = replace(WISH, peers=(Peer(PEER.host, 5062),))
    assert Trunks(scripted(listing(item("t1")))).find(wish)[0] is None


def test_an_fqdn_peer_is_part_of_what_a_trunk_is_recognised_by(scripted: Scripted) -> None:
    body = {"trunkId": "t1", "tls": {"name": NAME}, "peer": {"name": NAME, "port": 5061}}
    wish = Trunk(tls_name=NAME, fqdn_peer=Peer(NAME, 5061))
    assert Trunks(scripted(listing(body), reading("t1", body))).find(wish)[0]
    assert Trunks(scripted(listing(body))).find(replace(wish, fqdn_peer=Peer(NAME, 5062)))[0] is None


def test_without_peers_the_name_alone_decides(scripted: Scripted) -> None:
    client = scripted(listing(item("t1"), item("t2", "other.example.com")), reading("t1", item("t1")))
    found, _namesakes = Trunks(client).find(Trunk(tls_name=NAME))
    assert found and found.trunk_id == "t1"


def test_two_that_match_are_an_error_that_names_both(scripted: Scripted) -> None:
    with pytest.raises(InputError, match=f"2 SIP trunks match {NAME} at 203.0.113.10:5061: t1 and t2.*Pin the one"):
        Trunks(scripted(listing(item("t1"), item("t2")))).find(WISH)


def looked_up(client: Client, wish: Trunk = WISH) -> Trunk | None:
    with Trunks(client).find_before_creating(wish) as (found, _namesakes):
        return found


def test_a_deleted_trunk_that_a_lagging_list_still_shows_is_not_there(scripted: Scripted, clock: FakeClock) -> None:
    assert looked_up(scripted(listing(item("t1")), reading("t1", status=404), listing())) is None
    assert clock.sleeps == [3.0]


def test_a_trunk_that_a_lagging_list_shows_late_is_found_before_another_is_made(scripted: Scripted) -> None:
    found = looked_up(scripted(listing(), listing(item("t1")), reading("t1", item("t1"))))
    assert found and found.trunk_id == "t1"


@pytest.mark.parametrize("wish", [WISH, Trunk("t1")])
def test_a_trunk_that_is_found_at_once_is_not_looked_for_again(
    scripted: Scripted, clock: FakeClock, wish: Trunk
) -> None:
    calls = [reading("t1", item("t1"))] if wish.trunk_id else [listing(item("t1")), reading("t1", item("t1"))]
    assert looked_up(scripted(*calls), wish)
    assert clock.sleeps == []


def test_a_pinned_trunk_that_is_not_there_is_not_waited_for(scripted: Scripted, clock: FakeClock) -> None:
    assert looked_up(scripted(reading("t1", status=404)), Trunk("t1")) is None
    assert clock.sleeps == []


def created(trunk_id: str = "t1", body: Any = None) -> Call:
    return Call("POST", PATH, answer(201, {"trunkId": trunk_id, "status": "CREATING"}), body)


def test_creating_posts_the_wish_and_remembers_the_chain(scripted: Scripted) -> None:
    pems = family().pems
    wish = replace(WISH, chain=tuple(pems))
    body = {**BODY, "tls": {"certificateChain": pems, "name": NAME}}
    client = scripted(created(body=body), listing(item("t1"), item("t0", "other.example.com")))
    assert Trunks(client).create(wish) == replace(wish, trunk_id="t1", status="CREATING")
    assert len(remembered("t1") or []) == 3


def test_an_answer_without_an_id_is_an_error(scripted: Scripted) -> None:
    with pytest.raises(ApiError, match="names no trunk id"):
        Trunks(scripted(Call("POST", PATH, answer(201, {"status": "CREATING"})))).create(WISH)


def test_after_a_lost_answer_the_list_gets_time_to_show_the_trunk(scripted: Scripted) -> None:
    client = scripted(
        Call("POST", PATH, lost(), BODY), listing(), listing(), listing(item("t1")), reading("t1", item("t1"))
    )
    assert Trunks(client).create(WISH).trunk_id == "t1"


def test_after_a_lost_answer_and_no_trunk_it_is_created_again(scripted: Scripted, clock: FakeClock) -> None:
    looks = [listing() for _look in range(7)]
    client = scripted(Call("POST", PATH, lost(), BODY), *looks, created(body=BODY), listing(item("t1")))
    started = clock.now()
    assert Trunks(client).create(WISH).trunk_id == "t1"
    assert clock.now() - started >= 6


SEEN = listing(item("t5"), item("t1"))


def test_a_twin_of_a_lesser_id_stays_and_ours_goes(scripted: Scripted) -> None:
    no_mappings = Call("GET", f"{PATH}/t5/extensions", answer(200, {"results": []}))
    removal, put = Call("DELETE", f"{PATH}/t5", answer(204)), Call("PUT", f"{PATH}/t1", answer(200), BODY)
    there = reading("t1", item("t1"))
    # The list is not believed before it shows ours.
    trunks = Trunks(scripted(created("t5"), listing(item("t1")), SEEN, there, no_mappings, removal, put, there))
    assert trunks.create(WISH) == replace(WISH, trunk_id="t1", status="ACTIVE")
    assert "made twice at once, by two control nodes: t1 and t5." in trunks.warnings[0]
    assert remembered("t5") is None


def test_a_twin_of_a_greater_id_that_stays_is_an_error_and_both_are_kept(scripted: Scripted) -> None:
    """Whether the other one goes is decided there: were ours to go as well, there would be none."""
    both, looks = listing(item("t5"), item("t9")), [reading("t9", item("t9"))] * 8
    with pytest.raises(WaitError, match="made twice at once.*: t9 and t5. Run again. If both stay, delete") as caught:
        Trunks(scripted(created("t5"), both, *looks)).create(WISH)
    assert (caught.value.details["trunk"]["trunk_id"], caught.value.details["changed"]) == ("t5", True)


def test_a_twin_that_goes_leaves_ours(scripted: Scripted) -> None:
    both = listing(item("t5"), item("t9"))
    trunks = Trunks(scripted(created("t5"), both, reading("t9", item("t9")), reading("t9", status=404)))
    assert (trunks.create(WISH).trunk_id, trunks.warnings) == ("t5", [])


def test_a_twin_that_only_a_lagging_list_still_shows_is_none(scripted: Scripted) -> None:
    assert Trunks(scripted(created("t5"), SEEN, reading("t1", status=404))).create(WISH).trunk_id == "t5"


def test_a_trunk_that_has_mappings_is_not_removed_for_its_twin(scripted: Scripted) -> None:
    used = Call("GET", f"{PATH}/t5/extensions", answer(200, {"results": [{"extension": "7201"}]}))
    with pytest.raises(WaitError, match="made twice .*: t1 and t5.*delete the one without mappings") as caught:
        Trunks(scripted(created("t5"), SEEN, reading("t1", item("t1")), used)).create(WISH)
    assert caught.value.details["trunk"]["trunk_id"] == "t5"


def test_a_list_that_does_not_show_what_was_made_is_not_read_for_ever(scripted: Scripted) -> None:
    assert Trunks(scripted(created("t5"), *[listing(item("t1"))] * 7)).create(WISH).trunk_id == "t5"


def test_updating_replaces_the_body_and_reads_the_status(scripted: Scripted) -> None:
    client = scripted(Call("PUT", f"{PATH}/t1", answer(200), BODY), reading("t1", item("t1", status="UPDATING")))
    assert Trunks(client).update(replace(WISH, trunk_id="t1")).status == "UPDATING"


@pytest.mark.parametrize("status", [200, 204, 404])
def test_deleting_forgets_the_chain(scripted: Scripted, status: int) -> None:
    trunks = Trunks(scripted(created(), listing(item("t1")), Call("DELETE", f"{PATH}/t1", answer(status))))
    trunks.create(WISH)
    trunks.delete("t1")
    assert remembered("t1") is None


def waiting(scripted: Scripted, *calls: Call, timeout: float = 60) -> Trunk:
    return Trunks(scripted(*calls)).wait_for_active(replace(WISH, trunk_id="t1"), timeout, 15)


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


def test_a_trunk_as_results_show_it() -> None:
    trunk = Trunk("t1", "ACTIVE", NAME, None, (Peer("203.0.113.20", 2), Peer("203.0.113.10", 1)))
    assert shown(trunk) == {
        "trunk_id": "t1", "status": "ACTIVE", "tls_name": NAME, "fqdn_peer": None, "certificates": [],
        "peers": [{"ip": "203.0.113.10", "port": 1}, {"ip": "203.0.113.20", "port": 2}],
    }  # fmt: skip
    (certificate,) = shown(Trunk(chain=(family().leaf.pem,), fqdn_peer=Peer(NAME, 1)))["certificates"]
    assert set(certificate) == {"subject", "not_after", "sha256"}
