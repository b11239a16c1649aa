# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths and bodies as the API wants them, and every form in which it may answer."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils import _wire
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Mapping, Peer, Profile, Trunk, Unit

TRUNK = "/v1/communications/network/siptrunk"
PEERS = (Peer("203.0.113.10", 5061),)


@pytest.mark.parametrize(
    ("part", "quoted"),
    [("7201", "7201"), ("#21#", "%2321%23"), ("*", "%2A"), ("+1", "%2B1"), ("../x", "..%2Fx"), ("a b", "a%20b"),
     ("a?b", "a%3Fb"), ("%23", "%2523")],
)  # fmt: skip
def test_every_part_of_a_path_is_quoted(part: str, quoted: str) -> None:
    assert _wire.trunk_path(part) == f"{TRUNK}/{quoted}"
    assert _wire.extension_path(part, part) == f"{TRUNK}/{quoted}/extension/{quoted}"
    assert _wire.extensions_path(part) == f"{TRUNK}/{quoted}/extensions"
    assert _wire.profile_path(part) == f"/v1/communications/profile/{quoted}"


def test_queries_are_quoted() -> None:
    assert _wire.profile_of_unit_path("a&b=c") == (
        "/v1/communications/profile?entity.type=UNIT&entity.id=a%26b%3Dc"
    )
    assert _wire.units_path("u+1", None) == "/v2/units?parentId=u%2B1&expand=all&queryDepth=all&maxResults=50"
    assert "queryDepth=2&" in _wire.units_path("u", 2)
    assert _wire.page_path("/a", None) == "/a"
    assert _wire.page_path("/a", "x/+=") == "/a?nextToken=x%2F%2B%3D"
    assert _wire.page_path("/a?b=c", "x") == "/a?b=c&nextToken=x"


@pytest.mark.parametrize(
    ("body", "items", "token"),
    [
        ({"results": [{"a": 1}], "paginationContext": {"nextToken": "t"}}, [{"a": 1}], "t"),
        ({"results": [{"a": 1}], "paginationContext": {}}, [{"a": 1}], None),
        ({"results": [{"a": 1}], "paginationContext": {"nextToken": ""}}, [{"a": 1}], None),
        ({"results": [{"a": 1}], "paginationContext": None}, [{"a": 1}], None),
        ({"results": [{"a": 1}], "nextToken": "t"}, [{"a": 1}], "t"),
        ({"sipTrunks": [{"a": 1}], "nextToken": "t"}, [{"a": 1}], "t"),
        ({"results": [], "paginationContext": {"nextToken": "t"}}, [], "t"),
        ([{"a": 1}], [{"a": 1}], None),
        ([], [], None),
        ({}, [], None),
        ({"paginationContext": {"nextToken": "t"}}, [], "t"),
    ],
)
def test_forms_of_a_page(body: Any, items: list[Any], token: str | None) -> None:
    assert _wire.page(body) == (items, token)


@pytest.mark.parametrize(
    "body",
    [
        "text",
        7,
        {"results": "x"},
        {"results": [], "paginationContext": "x"},
        {"sipTrunks": {"items": [{"a": 1}]}},
        {"warnings": [], "sipTrunks": [{"a": 1}]},
        {"results": ["t1"]},
        {"message": "odd"},
        {"results": None},
    ],
)
def test_what_is_no_page(body: Any) -> None:
    with pytest.raises(ValueError):
        _wire.page(body)


@pytest.mark.parametrize(
    ("trunk", "body"),
    [
        (
            Trunk("id", "ACTIVE", "pbx.example.com", ("A", "B"), PEERS),
            {
                "tls": {"certificateChain": ["A", "B"], "name": "pbx.example.com"},
                "peers": [{"ip": "203.0.113.10", "port": 5061}],
            },
        ),
        (Trunk(peers=PEERS), {"peers": [{"ip": "203.0.113.10", "port": 5061}]}),
        (
            Trunk(tls_name="pbx.example.com", chain=("A",), fqdn_peer=Peer("pbx.example.com", 5061)),
            {
                "tls": {"certificateChain": ["A"], "name": "pbx.example.com"},
                "peer": {"name": "pbx.example.com", "port": 5061},
            },
        ),
    ],
)
def test_the_body_of_a_trunk(trunk: Trunk, body: Any) -> None:
    assert _wire.trunk_body(trunk) == body


WHOLE = Trunk("t1", "ACTIVE", "pbx.example.com", ("A", "B"), PEERS)
IP_PEERS = [{"ip": "203.0.113.10", "port": 5061}]


@pytest.mark.parametrize(
    ("body", "trunk"),
    [
        ({"trunkId": "t1", "status": "ACTIVE", "tls": {"name": "pbx.example.com", "certificateChain": ["A", "B"]},
          "peers": IP_PEERS}, WHOLE),
        ({"id": "t1", "status": "ACTIVE", "tls": [{"name": "pbx.example.com", "certificateChain": ["A", "B"]}],
          "peers": [{"ip": "203.0.113.10", "port": "5061", "name": "x"}]}, WHOLE),
        ({"trunkId": "t1", "status": "ACTIVE", "tls": {"name": "pbx.example.com"}, "certificateChain": ["A", "B"],
          "peers": IP_PEERS}, WHOLE),
        ({"trunkId": "t1", "tls": {"name": "n", "certificateChain": "A\nB"}, "peers": IP_PEERS},
         Trunk("t1", None, "n", ("A\nB",), PEERS)),
        ({"trunkId": "t1", "tls": [], "peers": None}, Trunk("t1")),
        ({"trunkId": "t1", "tls": ["x"], "peer": "x"}, Trunk("t1")),
        ({"trunkId": "t1", "tls": {"certificateChain": [{"pem": "A"}]}}, Trunk("t1")),
        ({"trunkId": "t1", "tls": None, "certificateChain": []}, Trunk("t1")),
        ({"status": "CREATING"}, Trunk("asked", "CREATING")),
        ({"peer": {"name": "pbx.example.com", "port": "5061"}, "peers": []},
         Trunk("asked", fqdn_peer=Peer("pbx.example.com", 5061))),
        ({"peers": [{"ip": "203.0.113.10"}, {"ip": "203.0.113.10", "port": "sips"}, "x", {"port": 5061}],
          "peer": {"name": "pbx.example.com"}}, Trunk("asked")),
        ({"peers": [{"ip": "203.0.113.20", "port": 1}, {"ip": "203.0.113.10", "port": 2}]},
         Trunk("asked", peers=(Peer("203.0.113.10", 2), Peer("203.0.113.20", 1)))),
        (None, Trunk("asked")),
    ],
)  # fmt: skip
def test_forms_of_a_trunk(body: Any, trunk: Trunk) -> None:
    assert _wire.trunk(body, "asked") == trunk


@pytest.mark.parametrize(
    ("body", "complete"),
    [({"tls": {}, "peers": []}, True), ({"tls": {}, "peer": {}}, True), ({"peers": []}, False), ({"tls": {}}, False)],
)
def test_whether_an_item_of_the_list_is_enough(body: dict[str, Any], complete: bool) -> None:
    assert _wire.trunk_is_complete(body) == complete


def test_a_mapping_is_written_with_its_routing_type() -> None:
    assert _wire.mapping_body(Mapping("7201", "p")) == {"routingType": "communication-profile", "commsProfileId": "p"}


@pytest.mark.parametrize(
    ("body", "mapping"),
    [
        ({"extension": "7201", "commsProfileId": "p", "routingType": "other"}, Mapping("7201", "p", "other")),
        ({"extensionId": 7201, "commsProfileId": {"profileId": "p"}}, Mapping("7201", "p")),
        ({"extension": "7201", "profileId": {"profileId": {"profileId": "p"}}}, Mapping("7201", "p")),
        ({"commsProfileId": "p"}, Mapping("asked", "p")),
        ({"extension": "7201"}, Mapping("7201", "")),
    ],
)
def test_forms_of_a_mapping(body: dict[str, Any], mapping: Mapping) -> None:
    assert _wire.mapping(body, "asked") == mapping


@pytest.mark.parametrize(
    ("body", "profile"),
    [
        ({"profileId": {"profileId": "p"}, "name": "Room 1"}, Profile("p", "Room 1")),
        ({"profileId": "p"}, Profile("p")),
        ({"profileId": {}}, None),
        ({"name": "Room 1"}, None),
        ([], None),
        (None, None),
    ],
)
def test_forms_of_a_profile(body: Any, profile: Profile | None) -> None:
    assert _wire.profile(body) == profile


def test_the_body_of_a_bulk_creation_numbers_its_items_from_1() -> None:
    assert _wire.profile_batch_body([("u1", None), ("u2", "Room 2")]) == {
        "items": [
            {"itemId": 1, "entity": {"type": "UNIT", "id": "u1"}},
            {"itemId": 2, "entity": {"type": "UNIT", "id": "u2"}, "name": "Room 2"},
        ]
    }


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({"results": [{"itemId": 1, "profileId": "p1"}, {"itemId": "2", "profileId": {"profileId": "p2"}}]},
         {1: "p1", 2: "p2"}),
        ({"items": [{"itemId": 1, "profile": {"profileId": "p1"}}]}, {1: "p1"}),
        ([{"itemId": 1, "profileId": "p1"}], {1: "p1"}),
        ({"results": [{"itemId": 1, "error": "x"}, {"profileId": "p"}, {"itemId": "\u00b2", "profileId": "p"}]}, {}),
        (None, {}), ("created", {}), ({"results": None}, {}), ({}, {}),
    ],
)  # fmt: skip
def test_forms_of_a_bulk_answer(body: Any, ids: dict[int, str]) -> None:
    assert _wire.profile_batch(body) == ids


@pytest.mark.parametrize(
    ("body", "unit"),
    [
        ({"id": "u", "name": {"type": "PLAIN", "value": {"text": "R 1"}}, "parentId": "p"}, Unit("u", "R 1", "p")),
        ({"id": "u", "name": {"text": "Room 1"}}, Unit("u", "Room 1")),
        ({"id": "u", "name": "Room 1"}, Unit("u", "Room 1")),
        ({"id": "u", "name": {}}, Unit("u")),
        ({}, Unit("")),
    ],
)
def test_forms_of_a_unit(body: dict[str, Any], unit: Unit) -> None:
    assert _wire.unit(body) == unit


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "a"}, "a"), ({"Message": "a"}, "a"), ({"errorMessage": "a"}, "a"), ({"code": 7}, "7"),
        ({"error": "invalid", "error_description": "a"}, "a"), ({"error": {"message": "a", "code": 7}}, "a"),
        ({"message": "", "code": "b"}, "b"), ({"other": "a"}, None), ({}, None), (None, None), (["a"], None),
    ],
)  # fmt: skip
def test_names_of_error_messages(body: Any, message: str | None) -> None:
    assert _wire.error_message(body) == message
