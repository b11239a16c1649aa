# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and requests as somebody else's authority or appliance makes them, without the collection."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

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
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @property
    def sha256(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def request(name: str, *, authority: bool = False) -> str:
    """What an appliance makes, keeping its key: a request for a certificate, as PEM."""
    made = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(_named(name))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def issue(
    name: str | None,
    issuer: Issued | None = None,
    *,
    authority: bool | None = None,
    names: tuple[str, ...] | None = None,
    starts: int = -100,
    ends: int = 90,
) -> Issued:
    """A leaf if there is an issuer, else an authority that signs itself.

    :param name: the common name; None for a certificate without one.
    :param authority: says otherwise: an intermediate, or a leaf that signs itself.
    :param names: the subject alternative names; a leaf has its common name there unless told.
    :param starts: first day of validity, in days from now; `ends`: the last.
    """
    if authority is None:
        authority = issuer is None
    if names is None:
        names = () if authority or name is None else (name,)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(issuer.certificate.subject if issuer else _named(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + starts * DAY)
        .not_valid_after(now + ends * DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(usages, critical=False)
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
        builder = builder.add_extension(alternatives, critical=False)
    return Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def _named(name: str | None) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
