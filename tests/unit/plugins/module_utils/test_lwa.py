# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login with Amazon: what is sent, one renewal for all threads, errors that help and hold no secret."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import parse_qs

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import (
    AlexaError,
    CredentialsError,
    TransportError,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Response
from ansible_collections.alexa.smart_properties.plugins.module_utils._lwa import TRUNK_SCOPE, Grant, TokenSource
from ansible_collections.alexa.smart_properties.plugins.module_utils._redact import Redactor
from ansible_collections.alexa.smart_properties.plugins.module_utils._retry import Repeater
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import FakeClock, answer, lost

TOKEN_URL = "https://login.example.com/auth/o2/token"
SECRET = "s3cr3t/with+signs&more=%"
GRANT = Grant("amzn1.application-oa2-client.1", SECRET, scope=TRUNK_SCOPE)


class Login:
    """A token endpoint: plays its answers, then gives numbered tokens."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self._lock = threading.Lock()
        self.forms: list[dict[str, list[str]]] = []
        self.headers: list[Any] = []

    def send(self, method: str, url: str, headers: Any, body: bytes) -> Response:
        assert (method, url) == ("POST", TOKEN_URL)
        with self._lock:
            self.forms.append(parse_qs(body.decode(), strict_parsing=True))
            self.headers.append(headers)
            number = len(self.forms)
        if self._answers:
            outcome = self._answers.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        return answer(200, {"access_token": f"Atc|{number}", "expires_in": 3600, "token_type": "Bearer"})


def source(login: Login, clock: FakeClock, *, grant: Grant = GRANT, access_token: str | None = None) -> TokenSource:
    return TokenSource(
        login, Repeater(300, clock), Redactor(), token_url=TOKEN_URL, grant=grant, access_token=access_token
    )


@pytest.mark.parametrize(
    ("grant", "form"),
    [
        (GRANT, {"grant_type": "client_credentials", "scope": TRUNK_SCOPE}),
        (Grant(GRANT.client_id, SECRET, "Atzr|1"), {"grant_type": "refresh_token", "refresh_token": "Atzr|1"}),
        (
            Grant(GRANT.client_id, SECRET, "Atzr|1", "a b"),
            {"grant_type": "refresh_token", "refresh_token": "Atzr|1", "scope": "a b"},
        ),
    ],
)
def test_the_form_that_is_sent(clock: FakeClock, grant: Grant, form: dict[str, str]) -> None:
    login = Login()
    source(login, clock, grant=grant).request()
    sent = {"client_id": GRANT.client_id, "client_secret": SECRET, **form}
    assert login.forms == [{name: [value] for name, value in sent.items()}]
    assert login.headers[0]["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in login.headers[0]


def test_a_token_is_fetched_once_and_kept(clock: FakeClock) -> None:
    login = Login()
    tokens = source(login, clock)
    assert {tokens.token() for _try in range(5)} == {"Atc|1"}
    assert len(login.forms) == 1


def test_a_given_token_is_used_until_it_is_rejected(clock: FakeClock) -> None:
    login = Login()
    tokens = source(login, clock, access_token="Atc|given")
    assert tokens.token() == "Atc|given"
    assert login.forms == []
    assert tokens.renew("Atc|given") == "Atc|1"
    assert tokens.token() == "Atc|1"


@pytest.mark.parametrize("given", [None, "Atc|given"])
def test_one_renewal_serves_32_threads(clock: FakeClock, given: str | None) -> None:
    login, together = Login(), threading.Barrier(32, timeout=10)
    tokens = source(login, clock, access_token=given)
    rejected, got = tokens.token(), []

    def meet_a_401() -> None:
        together.wait()
        got.append(tokens.renew(rejected))

    before = len(login.forms)
    threads = [threading.Thread(target=meet_a_401) for _number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(login.forms) == before + 1
    assert got == [f"Atc|{before + 1}"] * 32


def test_32_threads_that_start_together_log_in_once(clock: FakeClock) -> None:
    another = threading.Event()

    class SlowLogin(Login):
        def send(self, *request: Any) -> Response:
            if self.forms:
                another.set()
            response = super().send(*request)
            another.wait(0.2)
            return response

    login, together = SlowLogin(), threading.Barrier(32, timeout=10)
    tokens = source(login, clock)

    def start() -> None:
        together.wait()
        tokens.token()

    threads = [threading.Thread(target=start) for _number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(login.forms) == 1


def test_a_renewal_that_fails_fails_for_all_threads(clock: FakeClock) -> None:
    """One after the other, each of them would wait for retry_timeout: hours, in place of minutes."""
    down = [answer(503)] * 500
    login, together = Login(answer(200, {"access_token": "Atc|1"}), *down), threading.Barrier(32, timeout=10)
    tokens = source(login, clock)
    rejected, errors, began = tokens.token(), [], clock.now()

    def meet_a_401() -> None:
        together.wait()
        try:
            tokens.renew(rejected)
        except AlexaError as error:
            errors.append(error)

    threads = [threading.Thread(target=meet_a_401) for _number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 32 and len(set(map(id, errors))) == 32
    assert {str(error) for error in errors} == {str(errors[0])} and "answered 503" in str(errors[0])
    assert clock.now() - began < 300


def test_a_login_that_is_lost_says_nothing_uncertain_of_the_request_it_was_for(clock: FakeClock) -> None:
    with pytest.raises(TransportError, match="^Login with Amazon gave no token: The connection was lost") as caught:
        source(Login(*[lost()] * 50), clock).token()
    assert not caught.value.uncertain


def test_a_late_401_for_an_old_token_renews_nothing(clock: FakeClock) -> None:
    login = Login()
    tokens = source(login, clock)
    first = tokens.token()
    second = tokens.renew(first)
    assert tokens.renew(first) == second
    assert len(login.forms) == 2


@pytest.mark.parametrize("fault", [answer(429), answer(503), lost()])
def test_a_login_is_repeated_since_two_tokens_do_no_harm(clock: FakeClock, fault: Any) -> None:
    login = Login(fault)
    assert source(login, clock).token() == "Atc|2"


@pytest.mark.parametrize(
    ("status", "body", "told", "hint"),
    [
        (401, {"error": "invalid_client", "error_description": "Client authentication failed"},
         "401: Client authentication failed.", "client_secret"),
        (400, {"error": "invalid_scope"}, "400: invalid_scope.", "Grant API Access"),
        (400, {"error": "invalid_grant", "error_description": "no"}, "400: no.", "refresh token"),
        (400, {"error": "unsupported_grant_type"}, "400: unsupported_grant_type.", "token_url"),
        (404, "<html>  Not\n here</html>", "404: <html> Not here</html>.", "token_url"),
        (200, "<html>Welcome</html>", "200: <html>Welcome</html>.", "token_url"),
        (200, {"expires_in": 3600}, "200: ", "token_url"),
        (200, ["x"], "200: ", "token_url"),
        (500, None, "500: no reason given.", "Run again in a while"),
        (429, {"error": "slow_down"}, "429: slow_down.", "Run again in a while"),
    ],
)  # fmt: skip
def test_a_refusal_is_explained(clock: FakeClock, status: int, body: Any, told: str, hint: str) -> None:
    refusal = answer(status, body, X_Amzn_RequestId="id-1")
    with pytest.raises(CredentialsError) as caught:
        source(Login(*[refusal] * 50), clock).token()
    assert f"answered {told}" in str(caught.value)
    assert hint in str(caught.value.next_step)
    assert GRANT.client_id in str(caught.value)
    assert SECRET not in str(caught.value.to_result())
    assert caught.value.details == {"status": status, "request_id": "id-1"}


def test_a_token_that_was_got_is_masked_from_then_on(clock: FakeClock) -> None:
    redactor, login = Redactor(), Login(answer(200, {"access_token": "no-usual/token"}))
    tokens = TokenSource(login, Repeater(300, clock), redactor, token_url=TOKEN_URL, grant=GRANT)
    tokens.token()
    assert redactor.text("no-usual/token no-usual%2Ftoken") == "******** ********"


@pytest.mark.parametrize("grant", [Grant(None, None), Grant("id", None), Grant(None, "x"), Grant("", "")])
def test_without_credentials_nothing_is_sent(clock: FakeClock, grant: Grant) -> None:
    login = Login()
    with pytest.raises(CredentialsError, match="There are no credentials for Login with Amazon"):
        source(login, clock, grant=grant).token()
    assert login.forms == []


def test_a_rejected_token_without_credentials_says_so(clock: FakeClock) -> None:
    login = Login()
    with pytest.raises(CredentialsError, match="rejected the access token"):
        source(login, clock, grant=Grant(None, None), access_token="Atc|given").renew("Atc|given")
    assert login.forms == []
