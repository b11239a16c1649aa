# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's look at certificates: the file's, the one that is served, the one that is registered.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ansible_collections.alexa.smart_properties.plugins.module_utils._certificates import pems, summaries
from ansible_collections.alexa.smart_properties.plugins.module_utils._chain import checked_chain, public_roots
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ChainError, InputError
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_case import (
    Case,
    Finding,
    Unseen,
    parameters,
)

_WAYS_OF_1_2 = ("tlsv1_2", "")


def look(case: Case) -> Iterator[Finding | Unseen]:
    """What is wrong with the PBX's certificate, its key and what it trusts."""
    chain = case.texts.get("chain") or case.texts.get("certificate") or "\n".join(case.served())
    if not case.texts.get("certificate") and "certificate" in case.texts:
        yield Finding("certificate-missing", f"There is no certificate in {case.texts['certificate_file']}.")
    elif chain:
        yield from _chain(case, chain)
        yield from _key(case)
    yield from _served(case)
    yield from _registered(case)
    yield from _trust(case)
    yield from _handshake(case)


def _chain(case: Case, text: str) -> Iterator[Finding]:
    days = timedelta(days=case.wish.certificate_days)
    try:
        checked = checked_chain(text, case.wish.name, now=case.now, roots=public_roots, soon=days)
    except ChainError as error:
        # What the PBX serves need not lead to the root; only the whole chain must.
        if error.about != "chain-incomplete" or case.texts.get("chain"):
            yield Finding(error.about, error.message)
    except InputError as error:
        yield Finding("certificate-broken", error.message)
    else:
        # The order matters to Amazon alone; what a file holds is put in order before it is sent.
        yield from (Finding(about, told) for about, told in checked.remarks if about != "chain-order")
    served = case.served()
    if len(served) > 1 and [pem.split() for pem in _in_order(served, case)] != [pem.split() for pem in served]:
        yield Finding("chain-order", f"The PBX serves its chain in the order {_subjects(served)}.")


def _in_order(served: list[str], case: Case) -> list[str]:
    """The served chain as it should be; as it is where it can't be put in order."""
    try:
        whole = checked_chain([*served, *pems(case.texts.get("chain", ""))], case.wish.name, now=case.now)
    except InputError:
        return served
    shown = {certificate["sha256"] for certificate in summaries(served)}
    return [pem for pem in whole.pems if summaries([pem])[0]["sha256"] in shown]


def _subjects(chain: list[str]) -> str:
    return ", ".join(each["subject"] for each in summaries(chain))


def _key(case: Case) -> Iterator[Finding]:
    if not case.asked("key_readable"):
        return
    answer = case.answers["key_readable"]
    # A failure of runuser itself is another matter, and has other codes or a message that is not of the user.
    if answer["rc"] == 1 and (not answer.get("stderr") or "does not exist" in answer["stderr"]):
        why = f" ({str(answer['stderr']).strip()})" if answer.get("stderr") else ""
        file = case.texts.get("key_file")
        yield Finding("key-unreadable", f"The PBX's user can't read {file}, or it is not there{why}.")
    key, certificate = case.said("key_public"), case.said("certificate_public")
    if key and certificate and key.split() != certificate.split():
        yield Finding("key-mismatch", f"The key {case.texts.get('key_file')} is not that of the certificate.")


def _fingerprint(chain: list[str]) -> str:
    found = summaries(chain[:1])
    return found[0]["sha256"] if found else ""


def _served(case: Case) -> Iterator[Finding]:
    served, kept = _fingerprint(case.served()), _fingerprint(pems(case.texts.get("certificate", "")))
    if served and kept and served != kept:
        yield Finding(
            "certificate-not-served",
            f"The PBX serves the certificate {served[:16]}, the file holds {kept[:16]}"
            " (the fingerprint's first digits, SHA-256).",
        )


def _registered(case: Case) -> Iterator[Finding | Unseen]:
    if not case.trunk or not case.trunk.get("trunk_id"):
        return
    known = case.trunk.get("certificates") or []
    own = _fingerprint(pems(case.texts.get("certificate", ""))) or _fingerprint(case.served())
    if not known:
        yield Unseen("certificate-not-registered", "Amazon does not tell which chain is registered.")
    elif own and known[0]["sha256"] != own:
        if own in [each["sha256"] for each in known]:
            order = ", ".join(each["subject"] for each in known)
            yield Finding("chain-order", f"Amazon has the chain in the order {order}.")
            return
        yield Finding(
            "certificate-not-registered",
            f"Amazon has the certificate {known[0]['sha256'][:16]}, the PBX has {own[:16]}"
            " (the fingerprint's first digits, SHA-256).",
        )


def _trust(case: Case) -> Iterator[Finding]:
    if "trust" not in case.texts:
        return
    file = case.texts.get("trust_file", "")
    found = summaries(pems(case.texts["trust"]))
    if not found:
        yield Finding("trust-missing", f"{file} holds no certificate, so the PBX trusts nobody.")
    limit = (case.now + timedelta(days=case.wish.certificate_days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ending = [each for each in found if each["not_after"] < limit]
    # Of the system's authorities some are always old; Amazon's own bundle is what matters.
    if ending and len(found) <= 20:
        yield Finding("trust-expired", f"{file}: {ending[0]['subject']} ends on {ending[0]['not_after'][:10]}.")


def _handshake(case: Case) -> Iterator[Finding | Unseen]:
    if case.served() or not case.asked("served"):
        yield from _method(case)
        return
    answer = case.answers["served"]
    told = str(answer.get("stderr", "")) + str(answer.get("stdout", ""))
    if "CONNECTED" in told and ("protocol version" in told or "unsupported protocol" in told):
        yield Finding("tls-version", f"TCP port {case.wish.port} refuses TLS 1.2.")
    elif "CONNECTED" in told and case.wish.kind == "external" and "alert" not in told:
        # A PBX may well hang up on whoever is not on its list.
        yield Unseen("certificate-not-served", f"TCP port {case.wish.port} closes what comes from here.")
    elif "CONNECTED" in told:
        yield Finding("tls-silent", f"TCP port {case.wish.port} is open, and shows no certificate to a TLS client.")
    elif not case.on_asterisk:
        yield Unseen("certificate-not-served", f"No connection to TCP port {case.wish.port} from here; it may well be"
                     " open to Amazon alone.")  # fmt: skip


def _method(case: Case) -> Iterator[Finding]:
    transport = parameters(case.said("transport"))
    if transport.get("method", "") not in _WAYS_OF_1_2:
        yield Finding("tls-version", f"The transport's method is {transport['method']}.")
