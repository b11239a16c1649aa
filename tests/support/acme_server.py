# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real ACME server on loopback: Let's Encrypt's pebble, and the name server that it asks, both of Debian."""

from __future__ import annotations

import ipaddress
import json
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from issuing import Issued, issue

PROGRAMS = ("pebble", "pebble-challtestsrv")
LOOPBACK = "127.0.0.1"
LONGEST_START = 20.0  # seconds


MISSING = [program for program in PROGRAMS if shutil.which(program) is None]
needs_pebble = pytest.mark.skipif(
    bool(MISSING), reason=f"needs Debian's package pebble: {', '.join(MISSING)} is missing"
)


def free_ports(number: int) -> list[int]:
    """TCP ports of loopback that nobody listens on."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server((LOOPBACK, 0))) for _listener in range(number)]
        return [int(listener.getsockname()[1]) for listener in listeners]


class AcmeServer:
    """Pebble with an HTTPS authority of its own; every name resolves to loopback. Ends with the `with` block.

    Attributes: `directory` (URL), `ca_path` (who signed the HTTPS certificate), `http_port` (where challenges are
    looked for), `names_url` and `dns_port` (the name server's control address and its own).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.http_port, self.dns_port, acme, management, names, tls = free_ports(6)
        self.directory = f"https://{LOOPBACK}:{acme}/dir"
        self.management_url = f"https://{LOOPBACK}:{management}"
        self.names_url = f"http://{LOOPBACK}:{names}"
        self.ca_path = folder / "https-ca.pem"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._write_certificate()
        settings = {
            "listenAddress": f"{LOOPBACK}:{acme}",
            "managementListenAddress": f"{LOOPBACK}:{management}",
            "certificate": str(folder / "https.pem"),
            "privateKey": str(folder / "https.key"),
            "httpPort": self.http_port,
            "tlsPort": tls,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
        }
        (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
        try:
            self._start(
                ["pebble-challtestsrv", "-management", f"{LOOPBACK}:{names}", "-dns01", f"{LOOPBACK}:{self.dns_port}"]
                + ["-defaultIPv4", LOOPBACK, "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""]
            )
            names_at = f"{LOOPBACK}:{self.dns_port}"
            self._start(["pebble", "-config", str(folder / "pebble.json"), "-dnsserver", names_at, "-strict"])
            self._await(self.names_url + "/", status=404)
            self._await(self.directory, status=200)
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> AcmeServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End both processes; may be called again."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def root(self) -> str:
        """The root of the certificates that it issues, as PEM."""
        return self._fetch(self.management_url + "/roots/0").decode()

    def intermediate(self) -> Issued:
        """The authority that signs them, with its key."""
        certificate = x509.load_pem_x509_certificate(self._fetch(self.management_url + "/intermediates/0"))
        key = serialization.load_pem_private_key(self._fetch(self.management_url + "/intermediate-keys/0"), None)
        return Issued(certificate, key)  # type: ignore[arg-type]

    def txt_records(self, name: str) -> int:
        """How many TXT records the name server has of this name (RFC 1035 section 4.1)."""
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
        question = struct.pack(">6H", 1, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 16, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            client.sendto(question, (LOOPBACK, self.dns_port))
            return int(struct.unpack(">6H", client.recv(4096)[:12])[3])

    def now(self) -> datetime:
        """The moment by which certificates are judged."""
        return datetime.now(timezone.utc)

    def log(self) -> str:
        """What pebble said."""
        return (self.folder / "pebble.log").read_text()

    def _start(self, command: list[str]) -> None:
        settings = {"PATH": "/usr/bin:/bin", "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0"}
        with open(self.folder / f"{command[0]}.log", "wb") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, env=settings, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._processes.append(process)

    def _await(self, url: str, status: int) -> None:
        """Wait until the address answers so."""
        end = time.monotonic() + LONGEST_START
        while True:
            try:
                self._fetch(url)
                answered: Any = 200
            except urllib.error.HTTPError as error:
                answered = error.code
            except OSError as error:
                answered = error
            if answered == status:
                return
            dead = [process.args for process in self._processes if process.poll() is not None]
            assert not dead and time.monotonic() < end, f"{url}: {answered}; ended: {dead}\n{self._logs()}"
            time.sleep(0.05)

    def _logs(self) -> str:
        return "\n".join(path.read_text() for path in self.folder.glob("*.log"))

    def _fetch(self, url: str) -> bytes:
        context = ssl.create_default_context(cafile=str(self.ca_path))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(url, timeout=5) as answer:
            return bytes(answer.read())

    def _write_certificate(self) -> None:
        authority, key = issue("The ACME server's authority"), issue("x").key
        template = issue("localhost", authority).certificate
        certificate = (
            x509.CertificateBuilder()
            .subject_name(template.subject)
            .issuer_name(template.issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(template.not_valid_before_utc)
            .not_valid_after(template.not_valid_after_utc)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address(LOOPBACK))]), critical=False
            )
            .sign(authority.key, hashes.SHA256())
        )
        self.ca_path.write_text(authority.pem)
        (self.folder / "https.pem").write_text(Issued(certificate, key).pem)
        (self.folder / "https.key").write_text(Issued(certificate, key).key_pem)


class OverloadedServer:
    """An ACME server that answers every order with 429 (RFC 8555 section 6.6), with the HTTPS certificate of another.

    Pebble has no limits.
    """

    def __init__(self, folder: Path) -> None:
        self._server = ThreadingHTTPServer((LOOPBACK, 0), _Overloaded)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "https.pem", folder / "https.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.directory = f"https://{LOOPBACK}:{self._server.server_port}/dir"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> OverloadedServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Overloaded(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Replay-Nonce", "bm9uY2U")
        self.end_headers()

    def do_GET(self) -> None:
        base = f"https://{self.headers['Host']}"
        self._answer(200, {name: f"{base}/{name}" for name in ("newNonce", "newAccount", "newOrder")})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        problem = {"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many certificates"}
        self._answer(429, problem)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, document: dict[str, str]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Replay-Nonce", "bm9uY2U")
        self.end_headers()
        self.wfile.write(body)
