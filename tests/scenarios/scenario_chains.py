# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate chains, right ones and wrong ones, made once a process."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAME = "pbx.example.com"
DAY = datetime.timedelta(days=1)


@dataclass
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()

    @property
    def sha256(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def issue(name: str, issuer: Issued | None = None, *, starts: int = -1, ends: int = 90) -> Issued:
    """A leaf with an issuer, else an authority that signs itself; `starts` and `ends` are days from now."""
    return _issue(name, issuer, issuer is None, starts, ends)


def issue_authority(name: str, issuer: Issued) -> Issued:
    """An intermediate authority."""
    return _issue(name, issuer, True, -1, 90)


def _issue(name: str, issuer: Issued | None, authority: bool, starts: int, ends: int) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + starts * DAY)
        .not_valid_after(now + ends * DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True))
    if not authority:
        usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(usages, critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


ROOT = issue("Test root")
INTERMEDIATE = issue_authority("Test intermediate", ROOT)
LEAF = issue(NAME, INTERMEDIATE)
RENEWED = issue(NAME, INTERMEDIATE)
CHAIN = LEAF.pem + INTERMEDIATE.pem + ROOT.pem
RENEWED_CHAIN = [RENEWED.pem, INTERMEDIATE.pem, ROOT.pem]
