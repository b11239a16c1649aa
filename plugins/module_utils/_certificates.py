# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads certificates out of text, whatever is around them.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone

with suppress(ImportError):
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def pems(text: str) -> list[str]:
    """The certificates in a text, in its order."""
    return _PEM.findall(text)


def summaries(pems: Sequence[str] | None) -> list[dict[str, str]]:
    """What results show of a chain, {subject, not_after, sha256} each; nothing for what can't be read."""
    # The API may return the chain as one text.
    return [
        {
            "subject": certificate.subject.rfc4514_string(),
            "not_after": not_after(certificate).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "sha256": certificate.fingerprint(SHA256()).hex(),
        }
        for certificate in readable("\n".join(pems or ()))
    ]


def fingerprints(pems: Sequence[str]) -> list[str]:
    """What two spellings of the same chain have in common, whatever the order of its certificates."""
    return sorted(summary["sha256"] for summary in summaries(pems))


def readable(text: str) -> Iterator[x509.Certificate]:
    """The certificates in a text but those that can't be read: newer versions of cryptography refuse some old roots."""
    for block in pems(text):
        with suppress(ValueError):
            yield x509.load_pem_x509_certificate(block.encode())


def not_after(certificate: x509.Certificate) -> datetime:
    # cryptography before 42 knows only the moment without a zone.
    moment = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after
    return moment.replace(tzinfo=timezone.utc)
