# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents on addresses of this process's own below 127.0.0.0/8, and the certificates they show each other."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alexa_laboratory.sip import Tls, Udp, UserAgent
from issuing import Issued, issue

EDGE_TONE, PHONE_TONE = 1000.0, 440.0  # Hz


@dataclass(frozen=True)
class Papers:
    """The laboratory's authority, and files of whom it vouches for."""

    folder: Path
    authority: Issued

    @property
    def ca(self) -> str:
        return self.written("ca", self.authority.pem)

    def written(self, name: str, text: str) -> str:
        path = self.folder / f"{name}.pem"
        path.write_text(text)
        return str(path)

    def tls(self, name: str, *, authority: Issued | None = None, **settings: Any) -> Tls:
        """A transport that shows a certificate of this name and trusts the authority."""
        leaf = issue(name, authority or self.authority)
        label = name.replace("*", "any")
        shown, key = self.written(f"{label}-leaf", leaf.pem), self.written(f"{label}-key", leaf.key_pem)
        return Tls(certificate=shown, key=key, **{"ca": self.ca, **settings})


class Hosts:
    """Makes agents, each with an address of its own, and closes them."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.made = 0

    def address(self) -> str:
        """One that no other process of these tests uses."""
        number = (os.getpid() * 8 + self.made % 8) % (1 << 24)
        self.made += 1
        return f"127.{number >> 16}.{number >> 8 & 255}.{number & 255}"

    def agent(self, name: str, transport: Udp | Tls | None = None, **settings: Any) -> UserAgent:
        secured = isinstance(transport, Tls)
        chosen = {"srtp": secured, "tone": PHONE_TONE, "port": 5061 if secured else 5060, **settings}
        agent = UserAgent(name, address=self.address(), transport=transport or Udp(), **chosen)
        return self._stack.enter_context(agent)
