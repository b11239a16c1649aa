# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login with Amazon: gets a token, keeps it, and renews it once when the API rejects it.

Source: Amazon's page "Link a Private Branch Exchange (PBX) to Alexa Smart Properties", step 3; errors: RFC 6749
section 5.2. Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import (
    AlexaError,
    CredentialsError,
    TransportError,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Response, Transport
from ansible_collections.alexa.smart_properties.plugins.module_utils._redact import Redactor
from ansible_collections.alexa.smart_properties.plugins.module_utils._retry import THROTTLED, Repeater

TRUNK_SCOPE = "amazon_communication::network:siptrunk"

_HINTS = {
    "invalid_client": "Check client_id and client_secret (ALEXA_CLIENT_ID, ALEXA_CLIENT_SECRET) against the security"
    " profile in the Login with Amazon console.",
    "invalid_scope": "Grant the security profile this scope in the Alexa Smart Properties console (Administration,"
    " Grant API Access).",
    "invalid_grant": "The refresh token (ALEXA_REFRESH_TOKEN) is of another security profile, has expired or was"
    " revoked: authorize the security profile again.",
}
_PASSES = (
    "Run again in a while: nothing is done twice. Raise retry_timeout if it is often down for so long. If it stays,"
    " check token_url (ALEXA_TOKEN_URL)."
)


@dataclass(frozen=True)
class Grant:
    """How a token is asked for. C(refresh_token) makes it a refresh_token grant, else client_credentials."""

    client_id: str | None
    client_secret: str | None
    refresh_token: str | None = None
    scope: str | None = None

    @property
    def complete(self) -> bool:
        return bool(self.client_id and self.client_secret)

    def form(self) -> dict[str, str]:
        """The body of the token request (RFC 6749 sections 4.4.2 and 6)."""
        form = {"client_id": self.client_id or "", "client_secret": self.client_secret or ""}
        if self.refresh_token:
            form |= {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        else:
            form |= {"grant_type": "client_credentials"}
        return form | ({"scope": self.scope} if self.scope else {})


class TokenSource:
    """The access token that all threads of a process share.

    :param access_token: a token from elsewhere, used until the API rejects it.
    """

    def __init__(
        self,
        transport: Transport,
        repeater: Repeater,
        redactor: Redactor,
        *,
        token_url: str,
        grant: Grant,
        access_token: str | None = None,
    ) -> None:
        self._transport = transport
        self._repeater = repeater
        self._redactor = redactor
        self._token_url = token_url
        self._grant = grant
        self._token = access_token
        self._failure: AlexaError | None = None
        self._lock = threading.Lock()

    def token(self) -> str:
        """The present token. Raises CredentialsError or TransportError if there is none to be had."""
        with self._lock:
            return self._token or self._fetch()

    def renew(self, rejected: str) -> str:
        """Another token than the rejected one: whichever thread comes first fetches it for all."""
        with self._lock:
            return self._fetch() if self._token in (rejected, None) else str(self._token)

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        """Within it no login is repeated after this moment of the clock, and one that failed before is tried anew."""
        self._failure = None
        with self._repeater.until(deadline):
            yield

    def request(self) -> dict[str, Any]:
        """Ask Login with Amazon for a token: {access_token, expires_in, scope, token_type}."""
        if not self._grant.complete:
            raise CredentialsError(*_missing(rejected=self._token is not None))
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        body = urlencode(self._grant.form()).encode()
        try:
            # Two tokens for one answer that got lost do no harm.
            response = self._repeater.run(
                "POST", lambda: self._transport.send("POST", self._token_url, headers, body), repeatable=True
            )
        except TransportError as error:
            error.message = f"Login with Amazon gave no token: {error.message}"
            # Of the request that the token is for, it is certain that it was not carried out.
            error.uncertain = False
            raise
        answer = _json_object(response)
        if response.status != 200 or not answer.get("access_token"):
            raise self._refused(response, answer)
        self._redactor.add(str(answer["access_token"]))
        return answer

    def _fetch(self) -> str:
        """A new token. A failure counts for all threads: one after the other, each would wait for retry_timeout."""
        if self._failure:
            # A copy, since each thread adds what it was about to do.
            raise copy.copy(self._failure)
        try:
            self._token = str(self.request()["access_token"])
        except AlexaError as error:
            self._failure = copy.copy(error)
            raise
        return self._token

    def _refused(self, response: Response, answer: dict[str, Any]) -> CredentialsError:
        code = str(answer.get("error", ""))
        told = answer.get("error_description") or code or response.excerpt() or "no reason given"
        passing = response.status == THROTTLED or (response.status >= 500 and not code)
        hint = _PASSES if passing else "Check token_url (ALEXA_TOKEN_URL) and the security profile."
        error = CredentialsError(
            f"Login with Amazon gave no token for client {self._grant.client_id}:"
            f" {self._token_url} answered {response.status}: {told}.",
            _HINTS.get(code, hint),
            status=response.status,
            request_id=response.request_id,
        )
        error.passing = passing
        return error


def _missing(*, rejected: bool) -> tuple[str, str]:
    if rejected:
        return (
            "The API rejected the access token (401), and there are no credentials to get another one.",
            "Give client_id and client_secret (ALEXA_CLIENT_ID, ALEXA_CLIENT_SECRET) besides, or a fresh access_token:"
            " a token lives for an hour.",
        )
    return (
        "There are no credentials for Login with Amazon.",
        "Give client_id and client_secret (or ALEXA_CLIENT_ID and ALEXA_CLIENT_SECRET in the environment), or an"
        " access_token.",
    )


def _json_object(response: Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
