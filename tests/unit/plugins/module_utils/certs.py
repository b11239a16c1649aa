# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes certificates for tests, with fast elliptic-curve keys."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

NOW = datetime.datetime(2030, 6, 1, 12, 0, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
KEY_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)


@dataclass
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()


def subject(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])


def issue(
    common_name: str,
    issuer: Issued | None = None,
    *,
    names: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (),
    begins: datetime.datetime = NOW - DAY,
    ends: datetime.datetime = NOW + 365 * DAY,
    key: ec.EllipticCurvePrivateKey | None = None,
    usage: x509.ObjectIdentifier | None = None,
    authority: bool = False,
) -> Issued:
    """A certificate signed by the issuer, or by itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject(common_name))
        .issuer_name(issuer.certificate.subject if issuer else subject(common_name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    alternatives = [x509.DNSName(name) for name in names]
    alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    # Python checks that they are there from 3.13 on.
    signer = (issuer.key if issuer else key).public_key()
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        # What an authority does: sign certificates, and lists of those that were taken back.
        usages = {name: name in ("key_cert_sign", "crl_sign") for name in KEY_USAGES}
        builder = builder.add_extension(x509.KeyUsage(**usages), critical=True)
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return Issued(builder.sign(issuer.key if issuer else key, SHA256()), key)


@dataclass
class Family:
    """A private authority with one intermediate and the PBX's certificate."""

    root: Issued
    intermediate: Issued
    leaf: Issued

    @property
    def pems(self) -> list[str]:
        return [self.leaf.pem, self.intermediate.pem, self.root.pem]


def family(name: str = "pbx.example.com") -> Family:
    root = issue("Example Root")
    intermediate = issue("Example Intermediate", root)
    return Family(root, intermediate, issue(name, intermediate, names=(name,)))
