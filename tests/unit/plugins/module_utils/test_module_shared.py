# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all modules share: options, the two kinds of token, and how every error ends as a clear result."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable
from urllib.parse import parse_qs

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils import _module
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import (
    CredentialsError,
    InputError,
    PartialError,
    TransportError,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Response
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import (
    Connections,
    Job,
    api_options,
    management_options,
    run_module,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._redact import MASK, Redactor
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import FakeClock, answer

DEFAULTS = {name: option.get("default") for name, option in api_options().items()}
KEYS = {"client_id": "id", "client_secret": "s3cr3t/x"}


class Wire:
    """Stands in for the transport: gives token T1, T2, … for logins, and plays answers for the rest."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.forms: list[dict[str, list[str]]] = []
        self.bearers: list[str] = []
        self.answers: list[Any] = []

    def send(self, _method: str, url: str, headers: Any, body: bytes | None = None) -> Response:
        if url == _module.TOKEN_URL:
            self.forms.append(parse_qs((body or b"").decode()))
            return answer(200, {"access_token": f"T{len(self.forms)}"})
        self.bearers.append(headers["Authorization"])
        if not self.answers:
            return answer(200, {})
        outcome = self.answers.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def wires(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> list[Wire]:
    made: list[Wire] = []

    def make(**settings: Any) -> Wire:
        made.append(Wire(**settings))
        return made[-1]

    monkeypatch.setattr(_module, "Transport", make)
    monkeypatch.setattr(_module, "Clock", lambda: clock)
    return made


def connections(**given: Any) -> Connections:
    return Connections({**DEFAULTS, **given}, Redactor())


def test_trunks_take_a_token_of_the_trunk_scope(wires: list[Wire]) -> None:
    connections(**KEYS).trunks().get("read", "/a")
    assert wires[0].forms[0]["grant_type"] == ["client_credentials"]
    assert wires[0].forms[0]["scope"] == ["amazon_communication::network:siptrunk"]
    assert wires[0].bearers == ["Bearer T1"]


def test_a_given_token_saves_the_login(wires: list[Wire]) -> None:
    connections(**KEYS, access_token="given").trunks().get("read", "/a")
    assert (wires[0].forms, wires[0].bearers) == ([], ["Bearer given"])


def test_a_refresh_token_gets_the_management_token_even_beside_an_access_token(wires: list[Wire]) -> None:
    both = connections(**KEYS, access_token="given", refresh_token="Atzr|1", trunk_id="t1")
    both.management().get("read", "/a")
    both.trunks().get("read", "/a")
    (form,) = wires[0].forms
    assert (form["grant_type"], form["refresh_token"]) == (["refresh_token"], ["Atzr|1"])
    assert "scope" not in form
    assert wires[0].bearers == ["Bearer T1", "Bearer given"]


def test_without_a_refresh_token_the_access_token_is_taken_to_be_of_the_management_scope(wires: list[Wire]) -> None:
    connections(access_token="given", refresh_token=None).management().get("read", "/a")
    assert wires[0].bearers == ["Bearer given"]


def test_a_management_token_that_is_rejected_is_not_replaced_by_one_of_the_trunk_scope(wires: list[Wire]) -> None:
    client = connections(**KEYS, access_token="given", refresh_token=None).management()
    wires[0].answers = [answer(401)]
    with pytest.raises(CredentialsError, match="rejected the access token"):
        client.get("read", "/a")
    assert wires[0].forms == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"refresh_token": None, **KEYS}, "no credentials for the management APIs"),
        ({"refresh_token": "", **KEYS}, "no credentials for the management APIs"),
        ({"refresh_token": None, "trunk_id": "t1", "access_token": "given"}, "unit_id was given, but there is no"),
    ],
)
def test_management_without_credentials_is_an_error_before_anything_is_sent(
    wires: list[Wire], given: dict[str, Any], told: str
) -> None:
    with pytest.raises(CredentialsError, match=told):
        connections(**given).management()


def test_a_refresh_token_alone_is_not_enough(wires: list[Wire]) -> None:
    with pytest.raises(CredentialsError, match="no credentials for Login with Amazon"):
        connections(refresh_token="Atzr|1").management().get("read", "/a")


@pytest.mark.parametrize(
    ("given", "verify"),
    [
        ({}, True),
        ({"ca_path": __file__}, __file__),
        ({"validate_certs": False}, False),
        ({"validate_certs": False, "ca_path": __file__}, False),
    ],
)
def test_what_the_transport_trusts(wires: list[Wire], given: dict[str, Any], verify: Any) -> None:
    connections(**given)
    assert wires[0].settings["verify"] is verify or wires[0].settings["verify"] == verify


@pytest.mark.parametrize(("given", "kept"), [({}, 16), ({"concurrency": 40}, 40)])
def test_one_connection_for_each_thread(wires: list[Wire], given: dict[str, Any], kept: int) -> None:
    connections(**given)
    assert wires[0].settings["connections"] == kept


@pytest.mark.parametrize(
    "given",
    [{"ca_path": "/nowhere/ca.pem"}, {"request_timeout": 0.0}, {"request_timeout": -1.0},
     {"request_timeout": float("nan")}, {"requests_per_second": 0.0}, {"requests_per_second": -2.0},
     {"requests_per_second": float("inf")}],
)  # fmt: skip
def test_settings_that_can_not_be_used(wires: list[Wire], given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(given))):
        connections(**given)


def test_a_login_host_that_answers_does_not_lengthen_the_patience_for_the_api(
    wires: list[Wire], clock: FakeClock
) -> None:
    client = connections(**KEYS).trunks()
    wires[0].answers = [TransportError("No connection.", sent=False) for _try in range(50)]
    started = clock.now()
    with pytest.raises(TransportError):
        client.get("read", "/a")
    assert clock.now() - started < 30


class Ended(BaseException):
    """A module's end."""

    def __init__(self, **result: Any) -> None:
        super().__init__()
        self.result = result


class FakeModule:
    """The five things of AnsibleModule that logic is allowed."""

    given: dict[str, Any] = {}

    def __init__(self, argument_spec: dict[str, Any], **_arguments: Any) -> None:
        self.params = {name: option.get("default") for name, option in argument_spec.items()} | self.given
        self.check_mode = True
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def exit_json(self, **result: Any) -> None:
        raise Ended(warnings=self.warnings, **result)

    def fail_json(self, **result: Any) -> None:
        warned = {"warnings": self.warnings} if self.warnings else {}
        raise Ended(failed=True, **warned, **result)


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch, wires: list[Wire]) -> Callable[..., dict[str, Any]]:
    def run(
        logic: Callable[..., Result], libraries: dict[str, str | None] | None = None, **given: Any
    ) -> dict[str, Any]:
        monkeypatch.setattr(FakeModule, "given", {**KEYS, **given})
        monkeypatch.setattr(_module, "AnsibleModule", FakeModule)
        with pytest.raises(Ended) as caught:
            run_module(Job(management_options(), logic, libraries or {}))
        return caught.value.result

    return run


def failing(error: Exception) -> Callable[..., Result]:
    def logic(*_arguments: Any) -> Result:
        raise error

    return logic


def test_logic_gets_parameters_connections_and_check_mode(outcome: Callable[..., Any]) -> None:
    seen: list[Any] = []

    def logic(*arguments: Any) -> Result:
        seen.extend(arguments)
        return Result(True, {"x": 1}, "a", "b", ["careful s3cr3t/x"])

    assert outcome(logic) == {
        "changed": True, "x": 1, "diff": {"before": "a", "after": "b"}, "warnings": [f"careful {MASK}"]
    }  # fmt: skip
    params, made, check_mode = seen
    assert params["client_id"] == "id" and isinstance(made, Connections) and check_mode is True


def test_an_error_becomes_a_failure_without_secrets(outcome: Callable[..., Any]) -> None:
    error = InputError("It is s3cr3t%2Fx.", "Do this.", shown=["s3cr3t/x"])
    assert outcome(failing(error)) == {"failed": True, "msg": f"It is {MASK}. Do this.", "shown": [MASK]}


def test_an_error_that_accounts_for_all_is_a_failure_though_nothing_was_tried(outcome: Callable[..., Any]) -> None:
    result = outcome(failing(InputError("It is bad.", failed=[], not_tried=["7201"])))
    assert (result["failed"], result["not_tried"]) == (True, ["7201"])


def test_a_partial_failure_keeps_its_list_of_failures(outcome: Callable[..., Any]) -> None:
    error = PartialError("1 failed.", "Again.", {"changed": True, "failures": [{"extension": "1", "msg": "s3cr3t/x"}]})
    result = outcome(failing(error))
    assert (result["changed"], result["failed"], result["failures"]) == (True, True, [{"extension": "1", "msg": MASK}])


def test_a_fault_of_the_code_is_told_without_secrets(outcome: Callable[..., Any]) -> None:
    result = outcome(failing(KeyError("s3cr3t/x and Atzr|1")), refresh_token="Atzr|1")
    assert result["msg"] == f"Fault in the collection: KeyError: '{MASK} and {MASK}'"
    assert "Traceback" in result["exception"]
    assert "s3cr3t/x" not in result["exception"] and "Atzr|1" not in result["exception"]


@pytest.mark.parametrize("name", ["api_url", "token_url"])
def test_urls_are_checked_before_logic_runs(outcome: Callable[..., Any], name: str) -> None:
    result = outcome(failing(AssertionError("ran")), **{name: "http://plain.example.com"})
    assert result["msg"].startswith(f"{name} 'http://plain.example.com' can't be used")


def test_switched_off_checks_are_warned_of(outcome: Callable[..., Any]) -> None:
    (warning,) = outcome(lambda *_arguments: Result(False, {}), validate_certs=False)["warnings"]
    assert "validate_certs" in warning


@pytest.mark.parametrize("error", [None, InputError("No.")], ids=["success", "failure"])
def test_a_pace_file_that_can_not_be_used_is_warned_of(
    outcome: Callable[..., Any], state_folder: Path, error: InputError | None
) -> None:
    state_folder.write_text("no folder")

    def logic(*_arguments: Any) -> Result:
        if error:
            raise error
        return Result(False, {})

    (warning,) = outcome(logic)["warnings"]
    assert str(state_folder) in warning and "ALEXA_STATE_DIR" in warning


def test_a_missing_library_is_named(outcome: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_module, "REQUESTS_IMPORT_ERROR", "Traceback: no such library")
    result = outcome(failing(AssertionError("ran")))
    assert "requests" in result["msg"] and result["exception"] == "Traceback: no such library"


def test_a_missing_library_of_one_module_is_named(outcome: Callable[..., Any]) -> None:
    result = outcome(failing(AssertionError("ran")), {"there": None, "cryptography": "Traceback: no such library"})
    assert "cryptography" in result["msg"] and result["exception"] == "Traceback: no such library"


def test_secrets_are_options_that_ansible_does_not_log() -> None:
    options = {**api_options(), **management_options()}
    secret = {name for name, option in options.items() if option.get("no_log")}
    assert secret == {"client_secret", "access_token", "refresh_token"}
    assert not any("default" in options[name] for name in secret)


@pytest.mark.parametrize(
    ("option", "variable"),
    [("api_url", "ALEXA_API_URL"), ("token_url", "ALEXA_TOKEN_URL"), ("client_id", "ALEXA_CLIENT_ID"),
     ("client_secret", "ALEXA_CLIENT_SECRET"), ("access_token", "ALEXA_ACCESS_TOKEN"),
     ("refresh_token", "ALEXA_REFRESH_TOKEN"), ("ca_path", "ALEXA_CA_PATH")],
)  # fmt: skip
def test_options_that_come_from_the_environment(option: str, variable: str) -> None:
    assert {**api_options(), **management_options()}[option]["fallback"][1] == [variable]
