# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""pbx_tls on hosts that are right already, or nearly: what a run costs, what it repairs, and who can read the key."""

from __future__ import annotations

import os
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from counted_python import CountedPython
from issuing import issue, request
from playbook_runs import Run, Site, mode, openssl, play_of

PLAY = play_of("pbx_tls") + """\
  tasks:
    - name: Show the facts
      ansible.builtin.debug:
        msg:
          - "{{ pbx_tls_changed | string }}"
          - "{{ pbx_tls_leaf_sha256 | default('') }}"
          - "{{ pbx_tls_certificate_chain | default('') }}"
"""
PRIVATE, GIVEN, ON_PBX, APPLIANCE, LOCKED, SERVERS = "private", "given", "on-pbx", "appliance", "locked", "servers"
GOOD = [PRIVATE, GIVEN, ON_PBX, APPLIANCE, SERVERS]
MOST = {PRIVATE: 2, GIVEN: 1, ON_PBX: 3, APPLIANCE: 1, SERVERS: 1}
IS_ROOT = os.getuid() == 0


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, other than pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="pbx-tls-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def counted(folder: Path) -> dict[str, CountedPython]:
    return {host: CountedPython(folder / "counted", host) for host in [*GOOD, LOCKED]}


@pytest.fixture(scope="module")
def site(folder: Path, open_folder: Path, counted: dict[str, CountedPython]) -> Site:
    """A key for another user, given certificates, an appliance's request, and a key that its user can't reach."""
    site = Site(folder)
    root = issue("Somebody's root")
    site.write("bundle.pem", root.pem)
    hosts: dict[str, dict[str, object]] = {
        # Python's cryptography is there, so nobody asks for this.
        PRIVATE: {"alexa_ca_bundle": str(site.folder / "bundle.pem"), "pbx_tls_packages": ["no-such-package"]},
        APPLIANCE: {"pbx_tls_csr_file": str(site.write("appliance.csr", request("appliance.example.com")))},
        LOCKED: {"pbx_tls_user": "nobody"},
    }
    if IS_ROOT:
        hosts[PRIVATE] |= {"pbx_tls_dir": str(open_folder / "keys"), "pbx_tls_group": "nogroup"}
        hosts[PRIVATE]["pbx_tls_user"] = "nobody"
    for host, place in ((GIVEN, "control_node"), (ON_PBX, "pbx"), (SERVERS, "control_node")):
        leaf = issue(f"{host}.example.com", root)
        if host == SERVERS:
            leaf_pem, key_pem = for_servers_only(site)
        else:
            leaf_pem, key_pem = leaf.pem + root.pem, leaf.key_pem
        hosts[host] = {
            "pbx_tls_source": "given",
            "pbx_tls_given_on": place,
            "pbx_tls_given_certificate_file": str(site.write(f"given/{host}.pem", leaf_pem)),
            "pbx_tls_given_key_file": str(site.write(f"given/{host}.key", key_pem)),
        }
    site.write("tls.yml", PLAY)
    site.inventory(
        {
            host: {
                "alexa_pbx_name": f"{host}.example.com",
                "pbx_tls_dir": str(site.pbx / host),
                "ansible_python_interpreter": counted[host].interpreter,
                **own,
            }
            for host, own in hosts.items()
        }
    )
    return site


def for_servers_only(site: Site) -> tuple[str, str]:
    """What a public authority issues: no clientAuth."""
    key, leaf = site.folder / "servers.key", site.folder / "servers.pem"
    openssl(
        *["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=servers.example.com", "-days", "90"],
        *["-addext", "extendedKeyUsage=serverAuth", "-addext", "subjectAltName=DNS:servers.example.com"],
        *["-keyout", str(key), "-out", str(leaf)],
    )
    return leaf.read_text(), key.read_text()


@pytest.fixture(scope="module")
def first(site: Site, counted: dict[str, CountedPython]) -> Run:
    run = site.run("tls.yml")
    for python in counted.values():
        python.count()
    return run


@pytest.fixture(scope="module")
def again(site: Site, first: Run, counted: dict[str, CountedPython]) -> tuple[Run, dict[str, int]]:
    """The second run, and how many modules it executed on each PBX."""
    run = site.run("tls.yml", "--limit", ",".join(GOOD)).good()
    return run, {host: counted[host].count() for host in GOOD}


def folder_of(site: Site, host: str, open_folder: Path) -> Path:
    return open_folder / "keys" if host == PRIVATE and IS_ROOT else site.pbx / host


@pytest.mark.parametrize("host", GOOD)
def test_a_second_run_changes_nothing_and_looks_once(host: str, again: tuple[Run, dict[str, int]]) -> None:
    run, executions = again
    assert not run.changed()[host], run.changed_tasks(host)
    assert executions[host] == MOST[host]


@pytest.mark.parametrize("host", GOOD)
def test_tells_whether_there_is_something_to_read_again(
    host: str, first: Run, again: tuple[Run, dict[str, int]], site: Site, open_folder: Path
) -> None:
    leaf = folder_of(site, host, open_folder) / "alexa-pbx.crt"
    told = openssl("x509", "-in", str(leaf), "-noout", "-fingerprint", "-sha256").strip().rpartition("=")[2]
    for run, changed in ((first, "True"), (again[0], "False")):
        shown = run.shown("Show the facts", host).split("\n", 2)
        assert shown[:2] == [changed, told.replace(":", "").lower()]
        assert shown[2].strip() == (leaf.parent / "alexa-pbx-chain.pem").read_text().strip()


def test_a_key_that_its_user_cannot_reach_is_refused(first: Run, site: Site) -> None:
    assert first.failed() == {LOCKED}
    key, message = str(site.pbx / LOCKED / "alexa-pbx.key"), first.message(LOCKED)
    for text in (LOCKED, "user nobody can't read", key, "mode 0600", "drwx------", "chmod o+x"):
        assert text in message, f"{text!r} is not in: {message}"


def test_and_so_it_is_in_every_run_until_it_is_mended(first: Run, site: Site) -> None:
    for options in (["--check"], []):
        assert "can't read" in site.run("tls.yml", "--limit", LOCKED, *options).message(LOCKED)
    site.run("tls.yml", "--limit", LOCKED, "-e", "pbx_tls_user=").good()


def test_a_certificate_for_servers_only_is_warned_of(first: Run) -> None:
    task = "Warn of a certificate that is not meant for clients"
    assert "no clientAuth" in first.shown(task, SERVERS) and "private CA" in first.shown(task, SERVERS)
    for host in (PRIVATE, GIVEN, ON_PBX, APPLIANCE):
        assert all(result.get("skipped") for result in first.results(task, host))


@pytest.fixture(scope="module")
def repaired(site: Site, again: object, open_folder: Path) -> tuple[Run, Run]:
    """What was changed by hand, first with --check."""
    private, given = (folder_of(site, host, open_folder) for host in (PRIVATE, GIVEN))
    (private / "alexa-pbx.key").chmod(0o666)
    (private / "amazon-bundle.pem").write_text("nothing\n")
    (private / "alexa-pbx-chain.pem").unlink()
    (given / "alexa-pbx.key").write_text(issue("x").key_pem)
    (given / "alexa-pbx.crt").chmod(0o600)
    limit = ["--limit", f"{PRIVATE},{GIVEN}"]
    return site.run("tls.yml", "--check", *limit).good(), site.run("tls.yml", *limit).good()


class TestDrift:
    """Whoever changed something by hand finds it as it should be, and the run tells of it."""

    def test_is_told_and_repaired(self, repaired: tuple[Run, Run]) -> None:
        checked, done = repaired
        assert done.changed_tasks(PRIVATE) == [
            "Make the key",
            "Keep the whole chain beside it",
            "Install the trust file",
        ]
        assert done.changed_tasks(GIVEN) == ["Install the key", "Install the certificate and its intermediates"]
        for host in (PRIVATE, GIVEN):
            assert checked.changed_tasks(host) == done.changed_tasks(host)
            assert done.shown("Show the facts", host).startswith("True\n")

    def test_all_is_as_it_was(self, repaired: object, site: Site, open_folder: Path) -> None:
        private, given = (folder_of(site, host, open_folder) for host in (PRIVATE, GIVEN))
        assert mode(private / "alexa-pbx.key") == ("640" if IS_ROOT else "600")
        assert (private / "amazon-bundle.pem").read_text() == (site.folder / "bundle.pem").read_text()
        assert (given / "alexa-pbx.key").read_text() == (site.folder / "given" / f"{GIVEN}.key").read_text()
        assert mode(given / "alexa-pbx.crt") == "644"
        assert not any(site.run("tls.yml", "--limit", f"{PRIVATE},{GIVEN}").good().changed().values())


def test_another_certificate_is_issued_for_the_same_key(site: Site, again: object, open_folder: Path) -> None:
    files = [folder_of(site, PRIVATE, open_folder) / f"alexa-pbx.{kind}" for kind in ("key", "crt")]
    key, certificate = (file.read_bytes() for file in files)
    run = site.run("tls.yml", "--limit", f"{PRIVATE},{GIVEN}", "-e", "pbx_tls_reissue=true").good()
    assert files[0].read_bytes() == key and files[1].read_bytes() != certificate
    assert run.changed()[GIVEN] == 0 and not site.run("tls.yml", "--limit", PRIVATE).good().changed()[PRIVATE]


def test_another_key_is_made_on_request(site: Site, again: object, open_folder: Path) -> None:
    folders = {host: folder_of(site, host, open_folder) for host in (PRIVATE, GIVEN)}
    keys = {host: (folder / "alexa-pbx.key").read_bytes() for host, folder in folders.items()}
    run = site.run("tls.yml", "--limit", f"{PRIVATE},{GIVEN}", "-e", "pbx_tls_rekey=true").good()
    new = folders[PRIVATE] / "alexa-pbx.key"
    assert new.read_bytes() != keys[PRIVATE] and mode(new) == ("640" if IS_ROOT else "600")
    tls = ssl.create_default_context()
    tls.load_cert_chain(folders[PRIVATE] / "alexa-pbx.crt", new)
    assert run.changed()[GIVEN] == 0 and (folders[GIVEN] / "alexa-pbx.key").read_bytes() == keys[GIVEN]
    assert not site.run("tls.yml", "--limit", PRIVATE).good().changed()[PRIVATE]


def test_removing_again_looks_once(site: Site, again: object, counted: dict[str, CountedPython]) -> None:
    gone = ["-e", "pbx_tls_state=absent", "-e", '{"pbx_tls_remove_key": true}']
    assert all(site.run("tls.yml", *gone).good().changed().values())
    for python in counted.values():
        python.count()
    run = site.run("tls.yml", *gone).good()
    assert not any(run.changed().values()) and run.shown("Show the facts", PRIVATE).startswith("False\n")
    assert {host: python.count() for host, python in counted.items()} == dict.fromkeys(counted, 1)
