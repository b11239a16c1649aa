# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digest of a plan: the same for the same plan, another for every other one."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._extensions import Wish, plan
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Mapping, Peer, Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan_digest import digest_of, in_words, reviewed
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunk_plan import plan_absent, plan_present
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.certs import family

CONTENT: dict[str, Any] = {
    "trunk_id": "t1",
    "before": {"7201": "amzn1.a", "7209": "amzn1.i"},
    "after": {"7201": "amzn1.b", "7202": "amzn1.ä"},
}
FAMILY = family()
CHAIN, RENEWED = tuple(FAMILY.pems), tuple(family().pems)
WISH = Trunk(tls_name="pbx.example.com", chain=CHAIN, peers=(Peer("203.0.113.10", 5061), Peer("203.0.113.11", 5061)))
CURRENT = replace(WISH, trunk_id="t1", status="ACTIVE", chain=RENEWED)


def test_it_is_the_sha_256_of_canonical_json() -> None:
    assert digest_of({"b": [1], "a": None}) == "98b8af4db27ca74550205512d9b8a9a03b9d0ff1dd687e2366f5d876f5de2530"
    assert digest_of({"b": 1, "a": {"d": 2, "c": 3}}) == digest_of({"a": {"c": 3, "d": 2}, "b": 1})


@pytest.mark.parametrize(
    "changes",
    [
        {"trunk_id": "t2"},
        {"trunk_id": None},
        {"before": None},
        {"before": {"7201": "amzn1.c", "7209": "amzn1.i"}},
        {"before": {"7201": "amzn1.a"}},
        {"after": {"7201": "amzn1.b"}},
        {"after": {"7201": "amzn1.b", "7203": "amzn1.ä"}},
        {"after": {"7201": "amzn1.b", "7202": "amzn1.a"}},
    ],
)
def test_each_part_counts(changes: dict[str, Any]) -> None:
    assert digest_of({**copy.deepcopy(CONTENT), **changes}) != digest_of(CONTENT)


def test_a_plan_is_told_with_its_digest_and_the_reviewed_one_passes() -> None:
    told = reviewed(None, True, CONTENT)
    assert told == {"plan": CONTENT, "plan_digest": digest_of(CONTENT)}
    assert reviewed(told["plan_digest"], True, CONTENT) == told


def test_another_plan_is_refused_with_what_it_would_do_and_the_remedy() -> None:
    with pytest.raises(InputError) as refused:
        reviewed("0" * 64, True, CONTENT)
    text = str(refused.value)
    assert "add 7202, change 7201, remove 7209" in text and "Nothing was changed" in text
    assert digest_of(CONTENT) in text and "0" * 64 in text and "Make the plan anew" in text
    assert refused.value.details["plan"] == CONTENT


def test_a_plan_that_changes_nothing_passes_whatever_was_reviewed() -> None:
    assert reviewed("0" * 64, False, CONTENT)["plan_digest"] == digest_of(CONTENT)


@pytest.mark.parametrize("wished", ["", "0" * 63, "G" * 64, "A" * 64, "0" * 64 + "\n"])
def test_what_is_no_digest_is_refused_even_where_nothing_would_change(wished: str) -> None:
    with pytest.raises(InputError, match="plan_digest"):
        reviewed(wished, False, CONTENT)


def test_a_plan_that_knew_less_passes_too() -> None:
    less = {**CONTENT, "trunk_id": None}
    assert reviewed(digest_of(less), True, CONTENT, less)["plan_digest"] == digest_of(CONTENT)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"trunk_id": None, "before": None, "after": {}}, "create a trunk"),
        ({"trunk_id": "t1", "before": {}, "after": None}, "delete t1"),
        ({"trunk_id": "t1", "before": {"a": 1}, "after": {"a": 1}}, "change nothing"),
        ({"trunk_id": "t1", "before": {}, "after": dict.fromkeys("abcdefg")}, "add a b c d e and 2 more"),
    ],
)
def test_a_plan_is_told_in_words(content: dict[str, Any], words: str) -> None:
    assert in_words(content) == words


class TestTrunk:
    def test_the_order_of_peers_and_certificates_does_not_count(self) -> None:
        turned = replace(WISH, peers=tuple(reversed(WISH.peers)), chain=tuple(reversed(CHAIN)))
        one, other = (plan_present(CURRENT, [], wish).content(with_chain=True) for wish in (WISH, turned))
        assert one == other

    def test_the_status_does_not_count(self) -> None:
        waiting = replace(CURRENT, status="PENDING")
        one, other = (plan_present(current, [], WISH).content(with_chain=True) for current in (CURRENT, waiting))
        assert one == other

    def test_another_certificate_counts_unless_it_is_left_out(self) -> None:
        one, other = (plan_present(CURRENT, [], replace(WISH, chain=chain)) for chain in (CHAIN, RENEWED))
        assert one.content(with_chain=True) != other.content(with_chain=True)
        assert one.content(with_chain=False) == other.content(with_chain=False)
        assert "certificates" not in one.content(with_chain=False)["after"]

    def test_a_trunk_that_is_not_there_has_nothing_before(self) -> None:
        content = plan_present(None, [], WISH).content(with_chain=False)
        assert (content["trunk_id"], content["before"]) == (None, None)
        assert content["after"]["tls_name"] == "pbx.example.com"

    def test_a_chain_that_nobody_knows_is_told_so(self) -> None:
        before = plan_present(replace(CURRENT, chain=None), [], WISH).content(with_chain=True)["before"]
        assert before["certificates"] == "unknown"

    def test_a_deletion_names_the_trunk(self) -> None:
        content = plan_absent(CURRENT)
        assert content["trunk_id"] == "t1" and content["before"]["peers"] and content["after"] is None
        assert plan_absent(None) == {"trunk_id": None, "before": None, "after": None}


class TestMappings:
    def test_only_what_changes_is_in_it(self) -> None:
        have = {name: Mapping(name, "amzn1.a") for name in ("1", "2", "9")}
        wanted = {"1": Wish("1", "amzn1.a"), "2": Wish("2", "amzn1.b"), "3": Wish("3", "amzn1.c")}
        content = plan(wanted, have, {}).content("t1")
        assert content == {
            "trunk_id": "t1",
            "before": {"2": "amzn1.a"},
            "after": {"2": "amzn1.b", "3": "amzn1.c"},
        }

    def test_a_trunk_without_the_mappings_is_as_good_as_one_that_is_not_made(self) -> None:
        wanted = {"1": Wish("1", "amzn1.a")}
        assert plan(wanted, {}, {}).content("t1") == plan(wanted, {}, {}).content(None)
        have = {"9": Mapping("9", "amzn1.i")}
        assert plan(wanted, have, {}, prune=True, prune_limit="100%").content("t1")["trunk_id"] == "t1"

    def test_a_profile_that_is_made_on_the_way_is_told_by_its_unit(self) -> None:
        wanted = {"1": Wish("1", unit_id="amzn1.u")}
        assert "amzn1.u" in plan(wanted, {}, {"amzn1.u": None}).content(None)["after"]["1"]
