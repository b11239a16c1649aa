# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate is rotated on a real PBX: under a call, put back where it fails, and finished after it was cut."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from alexa_laboratory import network
from alexa_laboratory.inventory import HOST
from alexa_laboratory.laboratory import TLS_PORT, Laboratory
from alexa_laboratory.pbx import NAME
from alexa_laboratory.sip import UserAgent
from laboratory_site import LaboratorySite
from playbook_runs import LINK, ROTATE, UNLINK, Run

TLS = "/etc/alexa_smart_properties/tls"
FORCE = ("-e", "alexa_rotate_force=true")


@pytest.fixture(scope="module")
def edge(laboratory: Laboratory) -> Iterator[UserAgent]:
    with laboratory.edge() as answering:
        answering.answers()
        yield answering


@pytest.fixture(scope="module")
def linked(site: LaboratorySite, edge: UserAgent) -> Iterator[LaboratorySite]:
    site.run(LINK).good()
    site.machine.asterisk("pjsip qualify alexa")
    site.machine.await_output("Avail ", "asterisk", "-rx", "pjsip show contacts")
    yield site
    site.run(UNLINK, "-e", "unlink_confirm=true", "-e", "pbx_tls_remove_key=true").good()


def leaf(pem: str) -> str:
    """The fingerprint of the first certificate in a text."""
    start = pem.index("-----BEGIN CERTIFICATE-----")
    end = pem.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----")
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem[start:end])).hexdigest()


def prints(site: LaboratorySite) -> tuple[str, str, str]:
    """Of the file, of the port and of Amazon, by other means than the collection's."""
    file = site.machine.read(f"{TLS}/alexa-pbx.crt")
    served = site.machine.run("openssl", "s_client", "-connect", f"127.0.0.1:{TLS_PORT}", check=False).stdout
    registered = site.trunk(NAME)["tls"]["certificateChain"]
    return leaf(file), leaf(served), leaf(registered if isinstance(registered, str) else registered[0])


def state_of(site: LaboratorySite) -> tuple[Any, ...]:
    """The files with their rights, and the three fingerprints."""
    listed = f"cd {TLS} && stat -c '%n %a %U %G' * && sha256sum *; ls -a {TLS}/.."
    return site.machine.run("sh", "-c", listed).stdout, prints(site), site.trunk(NAME)["status"]


def told(run: Run) -> str:
    return run.shown("Show each property", HOST)


def test_nothing_is_done_where_nothing_is_due(linked: LaboratorySite) -> None:
    before = state_of(linked)
    run = linked.run(ROTATE).good()
    assert run.changed() == {HOST: 0, "localhost": 0} and state_of(linked) == before
    assert "nothing is due" in told(run) and told(run).count(prints(linked)[0]) == 3


def test_check_mode_tells_and_changes_nothing(linked: LaboratorySite) -> None:
    before = state_of(linked)
    run = linked.run(ROTATE, *FORCE, "--check").good()
    assert run.changed()[HOST] == 1 and "would be rotated" in told(run) and state_of(linked) == before


def test_a_call_outlives_a_rotation(linked: LaboratorySite, laboratory: Laboratory, edge: UserAgent) -> None:
    before = prints(linked)
    with laboratory.phone("1234") as phone:
        phone.answers()
        call = edge.call(f"sip:1234@{network.PBX}:{TLS_PORT};transport=tls", via=(network.PBX, TLS_PORT))
        answered = phone.wait_for_call(5)
        call.start_talking()
        answered.start_talking()
        run = linked.run(ROTATE, *FORCE).good()
        assert not call.ended and not answered.ended
        heard = call.stop_talking(), answered.stop_talking()
        call.hang_up()
    assert all(each.received > 50 and each.lost <= each.received / 50 for each in heard)
    after = prints(linked)
    assert len(set(after)) == 1 and len(set(before)) == 1 and after != before
    assert "rotated" in told(run) and linked.trunk(NAME)["status"] == "ACTIVE"
    again = linked.run(ROTATE).good()
    assert again.changed()[HOST] == 0 and prints(linked) == after


def test_another_key_is_made_on_request(linked: LaboratorySite) -> None:
    before = linked.machine.run("sha256sum", f"{TLS}/alexa-pbx.key").stdout
    linked.run(ROTATE, *FORCE, "-e", "alexa_rotate_key=true").good()
    assert linked.machine.run("sha256sum", f"{TLS}/alexa-pbx.key").stdout != before
    assert len(set(prints(linked))) == 1


@pytest.fixture
def elsewhere(linked: LaboratorySite) -> Iterator[None]:
    """The folder is a link to one at another place, with a file of somebody else's."""
    linked.machine.run("mv", TLS, "/var/tmp/tls")
    linked.machine.run("ln", "-s", "/var/tmp/tls", TLS)
    linked.machine.write(f"{TLS}/theirs", "theirs")
    yield
    linked.machine.run("rm", TLS, "/var/tmp/tls/theirs")
    linked.machine.run("mv", "/var/tmp/tls", TLS)


def test_all_is_put_back_where_amazon_refuses(linked: LaboratorySite, elsewhere: None) -> None:
    before = state_of(linked)
    linked.api().control("POST", "/faults", [{"kind": "status", "status": 400, "match": {"method": "PUT"}}])
    run = linked.run(ROTATE, *FORCE, "-e", "alexa_rotate_key=true")
    assert run.code == 2 and "are as they were before" in run.message(HOST)
    assert state_of(linked) == before
    assert linked.run(ROTATE).good().changed()[HOST] == 0


def test_what_was_cut_is_finished(linked: LaboratorySite) -> None:
    """As a run that is killed once the new certificate is written, and before the PBX was told."""
    before = prints(linked)
    linked.machine.run("cp", "-a", TLS, f"{TLS}.before")
    linked.machine.run("rm", f"{TLS}/alexa-pbx.crt")
    run = linked.run(ROTATE).good()
    after = prints(linked)
    assert "an earlier rotation was cut" in told(run) and len(set(after)) == 1 and after != before
    assert "tls.before" not in linked.machine.run("ls", f"{TLS}/..").stdout
