# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The property, Amazon and a stranger, each in a network namespace of its own; none has a route out.

Three public networks meet at a router; phones and the control node share the property's inside network with the PBX
and nobody else. As nothing leaves, the hosts bear the addresses that they would bear in the world.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .commands import LaboratoryError, run

PBX, PBX_INSIDE = "203.0.113.10", "10.77.1.10"
EDGE, EDGE_OTHER = "3.239.178.130", "3.239.178.200"
PHONE, CONTROL = "10.77.1.20", "10.77.1.2"
# The last is the neighbour of Amazon's network: one address below it.
STRANGER, NEIGHBOUR = "198.51.100.7", "3.239.178.126"
INSIDE_NETWORK = "10.77.1.0/24"
NAMESPACES = Path("/run/netns")
CLONE_NEWNET = 0x40000000
ROUTER = "router"

Made = TypeVar("Made")


@dataclass(frozen=True)
class Cable:
    """A host's link to the router: addresses with their prefix, the router's address there, what lies behind it.

    Without a gateway the cable ends in the bridge of the inside network, which the router does not route.
    """

    device: str
    addresses: tuple[str, ...]
    gateway: str = ""
    networks: tuple[str, ...] = ()


CABLES = {
    "pbx": (
        Cable("eth0", (f"{PBX}/24",), "203.0.113.1/24", ("3.239.178.0/24", "198.51.100.0/24")),
        Cable("eth1", (f"{PBX_INSIDE}/24",)),
    ),
    "edge": (Cable("eth0", (f"{EDGE}/25", f"{EDGE_OTHER}/25"), "3.239.178.129/25", ("203.0.113.0/24",)),),
    "stranger": (
        Cable("eth0", (f"{STRANGER}/24", f"{NEIGHBOUR}/32"), "198.51.100.1/24", ("203.0.113.0/24", "3.239.178.128/25")),
    ),
    "phone": (Cable("eth0", (f"{PHONE}/24",)),),
    "control": (Cable("eth0", (f"{CONTROL}/24",)),),
}
LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def _namespace_of(path: Path) -> Iterator[None]:
    """Put the calling thread, and no other, into a network namespace for a while."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        other = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(other)
        finally:
            os.close(other)
        try:
            yield
        finally:
            _enter(own)
    finally:
        os.close(own)


def _enter(descriptor: int) -> None:
    if LIBC.setns(descriptor, CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


class Host:
    """One of the laboratory's hosts: programs run and sockets are made as if on it."""

    def __init__(self, name: str, namespace: str) -> None:
        self.name = name
        self.namespace = namespace

    @property
    def path(self) -> Path:
        """The file that stands for the host's network namespace."""
        return NAMESPACES / self.namespace

    @property
    def inside(self) -> list[str]:
        """What goes before a command that runs in this host's network."""
        return ["ip", "netns", "exec", self.namespace]

    def run(self, *argv: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a program of this machine in the host's network; LaboratoryError when it fails, unless told."""
        return run(*self.inside, *argv, stdin=stdin, check=check)

    def ip(self, *arguments: str) -> str:
        return run("ip", "-n", self.namespace, *arguments).stdout

    def call(self, make: Callable[[], Made]) -> Made:
        """Return what a function makes in this host's network: a socket belongs where it was made."""
        with _namespace_of(self.path):
            return make()

    def socket(self, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """Return a new socket of this host's; it may be used from everywhere in this process."""
        return self.call(lambda: socket.socket(family, kind))


class Network:
    """The hosts' networks, from `open` to `close`, which is to be called always and may be called again."""

    def __init__(self, instance: str) -> None:
        self.hosts = {name: Host(name, f"alexa-{instance}-{name}") for name in (ROUTER, *CABLES)}
        self._router = self.hosts[ROUTER]

    def open(self) -> None:
        """Make all namespaces and cables; LaboratoryError when those of another laboratory bear the names."""
        for host in self.hosts.values():
            run("ip", "netns", "add", host.namespace)
            host.ip("link", "set", "lo", "up")
        self._router.ip("link", "add", "inside", "type", "bridge", "forward_delay", "0")
        self._router.ip("link", "set", "inside", "up")
        for name, cables in CABLES.items():
            for cable in cables:
                self._connect(self.hosts[name], cable)
        # Only in there: this machine itself forwards nothing.
        self._router.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        self._router.ip("route", "add", NEIGHBOUR, "dev", "stranger-eth0")

    def _connect(self, host: Host, cable: Cable) -> None:
        far = f"{host.name}-{cable.device}"
        host.ip("link", "add", cable.device, "type", "veth", "peer", "name", far, "netns", self._router.namespace)
        for address in cable.addresses:
            host.ip("address", "add", address, "dev", cable.device)
        host.ip("link", "set", cable.device, "up")
        if cable.gateway:
            self._router.ip("address", "add", cable.gateway, "dev", far)
        else:
            self._router.ip("link", "set", far, "master", "inside")
        self._router.ip("link", "set", far, "up")
        for network in cable.networks:
            host.ip("route", "add", network, "via", cable.gateway.partition("/")[0])

    def close(self) -> None:
        """Remove the namespaces, and with them all that is in them."""
        for host in self.hosts.values():
            if host.path.exists():
                run("ip", "netns", "delete", host.namespace, check=False)
        left = [host.namespace for host in self.hosts.values() if host.path.exists()]
        if left:
            raise LaboratoryError(f"These network namespaces can't be removed: {', '.join(left)}")
