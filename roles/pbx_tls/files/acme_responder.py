# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers an ACME server's http-01 challenges (RFC 8555 section 8.3) in the background.

Arguments: a folder that holds .well-known/acme-challenge/TOKEN, a port, and the seconds after which it ends.
It ends earlier when the folder is removed. It returns as soon as it listens, or fails if it can't.
"""

from __future__ import annotations

import os
import socket
import socketserver
import sys
import time
from http.server import BaseHTTPRequestHandler

NOBODY = 65534
PREFIX = ".well-known/acme-challenge"


class Responder(BaseHTTPRequestHandler):
    """Knows the answers that were there at its start, and nothing else of this host."""

    timeout = 10
    answers: dict[str, bytes] = {}

    def do_GET(self) -> None:
        """Send the answer to one token."""
        answer = self.answers.get(self.path)
        self.send_response(404 if answer is None else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(answer or b"")))
        self.end_headers()
        self.wfile.write(answer or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: nobody reads it."""


class Server(socketserver.ThreadingTCPServer):
    """Listens on IPv4, and on IPv6 where there is one."""

    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    allow_reuse_address = True
    daemon_threads = True
    timeout = 0.5

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


def leave_terminal() -> None:
    """Become nobody's child, without Ansible's pipes and without root's rights."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    os.chdir("/")
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def main(folder: str, port: str, seconds: str) -> None:
    for token in os.listdir(os.path.join(folder, PREFIX)):
        with open(os.path.join(folder, PREFIX, token), "rb") as file:
            Responder.answers[f"/{PREFIX}/{token}"] = file.read()
    with Server(("", int(port)), Responder) as server:
        if os.fork():
            return
        leave_terminal()
        end = time.monotonic() + float(seconds)
        while os.path.exists(folder) and time.monotonic() < end:
            server.handle_request()


main(*sys.argv[1:])
