# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACME that can't work: refused with host, what was tried and the remedy, and the old certificate stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from acme_server import LOOPBACK, AcmeServer, OverloadedServer, free_ports, needs_pebble
from issuing import issue
from playbook_runs import Run, Site, play_of

pytestmark = needs_pebble

NO_RECORD = """
- name: Forget to write the record
  ansible.builtin.debug:
    msg: "{{ pbx_tls_acme_record_name }} {{ pbx_tls_acme_record_state }}"
"""
# Found before anything is asked: what the host is given, and what its message must say.
WRONG: dict[str, tuple[dict[str, object], list[str]]] = {
    "terms": ({"pbx_tls_acme_terms_agreed": False}, ["pbx_tls_acme_terms_agreed", "terms of service", "true"]),
    "plain": ({"pbx_tls_acme_directory": "http://127.0.0.1/dir"}, ["pbx_tls_acme_directory", "https://"]),
    "no-tasks": ({"pbx_tls_acme_challenge": "dns-01"}, ["pbx_tls_acme_dns_tasks", "dns-01"]),
    "lost-tasks": ({"pbx_tls_acme_dns_tasks": "/no/dns.yml"}, ["pbx_tls_acme_dns_tasks", "is no file"]),
    "relative": ({"pbx_tls_acme_webroot": "www"}, ["pbx_tls_acme_webroot", "absolute path"]),
    "relative-dir": ({"pbx_tls_acme_dir": "acme"}, ["pbx_tls_acme_dir", "absolute path"]),
    "port": ({"pbx_tls_acme_port": 0}, ["pbx_tls_acme_port", "port 80"]),
}
# Found when the server is asked.
ASKED: dict[str, list[str]] = {
    "unreachable": ["Reach the ACME server", "https://127.0.0.1:", "refused", "Check that the control node reaches"],
    "untrusted": ["Reach the ACME server", "certificate verify failed", "pbx_tls_acme_ca_path"],
    "challenge": ["http-01 in ", "challenge.example.com must resolve to the PBX", "port 80 must be open"],
    "dns": ["dns-01", "pbx_tls_acme_dns_tasks wait until all name servers show the record"],
    "overloaded": ["no answer within 5 s", "limits how often it certifies", "staging"],
}
OLD = {host: issue(f"{host}.example.com", issue("An old root"), ends=1).pem for host in ASKED}


@pytest.fixture(scope="module")
def refused(folder: Path) -> Iterator[tuple[Site, Run]]:
    """One run over all of them; those that get as far as to ask hold an old certificate."""
    site = Site(folder)
    site.write("tls.yml", play_of("pbx_tls"))
    with AcmeServer(folder / "acme") as server, OverloadedServer(server.folder) as overloaded:
        asked: dict[str, dict[str, object]] = {
            "unreachable": {"pbx_tls_acme_directory": f"https://{LOOPBACK}:{free_ports(1)[0]}/dir"},
            "untrusted": {"pbx_tls_acme_ca_path": ""},
            # Nobody shows this folder.
            "challenge": {"pbx_tls_acme_webroot": str(site.folder / "webroot")},
            "dns": {
                "pbx_tls_acme_challenge": "dns-01",
                "pbx_tls_acme_dns_tasks": str(site.write("dns.yml", NO_RECORD)),
            },
            "overloaded": {"pbx_tls_acme_directory": overloaded.directory, "pbx_tls_acme_timeout": 5},
        }
        site.write("webroot/index.html", "the hotel's page")
        hosts = asked | {host: own for host, (own, _said) in WRONG.items()}
        for host in ASKED:
            site.write(f"pbx/{host}/alexa-pbx.crt", OLD[host])
        site.inventory(
            {
                host: {"alexa_pbx_name": f"{host}.example.com", "pbx_tls_dir": str(site.pbx / host), **own}
                for host, own in hosts.items()
            },
            pbx_tls_source="acme",
            pbx_tls_acme_directory=server.directory,
            pbx_tls_acme_terms_agreed=True,
            pbx_tls_acme_ca_path=str(server.ca_path),
            pbx_tls_acme_timeout=60,
        )
        yield site, site.run("tls.yml", "--forks", "12")


@pytest.mark.parametrize("host", [*WRONG, *ASKED])
def test_names_the_host_what_is_wrong_and_the_remedy(host: str, refused: tuple[Site, Run]) -> None:
    message = refused[1].message(host)
    for text in (f"{host}: ", *(WRONG[host][1] if host in WRONG else [*ASKED[host], "Nothing was installed"])):
        assert text in message, f"{text!r} is not in: {message}"


def test_all_fail_and_nothing_is_installed(refused: tuple[Site, Run]) -> None:
    site, run = refused
    assert run.failed() == {*WRONG, *ASKED}
    written = {str(path.relative_to(site.pbx)) for path in site.pbx.rglob("*") if path.is_file()}
    assert written == {f"{host}/{name}" for host in ASKED for name in ("alexa-pbx.key", "alexa-pbx.crt")}
    assert {host: (site.pbx / host / "alexa-pbx.crt").read_text() for host in ASKED} == OLD


def test_challenges_are_taken_back(refused: tuple[Site, Run]) -> None:
    site, run = refused
    left = {path.name for path in (site.folder / "webroot").rglob("*") if path.is_file()}
    assert left == {"index.html"}
    shown = [
        str(item["msg"])
        for result in run.results("Forget to write the record", "dns")
        for item in result.get("results", [result])
    ]
    assert shown == [f"_acme-challenge.dns.example.com {state}" for state in ("present", "absent")]
    assert not list(site.home.rglob("*.acme"))
