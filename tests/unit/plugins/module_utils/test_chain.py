# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate chains: what is taken, what is put in order, what is refused and why."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.alexa.smart_properties.plugins.module_utils._certificates import fingerprints, summaries
from ansible_collections.alexa.smart_properties.plugins.module_utils._chain import (
    Chain,
    certificates,
    checked_chain,
    public_roots,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.certs import (
    DAY,
    NOW,
    Family,
    Issued,
    family,
    issue,
)

NAME = "pbx.example.com"


@pytest.fixture
def chain() -> Family:
    return family(NAME)


def checked(text: Any, name: str = NAME, now: datetime = NOW, roots: Any = tuple) -> Chain:
    return checked_chain(text, name, now=now, roots=roots)


def refused(text: Any, told: str, **settings: Any) -> str:
    with pytest.raises(InputError, match=told) as caught:
        checked(text, **settings)
    assert caught.value.next_step
    return str(caught.value)


def stripped(pems: list[str]) -> list[str]:
    return [pem.strip() for pem in pems]


@pytest.mark.parametrize("form", [list, "".join, "\n# leaf\n".join, tuple])
def test_a_right_chain_is_taken_as_it_is(chain: Family, form: Any) -> None:
    result = checked(form(chain.pems))
    assert stripped(list(result.pems)) == stripped(chain.pems)
    assert result.warnings == []


def test_line_ends_of_windows_do_not_matter(chain: Family) -> None:
    result = checked("".join(chain.pems).replace("\n", "\r\n"))
    assert stripped(list(result.pems)) == stripped(chain.pems)


def test_any_other_order_is_put_right_with_a_warning(chain: Family) -> None:
    for order in itertools.permutations(chain.pems):
        result = checked(list(order))
        assert stripped(list(result.pems)) == stripped(chain.pems)
        assert [warning for warning in result.warnings if "in order" in warning] == (
            [] if list(order) == chain.pems else result.warnings
        )
        assert bool(result.warnings) == (list(order) != chain.pems)


def test_a_certificate_that_occurs_twice_is_sent_once(chain: Family) -> None:
    result = checked([*chain.pems, chain.leaf.pem])
    assert len(result.pems) == 3
    assert result.warnings == ["certificate_chain holds a certificate twice; it is sent once."]


def test_a_certificate_that_signed_itself_is_a_whole_chain() -> None:
    assert len(checked(issue(NAME, names=(NAME,)).pem).pems) == 1


def test_a_missing_intermediate_is_named(chain: Family) -> None:
    told = refused([chain.leaf.pem], "incomplete: the issuer of CN=pbx.example.com is missing")
    assert "CN=Example Intermediate" in told
    assert "2 certificates that issued none" in refused([chain.leaf.pem, chain.root.pem], "not one chain")


def test_a_missing_private_root_is_named(chain: Family) -> None:
    refused(chain.pems[:2], "issuer of CN=Example Intermediate is missing .*CN=Example Root")


def test_a_root_that_is_publicly_known_may_be_missing(chain: Family) -> None:
    other = issue("Another Root")
    assert len(checked(chain.pems[:2], roots=lambda: [other.certificate, chain.root.certificate]).pems) == 2
    refused(chain.pems[:2], "incomplete", roots=lambda: [other.certificate])


def test_a_root_of_the_same_name_with_another_key_does_not_count(chain: Family) -> None:
    refused(chain.pems[:2], "incomplete", roots=lambda: [issue("Example Root").certificate])


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_the_public_authorities_are_read_only_where_the_chain_ends_early(chain: Family) -> None:
    def never() -> Any:
        raise AssertionError("read")

    checked(chain.pems, roots=never)
    assert len(public_roots()) > 50


def test_a_stray_certificate_is_named(chain: Family) -> None:
    refused([*chain.pems, issue("Stray").pem], "2 certificates that issued none of the others .*CN=Stray")


def test_two_leaves_are_refused(chain: Family) -> None:
    second = issue("other.example.com", chain.intermediate)
    refused([*chain.pems, second.pem], "not one chain: it has 2 .*CN=pbx.example.com, CN=other.example.com")


def cross_signed() -> tuple[Issued, Issued, Issued, Issued]:
    """A leaf, its issuer as a root of its own and as signed by an older root, and that root."""
    old = issue("Old Root")
    new = issue("New Root")
    crossed = issue("New Root", old, key=new.key)
    return issue(NAME, new, names=(NAME,)), new, crossed, old


def test_a_cross_signed_chain_is_taken() -> None:
    leaf, new, crossed, old = cross_signed()
    assert stripped(list(checked([leaf.pem, crossed.pem, old.pem]).pems)) == stripped([leaf.pem, crossed.pem, old.pem])
    assert len(checked([leaf.pem, new.pem]).pems) == 2


def test_a_fork_in_the_chain_is_refused() -> None:
    leaf, new, crossed, old = cross_signed()
    refused([leaf.pem, crossed.pem, old.pem, new.pem], "which did not issue")


def test_two_authorities_that_signed_each_other_make_no_endless_chain() -> None:
    key_a, key_b = (ec.generate_private_key(ec.SECP256R1()) for _number in range(2))
    a, b = issue("A", key=key_a), issue("B", key=key_b)
    a_by_b, b_by_a = issue("A", b, key=key_a), issue("B", a, key=key_b)
    leaf = issue(NAME, a, names=(NAME,))
    refused([leaf.pem, a_by_b.pem, b_by_a.pem], "incomplete")
    refused([a_by_b.pem, b_by_a.pem], "it has 0 certificates that issued none")


@pytest.mark.parametrize("which", ["root", "intermediate", "leaf"])
def test_dates_of_every_certificate_count(which: str) -> None:
    def dates(name: str) -> dict[str, datetime]:
        return {"begins": NOW - 10 * DAY, "ends": NOW + 20 * DAY} if name == which else {
            "begins": NOW - 1000 * DAY, "ends": NOW + 1000 * DAY}  # fmt: skip

    root = issue("Root", **dates("root"))
    between = issue("Between", root, **dates("intermediate"))
    leaf = issue(NAME, between, names=(NAME,), **dates("leaf"))
    subject = {"root": "CN=Root", "intermediate": "CN=Between", "leaf": f"CN={NAME}"}[which]
    pems = [leaf.pem, between.pem, root.pem]
    assert checked(pems).warnings == []
    assert checked(pems, now=NOW + 7 * DAY).warnings == [f"The certificate {subject} expires on 2030-06-21."]
    refused(pems, f"{subject} expired on 2030-06-21 12:00 UTC", now=NOW + 20 * DAY)
    refused(pems, f"{subject} is not valid before 2030-05-22 12:00 UTC", now=NOW - 11 * DAY)


@pytest.mark.parametrize(
    ("common_name", "names", "addresses", "name", "good"),
    [
        ("x", ("pbx.example.com",), (), "pbx.example.com", True),
        ("x", ("PBX.example.com",), (), "pbx.EXAMPLE.com", True),
        ("x", ("a.example.com", "pbx.example.com"), (), "pbx.example.com.", True),
        ("pbx.example.com", (), (), "pbx.example.com", True),
        ("pbx.example.com", ("other.example.com",), (), "pbx.example.com", True),
        ("x", ("*.example.com",), (), "pbx.example.com", True),
        ("*.example.com", (), (), "pbx.example.com", True),
        ("x", ("*.example.com",), (), "a.pbx.example.com", False),
        ("x", ("*.example.com",), (), "example.com", False),
        ("x", ("*.com",), (), "pbx.example.com", False),
        ("x", ("p*.example.com",), (), "pbx.example.com", False),
        ("x", ("example.com",), (), "pbx.example.com", False),
        ("x", ("pbx.example.com.evil.example",), (), "pbx.example.com", False),
        ("x", (), ("203.0.113.10",), "203.0.113.10", True),
        ("x", (), ("203.0.113.10",), "203.0.113.11", False),
        ("", (), (), "pbx.example.com", False),
    ],
)
def test_the_name_must_be_in_the_leaf(
    common_name: str, names: tuple[str, ...], addresses: tuple[str, ...], name: str, good: bool
) -> None:
    pem = issue(common_name, names=names, addresses=addresses).pem
    if good:
        assert checked(pem, name).warnings == []
        return
    told = refused(pem, f"tls_name {name} is not in the certificate", name=name)
    assert ", ".join([*names, *addresses, *([common_name] if common_name else [])]) in told


def test_the_name_of_an_issuer_does_not_count() -> None:
    root = issue(NAME, names=(NAME,))
    refused([issue("other.example.com", root).pem, root.pem], "tls_name pbx.example.com is not in")


def test_a_certificate_for_servers_only_is_warned_of() -> None:
    only = issue(NAME, names=(NAME,), usage=ExtendedKeyUsageOID.SERVER_AUTH)
    assert "clientAuth" in checked(only.pem).warnings[0]
    assert checked(issue(NAME, names=(NAME,), usage=ExtendedKeyUsageOID.CLIENT_AUTH).pem).warnings == []


def keys() -> dict[str, str]:
    key = issue("x").key
    forms = {
        "pkcs8": (PrivateFormat.PKCS8, NoEncryption()),
        "ec": (PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "encrypted": (PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
        "openssh": (PrivateFormat.OpenSSH, NoEncryption()),
    }
    made = {name: key.private_bytes(Encoding.PEM, *form).decode() for name, form in forms.items()}
    return made | {
        "rsa": made["ec"].replace("EC PRIVATE", "RSA PRIVATE"),
        "dsa, cut off": "-----BEGIN DSA PRIVATE KEY-----\nMIIB",
    }


@pytest.mark.parametrize("kind", sorted(keys()))
def test_a_private_key_is_refused_and_not_repeated(chain: Family, kind: str) -> None:
    key = keys()[kind]
    for text in ([*chain.pems, key], key + "".join(chain.pems), key):
        told = refused(text, "holds a private key. Nothing was sent")
        assert not any(line in told for line in key.splitlines())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"), (" \n\t", "is empty"), ([], "is empty"), (["", "\n"], "is empty"),
        ("pbx.pem", "is no PEM"), ("MIIBszCCAVmgAwIBAgIU", "is no PEM"), (["\x30\x82\x01"], "is no PEM"),
        ("-----BEGIN CERTIFICATE-----\nMIIB", "is no PEM"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "certificate 1 of 1 is damaged"),
        ("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----", "certificate 1 of 1 is damaged"),
        ("-----BEGIN CERTIFICATE-----\n\u00fc\n-----END CERTIFICATE-----", "certificate 1 of 1 is damaged"),
        ([7, None], "is no PEM"),
    ],
)  # fmt: skip
def test_what_is_no_certificate_is_refused(text: Any, told: str) -> None:
    refused(text, told)


def test_the_damaged_one_of_several_is_named(chain: Family) -> None:
    lines = chain.intermediate.pem.splitlines()
    damaged = "\n".join([*lines[:2], *lines[3:]])
    refused([chain.leaf.pem, damaged, chain.root.pem], "certificate 2 of 3 is damaged")


def test_certificates_come_in_the_order_of_the_text(chain: Family) -> None:
    assert certificates("".join(reversed(chain.pems))) == [
        chain.root.certificate, chain.intermediate.certificate, chain.leaf.certificate,
    ]  # fmt: skip


def test_summaries_show_subject_end_and_fingerprint(chain: Family) -> None:
    (summary,) = summaries([chain.leaf.pem])
    assert (summary["subject"], summary["not_after"]) == (f"CN={NAME}", "2031-06-01T12:00:00Z")
    assert len(summary["sha256"]) == 64


def test_fingerprints_do_not_depend_on_the_spelling(chain: Family) -> None:
    wanted = fingerprints(chain.pems)
    assert len(set(wanted)) == 3
    assert fingerprints(["".join(chain.pems)]) == wanted
    assert fingerprints(list(reversed(chain.pems))) == wanted
    assert fingerprints([pem.replace("\n", "\r\n") + "\n\n" for pem in chain.pems]) == wanted


@pytest.mark.parametrize("pems", [None, [], ["x"], ["-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"]])
def test_a_chain_that_can_not_be_read_has_no_summary(pems: Any) -> None:
    assert summaries(pems) == []
