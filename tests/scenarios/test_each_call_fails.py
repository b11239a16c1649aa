# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each HTTP call of each task fails in turn: a clean message, and afterwards an ordinary run gets there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness import Outcome, Site
from scenario_chains import CHAIN, INTERMEDIATE, LEAF, NAME, RENEWED_CHAIN, ROOT

STARTS = ("Could not ", "Login with Amazon gave no token", "The connection to ", "Not all communication profiles ",
          "The address book is not as it shall be")
TRUNK = "amzn1.comms.network.siptrunk.12345"
PROFILE = "amzn1.alexa.unit.did.abcdef1234"
OTHER = "amzn1.alexa.communications.profile.did.other"
PEERS = [{"ip": "203.0.113.10", "port": 5061}]
BOOK = "amzn1.alexa.addressbook.did.aurora"
BODY = {"trunkId": TRUNK, "peers": PEERS,
        "tls": {"name": NAME, "certificateChain": [LEAF.pem, INTERMEDIATE.pem, ROOT.pem]}}
UNITS = [f"amzn1.alexa.unit.did.room-{number}" for number in (1, 2, 3)]


def nothing(_site: Site) -> None:
    """An empty account."""


def a_trunk(site: Site) -> None:
    """A trunk whose list of two pages differs from the wish in every way, and units, one with a profile."""
    site.settings(page_size=2)
    site.add_trunk(**BODY)
    site.map(TRUNK, x7201=OTHER, x7202=PROFILE, x9999=OTHER)
    site.add_units("room-1", "room-2", "room-3")
    site.add_profile(UNITS[0], "amzn1.alexa.profile-1")


def a_book(site: Site) -> None:
    """The same, and an address book that one unit has, with contacts that differ from the wish in every way."""
    a_trunk(site)
    site.add_book(addressBookId=BOOK, name="Old", units=[UNITS[0]], contacts=[
        {"name": "Front desk", "phoneNumbers": [{"number": "+12065550100"}]},
        {"name": "Spa", "alexaCommunicationProfileId": "amzn1.alexa.profile-1"},
        {"name": "Gone", "phoneNumbers": [{"number": "+12065550109"}]}])


@dataclass
class Task:
    """A task and what was there before it."""

    module: str
    options: dict[str, Any]
    before: Callable[[Site], None] = a_trunk
    settings: dict[str, Any] = field(default_factory=dict)
    # So many of the last calls only look at a status; the wait takes one that fails anew.
    looks: int = 0

    def prepare(self, site: Site) -> None:
        site.simulator.control("POST", "/reset")
        self.before(site)
        site.settings(**self.settings)

    def run(self, site: Site, **more: Any) -> Outcome:
        return site.run(self.module, **self.options, **more)


ROWS = [{"extension": "7201", "comms_profile_id": PROFILE}, {"extension": "7202", "comms_profile_id": PROFILE},
        {"extension": "7203", "unit_id": UNITS[1]}, {"extension": "7204", "unit_id": UNITS[0]}]
TASKS = {
    "make a trunk": Task("alexa_siptrunk", {
        "tls_name": NAME, "certificate_chain": CHAIN, "peers": PEERS, "wait": True, "wait_interval": 0.1}, nothing,
        looks=1),
    "make a trunk, ids only in the list": Task("alexa_siptrunk", {
        "peers": [{"ip": "203.0.113.20"}]}, settings={"list_detail": "ids"}),
    "rotate": Task("alexa_siptrunk", {"tls_name": NAME, "certificate_chain": RENEWED_CHAIN, "peers": PEERS}),
    "move": Task("alexa_siptrunk", {"trunk_id": TRUNK, "peers": [{"ip": "203.0.113.20"}]}),
    "delete a trunk": Task("alexa_siptrunk", {"tls_name": NAME, "state": "absent"}),
    "read trunks": Task("alexa_siptrunk_info", {}),
    "map one": Task("alexa_extension", {"trunk_id": TRUNK, "extension": "7203", "comms_profile_id": PROFILE}),
    "map one to a unit": Task("alexa_extension", {"trunk_id": TRUNK, "extension": "7201", "unit_id": UNITS[1]}),
    "unmap one": Task("alexa_extension", {"trunk_id": TRUNK, "extension": "7201", "state": "absent"}),
    "map all": Task("alexa_extensions", {
        "trunk_id": TRUNK, "extensions": ROWS, "prune": True, "prune_limit": "1", "concurrency": 1}),
    "read mappings": Task("alexa_extension_info", {"trunk_id": TRUNK}),
    "make profiles": Task("alexa_comms_profiles", {
        "units": [{"unit_id": unit_id, "name": "A room"} for unit_id in UNITS]}),
    "delete profiles": Task("alexa_comms_profiles", {
        "units": [{"unit_id": unit_id} for unit_id in UNITS], "state": "absent"}),
    "read units": Task("alexa_unit_info", {"parent_id": "amzn1.alexa.unit.did.ORGANIZATION"}),
    "make a book": Task("alexa_address_book", {"name": "Aurora", "units": UNITS[:2], "concurrency": 1}),
    "change a book": Task("alexa_address_book", {
        "address_book_id": BOOK, "name": "Aurora", "units": UNITS[1:], "prune": True, "prune_limit": "1",
        "parent_id": "amzn1.alexa.unit.did.ORGANIZATION", "concurrency": 1}, a_book),
    "delete a book": Task("alexa_address_book", {"name": "Old", "state": "absent"}, a_book),
    "fill a book": Task("alexa_contacts", {
        "address_book_id": BOOK, "prune": True, "prune_limit": "1", "concurrency": 1, "contacts": [
            {"name": "Front desk", "unit_id": UNITS[0]}, {"name": "Spa", "unit_id": UNITS[0]},
            {"name": "Bar", "unit_id": UNITS[1]}, {"name": "Doctor", "phone_numbers": ["+12065550101"]}]}, a_book),
    "read books": Task("alexa_address_book_info", {}, a_book),
    "read contacts": Task("alexa_contact_info", {"address_book_id": BOOK}, a_book),
    "log in": Task("alexa_lwa_token", {}),
}
FAULTS: dict[str, dict[str, Any]] = {
    "500": {"kind": "status", "status": 500},
    "reset": {"kind": "reset"},
    "HTML": {"kind": "garbage"},
}
PASSING = ("500", "reset")


def state_of(site: Site) -> Any:
    """The account without the ids that differ from run to run."""
    state = site.state()
    units = {profile["profileId"]: profile["unitId"] for profile in state["profiles"]}
    return {
        "trunks": sorted(({**trunk, "trunkId": None} for trunk in state["trunks"]), key=str),
        "mappings": sorted(({key: units.get(value, value) for key, value in held.items()}
                            for held in state["mappings"].values()), key=str),
        "profiles": {profile["unitId"]: profile["name"] for profile in state["profiles"]},
        "books": [(book["name"], book["units"], sorted(
            [contact["name"], units.get(contact.get("alexaCommunicationProfileId"), str(contact.get("phoneNumbers")))]
            for contact in book["contacts"])) for book in state["addressBooks"]]}


def undisturbed(site: Site, task: Task) -> tuple[int, Any]:
    """How many calls the task makes, and what it leaves."""
    task.prepare(site)
    outcome = task.run(site)
    assert outcome.ok, outcome["msg"]
    return site.stats()["total"], state_of(site)


def gets_there(site: Site, task: Task, expected: Any) -> None:
    """An ordinary run, and another that has nothing to do."""
    site.no_faults()
    outcome = task.run(site)
    assert outcome.ok, outcome["msg"]
    assert state_of(site) == expected
    again = task.run(site)
    assert (again.ok, again["changed"]) == (True, False)


@pytest.mark.parametrize("title", TASKS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_fails(site: Site, title: str, fault: str) -> None:
    task = TASKS[title]
    calls, expected = undisturbed(site, task)
    for call in range(calls):
        task.prepare(site)
        site.fault(**FAULTS[fault], after=call)
        outcome = task.run(site, retry_timeout=0)
        assert site.faults_met() == 1
        assert outcome.ok == (call >= calls - task.looks and fault in PASSING), f"call {call}: {outcome}"
        assert outcome.ok or outcome["msg"].startswith(STARTS) or (
            any(kind in outcome["msg"] for kind in ("Extension", "Contact")) and "run again" in outcome["msg"]
        ), outcome["msg"]
        gets_there(site, task, expected)


@pytest.mark.parametrize("title", TASKS)
def test_the_answer_to_a_call_is_lost(site: Site, title: str) -> None:
    """With time to repeat, nobody notices, and nothing is made twice."""
    task = TASKS[title]
    calls, expected = undisturbed(site, task)
    for call in range(calls):
        task.prepare(site)
        site.fault("lost-answer", after=call)
        outcome = task.run(site)
        assert site.faults_met() == 1
        assert outcome.ok, f"call {call}: {outcome['msg']}"
        assert state_of(site) == expected, f"call {call}"
        gets_there(site, task, expected)
