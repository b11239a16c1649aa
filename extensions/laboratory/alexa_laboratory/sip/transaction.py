# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request and what is answered to it, repeated over UDP until it arrived (RFC 3261, section 17)."""

from __future__ import annotations

import asyncio
from typing import Callable

from alexa_laboratory.sip.errors import NoAnswer, TlsRefused
from alexa_laboratory.sip.message import Headers, Request, Response
from alexa_laboratory.sip.transport import Connection, Flow

T1, T2 = 0.5, 4.0  # seconds: first and longest pause between repeats
LIFE = 64 * T1


class Repeats:
    """Sends the same octets again with growing pauses, until stopped or 64 * T1 are over."""

    def __init__(self, send: Callable[[], None]) -> None:
        self._send = send
        self._timer: asyncio.TimerHandle | None = None

    def start(self, pause: float = T1, waited: float = 0.0) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(pause, self._again, pause, waited + pause)

    def _again(self, pause: float, waited: float) -> None:
        if waited < LIFE:
            self._send()
            self.start(min(2 * pause, T2), waited)

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()


class ClientTransaction:
    """A request of ours on its way."""

    def __init__(self, request: Request, flow: Flow, send: Callable[[Request, Flow], None]) -> None:
        self.request = request
        self.flow = flow
        self._send = send
        self._responses: asyncio.Queue[Response] = asyncio.Queue()
        self._final = False
        self.ack: Request | None = None  # sent again whenever the final response is
        self.last: Response | None = None
        self._repeats = Repeats(lambda: send(request, flow))
        send(request, flow)
        if not flow.reliable:
            self._repeats.start()

    def received(self, response: Response) -> None:
        self.last = response
        if response.final or self.request.method == "INVITE":
            self._repeats.stop()
        if response.final and self.request.method == "INVITE" and response.status >= 300:
            self.ack = self._beside("ACK", response.headers.get("To"))
        if self._final or (response.final and response.status >= 300):
            self.acknowledge()
        if not self._final:
            self._final = response.final
            self._responses.put_nowait(response)

    def acknowledge(self) -> None:
        """Send the ACK, if there is one."""
        if self.ack:
            self._send(self.ack, self.flow)

    def cancelling(self) -> Request:
        """The CANCEL for this INVITE."""
        return self._beside("CANCEL", self.request.headers.get("To"))

    def _beside(self, method: str, to: str) -> Request:
        """A request of the same branch and number: ACK for a refusal, or CANCEL."""
        copied = ("Max-Forwards", "From", "Call-ID", "Route", "Authorization", "Proxy-Authorization")
        pairs = [("Via", self.request.headers.items("Via")[0])]
        pairs += [(name, value) for name, value in self.request.headers.pairs if name in copied]
        pairs += [("To", to), ("CSeq", f"{self.request.cseq} {method}")]
        return Request(Headers(pairs), "", method, self.request.uri)

    async def final(self, seconds: float) -> Response:
        """The final response; NoAnswer after so many seconds, TlsRefused where the connection ends before."""
        try:
            return await asyncio.wait_for(self._until_final(), seconds)
        except asyncio.TimeoutError:
            seen = f"last was {self.last.status} {self.last.reason}" if self.last else "not even a provisional one"
            asked = f"{self.request.first_line!r} from {self.flow.peer[0]}"
            raise NoAnswer(f"no final answer to {asked} within {seconds:.3g} s: {seen}") from None
        finally:
            self._repeats.stop()

    async def _until_final(self) -> Response:
        while True:
            following = asyncio.ensure_future(self._responses.get())
            waiting: set[asyncio.Future[None] | asyncio.Future[Response]] = {following}
            if isinstance(self.flow, Connection):
                waiting.add(self.flow.lost)
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    raise TlsRefused(f"{self.flow.peer[0]} closed the TLS connection before it answered")
            finally:
                following.cancel()
            if following.result().final:
                return following.result()


class ServerTransaction:
    """A request of the peer's and our answer."""

    def __init__(self, request: Request, flow: Flow, send: Callable[[Response, Flow], None]) -> None:
        self.request = request
        self.flow = flow
        self._send = send
        self.last: Response | None = None
        self.cancelled = asyncio.Event()
        self.acknowledged = asyncio.Event()
        self._repeats = Repeats(self.again)

    def respond(self, response: Response) -> None:
        """Send an answer; a final one to an INVITE is repeated until its ACK is there."""
        self.last = response
        self._send(response, self.flow)
        if response.final and self.request.method == "INVITE":
            self._repeats.start()

    def again(self) -> None:
        """The peer has not heard: the last answer once more."""
        if self.last:
            self._send(self.last, self.flow)

    def acked(self) -> None:
        self._repeats.stop()
        self.acknowledged.set()

    def forget(self) -> None:
        self._repeats.stop()
