# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PBX with a firewall of the user's own; the role pbx_firewall runs on it, and packets try what it did."""

from __future__ import annotations

import contextlib
import itertools
import json
import selectors
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alexa_laboratory import network
from alexa_laboratory.inventory import HOST
from alexa_laboratory.laboratory import Laboratory
from laboratory_site import LaboratorySite
from playbook_runs import Run, play_of

# The user's own rules: SIP over TLS is open to everybody, and so is the phones' plain SIP.
PREPARE = {
    "nftables": """\
cat >/etc/nftables.conf <<'END'
flush ruleset
table inet filter {
  chain input { type filter hook input priority filter; policy accept; tcp dport 23 drop; }
}
END
systemctl enable --now nftables""",
    # firewalld waits for polkit, which has no rights in a container; root needs none.
    "firewalld": """\
systemctl mask --now polkit
firewall-offline-cmd --add-port=5061/tcp --add-port=5060/udp
systemctl enable --now firewalld""",
    "ufw": """\
for port in 22/tcp 5061/tcp 5060/udp; do ufw allow $port; done
ufw --force enable && systemctl enable --now ufw""",
}
END = {
    "nftables": "systemctl disable --now nftables; nft flush ruleset",
    "firewalld": "systemctl disable --now firewalld; systemctl unmask polkit",
    "ufw": "ufw --force reset; systemctl disable --now ufw; nft flush ruleset",
}
REBOOTS = "systemctl show --property=SoftRebootsCount"
FILES = "cd /etc && find . -printf '%p %y %u %g %m %l\\n' | sort && find . -type f -exec sha256sum {} + | sort -k 2"
PROBES = {
    "Amazon's signalling": ("edge", network.EDGE, "tcp", 5061),
    "a stranger's signalling": ("stranger", network.STRANGER, "tcp", 5061),
    "a neighbour's signalling": ("stranger", network.NEIGHBOUR, "tcp", 5061),
    "a phone's signalling": ("phone", network.PHONE, "tcp", 5061),
    "Amazon's media": ("edge", network.EDGE, "udp", 10100),
    "a stranger's media": ("stranger", network.STRANGER, "udp", 10100),
    "a phone's media": ("phone", network.PHONE, "udp", 10100),
    "the inside PBX's trunk": ("control", network.CONTROL, "udp", 5070),
    "a phone's call to that trunk": ("phone", network.PHONE, "udp", 5070),
    "a stranger's call to that trunk": ("stranger", network.STRANGER, "udp", 5070),
    "a phone's plain SIP": ("phone", network.PHONE, "udp", 5060),
    "the control node's remote login": ("control", network.CONTROL, "tcp", 22),
}
# What answers on the PBX itself is Asterisk and sshd.
ANSWERED_HERE = {("tcp", 5061), ("udp", 10100), ("udp", 5070)}
# An inside PBX, played by the control node, has a plain trunk to this host.
INSIDE_PBX = {"alexa_pbx_kind": "kamailio", "pbx_kamailio_pbx": f"{network.CONTROL}:5060"}


class FirewalledHost(LaboratorySite):
    """The laboratory's PBX, on which this process answers at the trunk's ports."""

    def __init__(self, folder: Path, laboratory: Laboratory) -> None:
        super().__init__(folder, laboratory)
        self.play = self.write("play.yml", play_of("pbx_firewall"))
        self._answering = threading.Event()
        self._server = threading.Thread(target=self._answer, args=(self._listening(),), daemon=True)

    def role(self, *options: str) -> Run:
        """Run the role, whatever comes of it."""
        return self.run(str(self.play), "--diff", "-e", json.dumps(INSIDE_PBX), *options)

    def executions(self) -> int:
        """Run the role, which must change nothing; returns how many modules it executed on the PBX."""
        done, executed = self.run_counted(self.role)
        assert done.good().changed() == {HOST: 0}, done.changed_tasks(HOST)
        return executed

    def shell(self, script: str) -> str:
        return self.machine.run("sh", "-ec", script).stdout

    def rules(self) -> str:
        """All rules in the kernel; ufw adds some that it has already again and again."""
        lines = self.machine.run("nft", "--stateless", "list", "ruleset").stdout.splitlines()
        return "\n".join(line for line, _same in itertools.groupby(lines))

    def look(self) -> tuple[str, str]:
        return self.rules(), self.shell(FILES)

    def reboot(self) -> None:
        """Start everything but the kernel anew, with a kernel that has no rules."""
        count = self.shell(REBOOTS)
        # It takes no part in a shutdown, so systemd would still take it for started.
        self.machine.run("systemctl", "stop", "ufw")
        self.machine.run("nft", "flush", "ruleset")
        self.machine.run("systemctl", "soft-reboot", check=False)
        self.machine.await_output("anew", "sh", "-c", f'test "$({REBOOTS})" != "{count.strip()}" && echo anew')
        self.machine.await_running()
        self.await_firewall()

    def await_firewall(self) -> None:
        """Return once firewalld, if it is to run, holds its rules: it is up before it does."""
        if self.machine.run("systemctl", "is-enabled", "firewalld", check=False).stdout.strip() == "enabled":
            self.machine.await_output("running", "firewall-cmd", "--state")

    def prepare(self, backend: str) -> None:
        """Give the PBX a firewall of the user's own."""
        self.shell(PREPARE[backend])
        self.await_firewall()

    def refused(self) -> set[str]:
        """The names of the probes that the PBX does not answer."""
        with ThreadPoolExecutor(len(PROBES)) as pool:
            answers = pool.map(lambda probe: self._answers(*probe), PROBES.values())
            return {name for name, answered in zip(PROBES, answers) if not answered}

    def connected(self, host: str = "stranger", source: str = network.STRANGER) -> socket.socket:
        """A connection to the SIP port that is up."""
        client = self.laboratory.hosts[host].socket()
        client.settimeout(2)
        client.bind((source, 0))
        client.connect((network.PBX, 5061))
        return client

    def _answers(self, host: str, source: str, kind: str, port: int) -> bool:
        target = network.PBX_INSIDE if host in ("phone", "control") else network.PBX
        with self.laboratory.hosts[host].socket(kind=KINDS[kind]) as client:
            client.settimeout(2)
            client.bind((source, 0))
            try:
                client.connect((target, port))
                if kind == "udp":
                    client.send(OPTIONS)
                    client.recv(2000)
            except OSError:
                return False
            return True

    def _listening(self) -> selectors.BaseSelector:
        found = selectors.DefaultSelector()
        for kind, port in ANSWERED_HERE:
            server = self.laboratory.hosts["pbx"].socket(kind=KINDS[kind])
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("0.0.0.0", port))
            if kind == "tcp":
                server.listen(50)
            found.register(server, selectors.EVENT_READ, kind)
        return found

    def __enter__(self) -> FirewalledHost:
        self._server.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._answering.set()
        self._server.join(10)

    def _answer(self, found: selectors.BaseSelector) -> None:
        """Say everything back until told to stop."""
        while not self._answering.is_set():
            for key, _events in found.select(0.2):
                server: socket.socket = key.fileobj  # type: ignore[assignment]
                if key.data == "tcp":
                    found.register(server.accept()[0], selectors.EVENT_READ, "stream")
                elif key.data == "udp":
                    data, sender = server.recvfrom(2000)
                    # The firewall may forbid the answer.
                    with contextlib.suppress(OSError):
                        server.sendto(data, sender)
                else:
                    try:
                        data = server.recv(2000)
                        server.sendall(data)
                    except OSError:
                        data = b""
                    if not data:
                        found.unregister(server)
                        server.close()
        for key in list(found.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        found.close()


KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
OPTIONS = (
    f"OPTIONS sip:{network.PBX_INSIDE} SIP/2.0\r\nVia: SIP/2.0/UDP {network.PHONE};branch=z9hG4bKprobe;rport\r\n"
    f"From: <sip:probe@{network.PHONE}>;tag=probe\r\nTo: <sip:{network.PBX_INSIDE}>\r\nCall-ID: probe\r\n"
    "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
).encode()
