# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calling side: INVITE, and what becomes of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from alexa_laboratory.sip import sdp
from alexa_laboratory.sip.call import Call, hung_up
from alexa_laboratory.sip.dialog import Dialog
from alexa_laboratory.sip.endpoint import PATIENCE, Endpoint
from alexa_laboratory.sip.errors import NoAnswer, Refused
from alexa_laboratory.sip.message import Request, Response
from alexa_laboratory.sip.transaction import ClientTransaction
from alexa_laboratory.sip.transport import Address

_CANCELLED = 3.0  # seconds for the end of an INVITE after its CANCEL


@dataclass(frozen=True)
class Wish:
    """Whom to call and how; see `UserAgent.call`."""

    uri: str
    via: Address
    from_uri: str | None
    srtp: bool
    seconds_to_answer: float


async def place(endpoint: Endpoint, wish: Wish) -> Call:
    """A call that is up, or an exception that says why it is not."""
    flow = await endpoint.flow_to(wish.via, wish.seconds_to_answer)
    caller = wish.from_uri or f"sip:{endpoint.user}@{endpoint.domain}"
    dialog = Dialog.calling(endpoint.identity, endpoint.user, flow, caller=caller, called=wish.uri)
    call = Call(endpoint, dialog, endpoint.open_media(), sdp.Crypto() if wish.srtp else None, wish.uri)
    try:
        offer = call.described(None)
        transaction, response = await _invited(endpoint, call, dialog.request("INVITE", body=offer), wish)
        await _established(endpoint, call, transaction, response)
        call.noted(offer, response.body)
    except BaseException:
        call.over()
        raise
    return call


async def _invited(endpoint: Endpoint, call: Call, request: Request, wish: Wish) -> tuple[ClientTransaction, Response]:
    """The INVITE's success; it is sent once more where the peer wants to know who we are."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wish.seconds_to_answer
    transaction = endpoint.begin(request, call.dialog.flow)
    for _attempt in range(2):
        try:
            response = await transaction.final(max(0.0, deadline - loop.time()))
        except NoAnswer:
            await _cancelled(endpoint, call, transaction)
            raise
        if response.status < 300:
            return transaction, response
        again = endpoint.meeting(transaction.request, response)
        if again is None:
            break
        call.dialog.cseq = again.cseq
        transaction = endpoint.begin(again, call.dialog.flow)
    raise Refused(response.status, response.reason)


async def _cancelled(endpoint: Endpoint, call: Call, transaction: ClientTransaction) -> None:
    """Nobody answered in time: take the INVITE back; a success that crosses the CANCEL is hung up."""
    if transaction.last is None:
        return  # RFC 3261, section 9.1: no CANCEL before the peer has said anything
    endpoint.begin(transaction.cancelling(), call.dialog.flow)
    try:
        response = await transaction.final(_CANCELLED)
    except NoAnswer:
        return
    if response.status < 300:
        _acknowledge(call, transaction, response)
        await hung_up(call, PATIENCE)


def _acknowledge(call: Call, transaction: ClientTransaction, response: Response) -> None:
    call.dialog.answered(response)
    transaction.ack = call.dialog.request("ACK", cseq=transaction.request.cseq)
    transaction.acknowledge()


async def _established(endpoint: Endpoint, call: Call, transaction: ClientTransaction, response: Response) -> None:
    """ACK, then the media; a success that we can't use is hung up."""
    _acknowledge(call, transaction, response)
    try:
        peer = sdp.parse(response.body)
    except ValueError:
        peer = None
    if peer is None or not peer.suits(srtp=call.crypto is not None):
        await hung_up(call, PATIENCE)
        raise Refused(488, "the peer's answer has no media as offered")
    call.agree(peer)
    call.up()
