# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Given certificates that can't work: refused with host, file and remedy before a file is written or Amazon told."""

from __future__ import annotations

import pytest

from issuing import issue, request
from playbook_runs import LINK, PROFILE, Run, Site

ROOT = issue("Somebody's root")
MIDDLE = issue("Somebody's intermediate", ROOT, authority=True)


def name_of(host: str) -> str:
    return f"{host}.example.com"


def leaf(host: str, ends: int = 90, starts: int = -100) -> str:
    return issue(name_of(host), MIDDLE, starts=starts, ends=ends).pem


REST = MIDDLE.pem + ROOT.pem
# What is in the file, and what the message must say.
CHAINS = {
    "expired": (leaf("expired", ends=-1) + REST, ["have ended", "Renew"]),
    "expired-issuer": (
        leaf("expired-issuer") + issue("Somebody's intermediate", ROOT, ends=-1, authority=True).pem,
        ["have ended", "Renew"],
    ),
    "not-yet-valid": (leaf("not-yet-valid", starts=2) + REST, ["not valid yet"]),
    "other-name": (leaf("another") + REST, ["another.example.com", "other-name.example.com", "alexa_pbx_name"]),
    "key-within": (leaf("key-within") + issue("x").key_pem + REST, ["private key", "Give the certificates only"]),
    "no-pem": ("MIIB\x7f this is DER, or so it seems", ["no PEM", "BEGIN CERTIFICATE"]),
    "empty": ("", ["no PEM"]),
    "out-of-order": (leaf("out-of-order") + ROOT.pem + MIDDLE.pem, ["out of order", "each one's issuer"]),
    "incomplete": (leaf("incomplete") + ROOT.pem, ["incomplete", "each one's issuer"]),
    "key-of-another": (leaf("key-of-another") + REST, ["does not belong to the certificate", "requested with"]),
}


@pytest.fixture(scope="module")
def refused(site: Site) -> Run:
    """One run over all of them, and over an appliance whose request asks for an authority's certificate."""
    hosts: dict[str, dict[str, object]] = {}
    for host, (content, _said) in CHAINS.items():
        hosts[host] = {
            "pbx_tls_source": "given",
            "pbx_tls_given_certificate_file": str(site.write(f"given/{host}.pem", content)),
        }
    hosts["key-of-another"]["pbx_tls_given_key_file"] = str(site.write("given/key.pem", issue("another").key_pem))
    csr = request(name_of("authority"), authority=True)
    hosts["authority"] = {"pbx_tls_csr_file": str(site.write("given/authority.csr", csr))}
    bundle = str(site.write("given/bundle.pem", ROOT.pem + issue("Amazon's old root", ends=-1).pem))
    hosts["old-bundle"] = {"alexa_ca_bundle": bundle}
    room = {"extension": "7201", "comms_profile_id": PROFILE + "A1"}
    site.inventory(
        {
            host: {"alexa_pbx_name": name_of(host), "alexa_pbx_address": f"203.0.113.{number}", **own}
            for number, (host, own) in enumerate(hosts.items(), 10)
        },
        pbx_tls_dir=str(site.pbx / "{{ inventory_hostname }}"),
        alexa_rooms=[room],
        alexa_handover_dir=str(site.folder / "handover" / "{{ inventory_hostname }}"),
    )
    return site.run(LINK, "--diff")


@pytest.mark.parametrize("host", CHAINS)
def test_names_the_host_what_is_wrong_and_the_remedy(host: str, refused: Run) -> None:
    for text in (host, *CHAINS[host][1]):
        assert text in refused.message(host), f"{text!r} is not in: {refused.message(host)}"


def test_refuses_a_request_for_an_authority(refused: Run) -> None:
    assert "asks for a certificate that certifies others" in refused.message("authority")


def test_refuses_a_bundle_that_has_ended(refused: Run) -> None:
    message = refused.message("old-bundle")
    assert "old-bundle" in message and "Amazon's old root" in message and "Download" in message


def test_nothing_is_sent_and_nothing_is_installed(site: Site, refused: Run) -> None:
    assert refused.failed() == {*CHAINS, "authority", "old-bundle"} and not site.counted()
    written = {name for name in site.files() if (site.folder / name).is_file()}
    assert not written, written


def test_no_key_is_shown(site: Site, refused: Run) -> None:
    key = (site.folder / "given" / "key.pem").read_text().splitlines()[1]
    assert key not in refused.output and "PRIVATE KEY-----" not in refused.output
