# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate of a PBX that Ansible does not reach is rotated in two runs; bad days change nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alexa_simulator.launcher import Simulator
from alone import alone
from playbook_runs import CLIENT_SECRET, LINK, REFRESH_TOKEN, Run, Site

ROTATE = "alexa.smart_properties.rotate_certificate"
FORCE = ("-e", "alexa_rotate_force=true")
NAME = "pbx.birkenhof.example.com"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """In a network without anybody: nobody looks for the PBX's port outside."""
    if os.geteuid():
        pytest.skip("only root may have a network of its own")
    arguments = ["--activation-delay", "0", "--client-secret", CLIENT_SECRET, "--refresh-token", REFRESH_TOKEN]
    with alone(), Simulator(arguments) as running:
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


def told(run: Run) -> str:
    return run.shown("Show each property", "birkenhof")


def test_a_property_that_is_not_linked_is_refused(site: Site) -> None:
    hosts = {"birkenhof": {"alexa_pbx_name": NAME, "alexa_pbx_address": "203.0.113.10"}}
    site.inventory(hosts, alexa_pbx_kind="external")
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


def test_what_amazon_refuses_leaves_the_handover_folder_as_it_was(linked: Site) -> None:
    before, chain = files_in(handover(linked)), registered(linked)
    linked.api().control("POST", "/faults", [{"kind": "status", "status": 400, "match": {"method": "PUT"}}])
    run = linked.run(ROTATE, "-e", "alexa_rotate_installed=true")
    linked.api().control("DELETE", "/faults")
    assert run.code == 2 and "What failed" in run.message("birkenhof")
    assert files_in(handover(linked)) == before and registered(linked) == chain


def test_the_second_run_tells_amazon(linked: Site) -> None:
    run = linked.run(ROTATE, "-e", "alexa_rotate_installed=true").good()
    chain = registered(linked)
    text = chain if isinstance(chain, str) else "".join(chain)
    assert files_in(handover(linked))["alexa-pbx-chain.pem"].decode().split() == text.split()
    assert "rotated" in told(run) and linked.trunk(NAME)["status"] == "ACTIVE"
    assert linked.run(ROTATE, "-e", "alexa_rotate_installed=true").good().changed()["birkenhof"] == 0
