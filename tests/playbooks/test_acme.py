# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""pbx_tls with a real ACME server on loopback: each kind of challenge, again, renewed, moved, and removed."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from acme_server import LOOPBACK, AcmeServer, needs_pebble
from counted_python import CountedPython
from playbook_runs import Run, Site, mode, openssl, play_of

pytestmark = needs_pebble

PLAY = play_of("pbx_tls") + """\
  tasks:
    - name: Show the facts
      ansible.builtin.debug:
        msg: ["{{ pbx_tls_changed | string }}", "{{ pbx_tls_leaf_sha256 | default('') }}"]
"""
# A user's tasks: the laboratory's name server takes its records by HTTP.
DNS_TASKS = """
- name: Write or remove the record
  ansible.builtin.uri:
    url: "{{ names_url }}/{{ 'set-txt' if pbx_tls_acme_record_state == 'present' else 'clear-txt' }}"
    method: POST
    body_format: json
    body: {host: "{{ pbx_tls_acme_record_name }}.", value: "{{ pbx_tls_acme_record_value }}"}
  changed_when: true
  delegate_to: localhost
"""
RESPONDER, WEBROOT, DNS = "responder", "webroot", "dns"
HOSTS = [RESPONDER, WEBROOT, DNS]
KEPT = {"alexa-pbx.key", "alexa-pbx.crt", "alexa-pbx-chain.pem", "alexa-pbx.csr", "alexa-pbx.acme"}
LIVES = [(90, 31, False), (90, 29, True), (6, 2.1, False), (6, 1.9, True)]
WOULD_ISSUE = "Tell of the certificate that a real run would make"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AcmeServer]:
    with AcmeServer(tmp_path_factory.mktemp("acme") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def counted(folder: Path) -> dict[str, CountedPython]:
    return {host: CountedPython(folder / "counted", host) for host in HOSTS}


@pytest.fixture(scope="module")
def site(folder: Path, server: AcmeServer, counted: dict[str, CountedPython]) -> Site:
    site = Site(folder)
    site.write("tls.yml", PLAY)
    site.write("webroot/index.html", "the hotel's page")
    own: dict[str, dict[str, object]] = {
        RESPONDER: {"pbx_tls_acme_port": server.http_port, "alexa_pbx_address": "203.0.113.10"},
        WEBROOT: {"pbx_tls_acme_webroot": str(site.folder / "webroot")},
        DNS: {
            "pbx_tls_acme_challenge": "dns-01",
            "pbx_tls_acme_dns_tasks": str(site.write("dns.yml", DNS_TASKS)),
            "names_url": server.names_url,
        },
    }
    site.inventory(
        {
            host: {
                "alexa_pbx_name": f"{host}.example.com",
                "pbx_tls_dir": str(site.pbx / host),
                "ansible_python_interpreter": counted[host].interpreter,
                **own[host],
            }
            for host in HOSTS
        },
        pbx_tls_source="acme",
        pbx_tls_acme_directory=server.directory,
        pbx_tls_acme_terms_agreed=True,
        pbx_tls_acme_email="telephony@example.com",
        pbx_tls_acme_ca_path=str(server.ca_path),
        pbx_tls_acme_root_file=str(site.write("root.pem", server.root())),
        pbx_tls_acme_timeout=60,
    )
    return site


@contextmanager
def web_server(folder: Path, port: int) -> Iterator[None]:
    """The web server that a PBX has for its own pages."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer((LOOPBACK, port), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield
        finally:
            running.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def checked(site: Site) -> tuple[Run, set[str]]:
    return site.run("tls.yml", "--check", "--diff").good(), site.files()


@pytest.fixture(scope="module")
def taken(site: Site, server: AcmeServer, checked: object) -> Run:
    """With a web server on the port: good for one host, no matter to another, and in the way of the third."""
    with web_server(site.folder / "webroot", server.http_port):
        return site.run("tls.yml", "--diff", "-v")


@pytest.fixture(scope="module")
def made(site: Site, taken: object) -> Run:
    return site.run("tls.yml", "--diff", "--limit", RESPONDER).good()


@pytest.fixture(scope="module")
def again(site: Site, made: object, counted: dict[str, CountedPython]) -> tuple[Run, dict[str, int]]:
    for python in counted.values():
        python.count()
    return site.run("tls.yml", "--diff").good(), {host: python.count() for host, python in counted.items()}


def test_check_on_a_bare_host_writes_nothing_and_asks_nobody(checked: tuple[Run, set[str]], site: Site) -> None:
    run, files = checked
    assert not files
    for host in HOSTS:
        assert {"Tell of the key that a real run would make", WOULD_ISSUE} <= set(run.changed_tasks(host))


def test_a_port_that_is_taken_is_named_with_the_way_out(taken: Run) -> None:
    assert taken.failed() == {RESPONDER}
    message = taken.message(RESPONDER)
    said = ("Start the responder", "Address already in use", "pbx_tls_acme_webroot", "Nothing was installed")
    for text in (RESPONDER, *said):
        assert text in message, f"{text!r} is not in: {message}"


@pytest.mark.parametrize("host", HOSTS)
def test_files_and_their_modes(host: str, site: Site, made: Run) -> None:
    folder = site.pbx / host
    assert {path.name for path in folder.iterdir()} == KEPT
    assert mode(folder / "alexa-pbx.key") == "600"
    assert {mode(path) for path in folder.iterdir() if path.name != "alexa-pbx.key"} == {"644"}


@pytest.mark.parametrize("host", HOSTS)
def test_served_chain_is_the_servers_and_fits_the_key(host: str, site: Site, server: AcmeServer, made: Run) -> None:
    served, chain = site.pbx / host / "alexa-pbx.crt", site.pbx / host / "alexa-pbx-chain.pem"
    root = str(site.folder / "root.pem")
    openssl("verify", "-purpose", "sslserver", "-CAfile", root, "-untrusted", str(served), str(served))
    name = f"{host}.example.com"
    assert "does match certificate" in openssl("x509", "-in", str(served), "-noout", "-checkhost", name)
    key = openssl("pkey", "-in", str(served.with_name("alexa-pbx.key")), "-pubout")
    assert key == openssl("x509", "-in", str(served), "-noout", "-pubkey")
    certificates = [x509.load_pem_x509_certificates(path.read_bytes()) for path in (served, chain)]
    assert [len(each) for each in certificates] == [2, 3] and certificates[1][:2] == certificates[0]
    assert certificates[1][2] == x509.load_pem_x509_certificate(server.root().encode())


def test_the_challenges_leave_nothing_behind(site: Site, server: AcmeServer, made: Run) -> None:
    left = {str(path.relative_to(site.folder)) for path in (site.folder / "webroot").rglob("*") if path.is_file()}
    assert left == {"webroot/index.html"}
    with http.server.HTTPServer((LOOPBACK, server.http_port), http.server.BaseHTTPRequestHandler):
        pass  # The responder listens no more.
    assert not server.txt_records(f"_acme-challenge.{DNS}.example.com")
    assert not list(site.home.rglob("*.acme"))


def test_the_accounts_key_is_the_owners_alone(site: Site, taken: Run, made: Run) -> None:
    folder = site.secrets / "acme"
    assert mode(folder) == "700" and mode(folder / "account.key") == "600"
    assert "/account.key" in (folder / ".gitignore").read_text().splitlines()
    keys = [folder / "account.key", *(site.pbx / host / "alexa-pbx.key" for host in HOSTS)]
    lines = {line for key in keys for line in key.read_text().splitlines() if len(line) >= 48}
    assert lines
    for run in (taken, made):
        assert "PRIVATE KEY-----" not in run.output and not [line for line in lines if line in run.output]
    others = [path for path in site.folder.rglob("*") if path.is_file() and path not in keys]
    assert not [path for path in others if any(line.encode() in path.read_bytes() for line in lines)]


def test_again_changes_nothing_and_asks_nobody(again: tuple[Run, dict[str, int]], server: AcmeServer) -> None:
    run, executions = again
    assert not any(run.changed().values()), [run.changed_tasks(host) for host in HOSTS]
    assert executions == dict.fromkeys(HOSTS, 2)
    assert run.shown("Show the facts", DNS).startswith("False\n")
    assert server.log().count("Issued certificate serial") == 3


class TestRenewal:
    """A certificate of the server's authority with so many days of life, and so many left."""

    @pytest.mark.parametrize(("life", "left", "due"), LIVES)
    def test_is_due_when_a_third_of_a_short_life_is_left(
        self, life: float, left: float, due: bool, site: Site, server: AcmeServer, again: object
    ) -> None:
        put(site, server, life, left)
        run = site.run("tls.yml", "--check", "--limit", RESPONDER, "-e", "pbx_tls_renew_before=40").good()
        assert run.changed_tasks(RESPONDER) == ([WOULD_ISSUE] if due else [])

    def test_keeps_the_key_and_the_file_names(self, site: Site, server: AcmeServer, again: object) -> None:
        put(site, server, 90, 29)
        before = {path.name: path.read_bytes() for path in (site.pbx / RESPONDER).iterdir()}
        run = site.run("tls.yml", "--limit", RESPONDER).good()
        after = {path.name: path.read_bytes() for path in (site.pbx / RESPONDER).iterdir()}
        assert set(before) == set(after)
        assert {name for name in after if before[name] != after[name]} == {
            "alexa-pbx.crt",
            "alexa-pbx-chain.pem",
            "alexa-pbx.acme",
        }
        assert "Install the certificate and its intermediates" in run.changed_tasks(RESPONDER)
        assert run.shown("Show the facts", RESPONDER).startswith("True\n")
        served = str(site.pbx / RESPONDER / "alexa-pbx.crt")
        openssl("verify", "-CAfile", str(site.folder / "root.pem"), "-untrusted", served, served)
        assert not any(site.run("tls.yml", "--limit", RESPONDER).good().changed().values())


def put(site: Site, server: AcmeServer, life: float, left: float) -> None:
    """Put a certificate for the PBX's own key there, as the role notes it."""
    folder, authority = site.pbx / RESPONDER, server.intermediate()
    present = x509.load_pem_x509_certificates((folder / "alexa-pbx.crt").read_bytes())
    ends = server.now() + timedelta(days=left)
    builder = (
        x509.CertificateBuilder()
        .subject_name(present[0].subject)
        .issuer_name(authority.certificate.subject)
        .public_key(present[0].public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=life))
        .not_valid_after(ends)
    )
    for extension in present[0].extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    pems = [
        certificate.public_bytes(Encoding.PEM).decode()
        for certificate in (builder.sign(authority.key, hashes.SHA256()), authority.certificate)
    ]
    (folder / "alexa-pbx.crt").write_text("".join(pems))
    (folder / "alexa-pbx-chain.pem").write_text("".join(pems) + server.root())
    digest = x509.load_pem_x509_certificate(pems[0].encode()).fingerprint(hashes.SHA256()).hex(":")
    (folder / "alexa-pbx.acme").write_text(f"{server.directory} {digest}\n")


class TestMoved:
    @pytest.mark.parametrize(
        "changed", ["alexa_pbx_name=other.example.com", "pbx_tls_acme_directory=https://127.0.0.1:9/production"]
    )
    def test_another_name_or_directory_means_another_certificate(self, changed: str, site: Site, again: object) -> None:
        run = site.run("tls.yml", "--check", "--limit", DNS, "-e", changed).good()
        assert WOULD_ISSUE in run.changed_tasks(DNS)

    def test_from_the_private_ca_and_back(self, site: Site, server: AcmeServer, again: object) -> None:
        ours = ["--limit", DNS, "-e", "pbx_tls_source=private_ca"]
        served = site.pbx / DNS / "alexa-pbx.crt"
        assert "Install the certificate and its intermediates" in site.run("tls.yml", *ours).good().changed_tasks(DNS)
        openssl("verify", "-CAfile", str(site.secrets / "ca" / "ca.crt"), str(served))
        assert not site.run("tls.yml", *ours).good().changed()[DNS]
        site.run("tls.yml", "--limit", DNS).good()
        openssl("verify", "-CAfile", str(site.folder / "root.pem"), "-untrusted", str(served), str(served))


class TestAbsent:
    def test_keeps_the_pbxs_key_and_the_account(self, site: Site, again: object) -> None:
        gone = ["-e", "pbx_tls_state=absent"]
        told, done = site.run("tls.yml", "--check", *gone).good(), site.run("tls.yml", *gone).good()
        for host in HOSTS:
            assert told.changed_tasks(host) == done.changed_tasks(host) == ["Remove the files"]
            assert {path.name for path in (site.pbx / host).iterdir()} == {"alexa-pbx.key"}
        assert (site.secrets / "acme" / "account.key").exists()
        assert not any(site.run("tls.yml", *gone).good().changed().values())
