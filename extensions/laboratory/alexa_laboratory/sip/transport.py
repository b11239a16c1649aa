# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Over what the messages go: one UDP socket, or TLS connections in both directions."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import warnings
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Callable, Protocol, TypeVar

from alexa_laboratory.sip.errors import ConnectionRefused, NoAnswer, SipError, TlsRefused
from alexa_laboratory.sip.message import Framer

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_T = TypeVar("_T")
Address = tuple[str, int]
MakeSocket = Callable[[int, int], socket.socket]
Received = Callable[[bytes, "Flow"], None]


@dataclass(frozen=True)
class Udp:
    """SIP over UDP."""

    name = "UDP"


@dataclass(frozen=True)
class Tls:
    """SIP over TLS: what the agent shows, what it trusts, what it speaks.

    :ivar certificate: PEM file, leaf first; shown to clients, and to servers that ask.
    :ivar ca: PEM file; a server must be signed by it, a client may show nothing but not something else. None: no check.
    :ivar versions: the lowest and the highest of these are spoken: "1.0" to "1.3". Below 1.2 the security level is 0.
    :ivar server_name: what a server's certificate must name. None: any name.
    """

    certificate: str
    key: str
    ca: str | None = None
    versions: tuple[str, ...] = ("1.2",)
    server_name: str | None = None
    name = "TLS"

    def context(self, *, server: bool) -> ssl.SSLContext:
        """OpenSSL's settings for one side."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if self.ca is not None:
            context.load_verify_locations(self.ca)
            context.verify_mode = ssl.CERT_OPTIONAL if server else ssl.CERT_REQUIRED
            context.check_hostname = not server and self.server_name is not None
        versions = sorted(_VERSIONS[version] for version in self.versions)
        if versions[0] < ssl.TLSVersion.TLSv1_2:
            context.set_ciphers("DEFAULT@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions are asked for on purpose
            context.minimum_version, context.maximum_version = versions[0], versions[-1]
        context.load_cert_chain(self.certificate, self.key)
        return context


class Flow(Protocol):
    """The way to one peer."""

    peer: Address
    spoken: str  # "udp" or TLS's version
    certificate: bytes | None  # the peer's, DER
    reliable: bool

    @property
    def alive(self) -> bool:
        ...

    def send(self, data: bytes) -> None:
        ...


class UdpFlow:
    """Datagrams to one address."""

    spoken = "udp"
    certificate: bytes | None = None
    reliable = False
    alive = True

    def __init__(self, transport: asyncio.DatagramTransport, peer: Address) -> None:
        self._transport = transport
        self.peer = peer

    def send(self, data: bytes) -> None:
        self._transport.sendto(data, self.peer)


class UdpSide(asyncio.DatagramProtocol):
    """The agent's socket."""

    _transport: asyncio.DatagramTransport

    def __init__(self, own: Address, make_socket: MakeSocket, received: Received) -> None:
        self._own = own
        self._make_socket = make_socket
        self._received = received

    async def open(self) -> None:
        made = bound(self._make_socket, socket.SOCK_DGRAM, self._own)
        self._transport, _protocol = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=made)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if data.strip():  # empty lines keep a NAT's entry alive
            self._received(data, UdpFlow(self._transport, addr))

    async def flow_to(self, destination: Address, seconds: float) -> Flow:
        return UdpFlow(self._transport, destination)

    def close(self) -> None:
        self._transport.close()


class Connection(asyncio.Protocol):
    """One TLS connection, whoever opened it."""

    reliable = True
    _transport: asyncio.Transport

    def __init__(self, side: TlsSide) -> None:
        self._side = side
        self._framer = Framer()
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.peer: Address = transport.get_extra_info("peername")[:2]
        secured = transport.get_extra_info("ssl_object")
        self.spoken: str = secured.version()
        self.certificate: bytes | None = secured.getpeercert(binary_form=True)
        self._side.connections[self.peer] = self

    def data_received(self, data: bytes) -> None:
        if data == b"\r\n\r\n":
            self._transport.write(b"\r\n")  # RFC 5626: a ping wants its pong
        try:
            for message in self._framer.feed(data):
                self._side.received(message, self)
        except ValueError:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._side.connections.get(self.peer) is self:
            del self._side.connections[self.peer]
        if not self.lost.done():
            self.lost.set_result(None)

    @property
    def alive(self) -> bool:
        return not self._transport.is_closing()

    def send(self, data: bytes) -> None:
        self._transport.write(data)

    def close(self) -> None:
        self._transport.abort()


class TlsSide:
    """The agent's listening socket and all its connections; one connection a destination is used again."""

    def __init__(self, own: Address, settings: Tls, make_socket: MakeSocket, received: Received) -> None:
        self._own = own
        self._settings = settings
        self._make_socket = make_socket
        self.received = received
        self.connections: dict[Address, Connection] = {}
        self._opening: dict[Address, asyncio.Lock] = {}

    async def open(self) -> None:
        listening = bound(self._make_socket, socket.SOCK_STREAM, self._own)
        context = self._settings.context(server=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), sock=listening, ssl=context)

    async def flow_to(self, destination: Address, seconds: float) -> Flow:
        async with self._opening.setdefault(destination, asyncio.Lock()):
            known = self.connections.get(destination)
            return known if known and known.alive else await self._connect(destination, seconds)

    async def _connect(self, destination: Address, seconds: float) -> Connection:
        loop = asyncio.get_running_loop()
        where = f"{destination[0]}:{destination[1]}"
        made = bound(self._make_socket, socket.SOCK_STREAM, (self._own[0], 0))
        try:
            await _in_time(loop.sock_connect(made, destination), seconds, f"no TCP connection to {where}")
        except OSError as error:
            made.close()
            raise ConnectionRefused(f"no TCP connection to {where}: {os.strerror(error.errno or 0)}") from error
        except SipError:
            made.close()
            raise
        opened = loop.create_connection(
            lambda: Connection(self),
            sock=made,
            ssl=self._settings.context(server=False),
            server_hostname=self._settings.server_name or destination[0],
        )
        try:
            return (await _in_time(opened, seconds, f"no TLS handshake with {where}"))[1]
        except OSError as error:
            raise TlsRefused(f"no TLS with {where}: {error}") from error

    def close(self) -> None:
        self._server.close()
        for connection in list(self.connections.values()):
            connection.close()


async def _in_time(work: Awaitable[_T], seconds: float, otherwise: str) -> _T:
    try:
        return await asyncio.wait_for(work, seconds)
    except asyncio.TimeoutError:
        raise NoAnswer(f"{otherwise} within {seconds:g} s") from None


def bound(make_socket: MakeSocket, kind: int, own: Address) -> socket.socket:
    """A socket with an address, for an event loop."""
    made = make_socket(socket.AF_INET, kind)
    try:
        if kind == socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setblocking(False)
        made.bind(own)
    except BaseException:
        made.close()
        raise
    return made
