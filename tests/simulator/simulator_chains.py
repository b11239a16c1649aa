# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate chains for the tests, right ones and wrong ones."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "pbx.example.com"
DAY = datetime.timedelta(days=1)


@dataclass
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """The private key as PEM."""
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()).decode()


def issue(common_name: str | None, issuer: Issued | None = None, *, authority: bool = False,
          names: tuple[str, ...] = (), starts: int = -1, ends: int = 30) -> Issued:
    """A certificate, self-signed without an issuer; `starts` and `ends` are days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (x509.CertificateBuilder()
               .subject_name(subject)
               .issuer_name(issuer.certificate.subject if issuer else subject)
               .public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(now + starts * DAY)
               .not_valid_after(now + ends * DAY)
               .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    return Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


ROOT = issue("Test root", authority=True)
INTERMEDIATE = issue("Test intermediate", ROOT, authority=True)
LEAF = issue(NAME, INTERMEDIATE, names=(NAME,))


def tls(*chain: str, name: str = NAME) -> dict[str, Any]:
    """A trunk's body with this chain."""
    return {"tls": {"certificateChain": list(chain), "name": name}, "peers": [{"ip": "203.0.113.10", "port": 5061}]}
