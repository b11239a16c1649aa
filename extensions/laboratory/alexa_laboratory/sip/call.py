# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call that is up: its sound, its changes and its end."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from alexa_laboratory.sip import sdp
from alexa_laboratory.sip.dialog import Dialog
from alexa_laboratory.sip.errors import SipError
from alexa_laboratory.sip.media import PAUSE, Count, Heard, Media, listen
from alexa_laboratory.sip.message import Request, answer_to
from alexa_laboratory.sip.trace import redacted
from alexa_laboratory.sip.transaction import ServerTransaction

if TYPE_CHECKING:
    from alexa_laboratory.sip.endpoint import Endpoint

_ANSWERED = 5.0  # seconds for the peer's word in a call


class Call:
    """One call of an agent. The methods without `async` up to `wait_for_end` are for any thread but the agent's.

    :ivar request_uri: whom the INVITE asked for.
    :ivar offer: SDP without its key; `answer` likewise.
    :ivar remote_transport: "udp", or the TLS version as OpenSSL writes it ("TLSv1.2").
    :ivar crypto_suite: None for plain RTP.
    :ivar peer_certificate: DER, where the peer showed one.
    """

    def __init__(self, endpoint: Endpoint, dialog: Dialog, media: Media, crypto: sdp.Crypto | None, uri: str) -> None:
        self._endpoint = endpoint
        self._ended = threading.Event()
        self._invite: ServerTransaction | None = None
        self._leaving = False
        self.dialog = dialog
        self.media = media
        self.crypto = crypto
        self.request_uri = uri
        self.offer = ""
        self.answer = ""
        self.remote_transport = dialog.flow.spoken
        self.peer_certificate = dialog.flow.certificate
        self.crypto_suite = sdp.SUITE if crypto else None

    def talk(self, seconds: float) -> Heard:
        """Send the agent's tone for so long, and say what was heard meanwhile."""
        self._endpoint.run(self._talk(round(seconds / PAUSE), seconds + 5))
        return self.stop_talking()

    def start_talking(self) -> None:
        """Send the agent's tone and count what is heard, until `stop_talking`."""
        self._endpoint.run(self._start())

    def stop_talking(self) -> Heard:
        """What was sent and heard since the start of the talk."""
        return listen(self._endpoint.run(self._stop()))

    def transfer(self, uri: str) -> int:
        """Ask the peer to call somebody else in our place: REFER (RFC 3515). The status of the answer; NoAnswer."""
        return self._endpoint.run(self._refer(uri))

    def hang_up(self) -> None:
        """Send BYE and await its 200; nothing where the call is over. Refused, NoAnswer as for any request."""
        self._endpoint.run(self.bye(_ANSWERED))

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    def wait_for_end(self, timeout: float) -> None:
        """Until either side has hung up; TimeoutError where nobody has in so many seconds."""
        if not self._ended.wait(timeout):
            raise TimeoutError(f"the call to {self.request_uri} is still up after {timeout:g} s")

    async def _start(self) -> None:
        self.media.start(None)

    async def _talk(self, packets: int, patience: float) -> None:
        self.media.start(packets)
        await asyncio.wait_for(self.media.done.wait(), patience)

    async def _stop(self) -> Count:
        return self.media.stop()

    async def _refer(self, uri: str) -> int:
        request = self.dialog.request("REFER")
        request.headers.set("Refer-To", f"<{uri}>")
        flow = await self._endpoint.flow_of(self.dialog)
        return (await self._endpoint.exchange(request, flow, _ANSWERED)).status

    # On the loop

    def agree(self, peer: sdp.Description) -> None:
        """Send the sound where the peer's description says, with the keys of both."""
        secured = self.crypto is not None and peer.crypto is not None
        self.media.agree(
            (peer.address, peer.port),
            self.crypto.key if secured and self.crypto else None,
            peer.crypto.key if secured and peer.crypto else None,
        )

    def noted(self, offer: str, answer: str) -> None:
        """Keep both descriptions for people, without the keys."""
        self.offer, self.answer = redacted(offer), redacted(answer)

    def up(self) -> None:
        """The dialog exists: requests in it find us."""
        self._endpoint.calls[self.dialog.key] = self

    def offered_to(self, transaction: ServerTransaction) -> None:
        """We answered this INVITE, its ACK will come in the dialog."""
        self._invite = transaction

    def acknowledged(self, ack: Request) -> None:
        """The ACK of a success; where the INVITE had no offer, it brings the answer to ours."""
        if self._invite is None:
            return
        if ack.body and not self._invite.request.body:
            self._take(ack.body)
        self._invite.acked()

    def renegotiate(self, transaction: ServerTransaction) -> None:
        """A re-INVITE or UPDATE: new address, new key, hold, or only a sign of life."""
        request = transaction.request
        self.dialog.refresh(request)
        body = ""
        if request.body:
            peer = self._take(request.body)
            if peer is None:
                transaction.respond(answer_to(request, 488))
                return
            body = self.described(peer)
        elif request.method == "INVITE":
            body = self.described(None)
        if request.method == "INVITE":
            self.offered_to(transaction)
        response = answer_to(request, 200, body=body)
        response.headers.set("Contact", self.dialog.identity.contact(self.dialog.user))
        transaction.respond(response)

    def described(self, offer: sdp.Description | None) -> str:
        """Our SDP."""
        return sdp.build(self._endpoint.settings.address, self.media.port, self.crypto, offer)

    def _take(self, text: str) -> sdp.Description | None:
        """Agree to a description of the peer's in the running call, if we can."""
        try:
            peer = sdp.parse(text)
        except ValueError:
            return None
        if not peer.suits(srtp=self.crypto is not None):
            return None
        if self.crypto and peer.crypto:
            self.crypto = sdp.Crypto(peer.crypto.tag, self.crypto.key)
        self.agree(peer)
        return peer

    async def bye(self, seconds: float) -> None:
        """End the call and wait so long for the peer's word."""
        if self.ended or self._leaving:
            return
        self._leaving = True
        try:
            flow = await self._endpoint.flow_of(self.dialog)
            await self._endpoint.exchange(self.dialog.request("BYE"), flow, seconds)
        finally:
            self.over()

    def over(self) -> None:
        """The call has ended, whoever ended it."""
        self.media.close()
        self._endpoint.calls.pop(self.dialog.key, None)
        self._ended.set()


async def hung_up(call: Call, seconds: float) -> None:
    """End a call that nobody will hear of: what goes wrong with it is of no interest."""
    try:
        await call.bye(seconds)
    except SipError:
        pass
