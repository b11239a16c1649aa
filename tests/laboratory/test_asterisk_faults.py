# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on a PBX ends with a message that tells what and how to go on, and a PBX that works as before."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from alexa_laboratory.inventory import HOST
from alexa_laboratory.pbx import NAME
from asterisk_host import ETC, OWN, PLACE, AsteriskHost, users_transport
from issuing import issue

# On a file system that nobody else uses, of 64 MB.
SMALL = "/dev/shm"
MOVE = f"cp -a {ETC} {SMALL} && mv {ETC} {ETC}.aside && ln -s {SMALL}/asterisk {ETC}"
MOVE_BACK = f"rm -rf {SMALL}/asterisk {SMALL}/full && rm -f {ETC} && mv {ETC}.aside {ETC}"
# The command line and the trial start work, but Asterisk does not start with the trunk's files.
UNWILLING = f"""\
#!/bin/sh
case "$*" in *-rx*|*-C*|*-V*) ;; *) test ! -e {OWN}/transport.conf || exit 1 ;; esac
exec /usr/sbin/aside/asterisk "$@"
"""
# Who asks the trial for its transports waits until he is let go, so that the connection is surely cut meanwhile.
HELD = "/run/trial-held"
HOLDING = f"""\
#!/bin/sh
case "$*" in -C*"-rx pjsip show transports") echo held >{HELD}; while test -e {HELD}; do sleep 0.1; done ;; esac
exec /usr/sbin/aside/asterisk "$@"
"""
# systemd refuses a unit that kept ending.
IMPATIENT = "/run/systemd/system/asterisk.service.d/impatient.conf"
LIMIT = "[Unit]\nStartLimitIntervalSec=600\nStartLimitBurst=2\n"


def append(host: AsteriskHost, name: str, text: str) -> None:
    host.machine.write(f"{ETC}/{name}", host.machine.read(f"{ETC}/{name}") + text)


def restart(host: AsteriskHost) -> None:
    host.machine.run("systemctl", "restart", "asterisk")
    host.machine.asterisk("core waitfullybooted")


@contextmanager
def another_program(host: AsteriskHost, script: str) -> Iterator[None]:
    """This script is called instead of Asterisk, which is aside meanwhile; the live one runs on."""
    host.machine.run("mkdir", "/usr/sbin/aside")
    host.machine.run("mv", "/usr/sbin/asterisk", "/usr/sbin/aside/asterisk")
    try:
        host.machine.write("/usr/sbin/asterisk", script)
        host.machine.run("chmod", "755", "/usr/sbin/asterisk")
        yield
    finally:
        host.machine.run("mv", "/usr/sbin/aside/asterisk", "/usr/sbin/asterisk")
        host.machine.run("rmdir", "/usr/sbin/aside")


def test_without_asterisk(host: AsteriskHost) -> None:
    host.machine.run("mv", "/usr/sbin/asterisk", "/usr/sbin/asterisk.aside")
    try:
        host.refused("Asterisk is not installed.", "Install Asterisk")
    finally:
        host.machine.run("mv", "/usr/sbin/asterisk.aside", "/usr/sbin/asterisk")


def test_with_asterisk_stopped(host: AsteriskHost) -> None:
    host.machine.run("systemctl", "stop", "asterisk")
    host.refused("Asterisk does not run", "systemctl start asterisk")


def test_without_srtp(host: AsteriskHost) -> None:
    host.machine.asterisk("module unload res_srtp.so")
    try:
        host.refused("has not loaded res_srtp.so", "modules.conf")
    finally:
        host.machine.asterisk("module load res_srtp.so")


def test_with_the_port_taken_by_a_program(host: AsteriskHost) -> None:
    host.machine.run("systemd-run", "--unit=laboratory-taker", "python3", "-m", "http.server", "5061")
    try:
        host.machine.await_output("python3", "ss", "-lntpH", "sport = :5061")
        host.refused("TCP port 5061 is taken by python3", "another alexa_sip_port")
        host.phones_call_each_other()
    finally:
        host.machine.run("systemctl", "stop", "laboratory-taker")


def test_with_a_transport_of_the_users_on_the_port(host: AsteriskHost) -> None:
    append(host, "pjsip.conf", users_transport("users-tls"))
    restart(host)
    host.refused("the transport users-tls already uses TCP port 5061", "another alexa_sip_port")


def test_with_an_endpoint_of_the_users_of_that_name(host: AsteriskHost) -> None:
    append(host, "pjsip.conf", "\n[alexa]\ntype=endpoint\ncontext=internal\nallow=ulaw\n")
    host.machine.asterisk("module reload res_pjsip.so")
    host.machine.await_output("internal", "asterisk", "-rx", "pjsip show endpoint alexa")
    host.refused("there is an endpoint alexa that this role did not make", "pbx_asterisk_name")


def test_with_a_key_that_asterisk_may_not_read(host: AsteriskHost) -> None:
    host.machine.run("chmod", "600", f"{PLACE}/pbx.key")
    try:
        host.refused(f"{PLACE}/pbx.key cannot be read by the user asterisk", "0640")
        host.refused("cannot be read by the user nobody", pbx_asterisk_user="nobody")
    finally:
        host.certify()


def test_with_a_key_of_another_certificate(host: AsteriskHost) -> None:
    host.machine.write(f"{PLACE}/pbx.key", issue(NAME, host.authority).key_pem)
    try:
        host.refused("does not belong to the certificate", "pbx_tls")
    finally:
        host.certify()


def test_with_files_that_hold_no_certificate(host: AsteriskHost) -> None:
    host.machine.write(f"{PLACE}/junk", "not PEM\n")
    for variable, remedy in {
        "pbx_asterisk_trust_file": "Give alexa_ca_bundle",
        "pbx_asterisk_certificate_file": "Run the role pbx_tls first",
    }.items():
        for path in (f"{PLACE}/junk", f"{PLACE}/missing"):
            host.refused(path, remedy, **{variable: path})


def test_with_variables_that_do_not_fit_this_pbx(host: AsteriskHost) -> None:
    host.refused("no context cellar", "dialplan show", pbx_asterisk_dial_in=[{"pattern": "1", "context": "cellar"}])
    host.refused("UDP ports 10000-10200", "opens 10100-10300", "rtp.conf", pbx_asterisk_rtp_ports="10100-10300")
    missing = "pjsip.conf and extensions.conf not found in /srv"
    host.refused(missing, "pbx_asterisk_config_dir", pbx_asterisk_config_dir="/srv")
    host.refused("pjsip_custom_post.conf", "pbx_asterisk_layout", pbx_asterisk_layout="freepbx")


def test_with_a_name_that_resolves_elsewhere(host: AsteriskHost) -> None:
    host.refused("gone.example.com resolves to nothing", "DNS record", pbx_asterisk_hostname="gone.example.com")
    hosts = host.machine.read("/etc/hosts")
    host.machine.write("/etc/hosts", hosts + "198.51.100.9 elsewhere.example.com\n127.0.1.1 own.example.com\n")
    try:
        wrong = {"pbx_asterisk_hostname": "elsewhere.example.com"}
        host.refused("elsewhere.example.com resolves to 198.51.100.9", "pbx_asterisk_check_name to false", **wrong)
        host.role("--check", pbx_asterisk_check_name=False, **wrong).good()
        # Debian's installer gives a host's own name this address.
        host.role("--check", pbx_asterisk_hostname="own.example.com").good()
    finally:
        host.machine.write("/etc/hosts", hosts)


def test_a_trial_start_refuses_what_asterisk_does_not_take(host: AsteriskHost) -> None:
    said = "a trial start of Asterisk", "nonsense", "configured as before"
    done = host.refused(*said, pbx_asterisk_codecs=["nonsense"])
    assert "Put the new files in the place of the old ones" not in done.changed_tasks(HOST)
    host.phones_call_each_other()


def test_a_first_result_that_does_not_serve_is_taken_back(host: AsteriskHost) -> None:
    # FreePBX's files are there, but nothing includes them.
    for name in ("pjsip_custom_post.conf", "extensions_custom.conf"):
        host.machine.write(f"{ETC}/{name}", "; nobody reads this\n")
    said = "after the reload Asterisk knows no endpoint alexa", "has no context from-alexa", "configured as before"
    host.refused(*said, pbx_asterisk_load_timeout=2)
    host.phones_call_each_other()


def test_a_changed_result_that_does_not_serve_gives_way_to_the_old(host: AsteriskHost) -> None:
    host.role().good()
    broken = {"pbx_asterisk_own_certificate": "another", "pbx_asterisk_load_timeout": 2, "pbx_asterisk_sip_port": 5071}
    host.refused("does not serve", "configured as before", **broken)
    assert host.machine.read(f"{PLACE}/pbx.crt") in host.served() and host.listening(5071) == ""
    assert host.role().good().changed() == {HOST: 0}


def test_an_asterisk_that_does_not_come_back_from_its_restart_gets_the_old_files(host: AsteriskHost) -> None:
    try:
        with another_program(host, UNWILLING):
            host.machine.run("mkdir", "-p", str(Path(IMPATIENT).parent))
            host.machine.write(IMPATIENT, LIMIT)
            host.machine.run("systemctl", "daemon-reload")
            words = ("Asterisk did not come back from its restart", "configured as before")
            host.refused(*words, pbx_asterisk_load_timeout=3)
            host.phones_call_each_other()
    finally:
        host.machine.run("rm", "-f", IMPATIENT)
        host.machine.run("systemctl", "daemon-reload")
        host.machine.run("systemctl", "reset-failed", "asterisk")
        # It would start itself anew from where it was.
        restart(host)


@pytest.fixture
def small_disk(host: AsteriskHost) -> Iterator[None]:
    """The configuration is on a small file system, with a dial plan of 2 MB."""
    host.machine.run("sh", "-c", MOVE)
    try:
        append(host, "extensions.conf", "; a line of a large dial plan\n" * 70000)
        yield
    finally:
        host.machine.run("sh", "-c", MOVE_BACK)


@pytest.mark.parametrize(
    ("free", "at"),
    [(0, "Write the new files"), (24, "Start an Asterisk"), (1000, "Include them once")],
    ids=["new files", "trial start", "the user's own file"],
)
def test_with_a_full_disk(host: AsteriskHost, small_disk: None, free: int, at: str) -> None:
    """`free` is in KiB: enough for what comes before the task `at`."""
    filled = f"cat /dev/zero >{SMALL}/full; truncate -s -{free}K {SMALL}/full"
    host.machine.run("sh", "-c", filled, check=False)
    done = host.refused("No space left on device", "configured as before")
    failed = [name for name, hosts in done.tasks if hosts.get(HOST, {}).get("failed")]
    assert failed[0].startswith(at)
    host.phones_call_each_other()


def test_with_the_connection_cut_in_the_trial_start(host: AsteriskHost) -> None:
    with another_program(host, HOLDING), ThreadPoolExecutor(1) as aside:
        role = aside.submit(host.role, ansible_ssh_retries=0)
        try:
            host.machine.await_output("held", "cat", HELD)
            for place in Path("/run", f"alexa-{host.laboratory.instance}-ssh").glob("*"):
                leave = ["ssh", "-o", f"ControlPath={place}", "-O", "exit", "pbx"]
                subprocess.run(leave, capture_output=True, check=False)
            done = role.result()
        finally:
            host.machine.run("rm", "-f", HELD)
        host.machine.await_output("gone", "sh", "-c", f"test -e {OWN}.next/rehearsal || echo gone")
        host.machine.await_output("1", "pgrep", "-cx", "asterisk")
    assert done.code != 0 and done.failed() == {HOST}
    host.machine.run("rm", "-rf", f"{OWN}.next")
    assert host.look() == host.before
    host.phones_call_each_other()
    host.role().good()
    assert host.role().good().changed() == {HOST: 0}
