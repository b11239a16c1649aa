# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls over TLS and SRTP, and whom TLS turns away."""

from __future__ import annotations

import os

import pytest
from cryptography import x509

from alexa_laboratory.sip import ConnectionRefused, Refused, TlsRefused, UserAgent
from issuing import issue
from sip_hosts import EDGE_TONE, PHONE_TONE, Hosts, Papers
from sip_pairs import connected, conversation, methods, where

Secured = tuple[UserAgent, UserAgent]


def _name(certificate: bytes | None) -> str:
    assert certificate is not None
    [name] = x509.load_der_x509_certificate(certificate).subject
    return str(name.value)


@pytest.mark.parametrize("caller", [0, 1])
def test_both_hear_each_other_encrypted(secured: Secured, caller: int) -> None:
    call, answered = connected(secured[caller], secured[1 - caller], tls=True)
    heard = dict(zip((caller, 1 - caller), conversation(call, answered)))
    assert heard[0].tone == pytest.approx(EDGE_TONE, abs=2)
    assert heard[1].tone == pytest.approx(PHONE_TONE, abs=2)
    for each in heard.values():
        assert each.received >= 25
        assert (each.lost, each.plain, each.undecryptable) == (0, 0, 0)
    for side in (call, answered):
        assert side.remote_transport == "TLSv1.2"
        assert side.crypto_suite == "AES_CM_128_HMAC_SHA1_80"
        assert "RTP/SAVP" in side.offer and "inline:<removed>" in side.answer
    shown = [_name(side.peer_certificate) for side in (call, answered)]
    assert shown == ["*.alexa.example", "pbx.example.com"][:: 1 - 2 * caller]
    answered.hang_up()
    call.wait_for_end(5)


def test_one_connection_carries_everything(secured: Secured) -> None:
    pbx, edge = secured
    for _time in range(3):
        assert pbx.options("sip:edge", where(edge, tls=True)) == 200
    call, answered = connected(pbx, edge, tls=True)
    answered.hang_up()
    call.wait_for_end(5)
    assert len({message.peer for message in edge.trace}) == 1


def test_no_key_stays_in_the_trace(secured: Secured) -> None:
    call, _answered = connected(*secured, tls=True)
    call.hang_up()
    texts = [message.text for agent in secured for message in agent.trace]
    assert sum("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:<removed>\r\n" in text for text in texts) == 4
    assert not [text for text in texts if text.count("inline:") != text.count("inline:<removed>")]


def test_a_wrong_key_opens_nothing(secured: Secured) -> None:
    call, answered = connected(*secured, tls=True)
    answered.media.agree(("127.0.0.1", 9), None, os.urandom(30))
    call.start_talking()
    heard = answered.talk(0.3)
    assert heard.received == 0 and heard.plain == 0
    assert heard.undecryptable >= 10
    assert heard.tone is None


def test_plain_sound_in_a_secure_call_is_counted(secured: Secured) -> None:
    call, answered = connected(*secured, tls=True)
    call.media._protect = None
    call.start_talking()
    heard = answered.talk(0.3)
    assert (heard.received, heard.undecryptable) == (0, 0)
    assert heard.plain >= 10


def test_plain_offer_is_refused(secured: Secured) -> None:
    pbx, edge = secured
    with pytest.raises(Refused, match="488"):
        pbx.call("sip:7201@edge", via=where(edge, tls=True), srtp=False)


@pytest.mark.parametrize(("spoken", "offered"), [(("1.2",), ("1.1",)), (("1.1",), ("1.2",)), (("1.3",), ("1.2",))])
def test_another_tls_version_is_refused(
    hosts: Hosts, papers: Papers, spoken: tuple[str, ...], offered: tuple[str, ...]
) -> None:
    edge = hosts.agent("edge", papers.tls("*.alexa.example", versions=spoken))
    pbx = hosts.agent("pbx", papers.tls("pbx.example.com", versions=offered, server_name="edge.alexa.example"))
    with pytest.raises(TlsRefused):
        pbx.call("sip:7201@edge", via=where(edge, tls=True))
    assert edge.trace == []


@pytest.mark.parametrize("version", ["1.1", "1.2", "1.3"])
def test_the_versions_asked_for_are_spoken(hosts: Hosts, papers: Papers, version: str) -> None:
    edge = hosts.agent("edge", papers.tls("*.alexa.example", versions=(version,)))
    pbx = hosts.agent("pbx", papers.tls("pbx.example.com", versions=("1.1", "1.3"), server_name="edge.alexa.example"))
    call, _answered = connected(pbx, edge, tls=True)
    assert call.remote_transport == f"TLSv{version}"


def test_a_foreign_server_is_refused(hosts: Hosts, papers: Papers) -> None:
    edge = hosts.agent("edge", papers.tls("*.alexa.example", authority=issue("Foreign CA")))
    pbx = hosts.agent("pbx", papers.tls("pbx.example.com", server_name="edge.alexa.example"))
    with pytest.raises(TlsRefused, match="verify failed"):
        pbx.call("sip:7201@edge", via=where(edge, tls=True))


def test_a_foreign_client_is_refused(hosts: Hosts, papers: Papers) -> None:
    edge = hosts.agent("edge", papers.tls("*.alexa.example"))
    pbx = hosts.agent("pbx", papers.tls("pbx.example.com", authority=issue("Foreign CA"), ca=None))
    with pytest.raises(TlsRefused):
        pbx.call("sip:7201@edge", via=where(edge, tls=True))
    assert edge.trace == []


@pytest.mark.parametrize("name", ["other.example", "a.b.alexa.example"])
def test_a_server_of_another_name_is_refused(hosts: Hosts, papers: Papers, name: str) -> None:
    edge = hosts.agent("edge", papers.tls("*.alexa.example"))
    pbx = hosts.agent("pbx", papers.tls("pbx.example.com", server_name=name))
    with pytest.raises(TlsRefused, match="[Hh]ostname mismatch"):
        pbx.call("sip:7201@edge", via=where(edge, tls=True))


def test_a_closed_port_is_refused(hosts: Hosts, papers: Papers) -> None:
    pbx = hosts.agent("pbx", papers.tls("pbx.example.com"))
    with pytest.raises(ConnectionRefused, match="[Rr]efused"):
        pbx.call("sip:7201@edge", via=(hosts.address(), 5061))


def test_a_connection_that_ends_before_the_answer_is_told(secured: Secured) -> None:
    pbx, edge = secured
    edge.answers(after=0.5)
    edge_connections = edge._endpoint._side.connections  # type: ignore[union-attr]
    pbx.options("sip:edge", where(edge, tls=True))
    connection = next(iter(edge_connections.values()))
    edge._loop.call_soon_threadsafe(edge._loop.call_later, 0.2, connection.close)
    with pytest.raises(TlsRefused, match="before it answered"):
        connected(pbx, edge, tls=True)
    assert methods(pbx, "sent")[-1] == "INVITE"
