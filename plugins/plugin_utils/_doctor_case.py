# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor knows of a property, and what it says of it.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._certificates import pems

_MISSING, _NOT_IN_TIME = 127, 124
_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    :param about: one of the names in C(_doctor_catalogue).
    :param evidence: what was seen, in a sentence.
    """

    about: str
    evidence: str


@dataclass(frozen=True)
class Unseen:
    """Something that could not be looked at from where the doctor stands."""

    what: str
    why: str


@dataclass(frozen=True)
class Wish:
    """The property as its inventory has it."""

    kind: str
    name: str
    address: str
    port: int
    peer_type: str
    rtp_ports: tuple[int, int]
    networks: Sequence[str]
    inside_networks: Sequence[str]
    edge_host: str
    dial_in: Sequence[str]
    codecs: Sequence[str]
    certificate_days: int


@dataclass(frozen=True)
class Case:
    """The property, what its PBX answered, and what Amazon has of it.

    :param answers: by name, C(rc), C(stdout) and C(stderr) of the commands that the PBX was asked.
    :param texts: by name, the files that were read.
    :param here: what the control node sees of the PBX's name: addresses, or a text that says why it sees none.
    :param resolvers: who was asked for that instead of the control node's own name service.
    :param clock: the control node's time before and after the look, in seconds.
    :param trunk: as C(alexa_siptrunk_info) returns it; empty if there is none, None if nobody asked.
    :param mappings: of each extension its communication profile; None if nobody asked.
    :param rooms: as the lookup C(rooms) returns them.
    :param account_error: why Amazon could not be asked.
    """

    wish: Wish
    answers: Mapping[str, Mapping[str, Any]]
    texts: Mapping[str, str]
    here: Sequence[str] | str
    now: datetime
    clock: tuple[float, float] | None = None
    resolvers: Sequence[str] = ()
    trunk: Mapping[str, Any] | None = None
    mappings: Mapping[str, str] | None = None
    rooms: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    account_error: str = ""

    def said(self, name: str) -> str:
        """What a command printed; nothing for one that was not asked, does not exist or failed."""
        answer = self.answers.get(name) or {}
        return str(answer.get("stdout", "")) if answer.get("rc") == 0 else ""

    def asked(self, name: str) -> bool:
        """Whether a command was run: it was asked for, and exists."""
        return (self.answers.get(name) or {"rc": _MISSING})["rc"] != _MISSING

    def answered(self, name: str) -> bool:
        """Whether a command ran to its end, so that silence or a failure of it tells something."""
        return self.asked(name) and self.answers[name]["rc"] != _NOT_IN_TIME

    def served(self) -> list[str]:
        """The chain that the PBX shows to a TLS client, leaf first; nothing if it shows none."""
        return pems((self.answers.get("served") or {}).get("stdout", ""))

    @property
    def on_asterisk(self) -> bool:
        return self.wish.kind == "asterisk"


def parameters(text: str) -> dict[str, str]:
    """The table of C(pjsip show …): a parameter and its value in each line."""
    return dict(re.findall(r"^ ([a-z0-9_A-Z]+) +: *(.*?) *\r?$", text, re.MULTILINE))


def some(names: Sequence[str]) -> str:
    """The first few of many names."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
