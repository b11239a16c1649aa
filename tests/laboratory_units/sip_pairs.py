# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What many tests do with two agents."""

from __future__ import annotations

from alexa_laboratory.sip import Call, Heard, UserAgent

PORTS = {False: 5060, True: 5061}


def where(agent: UserAgent, *, tls: bool = False) -> tuple[str, int]:
    return agent.address, PORTS[tls]


def connected(caller: UserAgent, called: UserAgent, *, tls: bool = False) -> tuple[Call, Call]:
    """A call that is up: the caller's side, the called one's."""
    call = caller.call(f"sip:7201@{called.address}", via=where(called, tls=tls))
    return call, called.wait_for_call(5)


def conversation(one: Call, other: Call, seconds: float = 0.6) -> tuple[Heard, Heard]:
    """Both talk at the same time; what each heard."""
    other.start_talking()
    return one.talk(seconds), other.stop_talking()


def methods(agent: UserAgent, direction: str) -> list[str]:
    """The requests' methods and the answers' statuses of an agent's trace, in order."""
    words = [each.first_line.split() for each in agent.trace if each.direction == direction]
    return [first if first != "SIP/2.0" else second for first, second, *_rest in words]
