# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes a run back: only what still is as the run left it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.alexa.smart_properties.plugins.filter.journaled import FilterModule as Journaled
from ansible_collections.alexa.smart_properties.plugins.filter.taken_back import FilterModule as TakenBack
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rollback import whole_of
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.certs import family

Record = dict[str, Any]
CHAIN = list(family().pems)
taken_back = TakenBack().filters()["taken_back"]


def trunk(trunk_id: str | None = "t1", port: int = 5061, name: str = "pbx.example.com") -> Record:
    return {"trunk_id": trunk_id, "tls_name": name, "peers": [{"ip": "203.0.113.1", "port": port}], "fqdn_peer": None,
            "certificate_chain": CHAIN, "certificates": []}  # fmt: skip


def of_trunk(before: Record | None, after: Record | None, made: str | None = None) -> Record:
    return {"kind": "trunk", "before": before, "after": after, "made": made}


def of_mappings(before: dict[str, str], after: dict[str, str], trunk_id: str = "t1") -> Record:
    return {"kind": "mappings", "before": before, "after": after, "trunk_id": trunk_id, "made": None}


def plan(*steps: Record, trunks: list[Record], **mappings: str) -> Record:
    """With mappings as e7201="p1"."""
    have = [{"extension": each[1:], "comms_profile_id": profile} for each, profile in mappings.items()]
    result: Record = taken_back(whole_of(steps, "aurora"), trunks, have)
    return result


CREATED = of_trunk(None, trunk(None), "t1")
DELETED = of_trunk(trunk(), None)
MOVED = of_trunk(trunk(), trunk(port=5071))


@pytest.mark.parametrize(
    ("step", "trunks", "action", "trunk_id", "left"),
    [
        (CREATED, [trunk()], "remove", "t1", ""),
        (CREATED, [], "stays", None, ""),
        (CREATED, [trunk(port=5071)], "stays", "t1", "changed since it was made"),
        # Nobody noted its id, as the run was killed.
        (of_trunk(None, trunk(None)), [trunk("t7"), trunk("t8", 5081)], "remove", "t7", ""),
        (DELETED, [], "create", None, ""),
        (DELETED, [trunk()], "stays", "t1", ""),
        (DELETED, [trunk("t7", name="PBX.example.com")], "stays", "t7", ""),
        (MOVED, [trunk(port=5071)], "restore", "t1", ""),
        (MOVED, [trunk()], "stays", "t1", ""),
        (MOVED, [trunk(port=5081)], "stays", "t1", "has been changed since"),
        (MOVED, [], "stays", None, "is gone"),
        (of_mappings({}, {"1": "p1"}), [trunk()], "stays", "t1", ""),
        (of_mappings({}, {"1": "p1"}), [trunk("t7")], "stays", None, "is gone"),
    ],
)
def test_the_trunk(step: Record, trunks: list[Record], action: str, trunk_id: str | None, left: str) -> None:
    found = plan(step, trunks=trunks)
    lines = [line for line in found["left"] if not line.startswith("extension ")]
    assert (found["action"], found["trunk_id"]) == (action, trunk_id)
    assert len(lines) == bool(left) and left in "".join(lines)


@pytest.mark.parametrize("step", [DELETED, MOVED])
def test_a_trunk_whose_chain_nobody_knows_stays_and_is_named(step: Record) -> None:
    unknown = {**step, "before": {**step["before"], "certificate_chain": None}}
    there = [step["after"]] if step["after"] else []
    found = plan(unknown, of_mappings({"1": "a"}, {"1": "b"}), trunks=there, e1="b")
    assert found["action"] == "stays" and "certificates that the trunk t1 had" in found["left"][0]
    assert found["mapped"] == ([{"extension": "1", "comms_profile_id": "a"}] if there else [])
    without_tls = {**unknown, "before": {**unknown["before"], "tls_name": None}}
    assert plan(without_tls, trunks=there)["action"] == plan(step, trunks=there)["action"]


def test_each_mapping_by_what_it_is_now() -> None:
    before = {"1": "a", "2": "a", "3": "a", "4": "a", "5": "a"}
    after = {"1": "b", "2": "b", "3": "b", "6": "b", "7": "b", "8": "b"}
    found = plan(of_mappings(before, after), trunks=[trunk()],
                 e1="b", e2="a", e3="theirs", e5="a", e6="b", e8="theirs", e9="theirs")  # fmt: skip
    assert found["mapped"] == [{"extension": each, "comms_profile_id": "a"} for each in ("1", "4")]
    assert found["unmapped"] == ["6"]
    assert found["left"] == [f"extension {each} is mapped to theirs by now, not to b" for each in ("3", "8")]


def test_several_steps_are_one() -> None:
    steps = [of_mappings({"1": "a"}, {"1": "b", "2": "b"}), of_mappings({"1": "b"}, {"1": "c"})]
    found = plan(*steps, trunks=[trunk()], e1="c", e2="b")
    assert found["mapped"] == [{"extension": "1", "comms_profile_id": "a"}] and found["unmapped"] == ["2"]
    moved = plan(MOVED, of_trunk(trunk(port=5071), trunk(port=5091)), trunks=[trunk(port=5091)])
    assert moved["action"] == "restore" and moved["former"]["peers"][0]["port"] == 5061


def test_a_trunk_that_is_made_anew_gets_its_mappings() -> None:
    found = plan(of_mappings({"1": "a"}, {}), DELETED, trunks=[])
    assert found["action"] == "create" and found["mapped"] == [{"extension": "1", "comms_profile_id": "a"}]


def test_a_trunk_with_mappings_of_others_stays() -> None:
    steps = [CREATED, of_mappings({}, {"1": "a"})]
    found = plan(*steps, trunks=[trunk()], e1="a", e9="theirs")
    assert (found["action"], found["unmapped"]) == ("stays", ["1"])
    assert found["left"] == ["the trunk t1 has mappings that the run did not make: 9"]
    assert plan(*steps, trunks=[trunk()], e1="a")["action"] == "remove"


def test_several_trunks_of_a_property_are_refused() -> None:
    with pytest.raises(InputError, match="several trunks of aurora: t1, t2"):
        whole_of([of_mappings({}, {"1": "a"}), of_mappings({}, {"1": "a"}, "t2")], "aurora")


def test_a_property_of_which_nothing_is_noted() -> None:
    assert plan(trunks=[trunk()]) == {
        "trunk_id": None, "action": "stays", "former": None, "mapped": [], "unmapped": [], "left": [],
    }  # fmt: skip


def test_a_journal_that_is_none_is_an_error_of_the_filter() -> None:
    with pytest.raises(AnsibleFilterError, match="can't be read"):
        Journaled().filters()["journaled"]("/no/journal.jsonl", "aurora")
