# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control address: counts, state, settings, seeds, reset."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from alexa_simulator.launcher import ControlError, Simulator
from simulator_client import MAPPING, PEERS, PROFILE, TRUNK_SCOPE, TRUNKS, Api, Lwa

OTHER = "amzn1.alexa.communications.profile.did.OTHER"


def test_counts_by_route_and_status(simulator: Simulator, lwa: Lwa, pbx: Api) -> None:
    path = pbx.new_trunk()
    pbx.post(path + "/extension/7201", json=MAPPING)
    pbx.post(path + "/extension/7202", json=MAPPING)
    pbx.post(path + "/extension/7202", json=MAPPING)
    pbx.get(TRUNKS + "/unknown")
    pbx.get("/nowhere")
    lwa.token(TRUNK_SCOPE)
    stats = simulator.control("GET", "/stats")
    assert stats["by_route"] == {
        f"POST {TRUNKS}": {"201": 1},
        f"POST {TRUNKS}/{{trunkId}}/extension/{{extension}}": {"200": 2, "409": 1},
        f"GET {TRUNKS}/{{trunkId}}": {"404": 1},
        "GET (unknown)": {"404": 1},
        "POST /auth/o2/token": {"200": 1}}
    assert (stats["total"], stats["api_requests"], stats["lwa_requests"]) == (7, 6, 1)
    assert stats["peak_per_second"] in range(3, 7)
    assert stats["in_flight_peak"] == 1
    simulator.control("DELETE", "/stats")
    assert simulator.control("GET", "/stats")["total"] == 0


def test_counts_connections_and_how_many_requests_are_on_their_way(simulator: Simulator, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"latency": 0.3})
    token = str(pbx.headers["Authorization"]).removeprefix("Bearer ")

    def two_requests(_number: int) -> None:
        with Api(simulator, token) as api:
            api.get(TRUNKS)
            api.get(TRUNKS)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(two_requests, range(4)))
    stats = simulator.control("GET", "/stats")
    assert (stats["connections"], stats["api_requests"]) == (4, 8)
    assert stats["in_flight_peak"] in (3, 4)


def test_latency_delays_every_answer_and_not_the_control_address(simulator: Simulator, lwa: Lwa, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"latency": 0.2})
    for request in (lambda: pbx.get(TRUNKS), lambda: lwa.token(TRUNK_SCOPE)):
        start = time.monotonic()
        request()
        assert 0.2 <= time.monotonic() - start < 1
    start = time.monotonic()
    simulator.control("GET", "/stats")
    assert time.monotonic() - start < 0.2


def test_state_shows_everything(simulator: Simulator, pbx: Api) -> None:
    path = pbx.new_trunk()
    trunk_id = path.rpartition("/")[2]
    pbx.post(path + "/extension/7201", json=MAPPING)
    unit = simulator.control("POST", "/units", [{"name": "Room 101"}])[0]
    profile = simulator.control("POST", "/profiles", [{"unitId": unit["id"], "name": "Room 101"}])[0]
    state = simulator.control("GET", "/state")
    assert state["trunks"] == [{"trunkId": trunk_id, "status": "CREATING", **PEERS}]
    assert state["mappings"] == {trunk_id: {"7201": PROFILE}}
    assert [known for known in state["units"] if known["parentId"]] == [unit]
    assert state["profiles"] == [{"profileId": profile["profileId"], "unitId": unit["id"], "name": "Room 101"}]


def test_seeds_keep_the_ids_they_are_given(simulator: Simulator, management: Api) -> None:
    simulator.control("POST", "/units", [{"id": "P", "name": "Property"}, {"id": "R", "name": "R", "parentId": "P"}])
    simulator.control("POST", "/profiles", [{"unitId": "R", "profileId": OTHER}])
    answer = management.get("/v1/communications/profile", params={"entity.type": "UNIT", "entity.id": "R"})
    assert answer.json()["profileId"] == {"profileId": OTHER}


def test_a_seeded_trunk_is_as_it_is_given(simulator: Simulator, pbx: Api) -> None:
    body = {"trunkId": "T1", "status": "SUSPENDED", "tls": {"name": "pbx.example.com"}, **PEERS}
    assert simulator.control("POST", "/trunks", body) == {"trunkId": "T1"}
    assert pbx.get(TRUNKS + "/T1").json() == body
    trunk_id = simulator.control("POST", "/trunks", PEERS)["trunkId"]
    assert pbx.get(f"{TRUNKS}/{trunk_id}").json()["status"] == "ACTIVE"


def test_somebody_else_changes_mappings_without_being_counted(simulator: Simulator, pbx: Api) -> None:
    path = pbx.new_trunk()
    control = "/trunks/" + path.rpartition("/")[2] + "/extensions/"
    simulator.control("PUT", control + "7201", {"commsProfileId": OTHER})
    simulator.control("PUT", control + "%237", {"commsProfileId": OTHER})
    assert [item["extension"] for item in pbx.get(path + "/extensions").json()["results"]] == ["#7", "7201"]
    simulator.control("DELETE", control + "7201")
    assert pbx.get(path + "/extension/7201").status_code == 404
    assert simulator.control("GET", "/stats")["api_requests"] == 3


def test_activate_makes_every_trunk_active(simulator: Simulator, pbx: Api) -> None:
    paths = [pbx.new_trunk(), pbx.new_trunk()]
    assert {pbx.get(path).json()["status"] for path in paths} == {"CREATING"}
    simulator.control("POST", "/activate")
    assert {pbx.get(path).json()["status"] for path in paths} == {"ACTIVE"}


def test_settings_change_one_by_one(simulator: Simulator) -> None:
    before = simulator.control("GET", "/settings")
    after = simulator.control("PUT", "/settings", {"page_size": 7, "latency": 0})
    assert after == {**before, "page_size": 7}


@pytest.mark.parametrize("changes", [
    {"pagesize": 7}, {"page_size": 0}, {"page_size": "7"}, {"page_size": True}, {"second_map": "ignore"},
    {"delete_status": 202}, {"latency": -1}, {"granted": 1}, {"page_size": 7, "retry_after": "later"}])
def test_wrong_settings_are_refused_whole(simulator: Simulator, changes: dict[str, Any]) -> None:
    before = simulator.control("GET", "/settings")
    with pytest.raises(ControlError, match="400"):
        simulator.control("PUT", "/settings", changes)
    assert simulator.control("GET", "/settings") == before


def test_reset_takes_everything_back(simulator: Simulator, pbx: Api) -> None:
    empty = simulator.control("GET", "/state")
    settings = simulator.control("GET", "/settings")
    pbx.new_trunk()
    simulator.control("POST", "/units", [{"id": "U", "name": "Room"}])
    simulator.control("POST", "/profiles", [{"unitId": "U"}])
    simulator.control("PUT", "/settings", {"page_size": 1})
    simulator.control("POST", "/faults", [{"kind": "reset"}])
    simulator.control("POST", "/reset")
    assert simulator.control("GET", "/state") == empty
    assert simulator.control("GET", "/settings") == settings
    assert simulator.control("GET", "/faults") == []
    assert simulator.control("GET", "/stats")["total"] == 0
    assert pbx.get(TRUNKS).status_code == 401


def test_unknown_control_requests_are_refused(simulator: Simulator) -> None:
    for method, path, status in (("GET", "/nothing", "404"), ("GET", "/reset", "405"),
                                 ("PUT", "/trunks/unknown/extensions/7201", "404")):
        with pytest.raises(ControlError, match=status):
            simulator.control(method, path, {"commsProfileId": OTHER} if method == "PUT" else None)


def own_address() -> str | None:
    """An address of this machine that is not a loopback address; None when it has no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket sends nothing: it only asks the routing table.
            probe.connect(("203.0.113.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def test_control_is_for_this_machine_only() -> None:
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback ones to come from")
    with Simulator(["--listen", "0.0.0.0"]) as simulator:
        assert simulator.control("GET", "/stats")["total"] == 0
        port = urllib.parse.urlsplit(simulator.api_url).port
        curl = subprocess.run(
            ["curl", "-sS", "--noproxy", "*", "--cacert", simulator.ca_path, "--connect-to", f"::{address}:{port}",
             simulator.control_url + "/stats"], capture_output=True, text=True, timeout=20, check=True)
    assert json.loads(curl.stdout) == {"message": "The control address serves clients on this machine only."}
