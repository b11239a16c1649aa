# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call to look at: who hears what, and the messages between the hosts."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from . import network
from .laboratory import REGISTRAR, TLS_PORT
from .sip import Call, Heard, Message, SipError, UserAgent, ladder

ARRIVAL_TIMEOUT = 3.0  # seconds for a call that was answered to show up at the one who answered
NEAR = 10.0  # Hz
NAMES = {network.PBX: "PBX", network.PBX_INSIDE: "PBX"}


@dataclass(frozen=True)
class Side:
    """An agent, the tone that it says in Hz, and how its media goes: SRTP or RTP."""

    agent: UserAgent
    tone: float
    kind: str


class Since:
    """An agent's trace from a time on, as `ladder` takes it."""

    def __init__(self, agent: UserAgent, start: float) -> None:
        self.name = agent.name
        self.address = agent.address
        self.trace: list[Message] = [message for message in agent.trace if message.time >= start]


def show(caller: Side, callee: Side, number: str, seconds: float, *, inside: bool) -> tuple[bool, str]:
    """Make a call in which both sides talk; returns whether both heard each other, and all of it as text.

    :param inside: the caller is a phone of the property, else it calls from the world.
    """
    _forget(callee.agent)
    started = time.time()
    host, via = (network.PBX_INSIDE, REGISTRAR) if inside else (network.PBX, (network.PBX, TLS_PORT))
    try:
        call = caller.agent.call(f"sip:{number}@{host}", via=via)
    except SipError as error:
        good, told = False, [f"{caller.agent.name} calls {number}: {error}"]
    else:
        good, told = _talk(call, caller, callee, seconds)
    traces = [Since(side.agent, started) for side in (caller, callee)]
    if any(trace.trace for trace in traces):
        told = [ladder(traces, NAMES), "", *told]
    return good, "\n".join(told)


def _forget(callee: UserAgent) -> None:
    """Hang up calls that came in while nobody looked."""
    with suppress(TimeoutError):
        while True:
            callee.wait_for_call(0.01).hang_up()


def _talk(call: Call, caller: Side, callee: Side, seconds: float) -> tuple[bool, list[str]]:
    try:
        answered = callee.agent.wait_for_call(ARRIVAL_TIMEOUT)
    except TimeoutError:
        call.hang_up()
        return False, [f"The call was answered, but not by {callee.agent.name}."]
    with ThreadPoolExecutor(2) as both:
        heard = list(both.map(lambda side: side.talk(seconds), (call, answered)))
    call.hang_up()
    told = [_told(caller, heard[0], callee), _told(callee, heard[1], caller)]
    return all(good for good, _text in told), [text for _good, text in told]


def _told(side: Side, heard: Heard, other: Side) -> tuple[bool, str]:
    hears = "no tone" if heard.tone is None else f"a tone of {heard.tone:.0f} Hz"
    text = (
        f"{side.agent.name:8} sent {heard.sent} and got {heard.received} {side.kind} packets"
        f" ({heard.lost} lost, {heard.undecryptable} undecryptable, {heard.plain} unencrypted); it hears {hears}"
    )
    good = heard.tone is not None and abs(heard.tone - other.tone) < NEAR and not heard.plain + heard.undecryptable
    return good, text + ("." if good else f", not the {other.tone:.0f} Hz of {other.agent.name}.")
