# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A challenge that can't be cleaned up costs neither the certificate nor the reason why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from acme_server import AcmeServer, needs_pebble
from playbook_runs import Run, Site, openssl, play_of

pytestmark = needs_pebble

# The name server takes records, but none back.
DNS_TASKS = """
- name: Take no record back
  ansible.builtin.fail:
    msg: the zone is locked
  when: pbx_tls_acme_record_state == 'absent' and not stuck | default(false)
- name: Take the record back
  ansible.builtin.uri:
    url: "{{ names_url }}/clear-txt"
    method: POST
    body_format: json
    body: {host: "{{ pbx_tls_acme_record_name }}."}
  changed_when: true
  delegate_to: localhost
  when: pbx_tls_acme_record_state == 'absent'
# No folder can be removed by a path that ends in a dot.
- name: Have the place of the certificate stay
  ansible.builtin.set_fact:
    pbx_tls_acme_here: {path: "{{ pbx_tls_acme_here.path }}/."}
  when: pbx_tls_acme_record_state == 'present' and stuck | default(false)
- name: Write the record
  ansible.builtin.uri:
    url: "{{ names_url }}/set-txt"
    method: POST
    body_format: json
    body: {host: "{{ pbx_tls_acme_record_name }}.", value: "{{ written | default(pbx_tls_acme_record_value) }}"}
  changed_when: true
  delegate_to: localhost
  when: pbx_tls_acme_record_state == 'present'
"""
CERTIFIED, REFUSED, STUCK = "certified", "refused", "stuck"
HOSTS: dict[str, dict[str, object]] = {CERTIFIED: {}, REFUSED: {"written": "something else"}, STUCK: {"stuck": True}}
WARNING = "Warn of what is left of the challenge"


@pytest.fixture(scope="module")
def done(folder: Path) -> tuple[Site, Run]:
    """Hosts whose record is right, is not, and one where the control node keeps what it has."""
    site = Site(folder)
    (folder / "tmp").mkdir()
    site.write("tls.yml", play_of("pbx_tls"))
    with AcmeServer(folder / "acme") as server:
        site.inventory(
            {
                host: {"alexa_pbx_name": f"{host}.example.com", "pbx_tls_dir": str(site.pbx / host), **own}
                for host, own in HOSTS.items()
            },
            pbx_tls_source="acme",
            pbx_tls_acme_directory=server.directory,
            pbx_tls_acme_terms_agreed=True,
            pbx_tls_acme_ca_path=str(server.ca_path),
            pbx_tls_acme_root_file=str(site.write("root.pem", server.root())),
            pbx_tls_acme_timeout=60,
            pbx_tls_acme_challenge="dns-01",
            pbx_tls_acme_dns_tasks=str(site.write("dns.yml", DNS_TASKS)),
            names_url=server.names_url,
        )
        return site, site.run("tls.yml", TMPDIR=str(folder / "tmp"))


def test_the_certificate_is_installed_and_the_rest_told(done: tuple[Site, Run]) -> None:
    site, run = done
    assert CERTIFIED not in run.failed()
    served = str(site.pbx / CERTIFIED / "alexa-pbx.crt")
    openssl("verify", "-CAfile", str(site.folder / "root.pem"), "-untrusted", served, served)
    told = run.shown(WARNING, CERTIFIED)
    assert told.startswith(f"{CERTIFIED}: ") and "Take no record back failed: the zone is locked" in told


def test_the_reason_for_no_certificate_is_not_lost(done: tuple[Site, Run]) -> None:
    site, run = done
    assert run.failed() == {REFUSED} and "Nothing was installed" in run.message(REFUSED)
    assert "pbx_tls_acme_dns_tasks wait until" in run.message(REFUSED)
    assert "the zone is locked" in run.shown(WARNING, REFUSED)
    assert not (site.pbx / REFUSED / "alexa-pbx.crt").exists()


def test_one_step_that_fails_does_not_keep_the_others_from_being_done(done: tuple[Site, Run]) -> None:
    site, run = done
    assert run.result("Take the record back", STUCK)["status"] == 200
    told = run.shown("Warn of what is left on the control node", STUCK)
    assert "Remove the place of the certificate failed" in told and (site.pbx / STUCK / "alexa-pbx.crt").exists()
    # Emptied, and the only one that is left.
    (left,) = (site.folder / "tmp").glob("*.acme")
    assert not list(left.iterdir())
