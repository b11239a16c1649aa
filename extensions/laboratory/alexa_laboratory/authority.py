# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amazon's certificates as the laboratory has them: a root, an intermediate, and the edge's wildcard certificate."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

EDGE_NAME = "edge.alexa.example"
WILDCARD = "*.alexa.example"
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Certified:
    """The files of one side's identity."""

    chain: Path  # PEM, leaf first, then the intermediate
    key: Path
    bundle: Path  # PEM of the root: what others trust to accept the chain


def certify(folder: Path) -> Certified:
    """Make the edge's identity below the folder, anew: a chain of root, intermediate and wildcard leaf."""
    folder.mkdir(parents=True, exist_ok=True)
    root_key, middle_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _each in range(3))
    root = _signed("Laboratory Root CA", root_key, None, root_key)
    middle = _signed("Laboratory Intermediate CA", middle_key, root, root_key)
    leaf = _signed(WILDCARD, leaf_key, middle, middle_key, leaf=True)
    made = Certified(folder / "edge-chain.pem", folder / "edge.key", folder / "amazon-bundle.pem")
    made.chain.write_bytes(_pem(leaf) + _pem(middle))
    made.bundle.write_bytes(_pem(root))
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    made.key.unlink(missing_ok=True)
    with open(os.open(made.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(leaf_key.private_bytes(*form))
    return made


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    leaf: bool = False,
) -> x509.Certificate:
    """Return a certificate; one without an issuer signs itself, all but leaves may sign others."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    usage = {name: False for name in ("content_commitment", "data_encipherment", "encipher_only", "decipher_only")}
    usage |= {"digital_signature": leaf, "key_encipherment": False, "key_agreement": leaf}
    usage |= {"key_cert_sign": not leaf, "crl_sign": not leaf}
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + 90 * DAY)
        .add_extension(x509.BasicConstraints(ca=not leaf, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if leaf:
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = builder.add_extension(purposes, critical=False).add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
