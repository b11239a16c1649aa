# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any sequence of wishes, drifts, ways of the API and faults ends as wished: a model in plain Python is the judge."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from alexa_simulator.launcher import Simulator
from ansible_collections.alexa.smart_properties.plugins.module_utils import _retry
from harness import Outcome, Site
from scenario_chains import CHAIN, NAME, RENEWED_CHAIN
from scenario_life import GUEST, OTHER, assert_clear, await_lists, in_haste

LONG = bool(os.environ.get("ALEXA_LONG_TESTS"))
# Shorter than the pause between the two looks before a trunk is made, to a clock that is thirty times as fast.
LAG = 0.05
TLS = {"name": NAME, "certificateChain": RENEWED_CHAIN}
PEERS = [{"ip": "203.0.113.10", "port": 5061}]
CHAINS = {"first": CHAIN, "renewed": RENEWED_CHAIN}
EXTENSIONS = ["1", "007", "7201", "7202", "7203", "7204", "*#+9"]
UNITS = {f"amzn1.alexa.unit.did.room-{number}": f"amzn1.alexa.profile-of-room-{number}" for number in (1, 2)}
TARGETS = st.sampled_from([GUEST, OTHER, *UNITS])
WISHES = st.dictionaries(st.sampled_from(EXTENSIONS), TARGETS, max_size=len(EXTENSIONS))
VARIANTS = st.fixed_dictionaries({}, optional={
    "page_size": st.sampled_from([1, 2, 3]),
    "last_page": st.sampled_from(["empty-context", "null-token", "no-context"]),
    "list_detail": st.sampled_from(["full", "ids"]),
    "list_lag": st.just(LAG),
    "duplicate_across_pages": st.booleans(),
    "chain_in_get": st.booleans(),
    "second_map": st.sampled_from(["conflict", "overwrite"]),
    "write_answer": st.sampled_from(["item", "empty"]),
    "delete_status": st.sampled_from([200, 204]),
    "profile_shape": st.sampled_from(["nested", "plain"]),
    "update_delay": st.sampled_from([0, 0.02]),
})
KINDS = ["status", "reset", "lost-before", "lost-answer", "truncated", "revoke-token", "garbage", "html-error"]
FAULTS = st.lists(st.fixed_dictionaries({
    "kind": st.sampled_from(KINDS), "status": st.sampled_from([429, 500, 502, 503, 504]),
    "method": st.sampled_from(["", "GET", "POST", "PUT", "DELETE"]), "after": st.integers(0, 12),
}), max_size=3)
PATIENCE = st.sampled_from([0, 300])


def rows(wish: dict[str, str]) -> list[dict[str, str]]:
    return [{"extension": extension, "unit_id" if target in UNITS else "comms_profile_id": target}
            for extension, target in wish.items()]


def resolved(wish: dict[str, str]) -> dict[str, str]:
    return {extension: UNITS.get(target, target) for extension, target in wish.items()}


class Property(RuleBasedStateMachine):
    """One property. The model: C(trunks) by id with the chain's name, and C(mappings) of the trunk."""

    site: Site

    def __init__(self) -> None:
        super().__init__()
        self.trunk: str | None = None
        self.chain = ""
        self.namesakes: list[str] = []
        self.mappings: dict[str, str] = {}
        self.used = 0

    @initialize(variant=VARIANTS, mapped=WISHES)
    def an_account(self, variant: dict[str, Any], mapped: dict[str, str]) -> None:
        self.site.simulator.control("POST", "/reset")
        for path in self.site.state_dir.glob("*"):
            path.unlink()
        for unit_id, profile_id in UNITS.items():
            self.site.simulator.control("POST", "/units", [{"name": unit_id[-6:], "id": unit_id}])
            self.site.add_profile(unit_id, profile_id)
        self.site.settings(activation_delay=0, **variant)
        self.trunk, self.chain, self.mappings = self.site.add_trunk(tls=TLS, peers=PEERS), "renewed", resolved(mapped)
        self.site.map(self.trunk, **{f"x{extension}": profile for extension, profile in self.mappings.items()})

    def converge(self, faults: list[dict[str, Any]], patience: float, module: str, **options: Any) -> Outcome:
        """In check mode; under faults, again until it is done; and once more, when nothing is left to do.

        The diff that check mode shows is the run's own where the run met no fault.
        """
        await_lists(self.site)
        before = self.site.state()
        self.site.forget_requests()
        predicted = self.site.good(module, check=True, **options)
        assert (self.site.writes(), self.site.state()) == ({}, before), "check mode has written"
        for fault in faults:
            self.site.fault(**fault)
        first = outcome = self.site.run(module, **options, retry_timeout=patience)
        self.used += 1
        note(f"{module} {options}: {'good' if outcome.ok else outcome['msg']}")
        tries = 1
        while not outcome.ok:
            assert_clear(outcome)
            tries += 1
            assert tries <= 40, outcome["msg"]
            outcome = self.site.run(module, **options, retry_timeout=patience)
        self.site.no_faults()
        if first.ok:
            assert (first["changed"], first["diff"]) == (predicted["changed"], predicted["diff"])
        after = self.site.state()
        self.site.forget_requests()
        again = self.site.good(module, **options)
        assert (again["changed"], self.site.writes(), self.site.state()) == (False, {}, after), "not settled"
        return outcome

    @rule(chain=st.sampled_from(sorted(CHAINS)), faults=FAULTS, patience=PATIENCE)
    def wish_a_trunk(self, chain: str, faults: list[dict[str, Any]], patience: float) -> None:
        done = self.converge(faults, patience, "alexa_siptrunk", tls_name=NAME, certificate_chain=CHAINS[chain],
                             peers=PEERS, wait=True, wait_interval=1)
        assert self.trunk in (None, done["trunk"]["trunk_id"]) and done["trunk"]["status"] == "ACTIVE"
        self.trunk, self.chain = done["trunk"]["trunk_id"], chain

    @precondition(lambda self: self.used > 3)
    @rule(faults=FAULTS, patience=PATIENCE)
    def wish_no_trunk(self, faults: list[dict[str, Any]], patience: float) -> None:
        self.converge(faults, patience, "alexa_siptrunk", state="absent", tls_name=NAME, peers=PEERS)
        self.trunk, self.mappings, self.used = None, {}, 0

    @precondition(lambda self: self.trunk)
    @rule(wish=WISHES, prune=st.booleans(), concurrency=st.sampled_from([1, 4]), faults=FAULTS, patience=PATIENCE)
    def wish_mappings(
        self, wish: dict[str, str], prune: bool, concurrency: int, faults: list[dict[str, Any]], patience: float,
    ) -> None:
        self.converge(faults, patience, "alexa_extensions", trunk_id=self.trunk, extensions=rows(wish), prune=prune,
                      prune_limit="100%", concurrency=concurrency)
        self.mappings = {**({} if prune else self.mappings), **resolved(wish)}

    @precondition(lambda self: self.trunk)
    @rule(extension=st.sampled_from(EXTENSIONS), rings=st.none() | TARGETS, faults=FAULTS, patience=PATIENCE)
    def wish_one_mapping(
        self, extension: str, rings: str | None, faults: list[dict[str, Any]], patience: float,
    ) -> None:
        given = rows({extension: rings})[0] if rings else {"extension": extension, "state": "absent"}
        self.converge(faults, patience, "alexa_extension", trunk_id=self.trunk, **given)
        self.mappings.pop(extension, None)
        self.mappings.update(resolved({extension: rings}) if rings else {})

    @precondition(lambda self: self.trunk)
    @rule(extension=st.sampled_from([*EXTENSIONS, "9999"]), profile_id=st.none() | st.sampled_from([GUEST, OTHER]))
    def somebody_maps_or_unmaps(self, extension: str, profile_id: str | None) -> None:
        assert self.trunk
        if profile_id:
            self.site.map(self.trunk, **{f"x{extension}": profile_id})
            self.mappings[extension] = profile_id
        else:
            self.site.unmap(self.trunk, extension)
            self.mappings.pop(extension, None)

    @rule(port=st.sampled_from([5061, 5062]))
    def somebody_makes_a_namesake(self, port: int) -> None:
        """Of the same name at another address: another trunk."""
        self.namesakes.append(self.site.add_trunk(
            tls=TLS, peers=[{"ip": "203.0.113.77", "port": port}]))

    @precondition(lambda self: self.trunk and self.used > 3)
    @rule()
    def somebody_deletes_the_trunk(self) -> None:
        token = self.site.token()
        assert self.site.delete(f"/v1/communications/network/siptrunk/{self.trunk}", token).status_code in (200, 204)
        self.trunk, self.mappings, self.used = None, {}, 0

    @invariant()
    def the_account_is_as_the_model(self) -> None:
        state = self.site.state()
        held = {trunk["trunkId"]: trunk for trunk in state["trunks"]}
        assert sorted(held) == sorted(self.namesakes + ([self.trunk] if self.trunk else []))
        assert all(state["mappings"][trunk_id] == {} for trunk_id in self.namesakes)
        if self.trunk:
            chain = held[self.trunk]["tls"]["certificateChain"]
            assert state["mappings"][self.trunk] == self.mappings
            assert "".join(chain).split() == "".join(CHAINS[self.chain]).split()


@pytest.fixture(scope="module")
def hasty_site(simulator: Simulator) -> Iterator[Site]:
    """One site for all sequences: each begins by emptying it."""
    with tempfile.TemporaryDirectory() as folder, in_haste(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(_retry, "_FIRST_PAUSE", 0.02)
        yield Site(simulator, Path(folder))


def test_any_sequence_ends_as_wished(hasty_site: Site) -> None:
    Property.site = hasty_site
    run_state_machine_as_test(Property, settings=settings(
        derandomize=True, database=None, deadline=None, max_examples=400 if LONG else 40,
        stateful_step_count=20 if LONG else 10, suppress_health_check=list(HealthCheck),
        # To make a failing sequence short takes hundreds of runs.
        phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate], print_blob=False))
