# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A support bundle holds what a ticket needs and no secret, whatever can't be had; it changes nothing."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from alexa_simulator.launcher import Simulator
from alone import alone
from playbook_runs import CLIENT_SECRET, LINK, PROFILE, REFRESH_TOKEN, Run, Site, writes

SUPPORT = "alexa.smart_properties.support_bundle"
NAME = "pbx.aurora.example.com"
ADDRESS = "203.0.113.10"
PASSWORD = "hunter2-is-no-password"
KEY_LINE = "MIIEvQIBADANBgkqhkiG9w0"
KEY = f"-----BEGIN PRIVATE KEY-----\n{KEY_LINE}\n-----END PRIVATE KEY-----"
ROOMS = [{"extension": "7201", "comms_profile_id": PROFILE + "A1"}]
AURORA = {"alexa_pbx_name": NAME, "alexa_pbx_address": ADDRESS, "alexa_rooms": ROOMS, "alexa_peer_type": "fqdn",
          "ansible_become_password": PASSWORD}  # fmt: skip
SECRETS = (CLIENT_SECRET, REFRESH_TOKEN, PASSWORD, KEY_LINE, "Atza|", "Atc|")


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """In a network without anybody."""
    if os.geteuid():
        pytest.skip("only root may have a network of its own")
    arguments = ["--activation-delay", "0", "--client-secret", CLIENT_SECRET, "--refresh-token", REFRESH_TOKEN]
    with alone(), Simulator(arguments) as running:
        # The PBX's address is here, and nobody listens.
        subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
        yield running
        assert running.log() == ""


@pytest.fixture(scope="module")
def linked(site: Site) -> Site:
    """One property that is linked, whose PBX is this machine, with secrets in its configuration."""
    site.inventory({"aurora": {**AURORA, "alexa_pbx_kind": "external"}})
    site.run(LINK).good()
    (site.folder / "etc" / "alexa").mkdir(parents=True)
    secrets = f"password = {PASSWORD}x\n;{KEY}\nTOKEN={CLIENT_SECRET}\n"
    site.write("etc/alexa/pjsip.conf", f"[alexa]\ntype=endpoint\n{secrets}")
    site.inventory({"aurora": {**AURORA, "pbx_asterisk_config_dir": str(site.folder / "etc")}})
    return site


def bundles(site: Site) -> set[Path]:
    return set((site.secrets / "support").glob("*"))


def unpacked(run: Run, host: str = "aurora") -> dict[str, str]:
    """The bundle's files by their names below its folder; none holds a secret."""
    path = Path(run.result("Write the bundle", host)["file"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with tarfile.open(path) as tar:
        members = tar.getmembers()
        assert all(member.isfile() and member.mode == 0o644 and not member.uid for member in members)
        texts = {member.name: tar.extractfile(member).read().decode() for member in members}  # type: ignore[union-attr]
    folder = path.name.removesuffix(".tar.gz")
    assert all(name.startswith(f"{folder}/") for name in texts)
    assert not [name for name, text in texts.items() for secret in SECRETS if secret in text]
    return {name.removeprefix(f"{folder}/"): text for name, text in texts.items()}


def test_check_mode_writes_nothing(linked: Site) -> None:
    run = linked.run(SUPPORT, "--check").good()
    assert "would be" in run.shown("Show where it is", "aurora") and not bundles(linked)


def test_a_bundle_of_a_linked_property(linked: Site) -> None:
    before, known = linked.state(), bundles(linked)
    linked.counted()
    run = linked.run(SUPPORT).good()
    assert not writes(linked.counted()) and linked.state() == before
    (path,) = bundles(linked) - known
    assert str(path) in run.shown("Show where it is", "aurora")
    files = unpacked(run)
    trunk = json.loads(files["trunk.json"])
    assert trunk["trunk"]["trunk_id"] == linked.trunk(NAME)["trunkId"] and trunk["mappings"] == 1
    requests = [json.loads(line) for line in files["timeline.txt"].splitlines() if '"method"' in line]
    assert requests and all(each["request_id"] and each["status"] == 200 for each in requests[1:])
    assert '"kind": "trunk"' in files["timeline.txt"] and PROFILE not in files["timeline.txt"]
    assert "ansible-core" in files["versions.txt"] and "PRETTY_NAME" in files["versions.txt"]
    assert "refused" in files["handshake.txt"]
    pjsip = files[f"configuration{linked.folder}/etc/alexa/pjsip.conf"]
    assert "type=endpoint" in pjsip and pjsip.count("********") == 3
    readme = files["README.txt"]
    assert NAME in readme and "asterisk-stopped" in readme + files["doctor.txt"] or "error: " in readme
    findings = json.loads(files["doctor.json"])["findings"]
    assert all(finding["evidence"] in readme for finding in findings)


def test_a_program_that_hangs_takes_no_others_place(linked: Site) -> None:
    hangs = linked.write("programs/ufw", "#!/bin/sh\nexec sleep 60\n")
    hangs.chmod(0o755)
    files = unpacked(linked.run(SUPPORT, PATH=f"{hangs.parent}:{os.environ['PATH']}").good())
    assert re.search(r"^20\d\d-\d\d-\d\dT", files["versions.txt"].split("# The control node")[0], re.MULTILINE)


def test_each_run_writes_another_file_and_no_trace(linked: Site) -> None:
    known = bundles(linked)
    before = set(Path("/tmp").glob("alexa-requests-*"))
    linked.run(SUPPORT).good()
    assert known < bundles(linked) and set(Path("/tmp").glob("alexa-requests-*")) == before


def test_what_can_t_be_had_is_told(linked: Site) -> None:
    """Amazon does not know us, and the PBX is off."""
    off = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}
    linked.inventory({"../aurora": {**AURORA, **off}}, alexa_support_dir=str(linked.folder / "tickets"))
    files = unpacked(linked.run(SUPPORT, ALEXA_CLIENT_SECRET="wrong").good(), "../aurora")
    assert "could not be examined" in files["README.txt"] and "could not be had: " in files["README.txt"]
    assert "not there: trunk.json" in files["README.txt"] and "Login with Amazon" in files["README.txt"]
    assert '"status": 4' in files["timeline.txt"]


def test_a_folder_that_can_t_be_written_is_named(linked: Site) -> None:
    hosts = {"aurora": {**AURORA, "alexa_pbx_kind": "external"}}
    linked.inventory(hosts, alexa_support_dir="tickets")
    assert "absolute path" in linked.run(SUPPORT).message("aurora")
    linked.inventory(hosts, alexa_support_dir="/proc/tickets")
    run = linked.run(SUPPORT)
    assert run.code == 2 and "/proc/tickets" in run.message("aurora") and "alexa_support_dir" in run.message("aurora")


def test_the_module_alone(linked: Site) -> None:
    """Without a run that looked: what there is."""
    options = {"dest": str(linked.folder / "alone"), "host": "aurora", "trouble": [f"told with {PASSWORD}"],
               "journal_dir": str(linked.secrets / "journal"), "secrets": [PASSWORD], "requests": "{}"}  # fmt: skip
    task = {"name": "Write the bundle", "alexa.smart_properties.support_bundle": options}
    linked.write("alone.yml", json.dumps([{"hosts": "alexa_pbx", "gather_facts": False, "tasks": [task]}]))
    files = unpacked(linked.run("alone.yml").good())
    assert "could not be had: told with ********" in files["README.txt"]
    assert files["timeline.txt"].startswith("# Requests to Amazon\n{}\n") and '"kind": "trunk"' in files["timeline.txt"]
    task["alexa.smart_properties.support_bundle"] = {**options, "dest": "alone"}
    linked.write("alone.yml", json.dumps([{"hosts": "alexa_pbx", "gather_facts": False, "tasks": [task]}]))
    assert "no absolute path" in linked.run("alone.yml").message("aurora")
