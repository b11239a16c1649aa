# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digest authentication (RFC 3261, section 22; RFC 8760)."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Callable

from alexa_laboratory.sip.message import MAGIC, Headers, Request, Response, param, token

_ALGORITHMS: dict[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}
_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^",\s]+))')
_HEADERS = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}


@dataclass(frozen=True)
class Credentials:
    """Who we are to a registrar."""

    user: str
    password: str = field(repr=False)


def authenticated(request: Request, challenge: Response, who: Credentials) -> Request | None:
    """The request once more with the answer to its challenge; None where no challenge is of a kind we know."""
    asked, answered = _HEADERS[challenge.status]
    for value in challenge.headers.values(asked):
        fields = {name.lower(): quoted or bare for name, quoted, bare in _FIELD.findall(value)}
        if value.lower().startswith("digest ") and fields.get("algorithm", "MD5").upper() in _ALGORITHMS:
            again = Request(Headers(request.headers.pairs), request.body, request.method, request.uri)
            again.headers.set("CSeq", f"{request.cseq + 1} {request.method}")
            via = request.headers.get("Via")
            again.headers.set("Via", via.replace(param(via, "branch"), MAGIC + token()))
            again.headers.set(answered, _answer(fields, request, who))
            return again
    return None


def _answer(fields: dict[str, str], request: Request, who: Credentials) -> str:
    algorithm = fields.get("algorithm", "MD5").upper()
    digest = _ALGORITHMS[algorithm]
    parts = {"username": who.user, "realm": fields["realm"], "nonce": fields["nonce"], "uri": request.uri}
    secret = digest(f"{who.user}:{fields['realm']}:{who.password}".encode())
    question = digest(f"{request.method}:{request.uri}".encode())
    bare = {"algorithm": algorithm}
    if "auth" in [each.strip() for each in fields.get("qop", "").split(",")]:
        parts["cnonce"] = secrets.token_hex(8)
        bare.update(qop="auth", nc="00000001")
        parts["response"] = digest(f"{secret}:{fields['nonce']}:00000001:{parts['cnonce']}:auth:{question}".encode())
    else:
        parts["response"] = digest(f"{secret}:{fields['nonce']}:{question}".encode())
    if "opaque" in fields:
        parts["opaque"] = fields["opaque"]
    written = [f'{name}="{value}"' for name, value in parts.items()]
    return "Digest " + ", ".join(written + [f"{name}={value}" for name, value in bare.items()])
