# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody on Alexa's side sends a call to an outside line, on a PBX whose users may: theirs are its global contexts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from alexa_laboratory import network
from alexa_laboratory.laboratory import REGISTRAR, TLS_PORT, Laboratory
from alexa_laboratory.sip import Call, Refused, UserAgent
from asterisk_host import ETC, AsteriskHost

PBX = (network.PBX, TLS_PORT)
ROOM = f"sip:7201@{network.PBX_INSIDE}"
OUTSIDE = f"sip:0014155550100@{network.PBX}"
# FreePBX sets the first: it is what lets a phone transfer a call to an outside line.
GLOBALS = "\n[globals]\nTRANSFER_CONTEXT=internal\nFORWARD_CONTEXT=internal\n"


@pytest.fixture(scope="module")
def edge(saved: AsteriskHost, laboratory: Laboratory) -> Iterator[UserAgent]:
    """Amazon's side of a PBX that is linked."""
    plan = f"{ETC}/extensions.conf"
    saved.machine.write(plan, saved.machine.read(plan) + GLOBALS)
    with laboratory.edge() as edge:
        edge.answers()
        # Not judged by OPTIONS: a machine that stalls for seconds would have its calls refused for as long.
        saved.role(pbx_asterisk_qualify_frequency=0).good()
        assert "TRANSFER_CONTEXT=internal" in saved.machine.asterisk("dialplan show globals")
        yield edge
    saved.put_back()


@pytest.fixture(scope="module")
def phone(edge: UserAgent, laboratory: Laboratory) -> Iterator[UserAgent]:
    with laboratory.phone("1234") as phone:
        phone.answers()
        yield phone


def called(by: str, edge: UserAgent, phone: UserAgent) -> tuple[Call, Call]:
    """A call that is up: Amazon's side and the phone's."""
    if by == "alexa":
        call = edge.call(f"sip:1234@{network.PBX}:{TLS_PORT};transport=tls", via=PBX)
        return call, phone.wait_for_call(5)
    call = phone.call(ROOM, via=REGISTRAR)
    return edge.wait_for_call(5), call


def heard(one: Call, other: Call) -> int:
    other.start_talking()
    packets = one.talk(0.5).received
    other.stop_talking()
    return packets


@pytest.mark.parametrize("by", ["alexa", "phone"])
def test_alexa_transfers_no_call(by: str, edge: UserAgent, phone: UserAgent, laboratory: Laboratory) -> None:
    at_edge, at_phone = called(by, edge, phone)
    assert at_edge.transfer(OUTSIDE) == 603
    assert heard(at_edge, at_phone) >= 15
    assert "0014155550100" not in laboratory.pbx.asterisk("core show channels concise")
    at_edge.hang_up()
    at_phone.wait_for_end(5)


@pytest.mark.parametrize("by", ["alexa", "phone"])
def test_where_keys_would_transfer_to(by: str, edge: UserAgent, phone: UserAgent, laboratory: Laboratory) -> None:
    at_edge, at_phone = called(by, edge, phone)
    channels = laboratory.pbx.asterisk("core show channels concise").splitlines()
    (alexas,) = (line.split("!")[0] for line in channels if line.startswith("PJSIP/alexa-"))
    assert "TRANSFER_CONTEXT=from-alexa" in laboratory.pbx.asterisk(f"core show channel {alexas}").splitlines()
    at_edge.hang_up()
    at_phone.wait_for_end(5)


def test_alexa_forwards_no_call(edge: UserAgent, phone: UserAgent) -> None:
    edge.forwards(OUTSIDE)
    try:
        with pytest.raises(Refused) as refused:
            phone.call(ROOM, via=REGISTRAR)
    finally:
        edge.answers()
    assert refused.value.status == 486


def test_a_phone_transfers_alexas_call_to_another_room(edge: UserAgent, phone: UserAgent) -> None:
    at_edge, at_phone = called("alexa", edge, phone)
    assert at_phone.transfer(f"sip:7202@{network.PBX_INSIDE}") == 202
    at_room = edge.wait_for_call(5)
    assert heard(at_edge, at_room) >= 15
    at_edge.hang_up()
    at_room.wait_for_end(5)


def test_a_phone_still_transfers_alexas_call(edge: UserAgent, phone: UserAgent, laboratory: Laboratory) -> None:
    at_edge, at_phone = called("alexa", edge, phone)
    with laboratory.phone("1235") as other:
        other.answers()
        assert at_phone.transfer(f"sip:1235@{network.PBX_INSIDE}") == 202
        at_other = other.wait_for_call(5)
        assert heard(at_edge, at_other) >= 15
        at_edge.hang_up()
        at_other.wait_for_end(5)
