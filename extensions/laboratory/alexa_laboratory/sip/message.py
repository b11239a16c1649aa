# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP messages: text into parts and back (RFC 3261, sections 7 and 20)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Union

MAGIC = "z9hG4bK"
_COMPACT = {
    "c": "Content-Type",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
}
_COMMA = re.compile(r',(?=(?:[^"<>]|"[^"]*"|<[^>]*>)*$)')
_REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    302: "Moved Temporarily",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    503: "Service Unavailable",
    603: "Decline",
}


class Headers:
    """Header fields in their order; names are compared without case, compact forms are the long ones."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs = [(_COMPACT.get(name.lower(), name), value) for name, value in pairs]

    def values(self, name: str) -> list[str]:
        """Each field's value as it stands."""
        return [value for known, value in self.pairs if known.lower() == name.lower()]

    def get(self, name: str) -> str:
        """The first field's value; empty if there is none."""
        return next(iter(self.values(name)), "")

    def items(self, name: str) -> list[str]:
        """The entries of a field that is a list (Via, Route, Contact), whether one a line or with commas."""
        return [part.strip() for value in self.values(name) for part in _COMMA.split(value)]

    def set(self, name: str, value: str) -> None:
        """Replace all fields of that name, in the first one's place."""
        places = [place for place, pair in enumerate(self.pairs) if pair[0].lower() == name.lower()]
        for place in reversed(places[1:]):
            del self.pairs[place]
        if places:
            self.pairs[places[0]] = (name, value)
        else:
            self.pairs.append((name, value))


@dataclass
class _Message:
    headers: Headers = field(default_factory=Headers)
    body: str = ""

    @property
    def first_line(self) -> str:
        raise NotImplementedError

    @property
    def branch(self) -> str:
        """The transaction's name: what the sender wrote into the topmost Via."""
        return param((self.headers.items("Via") or [""])[0], "branch")

    @property
    def call_id(self) -> str:
        return self.headers.get("Call-ID")

    @property
    def cseq(self) -> int:
        return int(self.headers.get("CSeq").split()[0])

    def encode(self) -> bytes:
        """The message as it goes over the wire."""
        body = self.body.encode()
        self.headers.set("Content-Length", str(len(body)))
        lines = [self.first_line, *(f"{name}: {value}" for name, value in self.headers.pairs), "", ""]
        return "\r\n".join(lines).encode() + body


@dataclass
class Request(_Message):
    """A request; `method` is upper case."""

    method: str = ""
    uri: str = ""

    @property
    def first_line(self) -> str:
        return f"{self.method} {self.uri} SIP/2.0"


@dataclass
class Response(_Message):
    """An answer to a request."""

    status: int = 0
    reason: str = ""

    @property
    def first_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason}"

    @property
    def method(self) -> str:
        """The method of the request that is answered."""
        return self.headers.get("CSeq").split()[-1]

    @property
    def final(self) -> bool:
        return self.status >= 200


AnyMessage = Union[Request, Response]


def answer_to(request: Request, status: int, *, tag: str = "", body: str = "") -> Response:
    """An answer with the fields that it must copy; `tag` becomes the To tag where the request has none."""
    copied = ("Via", "From", "Call-ID", "CSeq", "Record-Route")
    pairs = [(name, value) for name in copied for value in request.headers.values(name)]
    to = request.headers.get("To")
    pairs.append(("To", to if param(to, "tag") or not tag else f"{to};tag={tag}"))
    if body:
        pairs.append(("Content-Type", "application/sdp"))
    return Response(Headers(pairs), body, status, _REASONS.get(status, "Refused"))


def parse(data: bytes) -> AnyMessage:
    """One message from its text; ValueError where it is not SIP."""
    head, _blank, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    first, *lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    headers = Headers()
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"no SIP header: {line[:80]!r}")
        headers.pairs += Headers([(name.strip(), value.strip())]).pairs
    words = first.split(" ", 2)
    if len(words) < 3 or not re.fullmatch(r"\d+ \w+", headers.get("CSeq")):
        raise ValueError(f"no SIP message: {first[:80]!r}")
    if words[0] == "SIP/2.0":
        return Response(headers, body, int(words[1]), words[2])
    if words[2] != "SIP/2.0":
        raise ValueError(f"no SIP request: {first[:80]!r}")
    return Request(headers, body, words[0].upper(), words[1])


class Framer:
    """Cuts a stream into messages by Content-Length (RFC 3261, section 18.3)."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now; ValueError for a length that is none."""
        self._buffer += data
        complete: list[bytes] = []
        while True:
            self._buffer = self._buffer.lstrip(b"\r\n")  # empty lines keep connections alive
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return complete
            length = re.search(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*(\d+)", head)
            if not length:
                raise ValueError("a message on a stream has no Content-Length")
            size = int(length[1])
            if len(rest) < size:
                return complete
            complete.append(head + found + rest[:size])
            self._buffer = rest[size:]


def param(value: str, name: str) -> str:
    """A parameter of a header's value, not of the URI inside its brackets; empty if there is none."""
    found = re.search(rf";\s*{name}\s*=\s*([^;,\s]+)", value.rsplit(">", 1)[-1], re.IGNORECASE)
    return found[1] if found else ""


def uri_in(value: str) -> str:
    """The URI of a value as From, Contact and Route hold it."""
    found = re.search(r"<([^>]*)>", value)
    return found[1] if found else value.split(";")[0].strip()


def host_port(uri: str) -> tuple[str, int]:
    """Where a SIP URI points: host or address, and port (5061 for TLS, else 5060)."""
    found = re.match(r"sips?:(?:[^@]*@)?([^:;?>]+)(?::(\d+))?(.*)", uri, re.IGNORECASE)
    if not found:
        raise ValueError(f"no SIP URI: {uri[:80]!r}")
    usual = 5061 if "transport=tls" in found[3].lower() or uri.lower().startswith("sips:") else 5060
    return found[1], int(found[2] or usual)


def token() -> str:
    """A tag, a branch's end, a Call-ID: unguessable and unique."""
    return secrets.token_hex(8)
