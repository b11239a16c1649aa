# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Communication profiles of units."""

from __future__ import annotations

from typing import Any

import pytest

from alexa_simulator.launcher import Simulator
from simulator_client import Api, refused

PROFILE = "/v1/communications/profile"
BATCH = "/v1/communications/profiles/batch"


@pytest.fixture(autouse=True)
def units(simulator: Simulator) -> None:
    """Units U0 to U100."""
    simulator.control("POST", "/units", [{"id": f"U{number}", "name": f"Room {number}"} for number in range(101)])


def entity(unit_id: str) -> dict[str, Any]:
    return {"entity": {"type": "UNIT", "id": unit_id}}


def of_unit(api: Api, unit_id: str) -> Any:
    return api.get(PROFILE, params={"entity.type": "UNIT", "entity.id": unit_id})


def batch(*unit_ids: str) -> dict[str, Any]:
    return {"items": [{"itemId": number, **entity(unit)} for number, unit in enumerate(unit_ids, start=1)]}


def test_create_find_rename_delete(management: Api) -> None:
    refused(of_unit(management, "U1"), 404)
    answer = management.post(PROFILE, json={**entity("U1"), "name": "Room 1"})
    assert answer.status_code == 201
    profile_id = answer.json()["profileId"]["profileId"]
    assert profile_id.startswith("amzn1.alexa.communications.profile.did.")
    # Amazon names a new profile Guest until it is renamed.
    expected = {**entity("U1"), "profileId": {"profileId": profile_id}, "name": "Guest"}
    assert of_unit(management, "U1").json() == expected
    assert management.get(f"{PROFILE}/{profile_id}").json() == expected
    assert management.put(f"{PROFILE}/{profile_id}", json={"name": "Room 1"}).status_code == 200
    assert of_unit(management, "U1").json()["name"] == "Room 1"
    assert management.delete(f"{PROFILE}/{profile_id}").status_code == 204
    refused(of_unit(management, "U1"), 404)
    for method in ("GET", "PUT", "DELETE"):
        refused(management.request(method, f"{PROFILE}/{profile_id}", json={"name": "x"}), 404)


def test_a_unit_that_has_a_profile_keeps_it(management: Api) -> None:
    first = management.post(PROFILE, json=entity("U1")).json()
    again = management.post(PROFILE, json=entity("U1"))
    assert (again.status_code, again.json()) == (201, first)
    assert management.post(BATCH, json=batch("U1")).json()["results"] == [{"itemId": 1, **first}]


def test_shape_and_name_may_be_others(simulator: Simulator, management: Api) -> None:
    simulator.control("PUT", "/settings", {"profile_shape": "plain", "profile_name": "given"})
    shown = management.post(PROFILE, json={**entity("U1"), "name": "Room 1"}).json()
    assert isinstance(shown["profileId"], str)
    assert shown["name"] == "Room 1"
    assert of_unit(management, "U1").json() == shown


def test_a_batch_of_a_hundred_and_no_more(management: Api) -> None:
    hundred = [f"U{number}" for number in range(100)]
    answer = management.post(BATCH, json=batch(*hundred))
    assert answer.status_code == 200
    assert [item["entity"]["id"] for item in answer.json()["results"]] == hundred
    assert answer.json()["errors"] == []
    refused(management.post(BATCH, json=batch(*hundred, "U100")), 400, "100")
    refused(of_unit(management, "U100"), 404)


def test_a_batch_says_which_items_failed(management: Api) -> None:
    answer = management.post(BATCH, json=batch("U1", "unknown", "U2"))
    assert answer.status_code == 200
    assert [item["itemId"] for item in answer.json()["results"]] == [1, 3]
    assert [item["itemId"] for item in answer.json()["errors"]] == [2]


@pytest.mark.parametrize("body", [
    {}, {"items": []}, {"items": {}}, {"items": [entity("U1")]}, {"items": [{"itemId": 1}]},
    {"items": [{"itemId": 1, **entity("U1")}, {"itemId": 1, **entity("U2")}]},
    {"items": [{"itemId": 1, "entity": {"type": "ROOM", "id": "U1"}}]},
    {"items": [{"itemId": 1, **entity("U1"), "unitId": "U1"}]}, {"items": [{"itemId": None, **entity("U1")}]},
])
def test_wrong_batches_are_refused_whole(simulator: Simulator, management: Api, body: Any) -> None:
    refused(management.post(BATCH, json=body), 400)
    assert simulator.control("GET", "/state")["profiles"] == []


@pytest.mark.parametrize(("body", "status"), [
    ({}, 400), ({"entity": "U1"}, 400), ({"entity": {"id": "U1"}}, 400), ({**entity("U1"), "name": ""}, 400),
    ({**entity("U1"), "unit": 1}, 400), (entity("unknown"), 404)])
def test_wrong_profiles_are_refused(management: Api, body: Any, status: int) -> None:
    refused(management.post(PROFILE, json=body), status)


@pytest.mark.parametrize("query", [{}, {"entity.id": "U1"}, {"entity.type": "UNIT"}, {"unitId": "U1"},
                                   {"entity.type": "ROOM", "entity.id": "U1"}])
def test_a_search_names_type_and_id(management: Api, query: dict[str, str]) -> None:
    refused(management.get(PROFILE, params=query), 400)


def test_a_rename_needs_a_name(management: Api) -> None:
    profile_id = management.post(PROFILE, json=entity("U1")).json()["profileId"]["profileId"]
    refused(management.put(f"{PROFILE}/{profile_id}", json={}), 400)
