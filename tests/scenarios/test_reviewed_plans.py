# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run does the plan that was reviewed, plan_digest, or writes nothing: alexa_siptrunk and alexa_extensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness import TRUNKS, Site
from scenario_chains import CHAIN, RENEWED_CHAIN
from scenario_life import GUEST, OTHER, TRUNK, rooms, rows

EXTENSIONS = "alexa_extensions"
SIPTRUNK = "alexa_siptrunk"
UNBORN = {name: value for name, value in TRUNK.items() if name != "certificate_chain"}


def planned(site: Site, module: str, **options: Any) -> str:
    """The digest of what a run would do, which it only tells."""
    site.forget_requests()
    outcome = site.good(module, check=True, **options)
    assert not site.writes()
    return str(outcome["plan_digest"])


def refused(site: Site, module: str, digest: str, check: bool = False, **options: Any) -> str:
    """What a run says that may not do its plan; it writes nothing."""
    before = site.state()
    site.forget_requests()
    message = site.failure(module, check, plan_digest=digest, **options)
    assert not site.writes() and site.state() == before
    assert "not the plan that was reviewed" in message and "Make the plan anew" in message
    return message


@pytest.fixture
def trunk(site: Site) -> str:
    """A trunk with three mappings."""
    trunk_id = str(site.good(SIPTRUNK, **TRUNK)["trunk"]["trunk_id"])
    site.map(trunk_id, x7000=GUEST, x7001=OTHER, x7009=OTHER)
    return trunk_id


def test_the_digest_of_check_mode_is_the_real_runs(site: Site) -> None:
    digest = planned(site, SIPTRUNK, **TRUNK)
    done = site.good(SIPTRUNK, plan_digest=digest, **TRUNK)
    assert done["changed"] and done["plan_digest"] == digest and len(site.state()["trunks"]) == 1
    wish = {"trunk_id": done["trunk"]["trunk_id"], "extensions": rows(rooms(3))}
    digest = planned(site, EXTENSIONS, **wish)
    assert site.good(EXTENSIONS, plan_digest=digest, **wish)["plan_digest"] == digest
    assert site.mappings(wish["trunk_id"]) == rooms(3)


def test_what_is_done_already_passes_and_writes_nothing(site: Site, trunk: str) -> None:
    wish = {"trunk_id": trunk, "extensions": rows(rooms(3))}
    digest = planned(site, EXTENSIONS, **wish)
    assert site.good(EXTENSIONS, plan_digest=digest, **wish)["changed"]
    site.forget_requests()
    again = site.good(EXTENSIONS, plan_digest=digest, **wish)
    assert not again["changed"] and not site.writes() and again["plan_digest"] != digest
    trunk_digest = planned(site, SIPTRUNK, **TRUNK)
    assert not site.good(SIPTRUNK, plan_digest=trunk_digest, **TRUNK)["changed"]


def test_a_plan_costs_no_request_more(site: Site, trunk: str) -> None:
    counts = []
    for digest in ({}, {"plan_digest": planned(site, SIPTRUNK, **TRUNK)}):
        site.forget_requests()
        site.good(SIPTRUNK, **TRUNK, **digest)
        counts.append(site.requests(TRUNKS))
    assert counts[0] == counts[1]
    counts = []
    for name, digest in ((GUEST, False), (OTHER, True)):
        wish = {"trunk_id": trunk, "extensions": rows(rooms(3, name))}
        option = {"plan_digest": planned(site, EXTENSIONS, **wish)} if digest else {}
        site.unmap(trunk, "7002")
        site.map(trunk, x7000=GUEST if digest else OTHER)
        site.forget_requests()
        site.run(EXTENSIONS, **wish, **option)
        counts.append(site.requests("GET"))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(
    ("deed", "words"),
    [
        (lambda site, trunk: site.map(trunk, x7001="amzn1.alexa.unit.did.third"), "change 7001"),
        (lambda site, trunk: site.map(trunk, x7000=OTHER), "change 7000 7001"),
        (lambda site, trunk: site.map(trunk, x7002=OTHER), "change 7001 7002"),
        (lambda site, trunk: site.unmap(trunk, "7000"), "add 7000 7002"),
        (lambda site, trunk: site.map(trunk, x7008=OTHER), "remove 7008 7009"),
    ],
    ids=["changed otherwise", "changed what was right", "mapped what is new", "unmapped", "mapped what is not listed"],
)
def test_mappings_that_somebody_changed_since_are_left(
    site: Site, trunk: str, deed: Callable[[Site, str], None], words: str, check: bool
) -> None:
    wish = {"trunk_id": trunk, "extensions": rows(rooms(3)), "prune": True, "prune_limit": "2"}
    digest = planned(site, EXTENSIONS, **wish)
    deed(site, trunk)
    assert words in refused(site, EXTENSIONS, digest, check, **wish)


def test_mappings_that_are_wished_otherwise_are_left(site: Site, trunk: str) -> None:
    digest = planned(site, EXTENSIONS, trunk_id=trunk, extensions=rows(rooms(3)))
    outcome = site.run(EXTENSIONS, plan_digest=digest, trunk_id=trunk, extensions=rows(rooms(4)))
    assert not outcome.ok and outcome["not_tried"] == sorted(rooms(4)) and not outcome["changed"]
    assert outcome["plan"]["after"] == {name: GUEST for name in ("7001", "7002", "7003")}
    assert outcome["plan_digest"] == planned(site, EXTENSIONS, trunk_id=trunk, extensions=rows(rooms(4)))


def test_the_mappings_of_a_trunk_that_is_still_to_be_made(site: Site) -> None:
    digest = planned(site, EXTENSIONS, extensions=rows(rooms(3)))
    trunk_id = site.good(SIPTRUNK, **TRUNK)["trunk"]["trunk_id"]
    site.good(EXTENSIONS, plan_digest=digest, trunk_id=trunk_id, extensions=rows(rooms(3)))
    assert site.mappings(trunk_id) == rooms(3)


def test_a_profile_that_is_made_on_the_way(site: Site, trunk: str) -> None:
    with_profile, without = site.add_units("ready", "bare")
    site.add_profile(with_profile, GUEST)
    wish = {
        "trunk_id": trunk,
        "extensions": [{"extension": "7100", "unit_id": with_profile}, {"extension": "7101", "unit_id": without}],
    }
    digest = planned(site, EXTENSIONS, **wish)
    site.map(trunk, x7101=OTHER)
    refused(site, EXTENSIONS, digest, **wish)
    assert len(site.state()["profiles"]) == 1
    site.unmap(trunk, "7101")
    site.good(EXTENSIONS, plan_digest=digest, **wish)
    (made,) = [profile for profile in site.state()["profiles"] if profile["unitId"] == without]
    assert site.mappings(trunk)["7101"] == made["profileId"]


class TestTrunk:
    def test_one_that_somebody_made_since_is_left(self, site: Site) -> None:
        digest = planned(site, SIPTRUNK, **TRUNK)
        site.add_trunk(tls={"name": TRUNK["tls_name"]}, peers=TRUNK["peers"])
        assert "change certificates" in refused(site, SIPTRUNK, digest, **TRUNK)

    def test_one_that_somebody_deleted_since_is_not_made_anew(self, site: Site, trunk: str) -> None:
        wish = {**TRUNK, "certificate_chain": RENEWED_CHAIN}
        digest = planned(site, SIPTRUNK, **wish)
        site.good(SIPTRUNK, state="absent", trunk_id=trunk)
        assert "create a trunk" in refused(site, SIPTRUNK, digest, **wish)

    def test_one_that_is_wished_otherwise_is_left(self, site: Site, trunk: str) -> None:
        wish = {**TRUNK, "trunk_id": trunk, "certificate_chain": RENEWED_CHAIN}
        digest = planned(site, SIPTRUNK, **wish)
        other = {**wish, "peers": [{"ip": "203.0.113.12", "port": 5061}]}
        assert "change certificates peers" in refused(site, SIPTRUNK, digest, **other)

    def test_another_certificate_is_refused_unless_the_plan_was_made_before_there_was_one(self, site: Site) -> None:
        known, unknown = planned(site, SIPTRUNK, **TRUNK), planned(site, SIPTRUNK, **UNBORN)
        assert known != unknown
        wish = {**TRUNK, "certificate_chain": RENEWED_CHAIN}
        refused(site, SIPTRUNK, known, **wish)
        site.good(SIPTRUNK, plan_digest=unknown, **wish)
        assert len(site.state()["trunks"]) == 1
        # The same plan is no leave for other peers.
        trunk_id = site.state()["trunks"][0]["trunkId"]
        refused(site, SIPTRUNK, unknown, **{**TRUNK, "trunk_id": trunk_id, "peers": [{"ip": "203.0.113.13"}]})

    def test_a_deletion_is_bound_too(self, site: Site, trunk: str) -> None:
        digest = planned(site, SIPTRUNK, state="absent", trunk_id=trunk)
        assert f"delete {trunk}" in refused(site, SIPTRUNK, "0" * 64, state="absent", trunk_id=trunk)
        site.good(SIPTRUNK, state="absent", trunk_id=trunk, plan_digest=digest)
        assert not site.state()["trunks"]
        assert not site.good(SIPTRUNK, state="absent", trunk_id=trunk, plan_digest=digest)["changed"]


@pytest.mark.parametrize(
    ("module", "options"),
    [(SIPTRUNK, {**TRUNK, "certificate_chain": CHAIN}), (EXTENSIONS, {"extensions": rows(rooms(1))})],
)
def test_what_is_no_digest_is_refused(site: Site, module: str, options: dict[str, Any]) -> None:
    message = site.failure(module, check=True, plan_digest="friday", **options)
    assert "plan_digest 'friday' is not 64 of" in message and not site.writes()
