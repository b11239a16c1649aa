# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent sent and received, for people: without keys and without answers to challenges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from alexa_laboratory.sip.transport import Address

_WIDTH = 40
_SECRETS = re.compile(r'(inline:)[A-Za-z0-9+/=]+|(response=)"?[0-9a-fA-F]+"?')


@dataclass(frozen=True)
class Message:
    """One message of an agent's trace.

    :ivar time: seconds since the epoch.
    :ivar direction: "sent" or "received".
    :ivar peer: the other side's address and port.
    """

    time: float
    direction: str
    peer: Address
    first_line: str
    text: str


class Traced(Protocol):
    """What the ladder must know of an agent."""

    name: str
    address: str

    @property
    def trace(self) -> list[Message]:
        ...


def redacted(text: str) -> str:
    """The text without SRTP's keys and digests."""
    return _SECRETS.sub(lambda found: (found[1] or found[2]) + "<removed>", text)


def ladder(agents: Iterable[Traced], names: Mapping[str, str] | None = None) -> str:
    """All agents' messages in their order, as arrows between hosts.

    :param names: of hosts that are no agents, by address; one name for two addresses makes one column of them.
    """
    agents = list(agents)
    known = {**(names or {}), **{agent.address: agent.name for agent in agents}}
    own = {agent.address for agent in agents}
    arrows = []
    for agent in agents:
        for message in agent.trace:
            sent = message.direction == "sent"
            if sent or message.peer[0] not in own:  # between two agents both have seen it: once is enough
                hosts = [agent.name, known.get(message.peer[0], message.peer[0])]
                arrows.append((message.time, hosts if sent else hosts[::-1], _label(message)))
    arrows.sort(key=lambda arrow: arrow[0])
    columns = list(dict.fromkeys(host for _time, hosts, _drawn in arrows for host in hosts))
    lines = ["time    " + "".join(column.center(_WIDTH) for column in columns)]
    for time, (sender, receiver), label in arrows:
        drawn = _arrow(columns.index(sender), columns.index(receiver), len(columns), label)
        lines.append(f"{time - arrows[0][0]:7.3f} {drawn}")
    return "\n".join(line.rstrip() for line in lines)


def _label(message: Message) -> str:
    words = message.first_line.split(" ", 1)
    if words[0] == "SIP/2.0":
        method = re.search(r"(?im)^CSeq: *\d+ (\w+)", message.text)
        label = f"{words[1]} ({method[1] if method else '?'})"
    else:
        user = re.match(r"sips?:([^@;>\s]+)@", words[1])
        label = f"INVITE {user[1]}" if words[0] == "INVITE" and user else words[0]
    return label + (" +SRTP" if "RTP/SAVP" in message.text else " +RTP" if "RTP/AVP" in message.text else "")


def _arrow(start: int, end: int, columns: int, label: str) -> str:
    left, right = min(start, end), max(start, end)
    row = list((" " * (_WIDTH // 2) + "|" + " " * (_WIDTH - _WIDTH // 2 - 1)) * columns)
    first, last = left * _WIDTH + _WIDTH // 2 + 1, right * _WIDTH + _WIDTH // 2
    if left == right:
        row[first : first + len(label) + 2] = f" {label} "
        return "".join(row)
    drawn = f" {label[: last - first - 4]} ".center(last - first - 1, "-")
    row[first:last] = drawn + ">" if end > start else "<" + drawn
    return "".join(row)
