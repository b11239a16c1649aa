# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain HTTPS client of the simulator, and the bodies that the tests send."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

from alexa_simulator.launcher import Simulator

TRUNK_SCOPE = "amazon_communication::network:siptrunk"
MANAGEMENT_SCOPE = "alexa::enterprise:management"
TRUNKS = "/v1/communications/network/siptrunk"
PEERS: dict[str, Any] = {"peers": [{"ip": "203.0.113.10", "port": 5061}]}
# The profile id of Amazon's page.
PROFILE = "amzn1.alexa.unit.did.abcdef1234"
MAPPING = {"routingType": "communication-profile", "commsProfileId": PROFILE}


def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """The condition's first true value; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not so within {seconds} s")


class Lwa(requests.Session):
    """The token endpoint."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = simulator.ca_path
        self._simulator = simulator

    def form(self, grant_type: str = "client_credentials", /, **changes: str | None) -> dict[str, str]:
        """A right form with these changes; None removes a field."""
        form: dict[str, str | None] = {
            "grant_type": grant_type, "client_id": self._simulator.client_id,
            "client_secret": self._simulator.client_secret}
        if grant_type == "client_credentials":
            form["scope"] = TRUNK_SCOPE
        if grant_type == "refresh_token":
            form["refresh_token"] = self._simulator.refresh_token
        return {name: value for name, value in {**form, **changes}.items() if value is not None}

    def ask(self, form: Any, **options: Any) -> requests.Response:
        """Posts a form."""
        return self.post(self._simulator.token_url, data=form, timeout=10, **options)

    def token(self, scope: str) -> str:
        """An access token."""
        grant = "client_credentials" if scope == TRUNK_SCOPE else "refresh_token"
        answer = self.ask(self.form(grant))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


class Api(requests.Session):
    """The API; paths instead of URLs."""

    def __init__(self, simulator: Simulator, token: str) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = simulator.ca_path
        self.headers["Authorization"] = "Bearer " + token
        self._url = simulator.api_url

    def request(self, method: str, path: str, **options: Any) -> requests.Response:  # type: ignore[override]
        """One request; `path` starts after the host."""
        options.setdefault("timeout", 10)
        return super().request(method, self._url + path, **options)

    def new_trunk(self, body: dict[str, Any] | None = None) -> str:
        """Creates a trunk; returns its path."""
        answer = self.post(TRUNKS, json=body or PEERS)
        assert answer.status_code == 201, answer.text
        return f"{TRUNKS}/{answer.json()['trunkId']}"

    def pages(self, path: str, **parameters: Any) -> list[list[dict[str, Any]]]:
        """All pages of a list; no token may come twice."""
        pages = []
        tokens = set()
        while True:
            answer = self.get(path, params=parameters)
            assert answer.status_code == 200, answer.text
            pages.append(answer.json()["results"])
            token = (answer.json().get("paginationContext") or {}).get("nextToken")
            if not token:
                return pages
            assert token not in tokens
            tokens.add(token)
            parameters["nextToken"] = token


def refused(answer: requests.Response, status: int, words: str = "") -> None:
    """The answer is an error in the form of the API: JSON with a message, and a request id."""
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["message"]
    assert words in answer.json()["message"]
    assert answer.headers["X-Amzn-RequestId"]
