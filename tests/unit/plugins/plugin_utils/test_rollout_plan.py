# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A property's part of a plan file, and whether a run may do what it would do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.filter.plan_refusal import plan_refusal
from ansible_collections.alexa.smart_properties.plugins.filter.property_plan import property_plan
from ansible_collections.alexa.smart_properties.plugins.filter.rollout_plan import rollout_plan
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan_digest import digest_of
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rollout_plan import (
    differences,
    document_of,
    plan_for,
    property_of,
    read_plan,
)

HOST, MADE = "aurora", "2026-11-27T08:00:00Z"
PEERS = [{"ip": "203.0.113.10", "port": 5061}]
TRUNK = {"tls_name": "pbx.example.com", "peers": PEERS, "fqdn_peer": None}
ROOMS = [{"extension": "7201", "room": "Room 201", "comms_profile_id": "amzn1.a"}]
INVENTORY: dict[str, Any] = {"trunk": ["pbx.example.com"], "rooms": ROOMS, "prune": False}


def told(content: dict[str, Any], changed: bool = True) -> dict[str, Any]:
    """What a module returns of its plan."""
    return {"changed": changed, "plan": content, "plan_digest": digest_of(content)}


def trunk(
    trunk_id: str | None = "t1", before: list[str] | None = None, after: list[str] | None = None, **other: Any
) -> dict[str, Any]:
    """A plan of a trunk that has these certificates and gets those; none where the chain is not known yet."""
    chains = ({"certificates": chain} if chain else {} for chain in (before, after))
    was, shall = ({**TRUNK, **chain} for chain in chains)
    content = {"trunk_id": trunk_id, "before": was if trunk_id else None, "after": {**shall, **other}}
    return told(content, changed=content["before"] != content["after"])


def mapped(before: dict[str, str], after: dict[str, str], trunk_id: str | None = "t1") -> dict[str, Any]:
    return told({"trunk_id": trunk_id, "before": before, "after": after}, changed=bool(before or after))


def parts(
    its_trunk: dict[str, Any] | None = None,
    extensions: dict[str, Any] | None = None,
    profiles: dict[str, Any] | None = None,
    **inventory: Any,
) -> dict[str, Any]:
    return property_of({**INVENTORY, **inventory}, its_trunk or {}, extensions or {}, profiles or {})


KEPT = trunk(before=["f1"], after=["f1"])
NEW, NEW_UNCERTIFIED = trunk(None, after=["f1"]), trunk(None)
SOME = mapped({"7201": "amzn1.x", "7209": "amzn1.i"}, {"7201": "amzn1.a", "7202": "amzn1.b"})
NOTHING = mapped({}, {})


class TestProperty:
    def test_of_mappings_each_is_told_by_its_deed(self) -> None:
        told_of = parts(KEPT, SOME)["extensions"]
        assert told_of["created"] == {"7202": "amzn1.b"} and told_of["deleted"] == {"7209": "amzn1.i"}
        assert told_of["updated"] == {"7201": {"before": "amzn1.x", "after": "amzn1.a"}}
        assert told_of["digest"] == SOME["plan_digest"]

    @pytest.mark.parametrize(
        ("planned", "action", "certificate"),
        [
            (NEW, "create", "bound"),
            (NEW_UNCERTIFIED, "create", "made by the run"),
            (KEPT, "none", "bound"),
            (trunk(before=["f1"], after=["f2"]), "update", "bound"),
            (trunk(), "update", "made by the run"),
        ],
    )
    def test_of_a_trunk_the_action(self, planned: dict[str, Any], action: str, certificate: str) -> None:
        its = parts(planned)["trunk"]
        assert (its["action"], its["certificate"], its["digest"]) == (action, certificate, planned["plan_digest"])

    def test_stages_that_were_left_out_are_left_out(self) -> None:
        assert parts(KEPT).keys() == {"trunk"} and parts(None, SOME).keys() == {"extensions", "profiles"}

    def test_a_property_without_rooms_has_a_plan_that_does_nothing(self) -> None:
        assert parts(None, {"skipped": True})["extensions"]["created"] == {}

    def test_profiles_are_those_that_are_made_or_named(self) -> None:
        diff = {"before": "", "after": "amzn1.u: named Suite: the best\n"}
        assert parts(None, SOME, {"diff": diff})["profiles"] == {"after": {"amzn1.u": "named Suite: the best"}}

    def test_an_error_is_told_without_secrets(self) -> None:
        part = property_plan({}, error="No token for s3cr%et: s3cr%25et", secrets=["s3cr%et", ""])
        assert rollout_plan({HOST: part, "lost": ""})["failed"] == {
            HOST: "No token for ********: ********",
            "lost": "It was not looked at; what the run said of it tells why.",
        }


class TestDifferences:
    @pytest.mark.parametrize(
        ("plan", "now"),
        [
            (parts(KEPT, SOME), parts(KEPT, SOME)),
            # Done already, wholly or in part.
            (parts(NEW, SOME), parts(KEPT, NOTHING)),
            (parts(NEW, mapped({}, {"1": "amzn1.a"}, None)), parts(KEPT, mapped({}, {"1": "amzn1.a"}, None))),
            (parts(KEPT, SOME), parts(KEPT, mapped({"7209": "amzn1.i"}, {"7202": "amzn1.b"}))),
            (parts(NEW_UNCERTIFIED), parts(KEPT)),
            (parts(NEW_UNCERTIFIED), parts(NEW)),
            (parts(trunk()), parts(trunk(before=["f1"], after=["f2"]))),
            # A stage that is not run.
            (parts(KEPT, SOME), parts(KEPT)),
            (parts(KEPT, SOME), parts(None, SOME)),
            (parts(KEPT, SOME), {}),
        ],
    )
    def test_none(self, plan: dict[str, Any], now: dict[str, Any]) -> None:
        assert not differences(now, plan)

    @pytest.mark.parametrize(
        ("plan", "now", "words"),
        [
            (parts(KEPT), parts(KEPT, SOME), "the stage extensions is not in the plan"),
            (parts(None, SOME), parts(KEPT, SOME), "the stage trunk is not in the plan"),
            (parts(KEPT), parts(KEPT, trunk=["other"]), "inventory says of the trunk has changed"),
            (parts(None, SOME), parts(None, SOME, prune=True), "inventory says of the rooms has changed"),
            (parts(None, NOTHING), parts(None, NOTHING, rooms=[]), "inventory says of the rooms has changed"),
            (parts(KEPT), parts(NEW), "there is no trunk of it, and when the plan was made there was t1"),
            (parts(NEW), parts(trunk(before=["f2"], after=["f1"])), "there is t1, and when"),
            (parts(KEPT), parts(trunk(before=["f1"], after=["f1"], peers=[])), "this run would change peers"),
            (parts(NEW), parts(trunk(None, after=["f2"])), "the certificate"),
            (parts(NEW), parts(NEW_UNCERTIFIED), "the certificate"),
            (parts(KEPT), parts(trunk()), "the certificate"),
            (parts(KEPT), parts(trunk(before=["f2"], after=["f1"])), "the certificate"),
            (parts(None, SOME), parts(None, mapped({"7201": "amzn1.y"}, {"7201": "amzn1.a"})), "others: 7201"),
            (parts(None, SOME), parts(None, mapped({}, {"7201": "amzn1.a"})), "others: 7201"),
            (parts(None, SOME), parts(None, mapped({}, {"7202": "amzn1.c"})), "others: 7202"),
            (parts(None, SOME), parts(None, mapped({}, {"7203": "amzn1.b"})), "others: 7203"),
            (parts(None, SOME), parts(None, mapped({"7202": "amzn1.b"}, {})), "others: 7202"),
            (parts(None, SOME), parts(None, mapped({}, {"7202": "amzn1.b"}, "t2")), "the trunk is t2, and that of"),
            (
                parts(None, NOTHING),
                parts(None, mapped({}, dict.fromkeys("abcdefg", "amzn1.a"))),
                "others: a, b, c, d, e and 2 more",
            ),
            (
                parts(None, NOTHING),
                parts(None, NOTHING, {"diff": {"after": "amzn1.u: named Suite\n"}}),
                "profiles of amzn1.u",
            ),
        ],
    )
    def test_told(self, plan: dict[str, Any], now: dict[str, Any], words: str) -> None:
        (difference,) = differences(now, plan)
        assert words in difference

    def test_a_rooms_name_counts_only_where_a_profile_is_named_after_it(self) -> None:
        other = [{**ROOMS[0], "room": "Other"}]
        assert not differences(parts(None, NOTHING, rooms=other), parts(None, NOTHING))
        by_unit = [{"extension": "1", "room": name, "unit_id": "amzn1.u"} for name in ("one", "other")]
        now, plan = (parts(None, NOTHING, rooms=[room]) for room in by_unit)
        assert differences(now, plan)

    def test_the_order_of_rooms_does_not_count(self) -> None:
        rooms = [*ROOMS, {"extension": "7202", "comms_profile_id": "amzn1.b"}]
        now, plan = parts(None, NOTHING, rooms=rooms), parts(None, NOTHING, rooms=rooms[::-1])
        assert not differences(now, plan)


class TestFile:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "friday.json"

    def write(self, path: Path, **changes: Any) -> dict[str, Any]:
        document = {**document_of({HOST: parts(KEPT, SOME), "ill": {"error": "No."}}, MADE), **changes}
        path.write_text(json.dumps(document))
        return document

    def test_is_read_as_it_was_written(self, path: Path) -> None:
        document = self.write(path)
        assert read_plan(str(path)) == document
        assert plan_for(document, HOST, "x") == parts(KEPT, SOME)
        assert not plan_refusal(str(path)) and not plan_refusal(str(path), HOST)

    @pytest.mark.parametrize("text", ["", "{", "null", "[]", "{}", "\x00", '{"kind": "plan of alexa.smart_properties"'])
    def test_that_is_none_is_refused(self, text: str, path: Path) -> None:
        path.write_text(text)
        with pytest.raises(InputError, match="is no plan, or only a part of one. Make the plan anew"):
            read_plan(str(path))

    @pytest.mark.parametrize(
        "changes", [{"kind": "plan of a house"}, {"properties": []}, {"failed": None}], ids=["kind", "hosts", "failed"]
    )
    def test_of_another_kind_is_refused(self, changes: dict[str, Any], path: Path) -> None:
        self.write(path, **changes)
        with pytest.raises(InputError, match="is no plan"):
            read_plan(str(path))

    def test_of_another_schema_is_refused(self, path: Path) -> None:
        self.write(path, schema=2)
        with pytest.raises(InputError, match="another version of the collection .schema 2."):
            read_plan(str(path))

    def test_that_is_not_there_is_refused(self, path: Path) -> None:
        assert "can't be read: No such file" in plan_refusal(str(path))

    @pytest.mark.parametrize(
        ("host", "words"), [("ill", "could not be planned. Make the plan anew"), ("other", "leave it out with --limit")]
    )
    def test_without_the_property_is_refused(self, host: str, words: str, path: Path) -> None:
        self.write(path)
        assert words in plan_refusal(str(path), host) and host in plan_refusal(str(path), host)

    @pytest.mark.parametrize(
        ("part", "edit"),
        [
            ("trunk", {"trunk_id": "t2"}),
            ("trunk", {"after": {**TRUNK, "certificates": ["f2"]}}),
            ("trunk", {"digest": "0" * 64}),
            ("trunk", {"before": "nothing"}),
            ("extensions", {"created": {}}),
            ("extensions", {"deleted": {}}),
            ("extensions", {"updated": {"7201": {"before": "amzn1.x", "after": "amzn1.z"}}}),
            ("extensions", {"updated": {"7201": "amzn1.z"}}),
            ("extensions", {"updated": None}),
            ("extensions", {"inventory": ""}),
        ],
    )
    def test_that_was_edited_is_refused(self, part: str, edit: dict[str, Any], path: Path) -> None:
        document = self.write(path)
        document["properties"][HOST][part].update(edit)
        with pytest.raises(InputError, match=f"was edited: its ({part}|property) of {HOST}"):
            plan_for(document, HOST, "friday.json")

    def test_says_what_differs_with_the_property_and_the_remedy(self, path: Path) -> None:
        self.write(path)
        now = property_plan(INVENTORY, trunk=NEW, extensions=SOME)
        message = plan_refusal(str(path), HOST, now)
        assert message.startswith(f"{HOST} is not as the plan {path} has it: at Amazon there is no trunk of it")
        assert message.endswith("have it reviewed.")
        assert not plan_refusal(str(path), HOST, property_plan(INVENTORY, trunk=KEPT, extensions=SOME))
