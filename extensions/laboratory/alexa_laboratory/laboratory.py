# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole laboratory: comes up as one, and always goes as one."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from . import authority, inventory, machine, network
from .commands import run
from .pbx import Pbx
from .root import prepared_root
from .sip import Tls, Udp, UserAgent

FOLDER = Path(__file__).resolve().parents[3] / ".build" / "laboratory"
SIP_PORT, TLS_PORT = 5060, 5061
REGISTRAR = (network.PBX_INSIDE, SIP_PORT)
TONES = {"edge": 600.0, "phone": 400.0, "stranger": 800.0}  # Hz


class Laboratory:
    """Hosts, networks, a PBX that runs and an inventory, between `__enter__` and `__exit__`::

        with Laboratory("mine") as laboratory, laboratory.phone() as phone, laboratory.phone("1235") as other:
            other.answers()
            heard = phone.call("sip:1235@10.77.1.10", via=REGISTRAR).talk(1)

    :param instance: tells laboratories of one machine apart; letters, digits and dashes.
    :param folder: where all its files go, and from where they go; below .build/laboratory unless told.
    :ivar hosts: network.Host by name: router, pbx, edge, phone, stranger, control.
    :ivar inventory: the folder to give to ansible-playbook with -i.
    """

    def __init__(self, instance: str, folder: Path | None = None) -> None:
        self.instance = instance
        self.folder = (folder or FOLDER / instance).absolute()
        self._network = network.Network(instance)
        self.hosts = self._network.hosts
        self.pbx = Pbx(instance, self.hosts["pbx"], self.folder / "pbx")
        self.inventory = self.folder / "inventory"
        # Below /run, as the paths of sockets are short and must not outlive the machine's run.
        self._sockets = Path("/run") / f"alexa-{instance}-ssh"
        self._agents = contextlib.ExitStack()
        self.amazon: authority.Certified

    def __enter__(self) -> Laboratory:
        machine.prepare()
        prepared = prepared_root()
        self.close()
        try:
            self._open(prepared)
        except BaseException:
            self.close()
            raise
        return self

    def _open(self, prepared: Path) -> None:
        self.folder.mkdir(parents=True)
        self._network.open()
        self.pbx.start(prepared)
        self.amazon = authority.certify(self.folder / "amazon")
        connection = inventory.connection_variables(self.pbx, self.hosts["control"], self._sockets)
        inventory.write(self.inventory, inventory.property_variables(self.amazon.bundle), connection)
        self.pbx.await_running()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove all that bears this instance's name; what a laboratory that was killed left, too.

        Goes on where a part can't be removed, and raises its error at the end.
        """
        with contextlib.ExitStack() as steps:
            # From the last to the first.
            steps.callback(shutil.rmtree, self.folder, ignore_errors=True)
            steps.callback(self._network.close)
            steps.callback(self.pbx.stop)
            steps.callback(self._end_connections)
            steps.callback(self._agents.close)

    def _end_connections(self) -> None:
        """End the ssh processes that Ansible keeps for a minute in case it comes back."""
        for place in self._sockets.glob("*"):
            run("ssh", "-o", f"ControlPath={place}", "-O", "exit", "pbx", check=False)
        shutil.rmtree(self._sockets, ignore_errors=True)

    def edge(self, address: str = network.EDGE, **settings: Any) -> UserAgent:
        """Return Amazon's side: SIP over TLS 1.2 and SRTP, with the wildcard certificate.

        It checks no certificate of the PBX unless `transport` says so. `settings` are those of UserAgent.
        """
        return self._agent("edge", address, TLS_PORT, {"transport": self.tls(), "srtp": True, **settings})

    def tls(self, **settings: Any) -> Tls:
        """Return the edge's TLS, with some of Tls's settings made otherwise."""
        return Tls(**{"certificate": str(self.amazon.chain), "key": str(self.amazon.key), **settings})

    def stranger(self, address: str = network.STRANGER, **settings: Any) -> UserAgent:
        """Return somebody outside of Amazon's networks who has stolen the edge's identity."""
        return self._agent("stranger", address, TLS_PORT, {"transport": self.tls(), "srtp": True, **settings})

    def phone(self, extension: str = "1234", *, register: bool = True, **settings: Any) -> UserAgent:
        """Return a phone of the property: SIP over UDP and RTP; registered unless told."""
        plain = {"transport": Udp(), "srtp": False, "domain": network.PBX_INSIDE, "name": extension}
        agent = self._agent("phone", network.PHONE, phone_port(extension), {**plain, **settings})
        if register:
            agent.register(REGISTRAR, extension, password(extension))
        return agent

    def _agent(self, host: str, address: str, port: int, settings: dict[str, Any]) -> UserAgent:
        make: Callable[..., Any] = self.hosts[host].socket
        wanted = {"name": host, "address": address, "port": port, "tone": TONES[host], "make_socket": make, **settings}
        # Closed with the laboratory at the latest; closing it twice does no harm.
        agent = UserAgent(**wanted)
        self._agents.callback(agent.close)
        return agent


def password(extension: str) -> str:
    """Return what a phone logs in with, as the property's pjsip.conf has it."""
    return f"laboratory-{extension}"


def phone_port(extension: str) -> int:
    """Return the port of a phone: all phones share one host."""
    return 20000 + int(extension)
