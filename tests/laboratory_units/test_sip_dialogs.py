# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens inside a call, and to those who repeat themselves: written by hand over a plain socket."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from alexa_laboratory.sip import Call, UserAgent
from sip_hosts import Hosts
from sip_pairs import connected, conversation, methods

SDP = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio {1} RTP/AVP 0\r\n"


class Peer:
    """A SIP host of a few lines that says what it is told to."""

    def __init__(self, hosts: Hosts, agent: UserAgent) -> None:
        self.address = hosts.address()
        self._agent = agent
        self._socket = self.bound(5060)
        self.sound = self.bound(20000)
        self._number = 0
        self._tag = ""

    def bound(self, port: int) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((self.address, port))
        made.settimeout(5)
        return made

    def say(self, method: str, *, tag: str = "", body: str = "", more: str = "", number: int = 0) -> str:
        """Send a request in compact headers; its text."""
        self._number = number or self._number + 1
        self._tag = tag if method == "ACK" else self._tag
        to = f"<sip:7@a>;tag={tag}" if tag else "<sip:7@a>"
        text = (
            f"{method} sip:7@{self._agent.address} SIP/2.0\r\nv: SIP/2.0/UDP {self.address};branch=z9hG4bK{method}"
            f"{self._number}\r\nf: <sip:p@p>;tag=p\r\nt: {to}\r\ni: one\r\nCSeq: {self._number} {method}\r\n"
            f"m: <sip:p@{self.address}>\r\n{more}l: {len(body)}\r\n\r\n{body}"
        )
        self.send(text)
        return text

    def send(self, text: str) -> None:
        self._socket.sendto(text.encode(), (self._agent.address, 5060))

    def hear(self, *expected: str) -> str:
        """The next messages, which must begin like this; the last one's text."""
        text = ""
        for first in expected:
            text = self._socket.recv(4096).decode()
            assert text.startswith(first)
        return text

    def close(self) -> None:
        if self._tag:
            self.say("BYE", tag=self._tag, number=99)
        self._socket.close()
        self.sound.close()

    def offer(self, port: int = 20000) -> str:
        return SDP.format(self.address, port)


@pytest.fixture
def agent(hosts: Hosts) -> UserAgent:
    made = hosts.agent("phone")
    made.answers(0)
    return made


@pytest.fixture
def peer(hosts: Hosts, agent: UserAgent) -> Iterator[Peer]:
    made = Peer(hosts, agent)
    yield made
    made.close()


def tag_of(text: str) -> str:
    found = re.search(r"(?m)^To: .*;tag=(\w+)", text)
    assert found
    return found[1]


def up(peer: Peer, agent: UserAgent, *, body: str | None = None, ack: str = "", more: str = "") -> tuple[Call, str]:
    peer.say("INVITE", body=peer.offer() if body is None else body, more=more)
    text = peer.hear("SIP/2.0 180", "SIP/2.0 200")
    peer.say("ACK", tag=tag_of(text), number=1, body=ack)
    return agent.wait_for_call(5), text


def test_a_repeated_invite_is_one_call(peer: Peer, agent: UserAgent) -> None:
    agent.answers(0.2)
    text = peer.say("INVITE", body=peer.offer())
    peer.hear("SIP/2.0 180")
    peer.send(text)
    answer = peer.hear("SIP/2.0 180", "SIP/2.0 200")
    peer.say("ACK", tag=tag_of(answer), number=1)
    agent.wait_for_call(5)
    with pytest.raises(TimeoutError):
        agent.wait_for_call(0.1)


def test_an_answer_is_repeated_until_it_is_acknowledged(peer: Peer, agent: UserAgent) -> None:
    peer.say("INVITE", body=peer.offer())
    answer = peer.hear("SIP/2.0 180", "SIP/2.0 200", "SIP/2.0 200")
    with pytest.raises(TimeoutError):
        agent.wait_for_call(0.1)
    peer.say("ACK", tag=tag_of(answer), number=1)
    agent.wait_for_call(5)
    peer.say("OPTIONS", tag=tag_of(answer))
    peer.hear("SIP/2.0 200 OK")


def test_a_bye_ends_the_call_and_a_second_one_too(peer: Peer, agent: UserAgent) -> None:
    call, answer = up(peer, agent)
    text = peer.say("BYE", tag=tag_of(answer))
    peer.hear("SIP/2.0 200")
    call.wait_for_end(5)
    peer.send(text)
    peer.hear("SIP/2.0 200")
    peer.say("BYE", tag=tag_of(answer))
    peer.hear("SIP/2.0 481")


def test_the_sound_follows_a_reinvite(peer: Peer, agent: UserAgent) -> None:
    call, answer = up(peer, agent)
    moved = peer.bound(20002)
    peer.say("INVITE", tag=tag_of(answer), body=peer.offer(20002) + "a=sendonly\r\n", number=7)
    text = peer.hear("SIP/2.0 200")
    assert "a=recvonly" in text, "hold is mirrored"
    peer.say("ACK", tag=tag_of(answer), number=7)
    call.talk(0.06)
    assert len(moved.recv(2000)) == 172
    moved.close()
    peer.sound.settimeout(0)
    with pytest.raises(BlockingIOError):
        peer.sound.recv(2000)


def test_updates_are_answered(peer: Peer, agent: UserAgent) -> None:
    call, answer = up(peer, agent)
    peer.say("UPDATE", tag=tag_of(answer))
    assert "l: 0" in peer.hear("SIP/2.0 200").replace("Content-Length", "l")
    peer.say("UPDATE", tag=tag_of(answer), body=peer.offer())
    assert "m=audio" in peer.hear("SIP/2.0 200")
    peer.say("UPDATE", tag=tag_of(answer), body=peer.offer().replace("AVP 0", "AVP 18"))
    peer.hear("SIP/2.0 488")
    assert not call.ended


def test_an_invite_without_an_offer_gets_one(peer: Peer, agent: UserAgent) -> None:
    call, answer = up(peer, agent, body="", ack=peer.offer())
    assert "m=audio" in answer
    heard = call.talk(0.06)
    assert heard.sent == 3
    assert len(peer.sound.recv(2000)) == 172


def test_requests_go_by_the_recorded_route(peer: Peer, agent: UserAgent) -> None:
    proxies = f"Record-Route: <sip:{peer.address};r2=on;lr>, <sip:10.0.0.1:5070;lr>\r\n"
    call, answer = up(peer, agent, more=proxies)
    assert answer.count("Record-Route:") == 1
    peer.say("INVITE", tag=tag_of(answer), body=peer.offer(), number=7, more="")
    peer.hear("SIP/2.0 200")
    peer.say("ACK", tag=tag_of(answer), number=7)
    agent._loop.call_soon_threadsafe(lambda: agent._endpoint.spawn(call.bye(5)))
    text = peer.hear(f"BYE sip:p@{peer.address} SIP/2.0")
    assert re.findall(r"(?m)^Route: (.*?)\r", text) == [f"<sip:{peer.address};r2=on;lr>", "<sip:10.0.0.1:5070;lr>"]
    assert peer.hear("BYE") == text, "repeated until it is answered"
    peer.send(f"SIP/2.0 200 OK\r\n{_kept(text)}l: 0\r\n\r\n")
    call.wait_for_end(5)


def test_the_caller_takes_the_recorded_route_backwards(peer: Peer, agent: UserAgent) -> None:
    proxies = f"<sip:10.0.0.1:5070;lr>, <sip:{peer.address};lr>"
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(agent.call, "sip:8@there", via=(peer.address, 5060))
        kept = _kept(peer.hear("INVITE sip:8@there")).replace("<sip:8@there>", "<sip:8@there>;tag=p")
        answer = f"SIP/2.0 200 OK\r\n{kept}m: <sip:q@10.9.9.9>\r\nRecord-Route: {proxies}\r\n"
        answer += f"l: {len(peer.offer())}\r\n\r\n{peer.offer()}"
        peer.send(answer)
        ack = peer.hear("ACK sip:q@10.9.9.9")
        assert re.findall(r"(?m)^Route: (.*?)\r", ack) == [f"<sip:{peer.address};lr>", "<sip:10.0.0.1:5070;lr>"]
        peer.send(answer)
        assert peer.hear("ACK") == ack, "a repeated success is acknowledged again"
        hanging_up = pool.submit(calling.result(5).hang_up)
        peer.send(f"SIP/2.0 200 OK\r\n{_kept(peer.hear('BYE sip:q@10.9.9.9'))}l: 0\r\n\r\n")
        hanging_up.result(5)


def _kept(text: str) -> str:
    return "".join(re.findall(r"(?m)^(?:Via|From|To|Call-ID|CSeq): .*\r\n", text))


@pytest.mark.parametrize(
    ("numbers", "lost"), [((7, 8, 9), 0), ((7, 9, 8), 0), ((7, 11), 3), ((65534, 65535, 1), 1), ((7, 7), 0)]
)
def test_gaps_in_the_sound_are_counted(peer: Peer, agent: UserAgent, numbers: tuple[int, ...], lost: int) -> None:
    call, answer = up(peer, agent)
    port = re.search(r"m=audio (\d+)", answer)
    assert port
    call.start_talking()
    for number in numbers:
        packet = struct.pack("!BBHII", 0x80, 0, number, 0, 1) + bytes(160)
        peer.sound.sendto(packet, (agent.address, int(port[1])))
    peer.sound.sendto(struct.pack("!BBHII", 0x80, 101, 99, 0, 1) + bytes(4), (agent.address, int(port[1])))
    peer.say("OPTIONS")
    peer.hear("SIP/2.0 200")  # what came before it was read before it
    heard = call.stop_talking()
    assert (heard.received, heard.lost) == (len(numbers), lost)


@pytest.mark.parametrize("answer", ["202 Accepted", "603 Declined"])
def test_a_transfer_is_asked_for_in_the_call(peer: Peer, agent: UserAgent, answer: str) -> None:
    call, _answer = up(peer, agent)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(call.transfer, "sip:8@elsewhere.example")
        text = peer.hear(f"REFER sip:p@{peer.address} SIP/2.0")
        assert "\r\nRefer-To: <sip:8@elsewhere.example>\r\n" in text
        peer.send(f"SIP/2.0 {answer}\r\n{_kept(text)}l: 0\r\n\r\n")
        assert f"{asking.result(5)} " == answer[:4]
    assert not call.ended


@pytest.mark.parametrize("method", ["BYE", "INVITE", "UPDATE"])
def test_requests_for_no_call_are_turned_away(peer: Peer, agent: UserAgent, method: str) -> None:
    peer.say(method, tag="nobody", body=peer.offer())
    peer.hear("SIP/2.0 481")


def test_unknown_methods_are_turned_away(peer: Peer, agent: UserAgent) -> None:
    peer.say("PUBLISH")
    assert "Allow: INVITE" in peer.hear("SIP/2.0 405")


def test_noise_is_ignored(peer: Peer, agent: UserAgent) -> None:
    for noise in ("\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\0\1\2", "INVITE sip:x SIP/2.0\r\nno header\r\n\r\n"):
        peer.send(noise)
    peer.say("OPTIONS")
    peer.hear("SIP/2.0 200")
    assert methods(agent, "received") == ["OPTIONS"]


@pytest.mark.parametrize("leaver", [0, 1])
def test_a_lost_connection_is_opened_anew_to_hang_up(secured: tuple[UserAgent, UserAgent], leaver: int) -> None:
    calls = connected(*secured, tls=True)
    flow = calls[0].dialog.flow
    secured[0]._loop.call_soon_threadsafe(flow.close)  # type: ignore[attr-defined]
    heard, _other = conversation(*calls)
    assert heard.received > 20, "sound needs no connection"
    calls[leaver].hang_up()
    calls[1 - leaver].wait_for_end(5)
