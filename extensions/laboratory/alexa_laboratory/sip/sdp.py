# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both sides agree on for the sound: SDP (RFC 4566) with keys in it (RFC 4568)."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field

SUITE = "AES_CM_128_HMAC_SHA1_80"
PLAIN, SECURE = "RTP/AVP", "RTP/SAVP"
_KEY_AND_SALT = 30  # octets of master key and master salt in this suite
_PCMU = "0"
_MIRRORED = {"sendonly": "recvonly", "recvonly": "sendonly"}


@dataclass(frozen=True)
class Crypto:
    """One `a=crypto` line of our suite: its tag and master key with salt."""

    tag: str = "1"
    key: bytes = field(default_factory=lambda: secrets.token_bytes(_KEY_AND_SALT), repr=False)


@dataclass(frozen=True)
class Description:
    """The other side's words: where its audio goes, how, and all its media lines in order."""

    address: str
    port: int
    profile: str
    payloads: tuple[str, ...]
    crypto: Crypto | None
    direction: str
    media: tuple[str, ...]

    def suits(self, *, srtp: bool) -> bool:
        """Whether an agent with or without SRTP can take this."""
        if _PCMU not in self.payloads or not self.port:
            return False
        return self.profile == SECURE and self.crypto is not None if srtp else self.profile == PLAIN


def parse(text: str) -> Description:
    """The first audio of a description; ValueError where there is none."""
    common, *sections = re.split(r"(?m)^(?=m=)", text.replace("\r\n", "\n"))
    audio = next((section for section in sections if section.startswith("m=audio ")), None)
    if audio is None:
        raise ValueError("the SDP has no audio")
    _media, port, profile, *payloads = audio.splitlines()[0].split()
    address = re.search(r"(?m)^c=IN IP4 (\S+)", audio) or re.search(r"(?m)^c=IN IP4 (\S+)", common)
    if address is None:
        raise ValueError("the SDP has no IPv4 address")
    direction = re.search(r"(?m)^a=(sendrecv|sendonly|recvonly|inactive)", audio)
    return Description(
        address[1],
        int(port.split("/")[0]),
        profile,
        tuple(payloads),
        _crypto(audio),
        direction[1] if direction else "sendrecv",
        tuple(section.splitlines()[0] for section in sections),
    )


def _crypto(audio: str) -> Crypto | None:
    """The first line of our suite; lifetime and MKI after the key (`|2^31|1:1`) are left alone."""
    found = re.search(rf"(?mi)^a=crypto:(\d+) {SUITE} inline:([A-Za-z0-9+/=]+)", audio)
    if not found:
        return None
    key = base64.b64decode(found[2])
    return Crypto(found[1], key) if len(key) == _KEY_AND_SALT else None


def build(address: str, port: int, crypto: Crypto | None, offer: Description | None = None) -> str:
    """Our description, as an offer or as the answer to one: its other media are declined, its hold is mirrored."""
    direction = _MIRRORED.get(offer.direction, offer.direction) if offer else "sendrecv"
    lines = ["v=0", f"o=- {port} {port} IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0"]
    taken = False
    for line in offer.media if offer else ("m=audio",):
        kind = line.split()[0]
        if taken or kind != "m=audio":
            _media, _port, profile, *payloads = line.split()
            lines.append(f"{kind} 0 {profile} {' '.join(payloads)}")
            continue
        taken = True
        lines += [f"m=audio {port} {SECURE if crypto else PLAIN} {_PCMU}", "a=rtpmap:0 PCMU/8000", "a=ptime:20"]
        if crypto:
            lines.append(f"a=crypto:{crypto.tag} {SUITE} inline:{base64.b64encode(crypto.key).decode()}")
        lines.append(f"a={direction}")
    return "\r\n".join(lines) + "\r\n"
