# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extension mappings of a trunk."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from alexa_simulator.launcher import Simulator
from simulator_client import MAPPING, PROFILE, TRUNKS, Api, refused, until

OTHER = {**MAPPING, "commsProfileId": "amzn1.alexa.communications.profile.did.OTHER"}
SHOWN = {"extension": "7201", **MAPPING}


@pytest.fixture
def trunk(pbx: Api) -> str:
    """The path of a trunk."""
    return pbx.new_trunk()


def test_map_get_update_list_delete(pbx: Api, trunk: str) -> None:
    path = trunk + "/extension/7201"
    answer = pbx.post(path, json=MAPPING)
    assert (answer.status_code, answer.json()) == (200, SHOWN)
    assert pbx.get(path).json() == SHOWN
    assert pbx.put(path, json=OTHER).status_code == 200
    assert pbx.get(trunk + "/extensions").json()["results"] == [{"extension": "7201", **OTHER}]
    assert pbx.delete(path).status_code == 204
    refused(pbx.get(path), 404, "not mapped")
    assert pbx.get(trunk + "/extensions").json()["results"] == []


def test_the_page_maps_without_a_content_type(pbx: Api, trunk: str) -> None:
    body = f'{{"routingType": "communication-profile", "commsProfileId": "{PROFILE}"}}'
    for extension, content_type in enumerate((None, "application/x-www-form-urlencoded", "application/json")):
        headers = {"Content-Type": content_type} if content_type else {}
        assert pbx.post(f"{trunk}/extension/{extension}", data=body, headers=headers).status_code == 200
    refused(pbx.put(trunk + "/extension/0", data=body), 415)


@pytest.mark.parametrize("extension", ["0", "*", "#", "+", "+15550100", "*72#", "1" * 32, "0012"])
def test_extensions_of_every_allowed_character(pbx: Api, trunk: str, extension: str) -> None:
    path = f"{trunk}/extension/{quote(extension, safe='')}"
    assert pbx.post(path, json=MAPPING).json()["extension"] == extension
    assert pbx.get(path).json()["extension"] == extension
    assert pbx.delete(path).status_code == 204


@pytest.mark.parametrize("extension", [
    "1" * 33, "72 01", "72a", "../7201", "72/01", "72%01", "\u0667\u0662", "72\n", "-1", "7.2"])
def test_any_other_extension_is_refused(simulator: Simulator, pbx: Api, trunk: str, extension: str) -> None:
    path = f"{trunk}/extension/{quote(extension, safe='')}"
    for method in ("POST", "GET", "PUT", "DELETE"):
        refused(pbx.request(method, path, json=MAPPING), 400, "1 to 32")
    assert list(simulator.control("GET", "/state")["mappings"].values()) == [{}]


@pytest.mark.parametrize(("body", "words"), [
    ({}, "Missing field routingType"),
    ({"commsProfileId": PROFILE}, "Missing field routingType"),
    ({"routingType": "communication-profile"}, "Missing field commsProfileId"),
    ({**MAPPING, "routingType": "sip"}, "routingType must be communication-profile"),
    ({**MAPPING, "routingType": None}, "routingType must be"),
    ({**MAPPING, "extension": "7201"}, "Unknown field extension"),
    *[({**MAPPING, "commsProfileId": value}, "commsProfileId must be") for value in (
        "", "abcdef1234", "amzn1.alexa.", "amzn1.comms.x", " " + PROFILE, PROFILE + "\n", None, 7)],
    ([], "must be a JSON object"),
])
def test_a_wrong_mapping_is_refused(simulator: Simulator, pbx: Api, trunk: str, body: Any, words: str) -> None:
    refused(pbx.post(trunk + "/extension/7201", json=body), 400, words)
    assert list(simulator.control("GET", "/state")["mappings"].values()) == [{}]
    assert pbx.post(trunk + "/extension/7201", json=MAPPING).status_code == 200
    refused(pbx.put(trunk + "/extension/7201", json=body), 400, words)
    assert pbx.get(trunk + "/extension/7201").json() == SHOWN


def test_mapping_twice_conflicts_or_overwrites(simulator: Simulator, pbx: Api, trunk: str) -> None:
    path = trunk + "/extension/7201"
    assert pbx.post(path, json=MAPPING).status_code == 200
    refused(pbx.post(path, json=OTHER), 409, "already mapped")
    assert pbx.get(path).json() == SHOWN
    simulator.control("PUT", "/settings", {"second_map": "overwrite"})
    assert pbx.post(path, json=OTHER).status_code == 200
    assert pbx.get(path).json() == {"extension": "7201", **OTHER}


def test_what_is_not_mapped_cannot_be_changed_or_removed(pbx: Api, trunk: str) -> None:
    refused(pbx.put(trunk + "/extension/7201", json=MAPPING), 404, "not mapped")
    refused(pbx.delete(trunk + "/extension/7201"), 404, "not mapped")


@pytest.mark.parametrize(("method", "rest"), [
    ("POST", "/extension/7201"), ("GET", "/extension/7201"), ("PUT", "/extension/7201"),
    ("DELETE", "/extension/7201"), ("GET", "/extensions")])
def test_an_unknown_trunk_answers_404(pbx: Api, method: str, rest: str) -> None:
    refused(pbx.request(method, TRUNKS + "/amzn1.comms.network.siptrunk.12345" + rest, json=MAPPING), 404, "trunk")


def test_mapping_may_need_an_active_trunk(simulator: Simulator, pbx: Api, trunk: str) -> None:
    simulator.control("PUT", "/settings", {"map_needs_active": True})
    refused(pbx.post(trunk + "/extension/7201", json=MAPPING), 409, "CREATING")
    simulator.control("POST", "/activate")
    assert pbx.post(trunk + "/extension/7201", json=MAPPING).status_code == 200


def test_writes_may_answer_without_a_body(simulator: Simulator, pbx: Api, trunk: str) -> None:
    simulator.control("PUT", "/settings", {"write_answer": "empty"})
    for answer in (pbx.post(trunk + "/extension/7201", json=MAPPING), pbx.put(trunk + "/extension/7201", json=OTHER)):
        assert (answer.status_code, answer.text) == (200, "")
    assert pbx.get(trunk + "/extension/7201").json() == {"extension": "7201", **OTHER}


def test_the_list_lags_and_get_does_not(simulator: Simulator, pbx: Api, trunk: str) -> None:
    simulator.control("PUT", "/settings", {"list_lag": 0.6})
    assert pbx.post(trunk + "/extension/7201", json=MAPPING).status_code == 200
    assert pbx.put(trunk + "/extension/7201", json=OTHER).status_code == 200
    assert pbx.get(trunk + "/extensions").json()["results"] == []
    assert pbx.get(trunk + "/extension/7201").json() == {"extension": "7201", **OTHER}
    assert until(lambda: pbx.get(trunk + "/extensions").json()["results"] == [{"extension": "7201", **OTHER}])
    simulator.control("PUT", "/settings", {"list_lag": 0})
    assert pbx.delete(trunk + "/extension/7201").status_code == 204
    assert pbx.get(trunk + "/extensions").json()["results"] == []


def test_a_lag_starts_from_what_is_there(simulator: Simulator, pbx: Api, trunk: str) -> None:
    for extension, lag in (("7201", 0.01), ("7202", 0), ("7203", 60)):
        simulator.control("PUT", "/settings", {"list_lag": lag})
        assert pbx.post(f"{trunk}/extension/{extension}", json=MAPPING).status_code == 200
    assert [item["extension"] for item in pbx.get(trunk + "/extensions").json()["results"]] == ["7201", "7202"]


def test_mappings_of_two_trunks_are_apart(pbx: Api, trunk: str) -> None:
    other = pbx.new_trunk()
    assert pbx.post(trunk + "/extension/7201", json=MAPPING).status_code == 200
    assert pbx.post(other + "/extension/7201", json=OTHER).status_code == 200
    assert pbx.get(trunk + "/extension/7201").json() == SHOWN
