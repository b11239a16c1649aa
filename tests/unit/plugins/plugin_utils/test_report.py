# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says of a property and of many, and how reports are read and joined."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._packed import packed, unpacked
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._property_report import compared_rooms, property_of
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report import (
    described,
    files_of,
    joined,
    read_report,
    report_of,
)

PROFILE, UNIT = "amzn1.profile.", "amzn1.unit."
EARLY, LATE = "2026-11-26T08:00:00Z", "2026-11-27T08:00:00Z"
STAMP = {"generated": LATE, "certificate_days": 30}


def trunk(trunk_id: str, **more: Any) -> dict[str, Any]:
    named = {"trunk_id": trunk_id, "status": "ACTIVE", "tls_name": f"{trunk_id}.example.com"}
    return {**named, "peers": [], "fqdn_peer": None, "certificates": [], **more}


def found(host: str, seen: str = EARLY, **given: Any) -> dict[str, Any]:
    facts = {"name": f"{host}.example.com"}
    none: dict[str, Any] = {"mappings": [], "rooms": [], "profiles": [], "error": "", "trunk": trunk(host)}
    return property_of(host, seen, facts=facts, **{**none, **given})


def room(extension: str, **target: str) -> dict[str, str]:
    return {"extension": extension, "room": f"Room {extension}", **target}


def mapping(extension: str, profile: str) -> dict[str, str]:
    return {"extension": extension, "comms_profile_id": PROFILE + profile}


def test_each_room_has_the_state_that_a_plan_to_link_would_give_it() -> None:
    rooms = [
        room("1", comms_profile_id=PROFILE + "1"),
        room("2", comms_profile_id=PROFILE + "2"),
        room("3", comms_profile_id=PROFILE + "3"),
        *(room(extension, unit_id=UNIT + extension) for extension in ("4", "5", "6", "7", "8")),
    ]
    mapped = ("1", "1"), ("2", "other"), ("4", "4"), ("5", "other"), ("6", "6"), ("7", "7"), ("9", "9")
    profiles = [
        {"unit_id": UNIT + "4", "comms_profile_id": PROFILE + "4"},
        {"unit_id": UNIT + "5", "comms_profile_id": PROFILE + "5"},
        {"unit_id": UNIT + "6", "comms_profile_id": None},
    ]
    compared = compared_rooms(rooms, [mapping(*each) for each in mapped], profiles)
    assert {each["extension"]: each["state"] for each in compared} == {
        "1": "ok", "2": "changed", "3": "missing", "4": "ok", "5": "changed", "6": "changed", "7": "unverified",
        "8": "missing", "9": "unlisted",
    }  # fmt: skip
    assert [each["mapped_to"] for each in compared if each["extension"] == "2"] == [PROFILE + "other"]


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({}, "ok"),
        ({"mappings": [mapping("1", "1")]}, "drift"),
        ({"rooms": [room("1", comms_profile_id=PROFILE + "1")]}, "drift"),
        ({"trunk": trunk("a", status="PENDING")}, "waiting"),
        ({"trunk": {}}, "unlinked"),
        ({"trunk": {"trunk_id": None, "status": None}}, "unlinked"),
        ({"error": "no answer", "mappings": [mapping("1", "1")]}, "failed"),
    ],
)
def test_a_property_is_as_ill_as_its_worst_trouble(given: dict[str, Any], state: str) -> None:
    assert found("a", **given)["state"] == state


def test_a_property_survives_the_packing_and_nothing_else_is_taken_for_one() -> None:
    assert unpacked(packed(found("\u00e4\n{{ x }}"))) == found("\u00e4\n{{ x }}")
    for text in ("x", "e30=", "{}", packed(found("a"))[:-8]):
        with pytest.raises(InputError, match="property_report"):
            unpacked(text)


def test_orphans_are_the_trunks_that_nobody_has_or_may_have() -> None:
    lost = found("lost", error="no answer", trunk={})
    document = report_of([found("a"), lost], {"account": [trunk("a"), trunk("lost"), trunk("gone")]}, STAMP)
    (account,) = document["accounts"]
    assert [each["trunk_id"] for each in account["orphans"]] == ["gone"] and account["trunks"] == 3
    assert document["totals"]["orphan_trunks"] == 1


class TestJoining:
    def test_each_property_is_there_once_as_it_was_seen_last(self) -> None:
        old = report_of([found("a"), found("b", LATE, error="no answer")], {}, STAMP)
        new = report_of([found("a", LATE, trunk={}), found("b", EARLY)], {}, STAMP)
        for order in ([old, new], [new, old]):
            document = joined(order, STAMP)
            assert {each["host"]: each["state"] for each in document["properties"]} == {"a": "unlinked", "b": "failed"}

    def test_no_slices_trunk_is_another_ones_orphan(self) -> None:
        listing = {"account": [trunk("a"), trunk("b"), trunk("gone")]}
        slices = [report_of([found(host)], listing, STAMP) for host in ("a", "b")]
        assert [part["totals"]["orphan_trunks"] for part in slices] == [2, 2]
        (account,) = joined(slices, STAMP)["accounts"]
        assert [each["trunk_id"] for each in account["orphans"]] == ["gone"]

    def test_an_orphan_that_the_last_listing_does_not_have_is_gone(self) -> None:
        old = report_of([], {"account": [trunk("gone")]}, {**STAMP, "generated": EARLY})
        assert joined([report_of([], {"account": []}, STAMP), old], STAMP)["totals"]["orphan_trunks"] == 0

    def test_a_folder_stands_for_the_reports_below_but_not_for_its_own(self, tmp_path: Path) -> None:
        for name in ("one/report.json", "two/deep/report.json", "all/report.json", "one/rooms.json"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        own = tmp_path / "all" / "report.json"
        names = ["one/report.json", "two/deep/report.json"]
        assert list(files_of([tmp_path], own)) == [tmp_path / name for name in names]
        assert list(files_of([own], own)) == [own]


def written(folder: Path, content: Any) -> Path:
    (folder / "report.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return folder / "report.json"


DOCUMENT = report_of(
    [found("a", mappings=[mapping("1", "1")], trunk=trunk("a", certificates=[{"subject": "CN=a", "not_after": LATE}]))],
    {"account": [trunk("gone")]},
    STAMP,
)


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_report(written(tmp_path, DOCUMENT)) == DOCUMENT


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["generated"], "now"),
        (["properties"], {}),
        (["properties", 0], None),
        (["properties", 0, "seen"], "2026"),
        (["properties", 0, "state"], "fine"),
        (["properties", 0, "counts"], {}),
        (["properties", 0, "trunk"], {}),
        (["properties", 0, "rooms", 0, "state"], "' onclick='"),
        (["properties", 0, "rooms", 0, "room"], 1),
        (["properties", 0, "certificates", 0, "not_after"], None),
        (["accounts", 0, "orphans", 0], "gone"),
        (["accounts", 0, "seen"], None),
    ],
)
def test_a_damaged_report_is_refused(tmp_path: Path, place: list[Any], value: Any) -> None:
    document = copy.deepcopy(DOCUMENT)
    part: Any = document
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    with pytest.raises(InputError, match="damaged"):
        read_report(written(tmp_path, document))


@pytest.mark.parametrize(("content", "told"), [("{", "no JSON"), ("[]", "schema None"), ({"schema": 2}, "schema 2")])
def test_what_is_no_report_of_this_version_is_refused(tmp_path: Path, content: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_report(written(tmp_path, content))


def test_the_description_changes_with_the_data_and_not_with_the_time() -> None:
    later = copy.deepcopy(DOCUMENT)
    later["generated"] = later["properties"][0]["seen"] = "2027-01-01T00:00:00Z"
    assert described(later) == described(DOCUMENT)
    later["properties"][0]["pbx"]["address"] = "203.0.113.1"
    assert described(later) != described(DOCUMENT)
    assert "a 1: unlisted" in described(DOCUMENT) and "orphan trunk gone" in described(DOCUMENT)
