# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amazon's page "Link a PBX to Alexa Smart Properties", steps 3 to 5, walked with curl as it is written there."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from alexa_simulator.launcher import Simulator
from simulator_chains import INTERMEDIATE, LEAF
from simulator_client import until

TRUNK_SCOPE = "amazon_communication::network:siptrunk"


class Curl:
    """curl, with the simulator's address instead of Amazon's."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def __call__(self, *args: str) -> tuple[int, dict[str, str], Any]:
        """Status, headers and parsed body of one call."""
        command = ["curl", "-i", "-sS", "--noproxy", "*", "--max-time", "20"]
        output = subprocess.run([*command, "--cacert", self._simulator.ca_path, *args], capture_output=True,
                                text=True, check=True, timeout=30).stdout
        head, _empty, body = output.partition("\n\n")
        status_line, *lines = head.splitlines()
        headers = dict(line.split(": ", 1) for line in lines)
        return int(status_line.split()[1]), headers, json.loads(body)

    def trunks(self, method: str, path: str = "", *args: str) -> tuple[int, dict[str, str], Any]:
        """One call of the PBX API."""
        return self("-X", method, *args, f"{self._simulator.api_url}/v1/communications/network/siptrunk{path}")


@pytest.fixture
def curl(simulator: Simulator) -> Curl:
    """The real curl."""
    return Curl(simulator)


def test_the_steps_of_amazons_page(simulator: Simulator, curl: Curl) -> None:
    simulator.control("PUT", "/settings", {"activation_delay": 0.5})

    # Step 3: get an access token.
    status, headers, token = curl(
        "-X", "POST", "-H", "Content-Type: application/x-www-form-urlencoded",
        "-d", f"grant_type=client_credentials&client_id={simulator.client_id}"
              f"&client_secret={simulator.client_secret}&scope={TRUNK_SCOPE}", simulator.token_url)
    assert status == 200
    assert token["access_token"].startswith("Atc|")
    assert (token["expires_in"], token["scope"], token["token_type"]) == (3600, TRUNK_SCOPE, "Bearer")
    bearer = ("-H", f"Authorization:  Bearer {token['access_token']}")

    # Step 4: create a SIP trunk.
    status, headers, created = curl.trunks(
        "POST", "", "-H", "Content-type: application/json", *bearer, "-d", json.dumps({
            "tls": {"certificateChain": [LEAF.pem, INTERMEDIATE.pem], "name": "pbx.example.com"},
            "peers": [{"ip": "11.22.33.44", "port": 5061}]}))
    assert status == 201
    assert headers["X-Amzn-RequestId"]
    path = "/" + created["trunkId"]

    # Step 5: wait until the trunk is ACTIVE, then map; the page gives no Content-Type here.
    assert curl.trunks("GET", path, *bearer)[2]["status"] == "CREATING"
    until(lambda: curl.trunks("GET", path, *bearer)[2]["status"] == "ACTIVE")
    mapping = {"routingType": "communication-profile", "commsProfileId": "amzn1.alexa.unit.did.abcdef1234"}
    status, headers, _body = curl.trunks(
        "POST", path + "/extension/7201", "-H", "Accept: application/json", *bearer,
        "-d", json.dumps(mapping, indent=2))
    assert status == 200

    # What Amazon keeps now.
    status, headers, shown = curl.trunks("GET", path + "/extension/7201", *bearer)
    assert (status, shown["commsProfileId"], shown["routingType"]) == (
        200, mapping["commsProfileId"], mapping["routingType"])


def test_the_pages_placeholder_certificate_is_refused_with_a_message(simulator: Simulator, curl: Curl) -> None:
    token = curl("-d", f"grant_type=client_credentials&client_id={simulator.client_id}"
                       f"&client_secret={simulator.client_secret}&scope={TRUNK_SCOPE}", simulator.token_url)[2]
    placeholder = "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----"
    status, headers, answer = curl.trunks(
        "POST", "", "-H", "Content-type: application/json", "-H", f"Authorization:  Bearer {token['access_token']}",
        "-d", json.dumps({"tls": {"certificateChain": [placeholder] * 2, "name": "pbx.example.com"},
                          "peers": [{"ip": "11.22.33.44", "port": 5061}]}))
    assert (status, answer) == (400, {"message": "tls.certificateChain[0] is not a certificate in PEM form."})
    assert headers["X-Amzn-RequestId"]
