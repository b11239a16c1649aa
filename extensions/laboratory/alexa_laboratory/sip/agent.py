# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent as tests and commands use it: plain calls from any thread, one loop behind them."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType

from alexa_laboratory.sip.call import Call
from alexa_laboratory.sip.digest import Credentials
from alexa_laboratory.sip.endpoint import Endpoint, Settings
from alexa_laboratory.sip.errors import SipError
from alexa_laboratory.sip.incoming import Policy
from alexa_laboratory.sip.outgoing import Wish, place
from alexa_laboratory.sip.trace import Message
from alexa_laboratory.sip.transport import Address, MakeSocket, Tls, Udp


class UserAgent:
    """A SIP host: listens from the start, answers calls unless told otherwise, and calls others.

    :param name: its name in traces, and its SIP user until it registers.
    :param srtp: it takes and offers `RTP/SAVP` only; without, `RTP/AVP` only.
    :param tone: what it says in a call, in Hz: whole numbers sound without clicks.
    :param make_socket: makes every socket, from family and kind; called in the agent's own thread.
    :param domain: host part of its addresses; by default the registrar it registered with, else its own address.
    :raises OSError: where address or port can't be had, or a file of `Tls` can't be read.
    """

    def __init__(
        self,
        name: str,
        *,
        address: str,
        port: int,
        transport: Udp | Tls,
        srtp: bool,
        tone: float,
        make_socket: MakeSocket = socket.socket,
        domain: str | None = None,
    ) -> None:
        self.name = name
        self.address = address
        self._srtp = srtp
        self._registrar: tuple[Address, Credentials] | None = None
        self._loop = asyncio.new_event_loop()
        settings = Settings(name, address, port, transport, srtp, tone, make_socket, domain)
        self._endpoint = Endpoint(settings, self._loop)
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"sip-{name}", daemon=True)
        self._thread.start()
        try:
            self._endpoint.run(self._endpoint.open())
        except BaseException:
            self._stop()
            raise

    def __enter__(self) -> UserAgent:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, close all sockets, end the thread. A second time it does nothing."""
        if self._thread.is_alive():
            self._endpoint.run(self._endpoint.close())
            self._stop()

    def register(self, registrar: Address, user: str, password: str, expires: int = 3600) -> None:
        """Tell a registrar where we are, for so many seconds; it is not renewed. Refused, NoAnswer."""
        who = Credentials(user, password)
        self._endpoint.run(self._endpoint.register(registrar, who, expires))
        self._registrar = (registrar, who)

    def unregister(self) -> None:
        """Take the registration back."""
        if self._registrar is None:
            raise SipError(f"{self.name} is not registered")
        self._endpoint.run(self._endpoint.register(*self._registrar, 0))
        self._registrar = None

    def call(
        self,
        uri: str,
        *,
        via: Address,
        from_uri: str | None = None,
        srtp: bool | None = None,
        seconds_to_answer: float = 10,
    ) -> Call:
        """Call somebody and wait for the answer.

        :param via: address and port of the host that gets the INVITE.
        :param srtp: overrides the agent's own setting.
        :raises Refused: for a final answer that is no success.
        :raises NoAnswer: for none in time; the INVITE was cancelled.
        :raises ConnectionRefused: where the host has no open port, or
        :raises TlsRefused: one side did not like the other's TLS.
        """
        secured = self._srtp if srtp is None else srtp
        return self._endpoint.run(place(self._endpoint, Wish(uri, via, from_uri, secured, seconds_to_answer)))

    def answers(self, after: float = 0.2) -> None:
        """Answer calls from now on, after so many seconds of ringing."""
        self._endpoint.policy = Policy(after)

    def refuses(self, status: int) -> None:
        """Refuse calls from now on with this status."""
        self._endpoint.policy = Policy(refusal=status)

    def forwards(self, uri: str) -> None:
        """Tell callers from now on to call this URI instead: 302 (RFC 3261, section 21.3.3)."""
        self._endpoint.policy = Policy(refusal=302, elsewhere=uri)

    def wait_for_call(self, timeout: float) -> Call:
        """The next call that came in and was answered; TimeoutError where none came in so many seconds."""
        try:
            return self._endpoint.run(asyncio.wait_for(self._endpoint.arrived.get(), timeout))
        except asyncio.TimeoutError:
            raise TimeoutError(f"no call for {self.name} within {timeout:g} s") from None

    def options(self, uri: str, via: Address) -> int:
        """The status that an OPTIONS is answered with."""
        return self._endpoint.run(self._endpoint.options(uri, via))

    @property
    def options_answered(self) -> int:
        """How often somebody asked us."""
        return self._endpoint.options_answered

    @property
    def trace(self) -> list[Message]:
        """All messages so far, without keys and digests."""
        return self._endpoint.trace

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
