# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API as calls with a token, a pace, repeats and clear errors.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable, TypeVar

from ansible_collections.alexa.smart_properties.plugins.module_utils import _wire
from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import (
    AlexaError,
    ApiError,
    ThrottledError,
    TransportError,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Response, Transport
from ansible_collections.alexa.smart_properties.plugins.module_utils._lwa import TokenSource
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace import Pace
from ansible_collections.alexa.smart_properties.plugins.module_utils._retry import THROTTLED, Repeater, pause

_T = TypeVar("_T")

_NEXT_STEPS = {
    401: "The token was renewed once and rejected again: it may be of another account or scope. Check the credentials.",
    403: "Grant the security profile access in the Alexa Smart Properties console (Administration, Grant API Access),"
    " check that the token has the scope of this operation, and that the property's subscription is enabled and"
    " includes calling.",
    404: "Check the ids: alexa_siptrunk_info lists the account's trunks, alexa_unit_info its units,"
    " alexa_address_book_info its address books.",
    THROTTLED: "The account is above its limit, and retry_timeout allows no further try: run again later, raise"
    " retry_timeout, or set requests_per_second.",
}


class Client:
    """Calls one host with one token.

    :param retry_timeout: seconds that one request may keep meeting 429, 5xx or lost connections.
    """

    def __init__(
        self,
        transport: Transport,
        tokens: TokenSource,
        pace: Pace,
        repeater: Repeater,
        *,
        api_url: str,
        retry_timeout: float,
        clock: Clock,
    ) -> None:
        self._transport = transport
        self._tokens = tokens
        self._pace = pace
        self._repeater = repeater
        self._api_url = api_url.rstrip("/")
        self._retry_timeout = retry_timeout
        self.clock = clock

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        """Within it nothing is repeated after this moment of the clock. For one thread."""
        with self._repeater.until(deadline), self._tokens.until(deadline):
            yield

    def get(self, tried: str, path: str) -> Any:
        """The body of the answer, or None where the thing does not exist (404).

        :param tried: what this is for, as in "Could not <tried>".
        """
        response = self._exchange(tried, "GET", path, None)
        if self._absent(tried, "GET", path, response):
            return None
        return self._body(tried, "GET", path, response, required=True)

    def put(self, tried: str, path: str, body: dict[str, Any]) -> Any:
        """Replace a thing. Raises ApiError if it is not there (404)."""
        return self._body(tried, "PUT", path, self._exchange(tried, "PUT", path, body))

    def delete(self, tried: str, path: str) -> bool:
        """Remove a thing; whether it was there."""
        response = self._exchange(tried, "DELETE", path, None)
        if self._absent(tried, "DELETE", path, response):
            return False
        self._body(tried, "DELETE", path, response)
        return True

    def create(
        self, tried: str, path: str, body: dict[str, Any], made: Callable[[Any], _T], find: Callable[[], _T | None]
    ) -> _T:
        """Make a thing exactly once, even if the answer gets lost.

        :param made: turns the answer's body into the thing.
        :param find: looks whether the thing is there; asked before a creation is tried again.
        """
        started = self.clock.now()
        attempt = 0
        while True:
            try:
                return made(self._body(tried, "POST", path, self._exchange(tried, "POST", path, body)))
            except AlexaError as error:
                if not error.uncertain:
                    raise
                found = find()
                if found is not None:
                    return found
                wait = pause(attempt)
                if self.clock.now() + wait - started >= self._retry_timeout:
                    raise
                self.clock.sleep(wait)
                attempt += 1

    def pages(self, tried: str, path: str) -> Iterator[dict[str, Any]]:
        """The items of a list, to its last page. A list that does not exist is an ApiError."""
        token: str | None = None
        seen: set[str] = set()
        while True:
            page_path = _wire.page_path(path, token)
            response = self._exchange(tried, "GET", page_path, None)
            body = self._body(tried, "GET", page_path, response, required=True)
            try:
                items, token = _wire.page(body)
            except ValueError as error:
                raise self._error(tried, "GET", path, response, f"an unknown form of list: {error}") from None
            yield from items
            if not token:
                return
            if token in seen:
                raise self._error(tried, "GET", path, response, "a page token that repeats; the list would not end")
            seen.add(token)

    def _exchange(self, tried: str, method: str, path: str, body: dict[str, Any] | None) -> Response:
        """Send until answered for good; a token that is rejected is renewed exactly once."""
        data = None if body is None else json.dumps(body).encode()
        try:
            token = self._tokens.token()
            response = self._repeater.run(method, lambda: self._send(method, path, data, token), pace=self._pace)
            if response.status == 401:
                renewed = self._tokens.renew(token)
                response = self._repeater.run(method, lambda: self._send(method, path, data, renewed), pace=self._pace)
        except (TransportError, ThrottledError) as error:
            error.message = f"Could not {tried}: {error.message}"
            raise
        return response

    def _send(self, method: str, path: str, data: bytes | None, token: str) -> Response:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        return self._transport.send(method, self._api_url + path, headers, data)

    def _absent(self, tried: str, method: str, path: str, response: Response) -> bool:
        if response.status != 404:
            return False
        self._json(tried, method, path, response)
        return True

    def _json(self, tried: str, method: str, path: str, response: Response) -> Any:
        """An answer that is not JSON is no answer of this API: some proxy spoke, and its 404 means nothing."""
        try:
            return response.json()
        except ValueError:
            told = f"no JSON but: {response.excerpt()}"
            raise self._error(tried, method, path, response, told) from None

    def _body(self, tried: str, method: str, path: str, response: Response, *, required: bool = False) -> Any:
        """The body of a good answer."""
        body = self._json(tried, method, path, response)
        if not 200 <= response.status < 300:
            raise self._error(tried, method, path, response, _wire.error_message(body) or "no reason given")
        if required and body is None:
            raise self._error(tried, method, path, response, "an empty body")
        return body

    def _error(self, tried: str, method: str, path: str, response: Response, told: str) -> ApiError:
        request_id = response.request_id
        named = f" (request id {request_id})" if request_id else ""
        # Where a limit of Amazon is reached that is a 403 too, and a grant would not help.
        next_step = None if "maximum number" in told else _NEXT_STEPS.get(response.status)
        if not next_step and told.startswith("no JSON"):
            next_step = f"Check api_url (now {self._api_url}), and whether a proxy answers in the API's place."
        return ApiError(
            f"Could not {tried}: {method} {path} answered {response.status}: {told}{named}.",
            next_step,
            status=response.status,
            request_id=request_id,
        )
