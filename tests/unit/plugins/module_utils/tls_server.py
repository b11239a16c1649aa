# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small TLS server on loopback that does to each connection what a test tells it."""

from __future__ import annotations

import datetime
import socket
import ssl
import struct
import threading
from pathlib import Path
from typing import Callable

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.certs import DAY, issue

#: What is done after a request was read: gets the connection and the request's text.
Deed = Callable[[ssl.SSLSocket, str], None]


def http_answer(status: int = 200, body: str = "{}", **headers: str) -> Deed:
    """Answers so, and keeps the connection."""
    lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body.encode())}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return lambda connection, _request: connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def cut(connection: ssl.SSLSocket, _request: str) -> None:
    """Closes without an answer."""
    connection.close()


def reset(connection: ssl.SSLSocket, _request: str) -> None:
    """Resets the connection without an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def garble(connection: ssl.SSLSocket, _request: str) -> None:
    """Answers outside of TLS, which the client can't make sense of."""
    with socket.socket(fileno=connection.detach()) as raw:
        raw.sendall(b"no TLS at all, " * 10)


def half(connection: ssl.SSLSocket, _request: str) -> None:
    """Closes in the middle of the answer."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"a":')
    connection.close()


class TlsServer:
    """Serves until closed; each connection in a thread of its own.

    :ivar ca: a file with the authority that signed its certificate.
    """

    def __init__(self, folder: Path, deed: Deed, name: str = "localhost") -> None:
        now = datetime.datetime.now(datetime.timezone.utc)
        authority = issue("Test Root", begins=now - DAY, ends=now + DAY, authority=True)
        leaf = issue(name, authority, names=(name,), begins=now - DAY, ends=now + DAY)
        self.ca, own = folder / f"ca-{id(self)}.pem", folder / f"server-{id(self)}.pem"
        self.ca.write_text(authority.pem)
        key = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        own.write_text(leaf.pem + key)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(own)
        self._deed = deed
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self.requests: list[str] = []
        self.connections = 0
        self.port: int = self._listener.getsockname()[1]
        self.url = f"https://localhost:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with self._context.wrap_socket(connection, server_side=True) as secure:
                while request := self._read(secure):
                    self.requests.append(request)
                    self._deed(secure, request)
        except (OSError, ValueError):
            return

    @staticmethod
    def _read(secure: ssl.SSLSocket) -> str:
        text = ""
        while "\r\n\r\n" not in text:
            part = secure.recv(65536).decode()
            if not part:
                return ""
            text += part
        head, _blank, body = text.partition("\r\n\r\n")
        sizes = [line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
        while sizes and len(body) < int(sizes[0]):
            body += secure.recv(65536).decode()
        return f"{head}\r\n\r\n{body}"

    def stall(self, _connection: ssl.SSLSocket, _request: str) -> None:
        """Does nothing until the server is closed."""
        self._ended.wait(30)

    def close(self) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
