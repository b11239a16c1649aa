# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for the clock, the network and the tokens: scripts of calls in order, and no waiting."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import TransportError
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Response
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace import Pace
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace_store import MemoryStore
from ansible_collections.alexa.smart_properties.plugins.module_utils._retry import Repeater

API = "https://api.example.com"


class FakeClock(Clock):
    """A clock that stands still until somebody sleeps.

    :ivar while_sleeping: called once, in the middle of the next sleep.
    """

    def __init__(self, start: float = 10_000.0) -> None:
        self.moment = start
        self.sleeps: list[float] = []
        self.while_sleeping: Callable[[], None] | None = None
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.moment

    def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        with self._lock:
            self.sleeps.append(seconds)
            assert len(self.sleeps) < 10_000, "a wait without an end"
            self.moment += seconds
            wake, self.while_sleeping = self.while_sleeping, None
        if wake:
            wake()


def answer(status: int = 200, body: Any = None, **headers: str) -> Response:
    """An answer with a JSON body; a text is sent as it is. Underscores in header names become hyphens."""
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, text)


def lost(*, sent: bool = True, hopeless: bool = False) -> TransportError:
    """What the transport raises where no answer came."""
    return TransportError("The connection was lost.", sent=sent, hopeless=hopeless)


@dataclass
class Call:
    """One request that must come, and what it meets. C(body) is compared where it is given."""

    method: str
    path: str
    outcome: Response | TransportError = field(default_factory=answer)
    body: Any = None


class ScriptedTransport:
    """Plays calls in their order. Any other call fails the test, and so does one that is not made (see C(finish))."""

    def __init__(self, *calls: Call) -> None:
        self._waiting = list(calls)
        self.headers: list[Mapping[str, str]] = []

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Response:
        path = url[len(API):] if url.startswith(API) else url  # fmt: skip
        assert self._waiting, f"unexpected call after the last: {method} {path}"
        call = self._waiting.pop(0)
        assert (method, path) == (call.method, call.path)
        if call.body is not None:
            assert json.loads(body or b"null") == call.body
        self.headers.append(headers)
        if isinstance(call.outcome, TransportError):
            raise call.outcome
        return call.outcome

    def finish(self) -> None:
        """Fails if a call was not made."""
        assert not self._waiting, f"not called: {self._waiting}"


class ServedTransport:
    """Answers with a function of method, path and body, for calls whose order is open. Records them."""

    def __init__(self, serve: Callable[[str, str, Any], Response]) -> None:
        self._serve = serve
        self.calls: list[tuple[str, str]] = []

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Response:
        path = url[len(API):]  # fmt: skip
        self.calls.append((method, path))
        return self._serve(method, path, json.loads(body) if body else None)


class FakeTokens:
    """Tokens by number: token-1, and after each renewal the next."""

    def __init__(self) -> None:
        self.number = 1

    def token(self) -> str:
        return f"token-{self.number}"

    def renew(self, rejected: str) -> str:
        assert rejected == self.token()
        self.number += 1
        return self.token()

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        yield


def client_on(transport: Any, clock: FakeClock, *, retry_timeout: float = 300.0, api_url: str = API) -> Client:
    """A client whose pace, tokens and clock are stand-ins."""
    return Client(
        transport,
        FakeTokens(),
        Pace(MemoryStore(), clock),
        Repeater(retry_timeout, clock),
        api_url=api_url,
        retry_timeout=retry_timeout,
        clock=clock,
    )
