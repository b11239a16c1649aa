# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests a run makes: a promise of the README, counted by the simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness import TRUNKS, Site
from scenario_chains import CHAIN, INTERMEDIATE, LEAF, NAME, ROOT

TRUNK = "amzn1.comms.network.siptrunk.12345"
PROFILE = "amzn1.alexa.unit.did.abcdef1234"
PEERS = [{"ip": "203.0.113.10", "port": 5061}]
LOGIN = {"POST /auth/o2/token": {"200": 1}}
LIST, ONE = f"GET {TRUNKS}", f"GET {TRUNKS}/{{trunkId}}"
MAPPINGS, MAPPING = f"{ONE}/extensions", f"{ONE}/extension/{{extension}}"


def rows(count: int) -> list[dict[str, str]]:
    return [{"extension": str(10000 + number), "comms_profile_id": PROFILE} for number in range(count)]


def a_trunk(site: Site, mapped: int = 0) -> None:
    site.add_trunk(trunkId=TRUNK, peers=PEERS,
                   tls={"name": NAME, "certificateChain": [LEAF.pem, INTERMEDIATE.pem, ROOT.pem]})
    if mapped:
        site.simulator.control("PUT", f"/trunks/{TRUNK}/extensions", [
            {"extension": row["extension"], "commsProfileId": PROFILE} for row in rows(mapped)])


@pytest.mark.parametrize("mapped", [1, 49, 50, 51, 1000])
def test_the_second_run_reads_each_page_once(site: Site, mapped: int) -> None:
    """ceil(N / page) + 1 requests, the login among them."""
    a_trunk(site, mapped)
    outcome = site.good("alexa_extensions", trunk_id=TRUNK, extensions=rows(mapped), prune=True)
    assert (outcome["changed"], len(outcome["unchanged"])) == (False, mapped)
    assert site.stats()["by_route"] == {**LOGIN, MAPPINGS: {"200": -(-mapped // 50)}}


def test_a_first_run_writes_each_mapping_once(site: Site) -> None:
    a_trunk(site)
    site.good("alexa_extensions", trunk_id=TRUNK, extensions=rows(200))
    assert site.stats()["by_route"] == {
        **LOGIN, MAPPINGS: {"200": 1}, MAPPING: {"404": 1}, f"POST {MAPPING[4:]}": {"200": 200}}
    assert site.stats()["connections"] <= 17 + 1  # a connection a thread, and the login's


WISH: dict[str, Any] = {"tls_name": NAME, "certificate_chain": CHAIN, "peers": PEERS}
UNITS = [{"unit_id": f"amzn1.alexa.unit.did.room-{number}", "name": "Guest"} for number in (1, 2)]
PROFILE_PATH = "/v1/communications/profile"


def rooms(site: Site) -> None:
    a_trunk(site)
    for unit_id in site.add_units("room-1", "room-2"):
        site.add_profile(unit_id, f"amzn1.alexa.profile.{unit_id[-1]}")


BOOKS, BOOK = "/v1/addressBooks", "/v1/addressBooks/{addressBookId}"
CONTACTS = [{"name": f"Room {number}", "phone_numbers": [f"+1206555{number:04}"]} for number in range(60)]


def a_book(site: Site) -> None:
    rooms(site)
    site.add_book(addressBookId="amzn1.book", name="Aurora", units=[UNITS[0]["unit_id"]], contacts=[
        {"name": row["name"], "phoneNumbers": [{"number": row["phone_numbers"][0]}]} for row in CONTACTS])


@pytest.mark.parametrize(("prepare", "module", "options", "expected"), [
    (a_trunk, "alexa_siptrunk", {**WISH, "trunk_id": TRUNK, "wait": True}, {ONE: {"200": 1}}),
    (a_trunk, "alexa_siptrunk", {**WISH, "wait": True}, {LIST: {"200": 1}, ONE: {"200": 1}}),
    (a_trunk, "alexa_siptrunk", {"trunk_id": TRUNK + "0", "state": "absent"}, {ONE: {"404": 1}}),
    (a_trunk, "alexa_siptrunk_info", {}, {LIST: {"200": 1}}),
    (a_trunk, "alexa_siptrunk_info", {"trunk_id": TRUNK}, {ONE: {"200": 1}}),
    (lambda site: a_trunk(site, 1), "alexa_extension", {"trunk_id": TRUNK, **rows(1)[0]}, {MAPPING: {"200": 1}}),
    (lambda site: a_trunk(site, 60), "alexa_extension_info", {"trunk_id": TRUNK}, {MAPPINGS: {"200": 2}}),
    (lambda site: a_trunk(site, 60), "alexa_extension_info", {"trunk_id": TRUNK, "extension": "10059"},
     {MAPPING: {"200": 1}}),
    (rooms, "alexa_comms_profiles", {"units": UNITS}, {f"GET {PROFILE_PATH}": {"200": 2}}),
    (a_book, "alexa_address_book", {"name": "Aurora", "units": [UNITS[0]["unit_id"]]}, {
        f"GET {BOOKS}": {"200": 1}, f"GET {BOOK}": {"200": 1}, f"GET {BOOK}/unitAssociations": {"200": 1}}),
    (a_book, "alexa_contacts", {"address_book_id": "amzn1.book", "prune": True, "contacts": CONTACTS}, {
        f"GET {BOOK}/contacts": {"200": 2}}),
    (a_book, "alexa_address_book_info", {}, {f"GET {BOOKS}": {"200": 1}}),
    (a_book, "alexa_contact_info", {"address_book_id": "amzn1.book"}, {f"GET {BOOK}/contacts": {"200": 2}}),
    (rooms, "alexa_unit_info", {"parent_id": "amzn1.alexa.unit.did.ORGANIZATION"}, {"GET /v2/units": {"200": 1}}),
])
def test_a_run_without_changes(
    site: Site, prepare: Callable[[Site], None], module: str, options: Any, expected: dict[str, Any],
) -> None:
    prepare(site)
    assert not site.good(module, **options)["changed"]
    assert site.stats()["by_route"] == {**LOGIN, **expected}


def test_a_given_token_needs_no_login(site: Site) -> None:
    a_trunk(site, 3)
    token = site.token()
    site.secrets.add(token)
    site.forget_requests()
    for module, options in (
        ("alexa_siptrunk", {**WISH, "trunk_id": TRUNK}), ("alexa_siptrunk_info", {}),
        ("alexa_extensions", {"trunk_id": TRUNK, "extensions": rows(3)}),
        ("alexa_extension", {"trunk_id": TRUNK, **rows(1)[0]}), ("alexa_extension_info", {"trunk_id": TRUNK}),
    ):
        assert not site.good(module, **options, access_token=token)["changed"]
    assert site.stats()["lwa_requests"] == 0
