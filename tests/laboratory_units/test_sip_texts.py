# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts that only read and write: messages, streams, SDP, digest, tones."""

from __future__ import annotations

import base64
import os
import re

import pytest

from alexa_laboratory.sip import digest, sdp, tone
from alexa_laboratory.sip.message import (
    Framer,
    Headers,
    Request,
    Response,
    answer_to,
    host_port,
    param,
    parse,
    uri_in,
)

OPTIONS = (
    "OPTIONS sip:7@a SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1, SIP/2.0/TCP i;branch=2\r\n"
    "f: <sip:b;tag=no@c>;tag=yes\r\nt: sip:7@a\r\ni: 1\r\ncSEQ: 3 OPTIONS\r\nSubject: a\r\n  b\r\nl: 2\r\n\r\nhi"
)
KEY = base64.b64encode(bytes(range(30))).decode()


def test_a_message_is_read_whatever_its_form() -> None:
    message = parse(OPTIONS.encode())
    assert isinstance(message, Request)
    assert (message.method, message.uri, message.body) == ("OPTIONS", "sip:7@a", "hi")
    assert (message.branch, message.call_id, message.cseq) == ("z9hG4bK1", "1", 3)
    assert message.headers.get("subject") == "a b"
    assert param(message.headers.get("From"), "tag") == "yes"
    assert parse(message.encode()) is not None
    assert b"Content-Length: 2\r\n" in message.encode()


def test_an_answer_copies_what_it_must() -> None:
    message = parse(OPTIONS.encode())
    assert isinstance(message, Request)
    answer = parse(answer_to(message, 486, tag="mine").encode())
    assert isinstance(answer, Response)
    assert answer.first_line == "SIP/2.0 486 Busy Here"
    assert (answer.branch, answer.method, answer.final) == ("z9hG4bK1", "OPTIONS", True)
    assert answer.headers.items("Via")[1] == "SIP/2.0/TCP i;branch=2"
    assert answer.headers.get("To") == "sip:7@a;tag=mine"


@pytest.mark.parametrize(
    "text", ["", "hello", "GET / HTTP/1.1\r\nCSeq: 1 GET\r\n\r\n", "A b SIP/2.0\r\nCSeq: x\r\n\r\n"]
)
def test_what_is_no_sip_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no SIP"):
        parse(text.encode())


def test_a_stream_is_cut_wherever_it_breaks() -> None:
    data = ("\r\n\r\n" + OPTIONS).encode() * 3
    for size in (1, 7, len(data)):
        framer = Framer()
        got = [each for place in range(0, len(data), size) for each in framer.feed(data[place : place + size])]
        assert got == [OPTIONS.encode()] * 3
    with pytest.raises(ValueError, match="no Content-Length"):
        Framer().feed(b"OPTIONS sip:7@a SIP/2.0\r\n\r\n")


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("sip:a@b.c", ("b.c", 5060)),
        ("sip:a@10.0.0.1:5070;lr", ("10.0.0.1", 5070)),
        ("sip:b;transport=TLS", ("b", 5061)),
        ("sips:b", ("b", 5061)),
    ],
)
def test_uris_say_where(uri: str, place: tuple[str, int]) -> None:
    assert host_port(uri) == place
    assert uri_in(f'"A, <B>" <{uri}>;x=1'.replace("<B>", "B")) == uri


def test_lists_are_split_outside_quotes_only() -> None:
    headers = Headers([("m", '"a, b" <sip:a,b@c>, <sip:d>'), ("Contact", "<sip:e>")])
    assert headers.items("Contact") == ['"a, b" <sip:a,b@c>', "<sip:d>", "<sip:e>"]


OFFER = f"""v=0
o=- 1 1 IN IP4 10.0.0.9
s=-
c=IN IP4 10.0.0.1
t=0 0
m=video 7 RTP/AVP 31
c=IN IP4 10.0.0.3
m=audio 4000 RTP/SAVP 111 0
c=IN IP4 10.0.0.2
a=crypto:1 AEAD_AES_256_GCM inline:AAAA
a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31|1:4
a=inactive
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_offer_is_understood_and_answered(end: str) -> None:
    offer = sdp.parse(OFFER.replace("\n", end))
    assert (offer.address, offer.port, offer.profile, offer.direction) == ("10.0.0.2", 4000, "RTP/SAVP", "inactive")
    assert offer.crypto == sdp.Crypto("2", bytes(range(30)))
    assert offer.suits(srtp=True) and not offer.suits(srtp=False)
    answer = sdp.build("10.0.0.7", 5000, sdp.Crypto("2", bytes(30)), offer)
    assert re.findall("m=.*?(?=\r)", answer) == ["m=video 0 RTP/AVP 31", "m=audio 5000 RTP/SAVP 0"]
    assert "a=crypto:2 AES_CM" in answer and "a=inactive" in answer
    assert "AAAA" not in repr(offer.crypto) and "\\x00" not in repr(offer.crypto)


@pytest.mark.parametrize(
    ("old", "new"),
    [("SHA1_80", "SHA1_32"), ("111 0", "111"), ("audio 4000", "audio 0"), (KEY, KEY[:20]), ("RTP/SAVP", "RTP/AVP")],
)
def test_offers_that_do_not_suit(old: str, new: str) -> None:
    assert not sdp.parse(OFFER.replace(old, new)).suits(srtp=True)


@pytest.mark.parametrize("text", ["", "v=0\nm=video 1 RTP/AVP 1\n", "v=0\nm=audio 1 RTP/AVP 0\nc=IN IP6 ::1\n"])
def test_descriptions_without_audio_are_errors(text: str) -> None:
    with pytest.raises(ValueError, match="the SDP has no"):
        sdp.parse(text)


def test_the_first_known_challenge_is_met() -> None:
    request = Request(
        Headers([("Via", "SIP/2.0/UDP h;branch=z9hG4bK1"), ("CSeq", "3 INVITE")]), "", "INVITE", "sip:7@a"
    )
    asked = [
        ("WWW-Authenticate", f'Digest realm="r", nonce="n", algorithm={name}') for name in ("SHA-512-256", "SHA-256")
    ]
    again = digest.authenticated(request, Response(Headers(asked), "", 401, "x"), digest.Credentials("u", "p"))
    assert again is not None
    assert again.cseq == 4 and again.branch != request.branch and request.cseq == 3
    # printf u:r:p | sha256sum; printf INVITE:sip:7@a | sha256sum; printf $first:n:$second | sha256sum
    assert 'response="dad2c0c999ce1dd1f17abd7d126c25ddce2a3a8a31b13747af56ae2b46714d81"' in again.headers.get(
        "Authorization"
    )
    assert (
        digest.authenticated(request, Response(Headers(asked[:1]), "", 401, "x"), digest.Credentials("u", "p")) is None
    )
    assert "password" not in repr(digest.Credentials("u", "password"))


@pytest.mark.parametrize("frequency", [350.0, 440.0, 697.0, 1000.0, 1500.5, 3000.0])
def test_a_tone_is_recognised(frequency: float) -> None:
    heard, level = tone.heard(b"".join(tone.packets(frequency)))
    assert heard == pytest.approx(frequency, abs=0.5)
    assert level == pytest.approx(0.3 / 2**0.5, abs=0.01)


def test_silence_noise_and_scraps_are_no_tone() -> None:
    assert tone.heard(b"\xff" * 4000) == (None, 0.0)
    assert tone.heard(os.urandom(4000))[0] is None
    assert tone.heard(tone.packets(440.0)[0]) == (None, 0.0)


def test_mu_law_is_the_standard_one() -> None:
    """G.711: silence is 0xFF, the loudest positive sample 0x80, the loudest negative one 0x00."""
    assert [tone._encode(value) for value in (0, 32767, -32767, 1000, -1000)] == [0xFF, 0x80, 0x00, 0xCE, 0x4E]
    assert all(tone._encode(tone._decode(octet) * 32768) == octet for octet in range(256) if octet != 0x7F)
