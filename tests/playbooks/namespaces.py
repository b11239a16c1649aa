# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two network namespaces, a PBX and the world outside, joined by a cable and by nothing else; needs root."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from typing import Any

AMAZON, STRANGER, PHONE, PBX = "3.239.178.130", "198.51.100.7", "10.77.1.5", "203.0.113.10"
# On a machine with systemd the role would load its rules through it, outside of the namespace: hide it.
COVERED = 'if [ -d /run/systemd/system ]; then mount -t tmpfs none /run/systemd; fi; exec "$@"'

ANSWERING = """
import selectors, socket, sys
found = selectors.DefaultSelector()
for word in sys.argv[1:]:
    kind, port = word.split(":")
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("0.0.0.0", int(port)))
    if kind == "tcp":
        server.listen(50)
    found.register(server, selectors.EVENT_READ, kind)
print("ready", flush=True)
while True:
    for key, _events in found.select():
        if key.data == "tcp":
            found.register(key.fileobj.accept()[0], selectors.EVENT_READ, "stream")
        elif key.data == "stream":
            data = key.fileobj.recv(100)
            if data:
                key.fileobj.sendall(data)
            else:
                found.unregister(key.fileobj)
                key.fileobj.close()
        else:
            data, sender = key.fileobj.recvfrom(100)
            key.fileobj.sendto(data, sender)
"""
HOLDING = """
import socket, sys
source, target, port = sys.argv[1:]
with socket.create_connection((target, int(port)), 5, (source, 0)) as client:
    print("connected", flush=True)
    sys.stdin.readline()
    client.sendall(b"hello")
    try:
        print(client.recv(100).decode())
    except TimeoutError:
        print("no answer")
"""
ASKING = """
import concurrent.futures, json, socket, sys
def answered(probe):
    source, kind, target, port, own_port = probe
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        client.bind((source, own_port))
        try:
            client.connect((target, port))
            if kind == "udp":
                client.send(b"media")
                client.recv(100)
        except OSError:
            return False
        return True
probes = json.loads(sys.argv[1])
with concurrent.futures.ThreadPoolExecutor(len(probes)) as pool:
    print(json.dumps(list(pool.map(answered, probes))))
"""


def run(*command: str) -> str:
    """What the command says; fails when it does."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


class Network:
    """The namespaces exist until `close`, which is to be called always."""

    def __init__(self) -> None:
        self.pbx, self.outside = f"alexa-pbx-{os.getpid()}", f"alexa-out-{os.getpid()}"
        self._server: subprocess.Popen[str] | None = None

    def open(self) -> None:
        """Make both, without a route to anywhere else."""
        for name in (self.pbx, self.outside):
            run("ip", "netns", "add", name)
        run(
            "ip",
            "link",
            "add",
            "cable",
            "netns",
            self.pbx,
            "type",
            "veth",
            "peer",
            "name",
            "cable",
            "netns",
            self.outside,
        )
        self.ip(self.pbx, "addr", "add", f"{PBX}/32", "dev", "cable")
        for address in (AMAZON, STRANGER, PHONE):
            self.ip(self.outside, "addr", "add", f"{address}/32", "dev", "cable")
        for name in (self.pbx, self.outside):
            self.ip(name, "link", "set", "lo", "up")
            self.ip(name, "link", "set", "cable", "up")
        self.ip(self.outside, "route", "add", PBX, "dev", "cable")
        for address in (AMAZON, STRANGER, PHONE):
            self.ip(self.pbx, "route", "add", address, "dev", "cable")

    @staticmethod
    def ip(name: str, *arguments: str) -> None:
        run("ip", "-n", name, *arguments)

    @property
    def inside(self) -> list[str]:
        """What goes before a command that runs as if on the PBX."""
        return ["ip", "netns", "exec", self.pbx, "sh", "-c", COVERED, "sh"]

    def nft(self, *arguments: str) -> str:
        return run("ip", "netns", "exec", self.pbx, "nft", *arguments)

    def rules(self) -> list[dict[str, Any]]:
        """All that nft knows on the PBX, without the counters' values."""
        found = json.loads(self.nft("--json", "--stateless", "list", "ruleset"))["nftables"]
        return [item for item in found if "metainfo" not in item]

    def tables(self) -> set[str]:
        return {item["table"]["name"] for item in self.rules() if "table" in item}

    def serve(self, *ports: str) -> None:
        """Answer on ports of the PBX, such as tcp:5061."""
        command = ["ip", "netns", "exec", self.pbx, sys.executable, "-c", ANSWERING, *ports]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(self._server.stdout, selectors.EVENT_READ)
            assert ready.select(30), "the answering program does not start"
        assert self._server.stdout.readline() == "ready\n"

    def answered(self, *probes: tuple[str, str, int]) -> list[bool]:
        """Which of the probes (source, tcp or udp, port) the PBX answers."""
        return self._ask(self.outside, [(source, kind, PBX, port, 0) for source, kind, port in probes])

    def hold(self, source: str, port: int) -> subprocess.Popen[str]:
        """A connection to a TCP port of the PBX that is up; one line to its stdin has it say whether it still is."""
        command = ["ip", "netns", "exec", self.outside, sys.executable, "-c", HOLDING, source, PBX, str(port)]
        held = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert held.stdout is not None and held.stdout.readline() == "connected\n"
        return held

    def answered_from_pbx(self, target: str, port: int, own_port: int) -> bool:
        """Whether media that the PBX sends first from its own port is answered."""
        return self._ask(self.pbx, [("0.0.0.0", "udp", target, port, own_port)])[0]

    @staticmethod
    def _ask(name: str, probes: list[tuple[str, str, str, int, int]]) -> list[bool]:
        output = run("ip", "netns", "exec", name, sys.executable, "-c", ASKING, json.dumps(probes))
        return [bool(answer) for answer in json.loads(output)]

    def close(self) -> None:
        """Remove all of it."""
        if self._server:
            self._server.kill()
            self._server.communicate()
        for name in (self.pbx, self.outside):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
