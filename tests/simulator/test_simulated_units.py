# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of the property hierarchy."""

from __future__ import annotations

from typing import Any

import pytest

from alexa_simulator.launcher import Simulator
from simulator_client import Api, refused, until

UNITS = "/v2/units"
ORGANIZATION = "amzn1.alexa.unit.did.ORGANIZATION"


def named(name: str, parent_id: str = ORGANIZATION) -> dict[str, Any]:
    return {"name": {"type": "PLAIN", "value": {"text": name}}, "parentId": parent_id}


@pytest.fixture
def tree(simulator: Simulator) -> None:
    """Organization > property > two floors > rooms."""
    simulator.control("POST", "/units", [
        {"id": "P", "name": "Property"}, {"id": "F1", "name": "Floor 1", "parentId": "P"},
        {"id": "F2", "name": "Floor 2", "parentId": "P"}, {"id": "R1", "name": "Room 101", "parentId": "F1"},
        {"id": "R2", "name": "Zimmer 102 für Gäste", "parentId": "F1"}])


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [unit["id"] for unit in answer.json()["results"]]


def test_create_and_list(management: Api) -> None:
    answer = management.post(UNITS, json=named("Room 101"))
    assert answer.status_code == 201
    unit_id = answer.json()["id"]
    assert unit_id.startswith("amzn1.alexa.unit.did.")
    listed = management.get(UNITS, params={"parentId": ORGANIZATION, "expand": "all", "queryDepth": "1"})
    assert listed.json()["results"] == [{"id": unit_id, **named("Room 101")}]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(("query", "expected"), [
    ({}, ["P"]), ({"queryDepth": "all"}, ["F1", "F2", "P", "R1", "R2"]), ({"queryDepth": "2"}, ["F1", "F2", "P"]),
    ({"parentId": "P"}, ["F1", "F2"]), ({"parentId": "P", "queryDepth": "all"}, ["F1", "F2", "R1", "R2"]),
    ({"parentId": "F1", "queryDepth": "7"}, ["R1", "R2"]), ({"parentId": "R1", "queryDepth": "all"}, []),
])
def test_parent_and_depth_choose_the_units(management: Api, query: dict[str, str], expected: list[str]) -> None:
    assert ids(management.get(UNITS, params=query)) == expected


@pytest.mark.usefixtures("tree")
def test_only_expand_shows_more_than_ids(management: Api) -> None:
    assert management.get(UNITS, params={"parentId": "F1"}).json()["results"] == [{"id": "R1"}, {"id": "R2"}]
    expanded = management.get(UNITS, params={"parentId": "F1", "expand": "all"}).json()["results"]
    assert expanded[1] == {"id": "R2", **named("Zimmer 102 für Gäste", "F1")}


@pytest.mark.usefixtures("tree")
def test_a_new_unit_is_listed_at_once_or_after_the_lag(simulator: Simulator, management: Api) -> None:
    query = {"parentId": "F2"}
    assert ids(management.get(UNITS, params=query)) == []
    first = management.post(UNITS, json=named("Room 201", "F2")).json()["id"]
    assert ids(management.get(UNITS, params=query)) == [first]
    simulator.control("PUT", "/settings", {"list_lag": 0.5})
    second = management.post(UNITS, json=named("Room 202", "F2")).json()["id"]
    assert ids(management.get(UNITS, params=query)) == [first]
    assert until(lambda: ids(management.get(UNITS, params=query)) == sorted([first, second]))


@pytest.mark.parametrize("query", [
    {"queryDepth": "0"}, {"queryDepth": "-1"}, {"queryDepth": "many"}, {"expand": "none"}, {"parent": "P"}])
def test_wrong_queries_are_refused(management: Api, query: dict[str, str]) -> None:
    refused(management.get(UNITS, params=query), 400)


@pytest.mark.parametrize(("body", "status"), [
    ({}, 400), ({"name": "Room 101", "parentId": ORGANIZATION}, 400), (named(""), 400),
    ({"name": {"type": "PLAIN", "value": {"text": "Room 101"}}}, 400), (named("Room 101", "unknown"), 404),
    ({**named("Room 101"), "id": "x"}, 400),
    ({"name": {"type": "HTML", "value": {"text": "Room 101"}}, "parentId": ORGANIZATION}, 400),
])
def test_wrong_units_are_refused(simulator: Simulator, management: Api, body: Any, status: int) -> None:
    refused(management.post(UNITS, json=body), status)
    assert len(simulator.control("GET", "/state")["units"]) == 1


def test_an_unknown_parent_answers_404(management: Api) -> None:
    refused(management.get(UNITS, params={"parentId": "unknown"}), 404)
