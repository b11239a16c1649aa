# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on request."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import pytest
import requests

from alexa_simulator.launcher import ControlError, Simulator
from simulator_client import MAPPING, PEERS, TRUNK_SCOPE, TRUNKS, Api, Lwa, refused

POST_TRUNK = {"method": "POST", "path": "siptrunk$"}


def fault(simulator: Simulator, kind: str, **rule: Any) -> None:
    simulator.control("POST", "/faults", [{"kind": kind, **rule}])


def trunks(simulator: Simulator) -> Any:
    return simulator.control("GET", "/state")["trunks"]


def test_a_status_instead_of_the_operation(simulator: Simulator, pbx: Api) -> None:
    fault(simulator, "status", match=POST_TRUNK, status=500, headers={"Retry-After": "7"}, body={"message": "Oh"})
    answer = pbx.post(TRUNKS, json=PEERS)
    refused(answer, 500, "Oh")
    assert answer.headers["Retry-After"] == "7"
    assert trunks(simulator) == []
    assert pbx.post(TRUNKS, json=PEERS).status_code == 201


def test_a_faults_retry_after_counts_as_one(simulator: Simulator, pbx: Api) -> None:
    fault(simulator, "status", status=429, headers={"Retry-After": "60"})
    assert [pbx.get(TRUNKS).status_code for _turn in range(2)] == [429, 200]
    stats = simulator.control("GET", "/stats")
    assert (stats["throttled"], stats["before_retry_after"]) == (1, 1)


@pytest.mark.parametrize(("kind", "done"), [("reset", 0), ("lost-before", 0), ("lost-answer", 1)])
def test_a_connection_is_cut_before_or_after_the_write(simulator: Simulator, pbx: Api, kind: str, done: int) -> None:
    fault(simulator, kind, match=POST_TRUNK)
    with pytest.raises(requests.ConnectionError):
        pbx.post(TRUNKS, json=PEERS)
    assert len(trunks(simulator)) == done
    assert simulator.control("GET", "/stats")["by_route"] == {f"POST {TRUNKS}": {"cut": 1}}
    assert pbx.post(TRUNKS, json=PEERS).status_code == 201


@pytest.mark.parametrize(("kind", "words"), [("reset", "Connection reset by peer"), ("lost-before", "Empty reply")])
def test_a_reset_is_one_for_the_network_too(simulator: Simulator, kind: str, words: str) -> None:
    fault(simulator, kind)
    # curl tells a TCP reset from a closed connection; Python's TLS does not.
    curl = subprocess.run(["curl", "-sS", "--noproxy", "*", "--cacert", simulator.ca_path, simulator.api_url + TRUNKS],
                          capture_output=True, text=True, timeout=20, check=False)
    assert words in curl.stderr


def test_a_slow_answer_comes_after_the_write(simulator: Simulator, pbx: Api) -> None:
    fault(simulator, "slow", match=POST_TRUNK, seconds=0.5)
    with pytest.raises(requests.Timeout):
        pbx.post(TRUNKS, json=PEERS, timeout=0.1)
    assert len(trunks(simulator)) == 1
    fault(simulator, "slow", seconds=0.3)
    start = time.monotonic()
    assert pbx.get(TRUNKS).status_code == 200
    assert 0.3 <= time.monotonic() - start < 2


@pytest.mark.parametrize(("kind", "status"), [("garbage", 200), ("html-error", 503)])
def test_html_instead_of_json(simulator: Simulator, pbx: Api, kind: str, status: int) -> None:
    fault(simulator, kind, match=POST_TRUNK)
    answer = pbx.post(TRUNKS, json=PEERS)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<html>")
    assert trunks(simulator) == []


def test_half_of_an_answer(simulator: Simulator, pbx: Api) -> None:
    fault(simulator, "truncated", match=POST_TRUNK)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        pbx.post(TRUNKS, json=PEERS)
    assert len(trunks(simulator)) == 1
    fault(simulator, "truncated")
    with pbx.get(TRUNKS, stream=True) as answer:
        promised = int(answer.headers["Content-Length"])
        assert len(answer.raw.read(promised // 2)) == promised // 2
        with pytest.raises(Exception, match="IncompleteRead"):
            answer.raw.read(promised)


def test_a_token_revoked_in_the_middle(simulator: Simulator, lwa: Lwa, pbx: Api) -> None:
    fault(simulator, "revoke-token", after=2)
    assert [pbx.get(TRUNKS).status_code for _turn in range(4)] == [200, 200, 401, 401]
    pbx.headers["Authorization"] = "Bearer " + lwa.token(TRUNK_SCOPE)
    assert pbx.get(TRUNKS).status_code == 200


def test_a_trunk_that_fails(simulator: Simulator, pbx: Api) -> None:
    simulator.control("PUT", "/settings", {"activation_delay": 0})
    fault(simulator, "status-failed", match=POST_TRUNK)
    assert pbx.get(pbx.new_trunk()).json()["status"] == "FAILED"
    assert pbx.get(pbx.new_trunk()).json()["status"] == "ACTIVE"


def test_times_and_method_and_path_choose_the_requests(simulator: Simulator, pbx: Api) -> None:
    path = pbx.new_trunk()
    fault(simulator, "status", match={"method": "GET", "path": "/extension/72"}, times=2)
    assert pbx.post(path + "/extension/7201", json=MAPPING).status_code == 200
    assert pbx.get(path + "/extensions").status_code == 200
    assert [pbx.get(path + "/extension/7201").status_code for _turn in range(3)] == [503, 503, 200]
    assert simulator.control("GET", "/faults")[0]["met"] == 2


def test_a_path_matches_decoded(simulator: Simulator, pbx: Api) -> None:
    path = pbx.new_trunk()
    fault(simulator, "status", match={"path": r"/extension/#7$"})
    refused(pbx.post(path + "/extension/%237", json=MAPPING), 503)


def test_probability_repeats_with_its_seed(simulator: Simulator, pbx: Api) -> None:
    def run(seed: int) -> list[int]:
        simulator.control("DELETE", "/faults")
        fault(simulator, "status", probability=0.5, seed=seed)
        return [pbx.get(TRUNKS).status_code for _turn in range(40)]

    first = run(1)
    assert 5 < first.count(503) < 35
    assert run(1) == first
    assert run(2) != first


def test_the_first_matching_fault_counts_and_all_can_be_cleared(simulator: Simulator, pbx: Api) -> None:
    fault(simulator, "status", status=500)
    fault(simulator, "status", status=503, times=5)
    assert [pbx.get(TRUNKS).status_code for _turn in range(2)] == [500, 503]
    simulator.control("DELETE", "/faults")
    assert pbx.get(TRUNKS).status_code == 200
    assert simulator.control("GET", "/faults") == []


def test_the_token_endpoint_has_faults_too(simulator: Simulator, lwa: Lwa) -> None:
    fault(simulator, "html-error", match={"path": "^/auth/o2/token$"})
    assert lwa.ask(lwa.form()).status_code == 503
    assert lwa.ask(lwa.form()).status_code == 200


@pytest.mark.parametrize("rule", [
    {}, {"kind": "unknown"}, {"kind": "reset", "match": {"path": "("}}, {"kind": "reset", "match": {"host": "x"}},
    {"kind": "reset", "time": 1}, {"kind": "reset", "times": "1"}, {"kind": "reset", "probability": -1}])
def test_wrong_rules_are_refused(simulator: Simulator, rule: Any) -> None:
    with pytest.raises(ControlError, match="400"):
        simulator.control("POST", "/faults", [rule])
    with pytest.raises(ControlError, match="400"):
        simulator.control("POST", "/faults", rule)
    assert simulator.control("GET", "/faults") == []
