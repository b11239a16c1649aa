# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the real modules against the real simulator over HTTPS, in this process for speed."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote, quote_plus

import requests
from ansible.module_utils import _internal
from ansible.module_utils._internal import _traceback
from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args

from alexa_simulator.launcher import Simulator

PACKAGE = "ansible_collections.alexa.smart_properties.plugins.modules"
TRUNK_SCOPE = "amazon_communication::network:siptrunk"
MANAGEMENT_SCOPE = "alexa::enterprise:management"
TRUNKS = "/v1/communications/network/siptrunk"
UNKNOWN_TRUNK = "amzn1.comms.network.siptrunk.unknown"
# Seconds after which a module run has gone astray.
LONGEST_RUN = 60
# Every character that some encoding spells otherwise.
CLIENT_SECRET = "amzn1.oa2-cs.v1.cli|ent+sec/ret%7e\"and a space"
REFRESH_TOKEN = "Atzr|refr+esh/tok%2Ben\"quoted"
# How every access token begins, in each spelling.
TOKEN_STARTS = ("Atc|", "Atza|", "Atc%7C", "Atza%7C", "Atc%7c", "Atza%7c", "Atc\\u007c", "Atza\\u007c")


class GoneAstray(BaseException):
    """A module run that does not end. No Exception: as a TimeoutError it would pass for a fault of the network."""


class Outcome(dict[str, Any]):
    """A module's result as Ansible gets it. `ok` tells how it ended; `raw` is all that it wrote."""

    ok: bool
    raw: str


def run(
    module: str, environment: dict[str, str], check: bool = False, tracebacks: bool = False, **options: Any,
) -> Outcome:
    """Run a module with options as a task gives them; returns its result, failed or not.

    C(tracebacks) is Ansible's setting DISPLAY_TRACEBACK.
    """
    arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": True}
    output = io.StringIO()
    status: object = None
    events = frozenset({_traceback.TracebackEvent.ERROR} if tracebacks else ())
    with (
        _ended_in_time(), _only(environment), patch_module_args(arguments), contextlib.redirect_stdout(output),
        # Ansible keeps warnings for the life of a process, which is one module everywhere but here.
        mock.patch.dict(warnings._global_warnings, clear=True),
        # Where other tests have loaded Ansible's controller, warnings would go to the terminal.
        mock.patch.object(_internal, "is_controller", False),
        mock.patch.object(_traceback, "_module_tracebacks_enabled_events", events),
    ):
        try:
            importlib.import_module(f"{PACKAGE}.{module}").main()
        except SystemExit as ended:
            status = ended.code
    outcome = Outcome(json.loads(output.getvalue()))
    outcome.ok, outcome.raw = not status and not outcome.get("failed"), output.getvalue()
    return outcome


def spellings(secret: str) -> set[str]:
    """A secret as it is, and as a URL, a form or JSON spells it."""
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}


class Site:
    """One control node, and one account at the simulator that is read and changed past the modules."""

    def __init__(self, simulator: Simulator, state_dir: Path) -> None:
        self.simulator = simulator
        self.state_dir = state_dir
        self.environment = {**simulator.environment, "ALEXA_STATE_DIR": str(state_dir)}
        self.secrets = {CLIENT_SECRET, REFRESH_TOKEN}

    def run(self, module: str, check: bool = False, **options: Any) -> Outcome:
        """Run a module; whatever it is and however it ends, it may show no secret and no traceback."""
        outcome = run(module, self.environment, check, **options)
        own_token = outcome.get("access_token", "") if module == "alexa_lwa_token" else ""
        shown = outcome.raw.replace(own_token, "") if own_token else outcome.raw
        self.assert_no_secret(shown)
        assert "Traceback" not in shown and "Fault in the collection" not in shown, shown
        return outcome

    def good(self, module: str, check: bool = False, **options: Any) -> Outcome:
        """Run a module that must succeed."""
        outcome = self.run(module, check, **options)
        assert outcome.ok, outcome["msg"]
        return outcome

    def failure(self, module: str, check: bool = False, **options: Any) -> str:
        """Run a module that must fail; its message."""
        outcome = self.run(module, check, **options)
        assert not outcome.ok, outcome
        return str(outcome["msg"])

    def assert_no_secret(self, text: str) -> None:
        """No secret in any spelling, and nothing that begins like a token."""
        for secret in self.secrets:
            for spelling in spellings(secret):
                assert spelling not in text, f"{spelling!r} is shown in: {text}"
        for start in TOKEN_STARTS:
            assert start not in text, f"a token is shown in: {text}"

    def state(self) -> Any:
        """What the account holds: {trunks, mappings by trunk, units, profiles}."""
        return self.simulator.control("GET", "/state")

    def mappings(self, trunk_id: str) -> dict[str, str]:
        """The trunk's mappings as {extension: profile id}."""
        return dict(self.state()["mappings"][trunk_id])

    def stats(self) -> Any:
        """What was requested since the last C(forget_requests)."""
        return self.simulator.control("GET", "/stats")

    def forget_requests(self) -> None:
        self.simulator.control("DELETE", "/stats")

    def requests(self, route: str) -> int:
        """How many requests came to routes that contain this text."""
        return sum(sum(counts.values()) for name, counts in self.stats()["by_route"].items() if route in name)

    def writes(self) -> dict[str, Any]:
        """The requests that may change something, by route."""
        return {route: counts for route, counts in self.stats()["by_route"].items()
                if not route.startswith("GET ") and "/auth/" not in route}

    def settings(self, **changes: Any) -> None:
        self.simulator.control("PUT", "/settings", changes)

    def fault(self, kind: str, method: str = "", path: str = "", **rule: Any) -> None:
        """The next request that matches meets the fault."""
        match = {name: text for name, text in (("method", method), ("path", path)) if text}
        self.simulator.control("POST", "/faults", [{"kind": kind, "match": match, **rule}])

    def no_faults(self) -> None:
        self.simulator.control("DELETE", "/faults")

    def faults_met(self) -> int:
        """How many requests have met a fault."""
        return sum(rule["met"] for rule in self.simulator.control("GET", "/faults"))

    def add_trunk(self, **body: Any) -> str:
        """A trunk that somebody made already; its id."""
        body.setdefault("peers", [{"ip": "203.0.113.10", "port": 5061}])
        return str(self.simulator.control("POST", "/trunks", body)["trunkId"])

    def map(self, trunk_id: str, **mappings: str) -> None:
        """Somebody else maps extensions: C(x7201="amzn1.alexa…") for 7201."""
        for name, profile_id in mappings.items():
            path = f"/trunks/{trunk_id}/extensions/{quote(name[1:], safe='')}"
            self.simulator.control("PUT", path, {"commsProfileId": profile_id})

    def unmap(self, trunk_id: str, extension: str) -> None:
        self.simulator.control("DELETE", f"/trunks/{trunk_id}/extensions/{quote(extension, safe='')}")

    def add_units(self, *names: str) -> list[str]:
        """Units without profiles; their ids."""
        units = self.simulator.control("POST", "/units", [
            {"name": name, "id": f"amzn1.alexa.unit.did.{name}"} for name in names])
        return [unit["id"] for unit in units]

    def add_profile(self, unit_id: str, profile_id: str, name: str = "Guest") -> None:
        self.simulator.control("POST", "/profiles", [{"unitId": unit_id, "profileId": profile_id, "name": name}])

    def add_book(self, **body: Any) -> str:
        """An address book that somebody made already; its id."""
        return str(self.simulator.control("POST", "/address-books", body)["addressBookId"])

    def token(self, scope: str = TRUNK_SCOPE) -> str:
        """An access token, got by a plain client."""
        form = {"client_id": self.simulator.client_id, "client_secret": CLIENT_SECRET}
        if scope == TRUNK_SCOPE:
            form |= {"grant_type": "client_credentials", "scope": scope}
        else:
            form |= {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
        answer = requests.post(self.simulator.token_url, data=form, verify=self.simulator.ca_path, timeout=10)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def get(self, path: str, token: str) -> requests.Response:
        """What a plain client reads."""
        return self._plain("GET", path, token)

    def delete(self, path: str, token: str) -> requests.Response:
        """A plain client removes something."""
        return self._plain("DELETE", path, token)

    def _plain(self, method: str, path: str, token: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(
            method, self.simulator.api_url + path, headers=headers, verify=self.simulator.ca_path, timeout=10)


@contextlib.contextmanager
def _ended_in_time() -> Iterator[None]:
    """A run that does not end is a failure, not a test suite that hangs."""
    def give_up(*_details: object) -> None:
        raise GoneAstray(f"the module has not ended within {LONGEST_RUN} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LONGEST_RUN)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _only(environment: dict[str, str]) -> Iterator[None]:
    """The environment without any ALEXA_* of the person who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ALEXA_")}
    with mock.patch.dict(os.environ, {**kept, **environment}, clear=True):
        yield
