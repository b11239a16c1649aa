# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both sides of a call remember of each other (RFC 3261, section 12)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from alexa_laboratory.sip.message import MAGIC, Headers, Request, Response, host_port, param, token, uri_in
from alexa_laboratory.sip.transport import Address, Flow

ALLOWED = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE"


@dataclass(frozen=True)
class Identity:
    """Who an agent is on the wire."""

    address: str
    port: int
    transport: str  # "UDP" or "TLS"

    def via(self) -> str:
        """A new transaction's Via."""
        return f"SIP/2.0/{self.transport} {self.address}:{self.port};branch={MAGIC}{token()};rport"

    def contact(self, user: str) -> str:
        secured = ";transport=tls" if self.transport == "TLS" else ""
        return f"<sip:{user}@{self.address}:{self.port}{secured}>"


@dataclass
class Dialog:
    """One dialog, or the beginning of one: the remote tag is empty until the peer's answer.

    :ivar local: our From or To with tag; `remote` the peer's.
    :ivar target: the URI that the peer wants requests for.
    :ivar routes: proxies to go through, next one first.
    :ivar flow: the way the dialog was made over.
    """

    identity: Identity
    user: str
    call_id: str
    local: str
    remote: str
    target: str
    flow: Flow
    routes: list[str] = field(default_factory=list)
    cseq: int = 0

    @classmethod
    def calling(cls, identity: Identity, user: str, flow: Flow, *, caller: str, called: str) -> Dialog:
        """The caller's side, before there is any answer."""
        return cls(identity, user, token(), f"<{caller}>;tag={token()}", f"<{called}>", called, flow)

    @classmethod
    def called(cls, identity: Identity, user: str, flow: Flow, invite: Request) -> Dialog:
        """The called side's."""
        return cls(
            identity,
            user,
            invite.call_id,
            f"{invite.headers.get('To')};tag={token()}",
            invite.headers.get("From"),
            uri_in(invite.headers.get("Contact")),
            flow,
            invite.headers.items("Record-Route"),
        )

    @property
    def key(self) -> tuple[str, str]:
        """Call-ID and our tag."""
        return self.call_id, param(self.local, "tag")

    def answered(self, response: Response) -> None:
        """Learn what the peer's success tells the caller."""
        self.remote = response.headers.get("To")
        self.routes = response.headers.items("Record-Route")[::-1]
        self.refresh(response)

    def refresh(self, message: Request | Response) -> None:
        """A new Contact is where requests go from now on."""
        if message.headers.get("Contact"):
            self.target = uri_in(message.headers.get("Contact"))

    def request(self, method: str, *, body: str = "", cseq: int | None = None) -> Request:
        """The dialog's next request; an ACK has the number of its INVITE."""
        if cseq is None:
            self.cseq += 1
        pairs = [
            ("Via", self.identity.via()),
            ("Max-Forwards", "70"),
            *(("Route", route) for route in self.routes),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self.cseq if cseq is None else cseq} {method}"),
            ("Contact", self.identity.contact(self.user)),
            ("Allow", ALLOWED),
        ]
        if body:
            pairs.append(("Content-Type", "application/sdp"))
        return Request(Headers(pairs), body, method, self.target)

    def next_hop(self) -> Address:
        """Where a request goes that has no open connection: the first route, else the peer; names are not looked up."""
        host, port = host_port(uri_in(self.routes[0]) if self.routes else self.target)
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            return self.flow.peer
        return host, port
