# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on request: which requests they meet, and what happens to those."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .answers import Refusal, a_list, a_text, an_object, json_answer, members, one_of
from .trunks import FINAL_STATUS

# Kinds that answer or cut without the operation being done, kinds that spoil the answer of an operation
# that is done, and kinds that only change the request.
INSTEAD = ("status", "garbage", "html-error", "reset", "lost-before")
AFTERWARDS = ("lost-answer", "slow", "truncated")
BEFOREHAND = ("revoke-token", "status-failed")
Operation = Callable[[], Awaitable[web.Response]]


class Fault:
    """One rule: the first `after` requests that match pass, then `times` of them meet the fault."""

    def __init__(self, rule: dict[str, Any]) -> None:
        checked = members(rule, "", {"kind": one_of(*INSTEAD, *AFTERWARDS, *BEFOREHAND)}, {
            "match": an_object, "status": _number, "headers": an_object, "body": an_object, "seconds": _number,
            "times": _number, "after": _number, "probability": _number, "seed": _number})
        match = members(checked.get("match", {}), "match.", {}, {"method": a_text, "path": a_text})
        try:
            self._path = re.compile(match.get("path", ""))
        except re.error as error:
            raise Refusal(400, f"match.path is not a regular expression: {error}") from None
        self._method = match.get("method", "").upper()
        self._rule = rule
        self._pass_first = checked.get("after", 0)
        self._probability = checked.get("probability", 1)
        self._random = random.Random(checked.get("seed", 0))
        self._left = checked.get("times", float("inf") if "probability" in checked else 1)
        self._met = 0
        self.kind: str = checked["kind"]
        self.status = int(checked.get("status", 503))
        self.headers: dict[str, str] = {name: str(value) for name, value in checked.get("headers", {}).items()}
        self.body: dict[str, Any] = checked.get("body", {"message": "The service is unavailable. Try again later."})
        self.seconds: float = checked.get("seconds", 1)

    def meets(self, method: str, path: str) -> bool:
        """Whether this request meets the fault; counts it if so."""
        if self._left <= 0 or self._method not in ("", method) or not self._path.search(path):
            return False
        if self._pass_first > 0:
            self._pass_first -= 1
            return False
        if self._random.random() >= self._probability:
            return False
        self._left -= 1
        self._met += 1
        return True

    def shown(self) -> dict[str, Any]:
        """The rule, and how many requests have met it."""
        return {**self._rule, "met": self._met}


class Faults:
    """The rules in force; of those that match a request, the first one counts."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def add(self, rules: Any) -> None:
        """Adds rules after those in force."""
        self.rules += [Fault(an_object(rule, "A fault")) for rule in a_list(rules, "The request body")]

    def pick(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets."""
        return next((rule for rule in self.rules if rule.meets(method, path)), None)


async def answer_instead(fault: Fault, request: web.Request) -> web.StreamResponse | None:
    """The fault's own answer; None when the connection was cut. The operation is not done."""
    await request.read()
    if fault.kind == "status":
        return json_answer(fault.body, fault.status, fault.headers)
    if fault.kind == "garbage":
        return web.Response(text="<html><body>Welcome to the guest network</body></html>", content_type="text/html")
    if fault.kind == "html-error":
        return web.Response(text="<html><body><h1>503 Service Unavailable</h1></body></html>", status=503,
                            content_type="text/html")
    cut(request, reset=fault.kind == "reset")
    return None


async def answer_spoiled(fault: Fault, request: web.Request, operation: Operation) -> web.StreamResponse | None:
    """Does the operation and spoils its answer; None when the connection was cut."""
    answer = await operation()
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        return answer
    if fault.kind == "lost-answer":
        cut(request, reset=False)
        return None
    return await _truncated(request, answer)


def cut(request: web.Request, reset: bool) -> None:
    """Ends the connection without an answer: by a TCP reset, or by closing it."""
    transport = request.transport
    if transport is None:
        return
    if reset:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def mark_as_failing(request: web.Request) -> None:
    """A trunk that this request makes or changes ends in FAILED."""
    request[FINAL_STATUS] = "FAILED"


async def _truncated(request: web.Request, answer: web.Response) -> web.StreamResponse:
    """Half of the body under a Content-Length that promises all of it."""
    body = bytes(answer.body or b"{}") if isinstance(answer.body, (bytes, bytearray)) else b"{}"
    half = web.StreamResponse(status=answer.status, headers={"Content-Type": "application/json"})
    half.content_length = len(body)
    half.force_close()
    await half.prepare(request)
    await half.write(body[:len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half


def _number(value: Any, where: str) -> Any:
    if type(value) not in (int, float) or value < 0:
        raise Refusal(400, f"{where} must be a number of at least 0.")
    return value
