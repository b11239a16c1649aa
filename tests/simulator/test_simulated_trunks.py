# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP trunks: operations and life cycle."""

from __future__ import annotations

import pytest

from alexa_simulator.launcher import Simulator
from simulator_chains import INTERMEDIATE, LEAF, tls
from simulator_client import MAPPING, PEERS, TRUNKS, Api, refused, until

FULL = tls(LEAF.pem, INTERMEDIATE.pem)
UNKNOWN = TRUNKS + "/amzn1.comms.network.siptrunk.12345"


def test_create_answers_201_with_a_trunk_id(pbx: Api) -> None:
    answer = pbx.post(TRUNKS, json=FULL)
    assert answer.status_code == 201
    assert answer.json()["trunkId"].startswith("amzn1.comms.network.siptrunk.")
    assert answer.headers["X-Amzn-RequestId"]


def test_get_returns_what_was_sent(pbx: Api) -> None:
    path = pbx.new_trunk(FULL)
    shown = pbx.get(path).json()
    assert shown == {"trunkId": path.rpartition("/")[2], "status": "CREATING", **FULL}


def test_a_trunk_may_have_an_fqdn_peer_and_no_tls(pbx: Api) -> None:
    body = {"peer": {"name": "pbx.example.com", "port": 5061}}
    assert pbx.get(pbx.new_trunk(body)).json()["peer"] == body["peer"]


def test_the_chain_may_be_left_out_of_get_and_list(simulator: Simulator, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"chain_in_get": False})
    path = pbx.new_trunk(FULL)
    assert pbx.get(path).json()["tls"] == {"name": "pbx.example.com"}
    assert pbx.get(TRUNKS).json()["results"][0]["tls"] == {"name": "pbx.example.com"}


def test_a_trunk_becomes_active_after_the_delay(simulator: Simulator, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"activation_delay": 0.5})
    path = pbx.new_trunk()
    assert pbx.get(path).json()["status"] == "CREATING"
    assert until(lambda: pbx.get(path).json()["status"] == "ACTIVE")


def test_a_trunk_may_end_in_another_status(simulator: Simulator, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"activation_delay": 0, "final_status": "CREATE_FAILED"})
    assert pbx.get(pbx.new_trunk()).json()["status"] == "CREATE_FAILED"


def test_update_replaces_the_whole_body(simulator: Simulator, pbx: Api) -> None:
    path = pbx.new_trunk(FULL)
    simulator.control("POST", "/activate")
    answer = pbx.put(path, json=PEERS)
    assert answer.status_code == 200
    shown = pbx.get(path).json()
    assert shown == {"trunkId": path.rpartition("/")[2], "status": "ACTIVE", **PEERS}


def test_a_change_may_lead_through_updating_and_no_change_does_not(simulator: Simulator, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"update_delay": 0.5})
    path = pbx.new_trunk()
    simulator.control("POST", "/activate")
    assert pbx.put(path, json=PEERS).status_code == 200
    assert pbx.get(path).json()["status"] == "ACTIVE"
    assert pbx.put(path, json=FULL).status_code == 200
    assert pbx.get(path).json()["status"] == "UPDATING"
    assert until(lambda: pbx.get(path).json()["status"] == "ACTIVE")


def test_a_change_does_not_hasten_a_trunk_that_is_being_created(pbx: Api) -> None:
    path = pbx.new_trunk()
    assert pbx.put(path, json=FULL).status_code == 200
    assert pbx.get(path).json()["status"] == "CREATING"


@pytest.mark.parametrize("status", [200, 204])
def test_delete_removes_the_trunk_and_its_mappings(simulator: Simulator, pbx: Api, status: int) -> None:
    simulator.control("PUT", "/settings", {"delete_status": status})
    path = pbx.new_trunk()
    assert pbx.post(path + "/extension/7201", json=MAPPING).status_code == 200
    answer = pbx.delete(path)
    assert (answer.status_code, answer.text) == (status, "{}" if status == 200 else "")
    refused(pbx.get(path), 404)
    refused(pbx.get(path + "/extension/7201"), 404)
    refused(pbx.delete(path), 404)
    assert simulator.control("GET", "/state")["mappings"] == {}


def test_two_trunks_may_be_alike(pbx: Api) -> None:
    assert pbx.new_trunk() != pbx.new_trunk()
    assert len(pbx.get(TRUNKS).json()["results"]) == 2


def test_the_list_shows_trunks_whole_or_by_id_and_status(simulator: Simulator, pbx: Api) -> None:
    path = pbx.new_trunk(FULL)
    whole = pbx.get(path).json()
    assert pbx.get(TRUNKS).json()["results"] == [whole]
    simulator.control("PUT", "/settings", {"list_detail": "ids"})
    assert pbx.get(TRUNKS).json()["results"] == [{"trunkId": whole["trunkId"], "status": "CREATING"}]


def test_lists_lag_behind_writes_and_get_does_not(simulator: Simulator, pbx: Api) -> None:
    gone = pbx.new_trunk().rpartition("/")[2]
    simulator.control("PUT", "/settings", {"list_lag": 0.6})
    path = pbx.new_trunk()
    assert pbx.delete(f"{TRUNKS}/{gone}").status_code == 204

    def listed() -> list[str]:
        return [trunk["trunkId"] for trunk in pbx.get(TRUNKS).json()["results"]]

    assert listed() == [gone]
    assert pbx.get(path).status_code == 200
    assert until(lambda: listed() == [path.rpartition("/")[2]])


def test_a_lagging_list_shows_the_status_of_its_moment(simulator: Simulator, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"activation_delay": 0.3})
    path = pbx.new_trunk()
    simulator.control("PUT", "/settings", {"list_lag": 0.6})
    until(lambda: pbx.get(path).json()["status"] == "ACTIVE")
    assert pbx.get(TRUNKS).json()["results"][0]["status"] == "CREATING"
    assert until(lambda: pbx.get(TRUNKS).json()["results"][0]["status"] == "ACTIVE")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_trunk_answers_404(pbx: Api, method: str) -> None:
    refused(pbx.request(method, UNKNOWN, json=PEERS), 404, "trunk")


@pytest.mark.parametrize(("method", "path", "status"), [
    ("PATCH", TRUNKS, 405), ("DELETE", TRUNKS, 405), ("POST", UNKNOWN, 405), ("GET", TRUNKS + "/", 404),
    ("GET", "/v1/communications/network/siptrunks", 404), ("GET", UNKNOWN + "/extension", 404),
    ("GET", TRUNKS + "?maxresults=1", 400), ("GET", UNKNOWN + "?x=1", 400), ("POST", TRUNKS + "?x=1", 400),
])
def test_what_no_page_shows_is_refused(pbx: Api, method: str, path: str, status: int) -> None:
    refused(pbx.request(method, path), status)
