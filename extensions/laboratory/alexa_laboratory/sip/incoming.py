# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The called side: ring, then answer, refuse or be cancelled."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alexa_laboratory.sip import sdp
from alexa_laboratory.sip.call import Call
from alexa_laboratory.sip.dialog import Dialog
from alexa_laboratory.sip.message import Response, answer_to
from alexa_laboratory.sip.transaction import LIFE, ServerTransaction

if TYPE_CHECKING:
    from alexa_laboratory.sip.endpoint import Endpoint


@dataclass(frozen=True)
class Policy:
    """What an agent does with calls: answer after so many seconds of ringing, or refuse with a status.

    :ivar elsewhere: the URI that a refusal with 302 names.
    """

    after: float = 0.2
    refusal: int | None = None
    elsewhere: str = ""


async def ring(endpoint: Endpoint, transaction: ServerTransaction) -> None:
    """Handle an INVITE to its end; a call that is answered and acknowledged goes to the endpoint's queue."""
    policy, invite = endpoint.policy, transaction.request
    peer = _offered(invite.body, srtp=endpoint.settings.srtp)
    if policy.refusal or (invite.body and peer is None):
        refusal = answer_to(invite, policy.refusal or 488, tag=endpoint.user)
        if policy.elsewhere:
            refusal.headers.set("Contact", f"<{policy.elsewhere}>")
        transaction.respond(refusal)
        return
    call = _call(endpoint, transaction, peer)
    _call_id, tag = call.dialog.key
    ringing = answer_to(invite, 180, tag=tag)
    ringing.headers.set("Contact", call.dialog.identity.contact(call.dialog.user))
    transaction.respond(ringing)
    if await _happens(transaction.cancelled, policy.after):
        transaction.respond(answer_to(invite, 487, tag=tag))
        call.over()
        return
    transaction.respond(_success(call, transaction, peer, tag))
    if await _happens(transaction.acknowledged, LIFE):
        endpoint.arrived.put_nowait(call)
    else:
        call.over()


def _offered(body: str, *, srtp: bool) -> sdp.Description | None:
    """The offer, if we can take it."""
    try:
        peer = sdp.parse(body)
    except ValueError:
        return None
    return peer if peer.suits(srtp=srtp) else None


def _call(endpoint: Endpoint, transaction: ServerTransaction, peer: sdp.Description | None) -> Call:
    crypto = None
    if endpoint.settings.srtp:
        crypto = sdp.Crypto(peer.crypto.tag) if peer and peer.crypto else sdp.Crypto()
    dialog = Dialog.called(endpoint.identity, endpoint.user, transaction.flow, transaction.request)
    call = Call(endpoint, dialog, endpoint.open_media(), crypto, transaction.request.uri)
    call.up()
    return call


def _success(call: Call, transaction: ServerTransaction, peer: sdp.Description | None, tag: str) -> Response:
    """Our 200: the answer to the offer, or our offer where there was none."""
    body = call.described(peer)
    if peer:
        call.agree(peer)
    call.noted(transaction.request.body, body)
    call.offered_to(transaction)
    response = answer_to(transaction.request, 200, tag=tag, body=body)
    response.headers.set("Contact", call.dialog.identity.contact(call.dialog.user))
    return response


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except asyncio.TimeoutError:
        return False
    return True
