# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""pbx_tls alone: certificates of a private CA and given ones, again, renewed, and removed. No secret is shown."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path

import pytest

from issuing import issue
from playbook_runs import Run, Site, mode, openssl, play_of

PLAIN, GUARDED, GIVEN, ACME = "plain", "guarded", "given", "acme"
FILES = {"alexa-pbx.key", "alexa-pbx.crt", "alexa-pbx-chain.pem"}
PASSPHRASE = "c0rrect|horse+battery/staple"
OWNER, GROUP = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name


def name_of(host: str) -> str:
    return f"{host}.example.com"


@pytest.fixture(scope="module")
def site(folder: Path) -> Site:
    """Four PBXs: by the private CA, by one with a passphrase for a group, by a given certificate, by ACME's."""
    site = Site(folder)
    root = issue("Somebody's root")
    middle = issue("Somebody's intermediate", root, authority=True)
    variables: dict[str, dict[str, object]] = {
        PLAIN: {
            "alexa_pbx_address": "203.0.113.10",
            "pbx_tls_days": 40,
            "alexa_ca_bundle": str(site.folder / "bundle.pem"),
        },
        GUARDED: {
            "pbx_tls_ca_passphrase": PASSPHRASE,
            "pbx_tls_ca_dir": str(site.secrets / "guarded"),
            "pbx_tls_ca_name": "Guarded CA",
            "pbx_tls_ca_days": 900,
            "pbx_tls_key_size": 3072,
            "pbx_tls_owner": OWNER,
            "pbx_tls_group": GROUP,
        },
    }
    for host, place in ((GIVEN, "control_node"), (ACME, "pbx")):
        leaf = issue(name_of(host), middle)
        parts = {
            "pbx_tls_given_certificate_file": leaf.pem,
            "pbx_tls_given_chain_file": middle.pem + root.pem,
            "pbx_tls_given_key_file": leaf.key_pem,
        }
        files = {variable: str(site.write(f"given/{host}/{variable}", text)) for variable, text in parts.items()}
        variables[host] = {"pbx_tls_source": "given", "pbx_tls_given_on": place, **files}
    site.write("bundle.pem", "# Amazon\n" + root.pem + middle.pem)
    site.write("tls.yml", play_of("pbx_tls"))
    site.inventory(
        {
            host: {"alexa_pbx_name": name_of(host), "pbx_tls_dir": str(site.pbx / host), **own}
            for host, own in variables.items()
        }
    )
    return site


@pytest.fixture(scope="module")
def checked(site: Site) -> tuple[Run, set[str]]:
    return site.run("tls.yml", "--check", "--diff").good(), site.files()


@pytest.fixture(scope="module")
def made(site: Site, checked: object) -> Run:
    """Made by a run that shows all it can."""
    run = site.run("tls.yml", "--diff", "-vvv", as_json=False)
    assert run.code == 0, run.output
    return run


@pytest.fixture(scope="module")
def again(site: Site, made: object) -> Run:
    return site.run("tls.yml", "--diff").good()


@pytest.fixture(scope="module")
def renewed(site: Site, again: object) -> tuple[Run, Run, dict[str, str]]:
    """As if ten days had passed: first with --check. Also what was there before."""
    before = {path.name: path.read_text() for path in (site.pbx / PLAIN).iterdir()}
    options = ["--limit", PLAIN, "-e", "pbx_tls_days=365", "-e", "pbx_tls_renew_before=50"]
    return site.run("tls.yml", "--check", *options).good(), site.run("tls.yml", *options).good(), before


@pytest.fixture(scope="module")
def removed(site: Site, renewed: object) -> Run:
    # As a text, which a survey of AWX gives too.
    return site.run("tls.yml", "-e", "pbx_tls_state=absent", "-e", "pbx_tls_remove_key=false").good()


def test_check_on_a_bare_host_writes_nothing_and_tells(checked: tuple[Run, set[str]]) -> None:
    run, files = checked
    assert not files
    for host in (PLAIN, GUARDED):
        assert "Tell of the certificate that a real run would make" in run.changed_tasks(host)
    for host in (GIVEN, ACME):
        assert {
            "Tell of the key that a real run would install",
            "Install the certificate and its intermediates",
        } <= set(run.changed_tasks(host))


@pytest.mark.parametrize("host", [PLAIN, GUARDED, GIVEN, ACME])
def test_files_and_their_modes(host: str, site: Site, made: Run) -> None:
    folder = site.pbx / host
    more = {PLAIN: {"alexa-pbx.csr", "amazon-bundle.pem"}, GUARDED: {"alexa-pbx.csr"}}.get(host, set())
    assert {path.name for path in folder.iterdir()} == FILES | more
    assert mode(folder) == "750"
    assert mode(folder / "alexa-pbx.key") == ("640" if host == GUARDED else "600")
    assert (folder / "alexa-pbx.key").group() == GROUP and (folder / "alexa-pbx.key").owner() == OWNER
    assert {mode(path) for path in folder.iterdir() if path.name != "alexa-pbx.key"} == {"644"}


@pytest.mark.parametrize("host", [PLAIN, GUARDED, GIVEN, ACME])
def test_certificate_belongs_to_key_and_name(host: str, site: Site, made: Run) -> None:
    leaf, key = (str(site.pbx / host / name) for name in ("alexa-pbx.crt", "alexa-pbx.key"))
    assert openssl("x509", "-in", leaf, "-noout", "-pubkey") == openssl("pkey", "-in", key, "-pubout")
    assert "does match certificate" in openssl("x509", "-in", leaf, "-noout", "-checkhost", name_of(host))
    assert "TLS Web Server Authentication, TLS Web Client Authentication" in openssl(
        "x509", "-in", leaf, "-noout", "-text"
    )


@pytest.mark.parametrize("host", [PLAIN, GUARDED, GIVEN, ACME])
def test_chain_leads_to_the_root(host: str, site: Site, made: Run) -> None:
    chain = (site.pbx / host / "alexa-pbx-chain.pem").read_text()
    served = (site.pbx / host / "alexa-pbx.crt").read_text()
    certificates = [part for part in chain.split("-----BEGIN") if part]
    root = site.write(f"roots/{host}.pem", "-----BEGIN" + certificates[-1])
    leaf = str(site.write(f"roots/{host}-served.pem", served))
    strict = ["-x509_strict"] if host in (PLAIN, GUARDED) else []
    for purpose in ("sslserver", "sslclient"):
        openssl("verify", *strict, "-purpose", purpose, "-CAfile", str(root), "-untrusted", leaf, leaf)
    assert len(certificates) == served.count("-----BEGIN") + 1, "the root is told to Amazon, and not served"


def test_private_ca_and_what_it_certifies(site: Site, made: Run) -> None:
    text = openssl("x509", "-in", str(site.pbx / PLAIN / "alexa-pbx.crt"), "-noout", "-text")
    for part in (
        "DNS:plain.example.com, IP Address:203.0.113.10",
        "CA:FALSE",
        "Public-Key: (2048 bit)",
        "Digital Signature, Key Encipherment",
        "Issuer: CN = Alexa SIP trunk CA",
    ):
        assert part in text, part
    text = openssl("x509", "-in", str(site.secrets / "guarded" / "ca.crt"), "-noout", "-text")
    for part in ("CN = Guarded CA", "CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign"):
        assert part in text, part
    assert "Public-Key: (3072 bit)" in openssl(
        "x509", "-in", str(site.pbx / GUARDED / "alexa-pbx.crt"), "-noout", "-text"
    )
    openssl("x509", "-in", str(site.secrets / "guarded" / "ca.crt"), "-noout", "-checkend", str(898 * 86400))


def test_ca_key_is_the_owners_alone_and_locked_where_asked(site: Site, made: Run) -> None:
    for folder in (site.secrets / "ca", site.secrets / "guarded"):
        assert mode(folder) == "700" and mode(folder / "ca.key") == "600"
        assert "ca.key" in (folder / ".gitignore").read_text()
    assert (site.secrets / "guarded" / "ca.key").read_text().count("ENCRYPTED")
    openssl("pkey", "-in", str(site.secrets / "guarded" / "ca.key"), "-noout", "-passin", f"pass:{PASSPHRASE}")


def test_trust_file_is_the_bundle(site: Site, made: Run) -> None:
    assert (site.pbx / PLAIN / "amazon-bundle.pem").read_text() == (site.folder / "bundle.pem").read_text()


def test_no_key_and_no_passphrase_is_shown_or_left_about(site: Site, made: Run, again: Run) -> None:
    keys = [
        path
        for path in site.folder.rglob("*")
        if path.name in ("alexa-pbx.key", "ca.key", "pbx_tls_given_key_file")
    ]
    assert len(keys) == 8
    for key in keys:
        assert not key.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH) or key.name == "pbx_tls_given_key_file"
    lines = {line for key in keys for line in key.read_text().splitlines() if len(line) == 64}
    for output in (made.output, again.output):
        assert "PRIVATE KEY-----" not in output and PASSPHRASE not in output
        assert not [line for line in lines if line in output]
    others = [path for path in site.folder.rglob("*") if path.is_file() and path not in keys]
    holding = [path for path in others if any(line.encode() in path.read_bytes() for line in lines)]
    assert not holding


def test_again_changes_nothing(again: Run) -> None:
    assert not any(again.changed().values()), [again.changed_tasks(host) for host in again.stats]


class TestRenewal:
    def test_check_tells_of_it(self, renewed: tuple[Run, Run, dict[str, str]]) -> None:
        told, done, _before = renewed
        assert told.changed_tasks(PLAIN) == done.changed_tasks(PLAIN)
        assert "Install the certificate and its intermediates" in done.changed_tasks(PLAIN)

    def test_keeps_key_and_file_names(self, site: Site, renewed: tuple[Run, Run, dict[str, str]]) -> None:
        before, after = renewed[2], {path.name: path.read_text() for path in (site.pbx / PLAIN).iterdir()}
        assert {name for name in before if before[name] != after.get(name)} == {
            "alexa-pbx.crt",
            "alexa-pbx-chain.pem",
        }
        assert set(after) == set(before)
        openssl("x509", "-in", str(site.pbx / PLAIN / "alexa-pbx.crt"), "-noout", "-checkend", str(363 * 86400))
        openssl("verify", "-CAfile", str(site.secrets / "ca" / "ca.crt"), str(site.pbx / PLAIN / "alexa-pbx.crt"))

    def test_no_certificate_outlives_its_ca(self, site: Site, renewed: object) -> None:
        options = ["-e", "pbx_tls_days=3000", "-e", "pbx_tls_ca_days=4000", "-e", "pbx_tls_renew_before=500"]
        run = site.run("tls.yml", "--limit", GUARDED, *options).good()
        assert "Install the certificate and its intermediates" in run.changed_tasks(GUARDED)
        leaf, ca = site.pbx / GUARDED / "alexa-pbx.crt", site.secrets / "guarded" / "ca.crt"
        ends = [openssl("x509", "-in", str(path), "-noout", "-enddate") for path in (leaf, ca)]
        assert ends[0] == ends[1]
        assert not site.run("tls.yml", "--limit", GUARDED, *options).good().changed()[GUARDED]


class TestAbsent:
    def test_keeps_key_and_ca(self, site: Site, removed: Run) -> None:
        assert {path.name for host in (PLAIN, GUARDED, GIVEN, ACME) for path in (site.pbx / host).iterdir()} == {
            "alexa-pbx.key"
        }
        assert (site.secrets / "ca" / "ca.key").exists() and (site.secrets / "guarded" / "ca.key").exists()

    def test_again_removes_the_key_where_asked(self, site: Site, removed: Run) -> None:
        run = site.run(
            "tls.yml", "-e", "pbx_tls_state=absent", "-e", '{"pbx_tls_remove_key": true}', "--limit", GIVEN
        ).good()
        assert run.changed_tasks(GIVEN) and not (site.pbx / GIVEN).exists()
        assert (site.pbx / PLAIN / "alexa-pbx.key").exists()
