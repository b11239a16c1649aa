# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registration and calls with digest, against a registrar that nobody here wrote for the agent."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from collections.abc import Iterator

import pytest

from alexa_laboratory.sip import Refused
from sip_hosts import Hosts
from sip_pairs import methods

REALM, NONCE, USER, PASSWORD = "asterisk", "1763/abc", "1234", "room secret"
SDP = "v=0\r\nc=IN IP4 {0}\r\nm=audio 20000 RTP/AVP 0\r\n"


class Registrar:
    """Challenges every request and checks the answer by the letters of RFC 2617."""

    def __init__(self, address: str, *, qop: bool) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 5060))
        self.where = (address, 5060)
        self._challenge = f'Digest realm="{REALM}", nonce="{NONCE}", opaque="o", algorithm=MD5'
        self._challenge += ', qop="auth,auth-int"' if qop else ""
        self.expires: list[str] = []
        self.numbers: list[str] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(4096)
            if data == b"end":
                return
            text = data.decode()
            self.numbers += re.findall(r"(?m)^CSeq: (.*)\r", text)
            method = text.split()[0]
            if method == "ACK":
                continue
            status = self._judge(text, method)
            kept = re.findall(r"(?m)^(?:Via|From|To|Call-ID|CSeq): .*\r\n", text)
            extra = f"WWW-Authenticate: {self._challenge}\r\n" if status.startswith("401") else ""
            body = SDP.format(self.where[0]) if status == "200 OK" and method == "INVITE" else ""
            extra += f"Contact: <sip:{self.where[0]}>\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            answer = f"SIP/2.0 {status}\r\n{''.join(kept)}{extra}"
            self._socket.sendto(answer.encode(), peer)

    def _judge(self, text: str, method: str) -> str:
        fields = dict(re.findall(r'(\w+)="?([^",\r]+)"?', (re.search(r"(?m)^Authorization: .*", text) or [""])[0]))
        if not fields:
            return "401 Unauthorized"
        first = _md5(f"{USER}:{REALM}:{PASSWORD}")
        second = _md5(f"{method}:{fields['uri']}")
        middle = f"{NONCE}:{fields['nc']}:{fields['cnonce']}:auth" if "qop" in fields else NONCE
        if fields.get("opaque") != "o" or fields["response"] != _md5(f"{first}:{middle}:{second}"):
            return "403 Forbidden"
        self.expires += re.findall(r"(?m)^Expires: (\d+)", text)
        return "404 Not Found" if "sip:7201@" in fields["uri"] else "200 OK"

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"end", self.where)
        self._thread.join()
        self._socket.close()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture(params=[True, False], ids=["qop", "no-qop"])
def registrar(request: pytest.FixtureRequest, hosts: Hosts) -> Iterator[Registrar]:
    made = Registrar(hosts.address(), qop=request.param)
    yield made
    made.close()


def test_registers_and_leaves(hosts: Hosts, registrar: Registrar) -> None:
    phone = hosts.agent("phone")
    phone.register(registrar.where, USER, PASSWORD)
    phone.unregister()
    assert registrar.expires == ["3600", "0"]
    assert methods(phone, "received") == ["401", "200"] * 2
    assert f"<sip:{USER}@{phone.address}:5060>" in phone.trace[0].text


def test_a_wrong_password_is_refused(hosts: Hosts, registrar: Registrar) -> None:
    with pytest.raises(Refused, match="403"):
        hosts.agent("phone").register(registrar.where, USER, "wrong")


def test_a_call_meets_the_challenge_too(hosts: Hosts, registrar: Registrar) -> None:
    phone = hosts.agent("phone")
    phone.register(registrar.where, USER, PASSWORD)
    with pytest.raises(Refused, match="404"):
        phone.call("sip:7201@pbx", via=registrar.where)
    assert methods(phone, "sent")[2:] == ["INVITE", "ACK", "INVITE", "ACK"]
    invite = phone.trace[-3].text
    assert f"From: <sip:{USER}@{registrar.where[0]}>" in invite


def test_the_challenge_is_counted_in_the_call(hosts: Hosts, registrar: Registrar) -> None:
    phone = hosts.agent("phone")
    phone.register(registrar.where, USER, PASSWORD)
    phone.call("sip:up@pbx", via=registrar.where).hang_up()
    assert registrar.numbers[2:] == ["1 INVITE", "1 ACK", "2 INVITE", "2 ACK", "3 BYE", "4 BYE"]


def test_no_digest_stays_in_the_trace(hosts: Hosts, registrar: Registrar) -> None:
    phone = hosts.agent("phone")
    phone.register(registrar.where, USER, PASSWORD)
    texts = [message.text for message in phone.trace]
    assert [text for text in texts if "response=<removed>" in text]
    assert not [text for text in texts if PASSWORD in text or 'response="' in text]
