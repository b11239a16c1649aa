# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the PBX's certificate chain before Amazon sees it, and puts it in order.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Callable

from ansible_collections.alexa.smart_properties.plugins.module_utils._certificates import not_after, pems, readable
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ChainError, InputError

CRYPTOGRAPHY_IMPORT_ERROR: str | None = None
try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    from requests.utils import DEFAULT_CA_BUNDLE_PATH
except ImportError:
    CRYPTOGRAPHY_IMPORT_ERROR = traceback.format_exc()

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_EXPIRES_SOON = timedelta(days=14)


@dataclass
class Chain:
    """A chain that Amazon can verify: PEM texts, leaf first.

    :param remarks: what the user should know about it, each with a word for what it is about, as in ChainError.
    """

    pems: tuple[str, ...]
    remarks: list[tuple[str, str]] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        return [told for _about, told in self.remarks]


def certificates(text: str | Sequence[str]) -> list[x509.Certificate]:
    """The certificates of PEM text, in its order.

    Raises InputError for a private key, for text that is no PEM, and for none at all.
    """
    joined = text if isinstance(text, str) else "\n".join(str(part) for part in text)
    if _PRIVATE_KEY.search(joined):
        raise InputError(
            "certificate_chain holds a private key. Nothing was sent.",
            "Give the certificates only: the key never leaves the PBX. If the text was kept elsewhere, change the key.",
        )
    if not joined.strip():
        raise InputError("certificate_chain is empty.", "Give the PBX's certificate, then its intermediates, as PEM.")
    blocks = pems(joined)
    if not blocks:
        raise InputError(
            "certificate_chain is no PEM: it has no -----BEGIN CERTIFICATE----- line.",
            "Convert it with: openssl x509 -inform der -in certificate.cer -out certificate.pem",
        )
    found = []
    for number, block in enumerate(blocks, start=1):
        try:
            found.append(x509.load_pem_x509_certificate(block.encode()))
        except ValueError:
            raise InputError(
                f"certificate_chain: certificate {number} of {len(blocks)} is damaged.", "Copy it again, whole."
            ) from None
    return found


def checked_chain(
    text: str | Sequence[str],
    name: str,
    *,
    now: datetime | None = None,
    soon: timedelta = _EXPIRES_SOON,
    roots: Callable[[], Sequence[x509.Certificate]] = tuple,
) -> Chain:
    """The chain in the order that Amazon wants, or an InputError that says what is wrong with it.

    :param name: the trunk's tls_name, which the leaf must carry.
    :param soon: a certificate that ends within this time is remarked on.
    :param roots: gives the certificates of public authorities, which a chain need not contain.
    """
    given = certificates(text)
    remarks: list[tuple[str, str]] = []
    distinct = list(dict.fromkeys(given))
    if len(distinct) < len(given):
        remarks.append(("chain-stray", "certificate_chain holds a certificate twice; it is sent once."))
    ordered = _in_order(distinct)
    if ordered != distinct:
        told = "certificate_chain was not in order (leaf first, each issuer next); it is sent in order."
        remarks.append(("chain-order", told))
    _check_complete(ordered, roots)
    moment = now or datetime.now(timezone.utc)
    for certificate in ordered:
        remarks += _checked_dates(certificate, moment, soon)
    remarks += _checked_leaf(ordered[0], name)
    return Chain(tuple(_pem(certificate) for certificate in ordered), remarks)


def public_roots() -> list[x509.Certificate]:
    """The authorities that come with C(requests)."""
    with open(DEFAULT_CA_BUNDLE_PATH, encoding="utf-8") as bundle:
        return list(readable(bundle.read()))


def _in_order(certs: list[x509.Certificate]) -> list[x509.Certificate]:
    """Leaf first, each one's issuer next."""
    leaves = [cert for cert in certs if not any(_issued(cert, other) for other in certs if other != cert)]
    if len(certs) > 1 and len(leaves) != 1:
        listed = ", ".join(_subject(cert) for cert in leaves) or "none"
        raise ChainError(
            "chain-stray",
            f"certificate_chain is not one chain: it has {len(leaves)} certificates that issued none of the others"
            f" ({listed}).",
            "Give one leaf and the certificates that lead from it to its root, and no others.",
        )
    ordered = [leaves[0] if leaves else certs[0]]
    while issuer := next((cert for cert in certs if cert not in ordered and _issued(cert, ordered[-1])), None):
        ordered.append(issuer)
    strays = [cert for cert in certs if cert not in ordered]
    if strays:
        raise ChainError(
            "chain-stray",
            f"certificate_chain holds {_subject(strays[0])}, which did not issue {_subject(ordered[-1])}"
            f" (issuer: {ordered[-1].issuer.rfc4514_string()}).",
            "Remove it, or add the certificate that is missing between them.",
        )
    return ordered


def _check_complete(ordered: list[x509.Certificate], roots: Callable[[], Sequence[x509.Certificate]]) -> None:
    last = ordered[-1]
    if _issued(last, last) or any(_issued(root, last) for root in roots()):
        return
    raise ChainError(
        "chain-incomplete",
        f"certificate_chain is incomplete: the issuer of {_subject(last)} is missing"
        f" ({last.issuer.rfc4514_string()}).",
        "Append that certificate: the intermediate that the authority delivered with the certificate, or the private"
        " authority's own.",
    )


def _checked_dates(certificate: x509.Certificate, now: datetime, soon: timedelta) -> list[tuple[str, str]]:
    subject = _subject(certificate)
    begins, ends = _not_before(certificate), not_after(certificate)
    if now >= ends:
        told = f"The certificate {subject} expired on {ends:%Y-%m-%d %H:%M} UTC."
        raise ChainError("certificate-expired", told, "Renew it first.")
    if now < begins:
        raise ChainError(
            "certificate-early",
            f"The certificate {subject} is not valid before {begins:%Y-%m-%d %H:%M} UTC.",
            "Check the clock of this machine, or wait until then.",
        )
    told = f"The certificate {subject} expires on {ends:%Y-%m-%d}."
    return [("certificate-expires", told)] if ends - now < soon else []


def _checked_leaf(leaf: x509.Certificate, name: str) -> list[tuple[str, str]]:
    names = _names(leaf)
    if not any(_covers(pattern, name) for pattern in names):
        raise ChainError(
            "certificate-name",
            f"tls_name {name} is not in the certificate {_subject(leaf)}; its names are: {', '.join(names) or 'none'}.",
            "Use one of these names, or a certificate that carries the name as a Subject Alternative Name.",
        )
    try:
        usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return []
    if ExtendedKeyUsageOID.CLIENT_AUTH in usages:
        return []
    told = (
        f"The certificate {_subject(leaf)} is not meant for clients (no clientAuth in its extended key usage):"
        " calls from the PBX to Alexa may be refused."
    )
    return [("certificate-client", told)]


def _names(leaf: x509.Certificate) -> list[str]:
    """Subject Alternative Names first, then the Common Name: Amazon takes either."""
    names: list[str] = []
    try:
        alternatives = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names += alternatives.get_values_for_type(x509.DNSName)
        names += [str(address) for address in alternatives.get_values_for_type(x509.IPAddress)]
    except x509.ExtensionNotFound:
        pass
    common = [str(attribute.value) for attribute in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return names + [name for name in common if name not in names]


def _covers(pattern: str, name: str) -> bool:
    """RFC 6125 section 6.4: case does not matter, and a wildcard stands for one whole label on the left."""
    wanted, offered = name.lower().rstrip("."), pattern.lower().rstrip(".")
    if offered.startswith("*."):
        return "." in wanted and wanted.split(".", 1)[1] == offered[2:]
    return wanted == offered


def _issued(issuer: x509.Certificate, subject: x509.Certificate) -> bool:
    try:
        subject.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or f"with serial number {certificate.serial_number:x}"


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode().strip() + "\n"


def _not_before(certificate: x509.Certificate) -> datetime:
    moment = getattr(certificate, "not_valid_before_utc", None) or certificate.not_valid_before
    return moment.replace(tzinfo=timezone.utc)
