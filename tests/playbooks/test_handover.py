# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PBX that Ansible does not reach: the bundle for whoever sets it up is whole, with no secret it does not need."""

from __future__ import annotations

from pathlib import Path

import pytest

from issuing import issue, request
from playbook_runs import LINK, PROFILE, Run, Site, mode, openssl

APPLIANCE, SIMPLE = "appliance", "simple"
MODES = {
    "alexa-pbx.crt": "644",
    "alexa-pbx-chain.pem": "644",
    "alexa-pbx.csr": "644",
    "settings.md": "644",
    "firewall.md": "644",
    "firewall.nft": "644",
    ".gitignore": "644",
}


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    """An appliance that made its own key and gave its request, with all that can be known; and one with the least."""
    csr = site.write("appliance.csr", request("pbx.appliance.example.com"))
    bundle = site.write("bundle.pem", issue("Amazon").pem)
    site.write("inventory/files/rooms.csv", f"extension,room,comms_profile_id\n8101,Bar | Terrace,{PROFILE}B1\n")
    site.inventory(
        {
            APPLIANCE: {
                "alexa_pbx_name": "pbx.appliance.example.com",
                "alexa_pbx_address": "203.0.113.10",
                "alexa_sip_port": 5071,
                "alexa_rtp_ports": "30000-30100",
                "alexa_networks": ["3.239.178.128/25", "3.239.179.0/24"],
                "alexa_inside_networks": ["10.77.1.0/24"],
                "alexa_edge_host": "edge.example.com",
                "alexa_ca_bundle": str(bundle),
                "alexa_peer_type": "fqdn",
                "alexa_rooms_file": "files/rooms.csv",
                "pbx_tls_csr_file": str(csr),
                "pbx_handover_codecs": ["G.722"],
                "pbx_handover_srtp_suite": "AES_256_CM_HMAC_SHA1_80",
                "pbx_handover_test_phrase": "Alexa, dial",
                # Nobody there: were the host reached, the run would fail.
                "ansible_connection": "ansible.builtin.ssh",
                "ansible_host": "host.invalid",
            },
            SIMPLE: {"alexa_pbx_name": "pbx.simple.example.com", "alexa_pbx_address": "198.51.100.20"},
        },
        alexa_pbx_kind="external",
    )
    return site


@pytest.fixture(scope="module")
def written(site: Site) -> Run:
    """First the certificates alone, and what keeps the keys out of version control; then the rest."""
    site.run(LINK, "--tags", "tls").good()
    for host in (APPLIANCE, SIMPLE):
        assert "/alexa-pbx.key" in (bundle_of(site, host) / ".gitignore").read_text().splitlines()
    return site.run(LINK, "--tags", "firewall,tls,handover").good()


def bundle_of(site: Site, host: str) -> Path:
    return site.secrets / "handover" / host


def test_files_and_modes(site: Site, written: Run) -> None:
    appliance = {path.name: mode(path) for path in bundle_of(site, APPLIANCE).iterdir()}
    assert appliance == {**MODES, "amazon-bundle.pem": "644"}
    assert {path.name: mode(path) for path in bundle_of(site, SIMPLE).iterdir()} == {
        **MODES,
        "alexa-pbx.key": "600",
    }
    for host in (APPLIANCE, SIMPLE):
        assert mode(bundle_of(site, host)) == "750"
        assert "/alexa-pbx.key" in (bundle_of(site, host) / ".gitignore").read_text()
    assert not site.pbx.exists() and not site.counted()


def test_no_key_but_the_documented_one(site: Site, written: Run) -> None:
    holding = {
        f"{path.parent.name}/{path.name}"
        for path in site.secrets.rglob("*")
        if path.is_file() and b"PRIVATE KEY" in path.read_bytes()
    }
    assert holding == {"ca/ca.key", f"{SIMPLE}/alexa-pbx.key"}
    assert "alexa-pbx.key" in (bundle_of(site, SIMPLE) / "settings.md").read_text()


def test_certifies_the_appliances_own_request(site: Site, written: Run) -> None:
    folder = bundle_of(site, APPLIANCE)
    asked = openssl("req", "-in", str(site.folder / "appliance.csr"), "-noout", "-pubkey")
    assert asked == openssl("x509", "-in", str(folder / "alexa-pbx.crt"), "-noout", "-pubkey")
    assert (folder / "alexa-pbx.csr").read_text() == (site.folder / "appliance.csr").read_text()
    openssl("verify", "-CAfile", str(site.secrets / "ca" / "ca.crt"), str(folder / "alexa-pbx.crt"))


def test_the_sheet_says_what_to_enter(site: Site, written: Run) -> None:
    sheet = (bundle_of(site, APPLIANCE) / "settings.md").read_text()
    for text in (
        "`pbx.appliance.example.com`",
        "203.0.113.10",
        "| 5071 |",
        "3.239.178.128/25, 3.239.179.0/24",
        "30000-30100",
        "10.77.1.0/24",
        "`edge.example.com`, TLS",
        "G.722",
        "AES_256_CM_HMAC_SHA1_80",
        "Alexa, dial",
        "| 8101 | Bar \\| Terrace |",
    ):
        assert text in sheet, text
    assert "MISSING" not in sheet and "missing" not in sheet


def test_the_sheet_says_what_is_missing(site: Site, written: Run) -> None:
    sheet = (bundle_of(site, SIMPLE) / "settings.md").read_text()
    for text in (
        "calls to Alexa go to | **MISSING**",
        "alexa_edge_host",
        "**MISSING** (`alexa_ca_bundle`)",
        "the media ports are not closed to others",
        "give `alexa_rooms` or `alexa_rooms_file`",
    ):
        assert text in sheet, text
    assert "missing:    alexa_edge_host" in written.shown("Show each property", SIMPLE)
    assert "missing" not in written.shown("Show each property", APPLIANCE)


def test_the_rules_as_text(site: Site, written: Run) -> None:
    table = (bundle_of(site, APPLIANCE) / "firewall.md").read_text()
    rows = [[cell.strip() for cell in row.split("|")[2:6]] for row in table.splitlines() if row[2:3].isdigit()]
    assert rows == [
        ["TCP", "3.239.178.128/25", "5071", "allow"],
        ["TCP", "3.239.179.0/24", "5071", "allow"],
        ["TCP", "10.77.1.0/24", "5071", "allow"],
        ["TCP", "any", "5071", "deny"],
        ["UDP", "3.239.178.128/25", "30000-30100", "allow"],
        ["UDP", "3.239.179.0/24", "30000-30100", "allow"],
        ["UDP", "10.77.1.0/24", "30000-30100", "allow"],
        ["UDP", "any", "30000-30100", "allow replies, deny the rest"],
    ]


def test_again_changes_nothing(site: Site, written: Run) -> None:
    run = site.run(LINK, "--tags", "firewall,tls,handover").good()
    assert not any(run.changed().values()), [run.changed_tasks(host) for host in (APPLIANCE, SIMPLE)]
