# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A SIP user agent that talks and listens: Amazon's edge, a room's phone, a stranger."""

from __future__ import annotations

from alexa_laboratory.sip.agent import UserAgent
from alexa_laboratory.sip.call import Call
from alexa_laboratory.sip.errors import ConnectionRefused, NoAnswer, Refused, SipError, TlsRefused
from alexa_laboratory.sip.media import Heard
from alexa_laboratory.sip.trace import Message, ladder
from alexa_laboratory.sip.transport import Tls, Udp

__all__ = [
    "Call",
    "ConnectionRefused",
    "Heard",
    "Message",
    "NoAnswer",
    "Refused",
    "SipError",
    "Tls",
    "TlsRefused",
    "Udp",
    "UserAgent",
    "ladder",
]
