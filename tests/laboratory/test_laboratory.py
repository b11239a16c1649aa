# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laboratory itself: it comes up as described, reaches nothing outside, and goes."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alexa_laboratory import network
from alexa_laboratory.commands import LaboratoryError
from alexa_laboratory.laboratory import REGISTRAR, TLS_PORT, Laboratory
from alexa_laboratory.pbx import Pbx
from alexa_laboratory.root import prepared_root
from alexa_laboratory.sip import ConnectionRefused
from laboratory_site import LaboratorySite
from leftovers import left_of

USERS_FILES = Path(__file__).resolve().parents[2] / "extensions" / "laboratory" / "files" / "asterisk"
HOSTS = ("router", *network.CABLES)
PUBLIC = {"edge": (network.EDGE, network.EDGE_OTHER), "stranger": (network.STRANGER, network.NEIGHBOUR)}


def own_addresses() -> list[str]:
    """Return this machine's own IPv4 addresses but for loopback."""
    listed = subprocess.run(["ip", "-4", "-json", "address"], capture_output=True, text=True, check=True).stdout
    return [each["local"] for link in json.loads(listed) for each in link["addr_info"] if each["scope"] == "global"]


def reached(laboratory: Laboratory, host: str, source: str, target: tuple[str, int]) -> int:
    """Return the error number of a TCP connection as from a host, 0 for none."""
    with laboratory.hosts[host].socket() as client:
        client.settimeout(5)
        client.bind((source, 0))
        return client.connect_ex(target)


@pytest.mark.parametrize("host", HOSTS)
def test_no_host_has_a_way_out(laboratory: Laboratory, host: str) -> None:
    # The kernel is asked for the way, so that nothing is sent should there be one.
    asked = laboratory.hosts[host].run("ip", "route", "get", "1.1.1.1", check=False)
    assert asked.returncode != 0 and "unreachable" in asked.stderr
    assert "default" not in laboratory.hosts[host].ip("route", "show", "table", "all")
    for address in own_addresses():
        with laboratory.hosts[host].socket() as client:
            assert client.connect_ex((address, 9)) == errno.ENETUNREACH


def test_this_machine_has_no_way_in(laboratory: Laboratory) -> None:
    links = subprocess.run(["ip", "-json", "link"], capture_output=True, text=True, check=True).stdout
    ours = {laboratory.hosts[host].namespace for host in HOSTS}
    assert not [link["ifname"] for link in json.loads(links) if link.get("link_netns") in ours]


def test_the_public_hosts_reach_the_pbx_and_the_phone_does_not_leave_the_property(laboratory: Laboratory) -> None:
    for host, addresses in PUBLIC.items():
        for address in addresses:
            assert reached(laboratory, host, address, (network.PBX, 22)) == 0
    assert reached(laboratory, "phone", network.PHONE, (network.PBX_INSIDE, 22)) == 0
    assert reached(laboratory, "phone", network.PHONE, (network.EDGE, TLS_PORT)) == errno.ENETUNREACH


def test_a_thread_is_back_in_its_own_network_after_a_failure(laboratory: Laboratory) -> None:
    own = os.readlink("/proc/thread-self/ns/net")

    def fail() -> socket.socket:
        assert os.readlink("/proc/thread-self/ns/net") != own
        raise OSError("no socket")

    with pytest.raises(OSError, match="no socket"):
        laboratory.hosts["edge"].call(fail)
    assert os.readlink("/proc/thread-self/ns/net") == own


def test_the_pbx_runs_with_its_users_files(laboratory: Laboratory) -> None:
    pbx = laboratory.pbx
    assert pbx.run("systemctl", "is-system-running").stdout == "running\n"
    assert pbx.asterisk("core show version").startswith("Asterisk 22.")
    for path in USERS_FILES.iterdir():
        assert pbx.read(f"/etc/asterisk/{path.name}") == path.read_text()
    endpoints = pbx.asterisk("pjsip show endpoints")
    assert all(f"Endpoint:  {number}/{number}" in endpoints for number in ("1234", "1235", "9"))
    assert "_00X." in pbx.asterisk("dialplan show internal")


def test_the_pbx_may_do_no_more_than_it_needs(laboratory: Laboratory) -> None:
    """Its root can't mount, and has none of this machine's devices."""
    assert laboratory.pbx.run("mount", "-t", "tmpfs", "none", "/mnt", check=False).returncode != 0
    assert "vda" not in (devices := laboratory.pbx.run("ls", "/dev").stdout) and "null" in devices


def test_text_comes_back_from_the_pbx_as_it_was_written(laboratory: Laboratory) -> None:
    text = "first 'line'\n$second \"line\"\n"
    laboratory.pbx.write("/etc/laboratory test/file", text)
    assert laboratory.pbx.read("/etc/laboratory test/file") == text
    assert not (prepared_root() / "etc" / "laboratory test").exists()


def test_ansible_reaches_the_pbx_over_ssh(site: LaboratorySite) -> None:
    command = [str(Path(sys.executable).parent / "ansible"), "-i", str(site.inventory_path), "alexa_pbx"]
    said = subprocess.run(
        [*command, "-m", "ansible.builtin.setup", "-a", "gather_subset=!all,min"],
        env=site.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    facts = json.loads(said.stdout.partition("=>")[2])["ansible_facts"]
    assert facts["ansible_hostname"] == "pbx" and facts["ansible_user_id"] == "root"
    assert facts["ansible_env"]["SSH_CONNECTION"].startswith(f"{network.CONTROL} ")


def test_phones_call_each_other(laboratory: Laboratory) -> None:
    with laboratory.phone("1234") as caller, laboratory.phone("1235", tone=700.0) as callee:
        callee.answers()
        call = caller.call(f"sip:1235@{network.PBX_INSIDE}", via=REGISTRAR)
        answered = callee.wait_for_call(5)
        with ThreadPoolExecutor(2) as both:
            heard = list(both.map(lambda side: side.talk(1), (call, answered)))
        call.hang_up()
        answered.wait_for_end(5)
    assert [side.received >= 40 for side in heard] == [True, True]
    assert [round(side.tone or 0, -1) for side in heard] == [700, 400]


def test_a_reboot_keeps_files_and_loses_what_is_in_memory(laboratory: Laboratory) -> None:
    pbx = laboratory.pbx
    pbx.write("/etc/kept", "kept")
    pbx.run("touch", "/run/lost")
    pbx.run("nft", "add", "table", "inet", "lost")
    pbx.reboot()
    assert pbx.read("/etc/kept") == "kept"
    assert pbx.run("test", "-e", "/run/lost", check=False).returncode == 1
    assert pbx.run("nft", "list", "ruleset").stdout == ""
    assert reached(laboratory, "stranger", network.STRANGER, (network.PBX, 22)) == 0


def test_nobody_listens_for_alexa_yet(laboratory: Laboratory) -> None:
    with laboratory.edge() as edge, pytest.raises(ConnectionRefused, match="refused"):
        edge.call(f"sip:1234@{network.PBX}", via=(network.PBX, TLS_PORT))


def test_all_of_it_goes(able: None) -> None:
    instance = f"gone-{os.getpid()}"
    threads = threading.active_count()
    with Laboratory(instance) as second:
        second.phone()
        assert left_of(instance)
    assert left_of(instance) == []
    assert threading.active_count() == threads


@pytest.mark.parametrize("error", [LaboratoryError("no PBX"), KeyboardInterrupt()])
def test_half_a_start_goes_too(able: None, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    instance = f"half-{os.getpid()}"

    def fail(_pbx: Pbx) -> None:
        assert left_of(instance)
        raise error

    monkeypatch.setattr(Pbx, "await_running", fail)
    with pytest.raises(type(error)), Laboratory(instance):
        raise AssertionError("it started")
    assert left_of(instance) == []


@pytest.fixture
def lab(able: None) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line with an instance of its own."""
    folders = [str(USERS_FILES.parents[1]), str(USERS_FILES.parents[2] / "simulator")]
    command = [sys.executable, "-m", "alexa_laboratory", "--instance", f"cli-{os.getpid()}"]

    def call(*argv: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
        return subprocess.run(
            [*command, *argv], env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return call


def test_it_stays_up_until_it_is_ended(lab: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    instance = f"cli-{os.getpid()}"
    try:
        assert "No laboratory" in lab("down").stdout
        assert (first := lab("up")).returncode == 0, first.stderr
        again = lab("up")
        assert again.returncode == 0 and "Started" not in again.stdout
        assert lab("status").returncode == 0
        refused = lab("call", "alexa", "1234")
        assert refused.returncode == 1 and "refused" in refused.stdout
        unknown = lab("call", "phone", "1999")
        assert unknown.returncode == 1 and "404" in unknown.stdout and "INVITE" in unknown.stdout
        # Somebody ends the process that holds it in a way that leaves it no time to clear up.
        noted = json.loads(Path(f"/run/alexa-{instance}.json").read_text())
        os.kill(noted["pid"], signal.SIGKILL)
        assert lab("up").returncode == 0
    finally:
        ended = lab("down")
    assert ended.returncode == 0, ended.stderr
    assert left_of(instance) == []
    assert lab("status").returncode == 1
    assert "none is up" in lab("call", "phone", "7201").stderr
