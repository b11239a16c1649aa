# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account that a rehearsal begins with."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.alexa.smart_properties.plugins.filter.rehearsal_account import FilterModule
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rehearsal import account_of

CHAIN = ["-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"]
OWN = {"trunk_id": "t1", "status": "ACTIVE", "tls_name": "pbx.example.com",
       "peers": [{"ip": "203.0.113.1", "port": 5061}], "fqdn_peer": None}  # fmt: skip
ORPHAN = {"trunk_id": "t2", "status": "FAILED", "tls_name": "old.example.com", "peers": [],
          "fqdn_peer": {"name": "old.example.com", "port": 5062}}  # fmt: skip


def room(extension: str, state: str, mapped_to: str, unit_id: str = "", name: str = "") -> dict[str, str]:
    return {"extension": extension, "room": name, "state": state, "comms_profile_id": "", "unit_id": unit_id,
            "mapped_to": mapped_to}  # fmt: skip


def report(*rooms: dict[str, str], **trunk: Any) -> dict[str, Any]:
    unlinked = {"trunk": None, "rooms": [room("1", "missing", "")]}
    return {
        "properties": [{"trunk": {**OWN, **trunk}, "rooms": list(rooms)}, unlinked],
        "accounts": [{"orphans": [ORPHAN]}],
    }


def test_trunks_of_properties_and_of_nobody_as_the_api_has_them() -> None:
    account = account_of(report(), [], CHAIN)
    assert account["trunks"] == [
        {"trunkId": "t1", "status": "ACTIVE", "tls": {"certificateChain": CHAIN, "name": "pbx.example.com"},
         "peers": [{"ip": "203.0.113.1", "port": 5061}]},
        {"trunkId": "t2", "status": "FAILED", "tls": {"certificateChain": CHAIN, "name": "old.example.com"},
         "peer": {"name": "old.example.com", "port": 5062}},
    ]  # fmt: skip


@pytest.mark.parametrize(("seen", "there"), [("CREATING", "ACTIVE"), ("UPDATING", "ACTIVE"), ("FAILED", "FAILED")])
def test_what_amazon_is_at_work_on_is_done(seen: str, there: str) -> None:
    trunks = account_of(report(status=seen), [], CHAIN)["trunks"]
    assert isinstance(trunks, list) and trunks[0]["status"] == there


def test_mappings_are_those_that_were_seen() -> None:
    rooms = [room("7201", "ok", "p1"), room("7202", "changed", "p2"), room("7203", "missing", "")]
    rooms.append(room("7", "unlisted", "p3"))
    mapped = {"7201": "p1", "7202": "p2", "7": "p3"}
    assert account_of(report(*rooms), [], CHAIN)["mappings"] == {"t1": mapped, "t2": {}}


def test_a_units_profile_is_what_its_room_rings_unless_that_is_wrong() -> None:
    rooms = [
        room("1", "ok", "p1", "u1", "Suite"), room("2", "unverified", "p2", "u2"),
        room("3", "changed", "p3", "u3"), room("4", "missing", "", "u4"),
    ]  # fmt: skip
    account = account_of(report(*rooms), [{"unit_id": "u4"}, {"unit_id": "u3"}, {"comms_profile_id": "p"}], CHAIN)
    assert account["profiles"] == [
        {"unitId": "u1", "profileId": "p1", "name": "Suite"}, {"unitId": "u2", "profileId": "p2"},
    ]  # fmt: skip
    assert [unit["id"] for unit in account["units"]] == ["u1", "u2", "u4", "u3"]


def test_the_filter_takes_no_report_and_names_one_that_is_none() -> None:
    account = FilterModule().filters()["rehearsal_account"]
    assert account("", rooms=[{"unit_id": "u"}]) == {
        "trunks": [], "mappings": {}, "units": [{"id": "u", "name": "u"}], "profiles": [],
    }  # fmt: skip
    with pytest.raises(AnsibleFilterError, match="/no/report.json can't be read"):
        account("/no/report.json")
