# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a call, a registration or a question came to nothing."""

from __future__ import annotations


class SipError(Exception):
    """What went wrong between two SIP hosts, in words for people."""


class Refused(SipError):
    """The peer answered with a final status that is no success."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"refused with {status} {reason}")
        self.status = status
        self.reason = reason


class NoAnswer(SipError):
    """No final answer, or no connection at all, in the time given."""


class ConnectionRefused(SipError):
    """The peer's host turned the TCP connection away."""


class TlsRefused(SipError):
    """One of the two sides did not accept the other's TLS version or certificate, or ended the connection."""
