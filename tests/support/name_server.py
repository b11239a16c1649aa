# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DNS server on loopback, for names that a test gives it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

PORT = 53


@contextmanager
def name_server(address: str, names: Mapping[str, str]) -> Iterator[None]:
    """Answers with these IPv4 addresses, and knows no other name; to be called in a network of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.bind((address, PORT))
        answering = threading.Thread(target=_answer, args=(asked, names))
        answering.start()
        try:
            yield
        finally:
            # An empty question ends it.
            asked.sendto(b"", (address, PORT))
            answering.join()


def _answer(asked: socket.socket, names: Mapping[str, str]) -> None:
    while True:
        text, sender = asked.recvfrom(512)
        if not text:
            return
        question = dns.message.from_wire(text)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        (wanted,) = question.question
        if known := names.get(wanted.name.to_text(omit_final_dot=True)):
            answer.answer.append(dns.rrset.from_text(wanted.name, 60, "IN", "A", known))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        asked.sendto(answer.to_wire(), sender)
