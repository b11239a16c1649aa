# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate of a PBX that Ansible does not reach is rotated in two runs; bad days change nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from alexa_simulator.launcher import Simulator
from alone import alone
from playbook_runs import CLIENT_SECRET, LINK, REFRESH_TOKEN, ROTATE, Run, Site

FORCE = ("-e", "alexa_rotate_force=true")
INSTALLED = ("-e", "alexa_rotate_installed=true")
NAME = "pbx.birkenhof.example.com"
ADDRESS = "203.0.113.10"
HOSTS = {"birkenhof": {"alexa_pbx_name": NAME, "alexa_pbx_address": ADDRESS, "alexa_pbx_kind": "external"}}
#: Nobody answers there.
DARK = {
    "alexa_pbx_name": "pbx.dark.example.com", "alexa_pbx_address": "203.0.113.11", "ansible_connection": "ssh",
    "ansible_host": "127.0.0.1", "ansible_port": 9, "alexa_dial_in": [{"pattern": "_1XXX", "context": "internal"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """In a network without anybody: nobody looks for the PBX's port outside."""
    if os.geteuid():
        pytest.skip("only root may have a network of its own")
    arguments = ["--activation-delay", "0", "--client-secret", CLIENT_SECRET, "--refresh-token", REFRESH_TOKEN]
    with alone(), Simulator(arguments) as running:
        # The PBX's address is here.
        subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
        yield running
        assert running.log() == ""


@pytest.fixture(scope="module")
def linked(site: Site) -> Site:
    site.run(LINK).good()
    return site


def handover(site: Site) -> Path:
    return site.folder / "inventory" / ".alexa" / "handover" / "birkenhof"


def files_in(place: Path) -> dict[str, bytes]:
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def registered(site: Site) -> Any:
    return site.trunk(NAME)["tls"]["certificateChain"]


@contextmanager
def serving(site: Site, chain: str) -> Iterator[None]:
    """Somebody has installed this chain on the PBX."""
    file = site.write("served.pem", chain)
    key = handover(site) / "alexa-pbx.key"
    argv = ["openssl", "s_server", "-quiet", "-accept", f"{ADDRESS}:5061", "-cert", file, "-key", key]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + 10
            while True:
                try:
                    socket.create_connection((ADDRESS, 5061), 1).close()
                    break
                except ConnectionRefusedError:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            yield
        finally:
            server.terminate()


def text_of(chain: Any) -> str:
    return chain if isinstance(chain, str) else "\n".join(chain)


def told(run: Run) -> str:
    return run.shown("Show each property", "birkenhof")


def test_a_property_that_is_not_linked_is_refused(site: Site) -> None:
    site.inventory(HOSTS)
    run = site.run(ROTATE, *FORCE)
    assert run.code == 2 and "Link it first, with link_pbx." in run.message("birkenhof")
    assert not handover(site).exists() and site.state()["trunks"] == []


def test_nothing_is_due_after_a_link(linked: Site) -> None:
    before = files_in(handover(linked))
    run = linked.run(ROTATE).good()
    assert run.changed()["birkenhof"] == 0 and "nothing is due" in told(run)
    assert files_in(handover(linked)) == before


def test_the_first_run_makes_it_and_does_not_tell_amazon(linked: Site) -> None:
    before, chain = files_in(handover(linked)), registered(linked)
    assert "would be rotated" in told(linked.run(ROTATE, *FORCE, "--check").good())
    assert files_in(handover(linked)) == before
    run = linked.run(ROTATE, *FORCE).good()
    assert "install it on the PBX" in told(run) and registered(linked) == chain
    assert files_in(handover(linked))["alexa-pbx.crt"] != before["alexa-pbx.crt"]
    assert not handover(linked).with_name("birkenhof.before").exists()


def test_without_a_word_amazon_is_not_told(linked: Site) -> None:
    chain = registered(linked)
    run = linked.run(ROTATE).good()
    assert "Amazon has another one than the file's" in told(run) and registered(linked) == chain


def test_what_is_seen_counts_before_what_is_said(linked: Site) -> None:
    before, chain = files_in(handover(linked)), registered(linked)
    with serving(linked, text_of(chain)):
        run = linked.run(ROTATE, *INSTALLED)
    assert run.code == 2 and f"{ADDRESS}:5061 serves another certificate" in run.message("birkenhof")
    assert files_in(handover(linked)) == before and registered(linked) == chain


def test_what_amazon_refuses_leaves_the_handover_folder_as_it_was(linked: Site) -> None:
    before, chain = files_in(handover(linked)), registered(linked)
    linked.api().control("POST", "/faults", [{"kind": "status", "status": 400, "match": {"method": "PUT"}}])
    run = linked.run(ROTATE, *INSTALLED)
    linked.api().control("DELETE", "/faults")
    assert run.code == 2 and "What failed" in run.message("birkenhof")
    assert files_in(handover(linked)) == before and registered(linked) == chain


def test_the_second_run_tells_amazon(linked: Site) -> None:
    run = linked.run(ROTATE, *INSTALLED).good()
    chain = files_in(handover(linked))["alexa-pbx-chain.pem"].decode()
    assert text_of(registered(linked)).split() == chain.split()
    assert "rotated" in told(run) and linked.trunk(NAME)["status"] == "ACTIVE"
    assert linked.run(ROTATE, *INSTALLED).good().changed()["birkenhof"] == 0


def test_what_is_seen_needs_no_word(linked: Site) -> None:
    linked.run(ROTATE, *FORCE).good()
    chain = files_in(handover(linked))["alexa-pbx-chain.pem"].decode()
    assert text_of(registered(linked)).split() != chain.split()
    with serving(linked, chain):
        linked.run(ROTATE).good()
    assert text_of(registered(linked)).split() == chain.split()


def test_a_given_certificate_is_not_rotated_with_itself(linked: Site) -> None:
    before, chain = files_in(handover(linked)), registered(linked)
    given = linked.write("given.pem", before["alexa-pbx-chain.pem"])
    same = ("-e", "pbx_tls_source=given", "-e", f"pbx_tls_given_certificate_file={given}")
    run = linked.run(ROTATE, *FORCE, *same)
    assert run.code == 2 and "the certificate that is given is that one" in run.message("birkenhof")
    assert files_in(handover(linked)) == before and registered(linked) == chain


def test_a_pbx_that_is_off_does_not_end_the_rollout(linked: Site) -> None:
    linked.inventory({"dark": DARK, **HOSTS}, alexa_rollout_batches=[1])
    run = linked.run(ROTATE)
    assert run.code == 2 and run.failed() == {"dark"}
    assert "nothing is due" in told(run)
