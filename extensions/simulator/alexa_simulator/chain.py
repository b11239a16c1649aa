# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate chain must be before a trunk takes it; written apart from the collection's own checks."""

from __future__ import annotations

import datetime
import re
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from .answers import Refusal, a_list

ONE_CERTIFICATE = re.compile(r"\s*-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\s*")


def a_chain(value: Any, where: str) -> list[str]:
    """A list of PEM texts, one certificate each, leaf first, each issued by the next."""
    texts = a_list(value, where)
    certificates = [_certificate(text, f"{where}[{index}]") for index, text in enumerate(texts)]
    _check_order(certificates, where)
    now = datetime.datetime.now(datetime.timezone.utc)
    for index, certificate in enumerate(certificates):
        if now > certificate.not_valid_after_utc:
            raise Refusal(400, f"{where}[{index}] has expired.")
        if now < certificate.not_valid_before_utc:
            raise Refusal(400, f"{where}[{index}] is not valid yet.")
    return texts


def check_name(name: str, chain: list[str], where: str) -> None:
    """The name must be a Subject Alternative Name or the Common Name of the leaf."""
    leaf = x509.load_pem_x509_certificate(chain[0].encode())
    if not any(_matches(pattern.lower(), name.lower()) for pattern in _names(leaf)):
        raise Refusal(400, f"{where} is neither the Common Name nor a Subject Alternative Name of the certificate.")


def _certificate(text: Any, where: str) -> x509.Certificate:
    if not isinstance(text, str):
        raise Refusal(400, f"{where} must be a string.")
    if "PRIVATE KEY" in text:
        raise Refusal(400, f"{where} contains a private key.")
    if not ONE_CERTIFICATE.fullmatch(text):
        raise Refusal(400, f"{where} must be exactly one certificate in PEM form.")
    try:
        return x509.load_pem_x509_certificate(text.encode())
    except ValueError:
        raise Refusal(400, f"{where} is not a certificate in PEM form.") from None


def _check_order(certificates: list[x509.Certificate], where: str) -> None:
    if len(certificates) > 1 and _is_authority(certificates[0]):
        raise Refusal(400, f"{where} must start with the certificate of the PBX, not of an authority.")
    for index, (lower, upper) in enumerate(zip(certificates, certificates[1:])):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature):
            raise Refusal(400, f"{where}[{index}] is not issued by {where}[{index + 1}].") from None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _names(leaf: x509.Certificate) -> list[str]:
    names = [str(attribute.value) for attribute in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        alternative = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return names
    return names + alternative.get_values_for_type(x509.DNSName)


def _matches(pattern: str, name: str) -> bool:
    """A wildcard stands for exactly one label, the first."""
    if pattern.startswith("*."):
        first, _dot, rest = name.partition(".")
        return bool(first) and rest == pattern[2:]
    return pattern == name
