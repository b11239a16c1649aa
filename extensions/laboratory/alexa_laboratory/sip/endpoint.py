# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's half that lives on its event loop: sorts what comes in, sends what goes out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from alexa_laboratory.sip import tone
from alexa_laboratory.sip.call import Call, hung_up
from alexa_laboratory.sip.dialog import ALLOWED, Dialog, Identity
from alexa_laboratory.sip.digest import Credentials, authenticated
from alexa_laboratory.sip.errors import Refused
from alexa_laboratory.sip.incoming import Policy, ring
from alexa_laboratory.sip.media import Media, Metronome
from alexa_laboratory.sip.message import AnyMessage, Request, Response, answer_to, param, parse
from alexa_laboratory.sip.trace import Message, redacted
from alexa_laboratory.sip.transaction import LIFE, ClientTransaction, ServerTransaction
from alexa_laboratory.sip.transport import Address, Flow, MakeSocket, Tls, TlsSide, Udp, UdpSide

_T = TypeVar("_T")
PATIENCE = 5.0  # seconds for an answer to anything but an INVITE


@dataclass(frozen=True)
class Settings:
    """How an agent was made; see `UserAgent`."""

    name: str
    address: str
    port: int
    transport: Udp | Tls
    srtp: bool
    tone: float
    make_socket: MakeSocket
    domain: str | None


class Endpoint:
    """Transactions, dialogs and sockets of one agent. Everything here runs on the loop."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self.settings = settings
        self._loop = loop
        self.user = quote(settings.name, safe="")
        self.domain = settings.domain or settings.address
        self.credentials: Credentials | None = None
        self.policy = Policy()
        self.calls: dict[tuple[str, str], Call] = {}
        self.trace: list[Message] = []
        self.options_answered = 0
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[tuple[str, str], ServerTransaction] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._packets = tone.packets(settings.tone)
        self._handlers = {
            "OPTIONS": self._options,
            "INVITE": self._invite,
            "CANCEL": self._cancel,
            "BYE": self._in_dialog,
            "UPDATE": self._in_dialog,
        }

    async def open(self) -> None:
        """Listen; OSError where the address or the port can't be had."""
        self._metronome = Metronome(self._loop)
        self.arrived: asyncio.Queue[Call] = asyncio.Queue()
        made = self.settings
        own = (made.address, made.port)
        self._side: UdpSide | TlsSide
        if isinstance(made.transport, Tls):
            self._side = TlsSide(own, made.transport, made.make_socket, self._received)
        else:
            self._side = UdpSide(own, made.make_socket, self._received)
        await self._side.open()
        self.identity = Identity(made.address, made.port, made.transport.name)

    async def close(self) -> None:
        """Hang up what is up, then close every socket."""
        await asyncio.gather(*(hung_up(call, 1.0) for call in list(self.calls.values())))
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()
        for call in list(self.calls.values()):
            call.over()
        self._side.close()
        for transaction in self._servers.values():
            transaction.forget()
        await asyncio.sleep(0)

    def open_media(self) -> Media:
        """A socket for a call's sound."""
        return Media(self.settings.address, self.settings.make_socket, self._metronome, self._packets)

    def spawn(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Run something beside; it ends with the endpoint."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run something on the loop for another thread, and wait for what it returns or raises."""

        async def tracked() -> _T:
            return await self.spawn(work)

        return asyncio.run_coroutine_threadsafe(tracked(), self._loop).result()

    # What goes out

    async def flow_to(self, destination: Address, seconds: float) -> Flow:
        """The way to a host: the open connection, or a new one."""
        return await self._side.flow_to(destination, seconds)

    async def flow_of(self, dialog: Dialog) -> Flow:
        """The way to a dialog's peer: its own connection as long as it lives, else where the peer says."""
        if dialog.flow.reliable and dialog.flow.alive:
            return dialog.flow
        return await self.flow_to(dialog.next_hop(), PATIENCE)

    def send(self, message: AnyMessage, flow: Flow) -> None:
        """Write and remember."""
        data = message.encode()
        self._note("sent", flow, message, data)
        flow.send(data)

    def begin(self, request: Request, flow: Flow) -> ClientTransaction:
        """Send a request that wants an answer."""
        transaction = ClientTransaction(request, flow, self.send)
        self._remember(self._clients, (request.branch, request.method), transaction)
        return transaction

    async def exchange(self, request: Request, flow: Flow, seconds: float = PATIENCE) -> Response:
        """The final answer to a request; a challenge is met once if we have credentials."""
        response = await self.begin(request, flow).final(seconds)
        again = self.meeting(request, response)
        return await self.begin(again, flow).final(seconds) if again else response

    def meeting(self, request: Request, response: Response) -> Request | None:
        """The request with the answer to a challenge; None where there is none or nothing to answer with."""
        if response.status not in (401, 407) or self.credentials is None:
            return None
        return authenticated(request, response, self.credentials)

    def _remember(self, table: dict[tuple[str, str], Any], key: tuple[str, str], transaction: Any) -> None:
        table[key] = transaction
        self._loop.call_later(LIFE, table.pop, key, None)

    def _note(self, direction: str, flow: Flow, message: AnyMessage, data: bytes) -> None:
        text = redacted(data.decode("utf-8", "replace"))
        self.trace.append(Message(time.time(), direction, flow.peer, message.first_line, text))

    # What comes in

    def _received(self, data: bytes, flow: Flow) -> None:
        try:
            message = parse(data)
        except ValueError:
            return  # a stranger may send anything
        self._note("received", flow, message, data)
        if isinstance(message, Request):
            self._request(message, flow)
        elif (message.branch, message.method) in self._clients:
            self._clients[message.branch, message.method].received(message)

    def _request(self, request: Request, flow: Flow) -> None:
        key = (request.branch, "INVITE" if request.method == "ACK" else request.method)
        known = self._servers.get(key)
        if request.method == "ACK":
            call = self.call_of(request)
            if known:
                known.acked()
            elif call:
                call.acknowledged(request)
        elif known:
            known.again()
        else:
            transaction = ServerTransaction(request, flow, self.send)
            self._remember(self._servers, key, transaction)
            self._handlers.get(request.method, self._unknown)(transaction)

    def call_of(self, request: Request) -> Call | None:
        """The call that a request belongs to."""
        return self.calls.get((request.call_id, param(request.headers.get("To"), "tag")))

    def _options(self, transaction: ServerTransaction) -> None:
        response = answer_to(transaction.request, 200, tag=self.user)
        response.headers.set("Allow", ALLOWED)
        response.headers.set("Accept", "application/sdp")
        # First, since who has the answer may ask for the count at once.
        self.options_answered += 1
        transaction.respond(response)

    def _invite(self, transaction: ServerTransaction) -> None:
        if param(transaction.request.headers.get("To"), "tag"):
            self._in_dialog(transaction)
        else:
            self.spawn(ring(self, transaction))

    def _cancel(self, transaction: ServerTransaction) -> None:
        invite = self._servers.get((transaction.request.branch, "INVITE"))
        transaction.respond(answer_to(transaction.request, 200 if invite else 481))
        if invite:
            invite.cancelled.set()

    def _in_dialog(self, transaction: ServerTransaction) -> None:
        call = self.call_of(transaction.request)
        if call is None:
            transaction.respond(answer_to(transaction.request, 481))
        elif transaction.request.method == "BYE":
            transaction.respond(answer_to(transaction.request, 200))
            call.over()
        else:
            call.renegotiate(transaction)

    def _unknown(self, transaction: ServerTransaction) -> None:
        response = answer_to(transaction.request, 405)
        response.headers.set("Allow", ALLOWED)
        transaction.respond(response)

    # Questions outside a call

    async def register(self, registrar: Address, who: Credentials, expires: int) -> None:
        """Tell a registrar where we are; 0 seconds: that we are gone."""
        self.credentials, self.user = who, who.user
        self.domain = self.settings.domain or registrar[0]
        flow = await self.flow_to(registrar, PATIENCE)
        own = f"sip:{who.user}@{self.domain}"
        request = Dialog.calling(self.identity, who.user, flow, caller=own, called=own).request("REGISTER")
        request.uri = f"sip:{self.domain}"
        request.headers.set("Expires", str(expires))
        response = await self.exchange(request, flow)
        if response.status != 200:
            raise Refused(response.status, response.reason)

    async def options(self, uri: str, via: Address) -> int:
        """The status that an OPTIONS is answered with."""
        flow = await self.flow_to(via, PATIENCE)
        caller = f"sip:{self.user}@{self.domain}"
        request = Dialog.calling(self.identity, self.user, flow, caller=caller, called=uri).request("OPTIONS")
        return (await self.begin(request, flow).final(PATIENCE)).status
