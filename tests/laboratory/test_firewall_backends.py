# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real firewalls of a user's own, with systemd: Amazon is admitted, a reboot survived, and all is undone."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from alexa_laboratory.inventory import HOST
from alexa_laboratory.laboratory import Laboratory
from firewalled_host import END, FirewalledHost
from playbook_runs import Run

TRUNK_STRANGERS = {"a phone's call to that trunk", "a stranger's call to that trunk"}
STRANGERS = {"a stranger's signalling", "a neighbour's signalling", "a stranger's media", *TRUNK_STRANGERS}
UNKNOWN = {"Amazon's media", "a stranger's media", "a phone's media", "the inside PBX's trunk", *TRUNK_STRANGERS}
# What the user's own firewall closes of the probes before.
CLOSED_BEFORE: dict[str, set[str]] = {"nftables": set(), "firewalld": UNKNOWN, "ufw": UNKNOWN}
BY_HAND = {
    "nftables": "nft flush chain inet alexa_sip input",
    "firewalld": (
        "firewall-cmd --policy=alexa-sip --add-rich-rule='rule family=ipv4 source address=198.51.100.0/24 accept'"
        " && firewall-cmd --policy=alexa-sip --remove-rich-rule='rule priority=1 port port=5061 protocol=tcp drop'"
    ),
    "ufw": "ufw delete deny AlexaSIP && ufw allow from 198.51.100.0/24 to any app AlexaSIP",
}
ABSENT = ("-e", "pbx_firewall_state=absent")
JAILS = """\
[DEFAULT]
ignoreip = 127.0.0.1/8 192.0.2.1
[sshd]
enabled = false
[asterisk]
enabled = true
backend = polling
logpath = /var/log/laboratory-jail
[asterisk-own]
enabled = true
filter = asterisk
backend = polling
logpath = /var/log/laboratory-jail
ignoreip = 192.0.2.7
"""
JAILS_TOLD = {"Tell the running jails", "Ignore Amazon no more"}
AMAZON = "3.239.178.128/25"
# A zone that its editor has not finished.
BROKEN_ZONE = "/etc/firewalld/zones/guests.xml"
ROLES_POLICY = "test -e /etc/firewalld/policies/alexa-sip.xml"
REFUSING = "/usr/local/bin/laboratory-firewall-cmd"
REFUSES = """\
#!/bin/sh
if {condition}; then
    echo 'Error: INVALID_POLICY: says the laboratory' >&2
    exit 1
fi
exec firewall-cmd "$@"
"""


@pytest.fixture(scope="module")
def host(able: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirewalledHost]:
    """A laboratory of its own: a firewall that goes wrong must not fail other tests."""
    with (
        Laboratory(f"firewall-{os.getpid()}") as laboratory,
        FirewalledHost(tmp_path_factory.mktemp("site"), laboratory) as host,
    ):
        yield host


@pytest.fixture(scope="module", params=["nftables", "firewalld", "ufw"])
def backend(request: pytest.FixtureRequest, host: FirewalledHost) -> Iterator[str]:
    """The firewall that is in use on the PBX."""
    host.prepare(request.param)
    yield request.param
    host.shell(END[request.param])


@pytest.fixture(scope="module")
def before(host: FirewalledHost, backend: str) -> tuple[str, str]:
    """The rules and the files of a PBX that the role has never seen."""
    assert host.refused() == CLOSED_BEFORE[backend]
    return host.look()


@pytest.fixture(scope="module")
def checked(host: FirewalledHost, before: tuple[str, str]) -> tuple[Run, tuple[str, str]]:
    return host.role("--check").good(), host.look()


@pytest.fixture(scope="module")
def held(host: FirewalledHost, checked: object) -> Iterator[socket.socket]:
    """A connection of a stranger, up before the rules are there."""
    with host.connected() as held:
        yield held


@pytest.fixture(scope="module")
def loaded(host: FirewalledHost, held: socket.socket) -> Run:
    return host.role().good()


@pytest.fixture(scope="module")
def by_hand(host: FirewalledHost, backend: str, loaded: Run) -> tuple[str, str, Run]:
    """The rules before and after a change by hand, and the run that followed."""
    right = host.rules()
    host.shell(BY_HAND[backend])
    return right, host.rules(), host.role().good()


@pytest.fixture(scope="module")
def restarted(host: FirewalledHost, by_hand: object) -> str:
    """The rules after a reboot."""
    host.reboot()
    return host.rules()


class TestFirewalld:
    def test_rules_in_memory_only_are_not_lost(self, host: FirewalledHost) -> None:
        host.prepare("firewalld")
        try:
            host.shell("firewall-cmd --add-port=7777/tcp")
            before = host.look()
            run = host.role()
            assert run.failed() == {HOST} and "--runtime-to-permanent" in run.message(HOST)
            assert host.look() == before
            host.shell("firewall-cmd --runtime-to-permanent")
            before = host.look()
            host.role().good()
            host.shell("firewall-cmd --add-port=7778/tcp")
            host.role(*ABSENT).good()
            assert "7778/tcp" in host.shell("firewall-cmd --list-ports")
            host.shell("firewall-cmd --remove-port=7778/tcp")
            assert host.look() == before
        finally:
            host.shell(END["firewalld"])

    def test_files_that_firewalld_does_not_take_are_never_reloaded(self, host: FirewalledHost) -> None:
        host.prepare("firewalld")
        try:
            host.shell(f"printf '<zone><service name=' >{BROKEN_ZONE}")
            before = host.look()
            for option in ("--check", "--diff"):
                run = host.role(option)
                assert run.failed() == {HOST} and "INVALID_ZONE: not a valid zone file" in run.message(HOST)
                assert "Mend them until 'firewall-cmd --check-config' says success" in run.message(HOST)
            assert host.look() == before
            host.shell(f"rm {BROKEN_ZONE}")
            for condition, told in (
                (f'test "$1" = --check-config && {ROLES_POLICY}', "Its files are as they were"),
                (f'test "$1" = --reload && {ROLES_POLICY}', "Its files are as they were"),
                ('test "$1" = --reload', "Putting the old policy back failed too"),
            ):
                self.refuses_the_role(host, condition, told)
        finally:
            host.shell(f"rm -rf {BROKEN_ZONE} {REFUSING}")
            host.shell(END["firewalld"])

    def refuses_the_role(self, host: FirewalledHost, condition: str, told: str) -> None:
        """With a firewalld that refuses what it is told under this condition."""
        before = host.look()
        host.machine.write(REFUSING, REFUSES.format(condition=condition))
        host.shell(f"chmod 755 {REFUSING}")
        run = host.role("-e", f"pbx_firewall_firewalld={REFUSING}")
        assert run.failed() == {HOST} and "Error: INVALID_POLICY: says the laboratory" in run.message(HOST)
        assert told in run.message(HOST)
        assert host.look() == before

    def test_a_firewall_that_does_not_run_is_refused(self, host: FirewalledHost) -> None:
        before = host.look()
        run = host.role("-e", "pbx_firewall_backend=ufw")
        assert run.failed() == {HOST} and "does not run" in run.message(HOST)
        assert host.look() == before


@pytest.fixture(scope="module")
def banning(host: FirewalledHost) -> Iterator[dict[str, set[str]]]:
    """What the jails of the user's fail2ban ignore, and one of them in memory only."""
    host.machine.write("/etc/fail2ban/jail.local", JAILS)
    host.shell("touch /var/log/laboratory-jail && systemctl start fail2ban")
    host.machine.await_output("asterisk-own", "fail2ban-client", "status")
    host.shell("fail2ban-client set asterisk addignoreip 192.0.2.99")
    yield ignored(host)
    host.shell("systemctl stop fail2ban && rm /etc/fail2ban/jail.local /var/log/laboratory-jail")


def ignored(host: FirewalledHost) -> dict[str, set[str]]:
    """The networks that each jail ignores."""
    jails = ("asterisk", "asterisk-own")
    said = {jail: host.shell(f"fail2ban-client get {jail} ignoreip") for jail in jails}
    return {jail: {line[3:] for line in text.splitlines()[1:]} for jail, text in said.items()}


def told_of(run: Run) -> set[tuple[str, str]]:
    """Which running jails are told, or would be, of which networks."""
    tasks = [hosts[HOST] for name, hosts in run.tasks if name in JAILS_TOLD and HOST in hosts]
    items = [item for task in tasks for item in task.get("results", []) if item.get("changed")]
    return {(item["item"][0], item["item"][1]) for item in items}


class TestFail2ban:
    def test_ignores_amazon_besides_the_users_own(self, host: FirewalledHost, banning: dict[str, set[str]]) -> None:
        files = host.look()[1]
        assert banning["asterisk"] == {"127.0.0.0/8", "192.0.2.1", "192.0.2.99"}
        assert not host.role("-e", "pbx_firewall_fail2ban=false").good().results("Tell the running jails", HOST)
        # The helper's name stands in /proc/modules of this machine or not: the test says it does.
        host.machine.write("/var/tmp/modules", "nf_conntrack_sip 32768 0 - Live 0x0\n")
        helped = host.role("-e", "pbx_firewall_modules=/var/tmp/modules").good()
        assert "modprobe -r" in helped.shown("Warn of the kernel's SIP helper", HOST)
        assert ignored(host) == {jail: networks | {AMAZON} for jail, networks in banning.items()}
        assert host.executions() == 2
        # What was told to the running jails only is gone after this, what stands in the files is not.
        host.shell("fail2ban-client set asterisk-own delignoreip 192.0.2.7; fail2ban-client reload")
        assert ignored(host) == {
            "asterisk": {"127.0.0.0/8", "192.0.2.1", AMAZON},
            "asterisk-own": {"192.0.2.7", AMAZON},
        }
        # The user's own files may change, and need not name anything.
        host.machine.write("/etc/fail2ban/jail.local", JAILS.replace("ignoreip", "#"))
        host.shell("fail2ban-client --test && fail2ban-client reload")
        assert ignored(host) == {"asterisk": {AMAZON}, "asterisk-own": {AMAZON}}
        host.machine.write("/etc/fail2ban/jail.local", JAILS)
        host.shell("fail2ban-client reload && fail2ban-client set asterisk addignoreip 192.0.2.99")
        told, still = host.role("--check", *ABSENT).good(), ignored(host)
        done = host.role(*ABSENT).good()
        assert still["asterisk"] == banning["asterisk"] | {AMAZON} and told_of(told) == told_of(done)
        assert ignored(host) == banning and host.look()[1] == files

    def test_check_tells_what_the_jails_will_ignore_no_more(self, host: FirewalledHost, banning: object) -> None:
        """One of them ignores Amazon by the user's own files too, and goes on to."""
        host.machine.write("/etc/fail2ban/jail.local", JAILS.replace("192.0.2.7", f"192.0.2.7 {AMAZON}"))
        host.shell("fail2ban-client reload")
        told, done = host.role("--check").good(), host.role().good()
        assert told_of(told) == told_of(done) == {("asterisk", AMAZON)}
        told, done = host.role("--check", *ABSENT).good(), host.role(*ABSENT).good()
        assert told_of(told) == told_of(done) == {("asterisk", AMAZON)}
        assert AMAZON in ignored(host)["asterisk-own"] and AMAZON not in ignored(host)["asterisk"]


# Last, since its last firewall stays up to the end of the module.
class TestBackend:
    def test_check_changes_nothing_and_tells(
        self, host: FirewalledHost, before: tuple[str, str], checked: tuple[Run, tuple[str, str]]
    ) -> None:
        run, after = checked
        assert after == before and run.changed()[HOST]

    def test_the_one_in_use_is_taken_and_named(self, backend: str, loaded: Run) -> None:
        assert f"admitted by {backend}" in loaded.shown("Say which firewall it is", HOST)

    def test_admits_amazon_and_phones_and_nobody_else(self, host: FirewalledHost, loaded: Run) -> None:
        assert host.refused() == STRANGERS

    def test_leaves_connections_that_are_up(self, held: socket.socket, loaded: Run) -> None:
        held.sendall(b"still there?")
        assert held.recv(100) == b"still there?"

    def test_what_was_changed_by_hand_is_put_back(self, host: FirewalledHost, by_hand: tuple[str, str, Run]) -> None:
        right, wrong, run = by_hand
        assert wrong != right and run.changed()[HOST] and host.refused() == STRANGERS
        assert sorted(host.rules().splitlines()) == sorted(right.splitlines())

    def test_survives_a_reboot(self, host: FirewalledHost, by_hand: tuple[str, str, Run], restarted: str) -> None:
        assert sorted(restarted.splitlines()) == sorted(by_hand[0].splitlines())
        assert host.refused() == STRANGERS

    def test_again_changes_nothing_and_costs_one_look(self, host: FirewalledHost, restarted: str) -> None:
        assert host.executions() == 1

    def test_absent_leaves_all_as_it_was(
        self, host: FirewalledHost, backend: str, before: tuple[str, str], restarted: str
    ) -> None:
        assert host.role(*ABSENT).good().changed()[HOST]
        assert host.look() == before and host.refused() == CLOSED_BEFORE[backend]
        assert host.role(*ABSENT).good().changed() == {HOST: 0}
