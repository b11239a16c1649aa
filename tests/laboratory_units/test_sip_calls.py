# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls between two agents over UDP and RTP: sound, refusals, ends."""

from __future__ import annotations

import socket
import threading

import pytest

from alexa_laboratory.sip import NoAnswer, Refused, Udp, UserAgent, ladder
from sip_hosts import EDGE_TONE, PHONE_TONE, Hosts
from sip_pairs import connected, conversation, methods, where

Phones = tuple[UserAgent, UserAgent]


def test_both_hear_the_other_ones_tone(phones: Phones) -> None:
    call, answered = connected(*phones)
    heard, answered_heard = conversation(call, answered)
    assert heard.tone == pytest.approx(EDGE_TONE, abs=2)
    assert answered_heard.tone == pytest.approx(PHONE_TONE, abs=2)
    for each in (heard, answered_heard):
        assert each.received >= 25
        assert each.level == pytest.approx(0.21, abs=0.02)
        assert (each.lost, each.plain, each.undecryptable) == (0, 0, 0)
    assert heard.sent == 30
    assert answered.request_uri == f"sip:7201@{phones[1].address}"
    assert (call.remote_transport, call.crypto_suite, call.peer_certificate) == ("udp", None, None)
    assert "RTP/AVP" in call.offer and "RTP/AVP" in answered.answer


def test_silence_has_no_tone(phones: Phones) -> None:
    call, _answered = connected(*phones)
    heard = call.talk(0.1)
    assert (heard.sent, heard.received, heard.tone) == (5, 0, None)


@pytest.mark.parametrize("leaver", [0, 1])
def test_either_side_hangs_up(phones: Phones, leaver: int) -> None:
    calls = connected(*phones)
    assert not calls[0].ended and not calls[1].ended
    calls[leaver].hang_up()
    calls[1 - leaver].wait_for_end(5)
    assert calls[leaver].ended
    assert methods(phones[leaver], "sent")[-1] == "BYE"
    assert methods(phones[leaver], "received")[-1] == "200"
    calls[leaver].hang_up()
    assert methods(phones[leaver], "sent").count("BYE") == 1


def test_a_call_that_is_up_does_not_end(phones: Phones) -> None:
    call, _answered = connected(*phones)
    with pytest.raises(TimeoutError, match="still up"):
        call.wait_for_end(0.05)


def test_a_talk_ends_with_the_call(phones: Phones) -> None:
    call, answered = connected(*phones)
    talking = threading.Timer(0.2, answered.hang_up)
    talking.start()
    heard = call.talk(5)
    talking.join()
    assert call.ended
    assert 5 <= heard.sent < 200


def test_busy(phones: Phones) -> None:
    phone, other = phones
    other.refuses(486)
    with pytest.raises(Refused, match="486 Busy Here") as refusal:
        connected(phone, other)
    assert refusal.value.status == 486
    assert methods(phone, "sent") == ["INVITE", "ACK"]
    other.answers(0)
    connected(phone, other)


def test_forwarded(phones: Phones) -> None:
    phone, other = phones
    other.forwards("sip:8@elsewhere.example")
    with pytest.raises(Refused, match="302 Moved Temporarily"):
        connected(phone, other)
    assert "Contact: <sip:8@elsewhere.example>\r\n" in phone.trace[-2].text
    other.answers(0)
    connected(phone, other)


def test_secure_offer_to_a_plain_phone_is_refused(phones: Phones) -> None:
    phone, other = phones
    with pytest.raises(Refused) as refusal:
        phone.call("sip:1@there", via=where(other), srtp=True)
    assert refusal.value.status == 488
    assert "inline:<removed>" in other.trace[0].text


def test_nobody_answers_and_the_call_is_cancelled(phones: Phones) -> None:
    phone, other = phones
    other.answers(after=30)
    with pytest.raises(NoAnswer, match="last was 180 Ringing"):
        phone.call("sip:1@there", via=where(other), seconds_to_answer=0.3)
    assert methods(phone, "sent") == ["INVITE", "CANCEL", "ACK"]
    assert sorted(methods(phone, "received")) == ["180", "200", "487"]
    with pytest.raises(TimeoutError, match="no call for other"):
        other.wait_for_call(0.05)


def test_nobody_is_there(hosts: Hosts) -> None:
    phone = hosts.agent("phone")
    with pytest.raises(NoAnswer, match="not even a provisional one"):
        phone.call("sip:1@there", via=(hosts.address(), 5060), seconds_to_answer=0.8)
    assert methods(phone, "sent") == ["INVITE", "INVITE"], "one repeat after T1"


def test_options_both_ways(phones: Phones) -> None:
    phone, other = phones
    assert phone.options("sip:there", where(other)) == 200
    assert other.options("sip:there", where(phone)) == 200
    assert (phone.options_answered, other.options_answered) == (1, 1)


def test_the_ladder_tells_the_call(phones: Phones) -> None:
    phone, other = phones
    call, _answered = connected(phone, other)
    call.hang_up()
    drawn = ladder(phones)
    steps = ["phone", "INVITE 7201 +RTP", "180 Ringing", "200 OK (INVITE) +RTP", "ACK", "BYE", "200 OK (BYE)"]
    lines = drawn.splitlines()
    assert len(lines) == len(steps)
    assert all(step in line for step, line in zip(steps, lines))
    assert lines[1].rstrip().endswith(">|") and "|<" in lines[2]
    named = ladder([phone], {other.address: "room"})
    assert "room" in named.splitlines()[0] and "other" not in named


def test_every_socket_is_made_by_the_given_maker(hosts: Hosts) -> None:
    made: list[socket.socket] = []

    def make(family: int, kind: int) -> socket.socket:
        made.append(socket.socket(family, kind))
        return made[-1]

    phone, other = hosts.agent("phone", make_socket=make), hosts.agent("other", make_socket=make)
    call, _answered = connected(phone, other)
    assert len(made) >= 4
    call.hang_up()
    phone.close()
    other.close()
    assert {each.fileno() for each in made} == {-1}


def test_closing_hangs_up(phones: Phones) -> None:
    phone, other = phones
    _call, answered = connected(phone, other)
    phone.close()
    answered.wait_for_end(5)


def test_a_port_in_use_is_an_error(hosts: Hosts) -> None:
    phone = hosts.agent("phone")
    with pytest.raises(OSError, match="in use"):
        UserAgent("twin", address=phone.address, port=5060, transport=Udp(), srtp=False, tone=1.0)
