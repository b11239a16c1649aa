# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes over the wire: JSON bodies, error bodies, request ids, strict reading of request bodies."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import web

Check = Callable[[Any, str], Any]


class Refusal(Exception):
    """An answer other than success: status, body and headers."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, str] = {"message": message}


class OAuthRefusal(Refusal):
    """An error of the token endpoint in the form of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(401 if error == "invalid_client" else 400, description)
        self.body = {"error": error, "error_description": description}


def new_request_id() -> str:
    """The value of X-Amzn-RequestId."""
    return str(uuid.uuid4())


def json_answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """`body` as compact JSON."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return web.Response(body=text.encode(), status=status, headers=headers, content_type="application/json")


def refusal_answer(refusal: Refusal) -> web.Response:
    """The answer that a refusal stands for."""
    return json_answer(refusal.body, refusal.status, refusal.headers)


def deleted(status: int) -> web.Response:
    """The answer to a successful DELETE: 204 without a body, or 200 with an empty object."""
    return web.Response(status=204) if status == 204 else json_answer({})


async def json_object(request: web.Request, any_content_type: bool = False) -> dict[str, Any]:
    """The request's body, which must be a JSON object sent as application/json.

    `any_content_type` is for the one call that Amazon's page shows without a Content-Type.
    """
    if not any_content_type and request.content_type != "application/json":
        raise Refusal(415, "Content-Type must be application/json.")
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise Refusal(400, "The request body is not valid JSON.") from None
    return an_object(body, "The request body")


def members(body: dict[str, Any], where: str, required: dict[str, Check],
            optional: dict[str, Check] | None = None) -> dict[str, Any]:
    """Checked members of a JSON object; a missing, unknown or null one is refused, naming its path."""
    known = {**required, **(optional or {})}
    for name in body:
        if name not in known:
            raise Refusal(400, f"Unknown field {where}{name}.")
    for name in required:
        if name not in body:
            raise Refusal(400, f"Missing field {where}{name}.")
    return {name: known[name](value, where + name) for name, value in body.items()}


def an_object(value: Any, where: str) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise Refusal(400, f"{where} must be a JSON object.")
    return value


def a_list(value: Any, where: str) -> list[Any]:
    """A JSON array with at least one element."""
    if not isinstance(value, list) or not value:
        raise Refusal(400, f"{where} must be a list with at least one element.")
    return value


def a_text(value: Any, where: str) -> str:
    """A string that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise Refusal(400, f"{where} must be a string that is not empty.")
    return value


def one_of(*allowed: str) -> Check:
    """A check that admits these strings only."""

    def check(value: Any, where: str) -> str:
        if value not in allowed:
            raise Refusal(400, f"{where} must be {' or '.join(allowed)}.")
        return str(value)

    return check


def only_parameters(request: web.Request, *allowed: str) -> None:
    """Refuses query parameters that the operation does not know, and repeated ones."""
    seen = list(request.query)
    for name in seen:
        if name not in allowed:
            raise Refusal(400, f"Unknown query parameter {name}.")
        if seen.count(name) > 1:
            raise Refusal(400, f"Query parameter {name} is given more than once.")
