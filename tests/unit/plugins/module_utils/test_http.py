# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transport against a real TLS server on loopback: trust, lost connections, and what the environment may do."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import TransportError
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Response, Transport
from ansible_collections.alexa.smart_properties.plugins.module_utils._redact import Redactor
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.tls_server import (
    Deed,
    TlsServer,
    cut,
    garble,
    half,
    http_answer,
    reset,
)

Serve = Callable[..., TlsServer]
HEADERS = {"Authorization": "Bearer token-1"}
_AMBIENT = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NETRC")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in _AMBIENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    servers: list[TlsServer] = []

    def start(deed: Deed | None = None, **settings: Any) -> TlsServer:
        servers.append(TlsServer(tmp_path, deed or http_answer(), **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def transport(verify: bool | str, *, timeout: float = 10.0, redactor: Redactor | None = None) -> Transport:
    return Transport(verify=verify, timeout=timeout, connections=4, redactor=redactor or Redactor())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def speaking(answer: bytes) -> Iterator[tuple[int, list[str]]]:
    """A server without TLS that answers its one connection so: its port, and what it was told."""
    heard: list[str] = []

    def speak() -> None:
        connection, _address = listener.accept()
        with connection:
            heard.append(connection.recv(65536).decode("latin-1"))
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        speaker = threading.Thread(target=speak, daemon=True)
        speaker.start()
        yield int(listener.getsockname()[1]), heard
        speaker.join(10)


def test_an_answer_comes_over_a_trusted_connection_that_is_kept(serve: Serve) -> None:
    server = serve(http_answer(201, '{"name": "B\u00fcro"}', X_Amzn_RequestId="id-1", Content_Type="text/plain"))
    sender = transport(str(server.ca))
    for _number in range(3):
        response = sender.send("POST", f"{server.url}/v1/a%23b?c=d", HEADERS, b'{"x": 1}')
    assert (response.status, response.request_id) == (201, "id-1")
    assert response.json() == {"name": "B\u00fcro"}
    assert server.connections == 1
    request = server.requests[0]
    assert request.startswith("POST /v1/a%23b?c=d HTTP/1.1\r\n") and request.endswith('\r\n\r\n{"x": 1}')
    assert "Authorization: Bearer token-1" in request


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("", "/"),
        ("/pbx/v1/trunks?maxResults=5&nextToken=a%2Bb%3D%2F", "/pbx/v1/trunks?maxResults=5&nextToken=a%2Bb%3D%2F"),
        ("/pbx//v1/a%2Fb/", "/pbx//v1/a%2Fb/"),
    ],
)
def test_a_path_below_a_prefix_arrives_as_given(serve: Serve, path: str, target: str) -> None:
    server = serve()
    transport(str(server.ca)).send("GET", server.url + path, HEADERS)
    assert server.requests[0].startswith(f"GET {target} HTTP/1.1\r\nHost: localhost:{server.port}\r\n")


@pytest.mark.parametrize("body", [b"", None])
def test_an_empty_body_has_a_length(serve: Serve, body: bytes | None) -> None:
    server = serve()
    transport(str(server.ca)).send("POST", server.url, HEADERS, body)
    assert "\r\nContent-Length: 0\r\n" in server.requests[0] and "Transfer-Encoding" not in server.requests[0]


@pytest.mark.parametrize("verify", [True, "another"])
def test_a_server_that_is_not_trusted_gets_no_request_and_no_second_try(serve: Serve, verify: bool | str) -> None:
    server, other = serve(), serve()
    with pytest.raises(TransportError, match="TLS connection to localhost:") as caught:
        transport(str(other.ca) if verify == "another" else True).send("POST", server.url, HEADERS)
    assert (caught.value.sent, caught.value.hopeless) == (False, True)
    assert "ca_path" in str(caught.value)
    assert server.requests == []


def test_a_certificate_for_another_name_is_refused(serve: Serve) -> None:
    server = serve(name="other.example.com")
    with pytest.raises(TransportError, match="TLS connection") as caught:
        transport(str(server.ca)).send("GET", server.url, HEADERS)
    assert caught.value.hopeless
    assert server.requests == []


def test_checks_can_be_switched_off(serve: Serve) -> None:
    assert transport(False).send("GET", serve().url, HEADERS).status == 200


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_in_the_environment_does_not_win(serve: Serve, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    server, other = serve(), serve()
    monkeypatch.setenv(name, str(other.ca))
    assert transport(str(server.ca)).send("GET", server.url, HEADERS).status == 200
    monkeypatch.setenv(name, str(server.ca))
    with pytest.raises(TransportError):
        transport(True).send("GET", server.url, HEADERS)


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    target = serve()
    server = serve(http_answer(302, "", Location=target.url))
    assert transport(str(server.ca)).send("GET", server.url, HEADERS).status == 302
    assert target.connections == 0


def test_netrc_does_not_replace_the_token(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine localhost login me password mine\n")
    (tmp_path / ".netrc").chmod(0o600)
    server = serve()
    transport(str(server.ca)).send("GET", server.url, HEADERS)
    assert "Authorization: Bearer token-1\r\n" in server.requests[0]
    assert "Basic" not in server.requests[0]


@pytest.mark.parametrize("deed", [cut, reset, garble, half], ids=["cut", "reset", "garbled", "half an answer"])
def test_a_connection_that_is_lost_after_the_request_may_have_done_its_work(serve: Serve, deed: Deed) -> None:
    server = serve(deed)
    with pytest.raises(TransportError) as caught:
        transport(str(server.ca)).send("POST", server.url, HEADERS, b"{}")
    assert (caught.value.sent, caught.value.hopeless) == (True, False)
    assert len(server.requests) == 1


def test_a_silent_server_is_given_up_and_may_have_done_its_work(serve: Serve) -> None:
    server = serve()
    server._deed = server.stall
    with pytest.raises(TransportError, match=r"did not answer PUT within 0.2 seconds") as caught:
        transport(str(server.ca), timeout=0.2).send("PUT", server.url, HEADERS, b"{}")
    assert (caught.value.sent, caught.value.hopeless) == (True, False)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_port_where_nobody_listens_got_nothing(host: str) -> None:
    with pytest.raises(TransportError, match="No connection to ") as caught:
        transport(True).send("POST", f"https://{host}:{free_port()}/v1", HEADERS, b"{}")
    assert (caught.value.sent, caught.value.hopeless) == (False, False)
    assert "refused" in str(caught.value)


def test_a_name_that_does_not_exist_got_nothing() -> None:
    with pytest.raises(TransportError, match="No connection to nowhere.invalid") as caught:
        transport(True).send("POST", "https://nowhere.invalid/v1", HEADERS, b"{}")
    assert not caught.value.sent


def test_a_server_that_speaks_no_tls_is_an_error_of_tls() -> None:
    with speaking(b"HTTP/1.0 400 This is plain\r\n\r\n") as (port, _heard):
        with pytest.raises(TransportError, match="TLS connection") as caught:
            transport(True).send("GET", f"https://localhost:{port}", HEADERS)
    assert not caught.value.hopeless


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    port = free_port()
    monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    with pytest.raises(TransportError, match="No connection to api.invalid") as caught:
        transport(True).send("POST", "https://api.invalid/v1", HEADERS)
    assert "refused" in str(caught.value)
    assert not caught.value.sent


def test_a_proxy_gets_its_password_and_not_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking(b"HTTP/1.1 403 Not for you\r\nContent-Length: 0\r\n\r\n") as (port, heard):
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass%40word@127.0.0.1:{port}")
        with pytest.raises(TransportError, match="No connection to api.invalid") as caught:
            transport(True).send("POST", "https://api.invalid/v1", HEADERS, b"{}")
    assert heard[0].startswith("CONNECT api.invalid:443 HTTP/1.")
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'user:pass@word').decode()}\r\n" in heard[0]
    assert "token-1" not in heard[0] and "pass" not in str(caught.value)
    assert "403" in str(caught.value) and not caught.value.sent


def test_a_host_that_the_environment_excepts_is_reached_without_the_proxy(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.setenv("no_proxy", "localhost")
    assert transport(str(server.ca)).send("GET", server.url, HEADERS).status == 200


@pytest.mark.parametrize(
    ("url", "headers"),
    [("https://a..b/v1", HEADERS), ("https://localhost/v1", {"Authorization": "Bearer secret-1\n"})],
    ids=["host", "token with a line break"],
)
def test_what_can_not_be_sent_is_no_fault_of_the_network(url: str, headers: dict[str, str]) -> None:
    redactor = Redactor()
    redactor.add("secret-1")
    with pytest.raises(TransportError, match="can't be sent") as caught:
        transport(True, redactor=redactor).send("POST", url, headers)
    assert (caught.value.sent, caught.value.hopeless) == (False, True)
    assert "secret-1" not in str(caught.value)


@pytest.mark.parametrize(("text", "value"), [("", None), (" \n", None), ("[1]", [1]), ("null", None)])
def test_a_body_as_json(text: str, value: Any) -> None:
    assert Response(200, {}, text).json() == value


@pytest.mark.parametrize("text", ["<html>", "{", "{} x"])
def test_a_body_that_is_no_json(text: str) -> None:
    with pytest.raises(ValueError):
        Response(200, {}, text).json()


def test_an_excerpt_is_short_and_on_one_line() -> None:
    excerpt = Response(200, {}, "<html>\n\n  a " + "b" * 500).excerpt()
    assert excerpt.startswith("<html> a bbb") and len(excerpt) == 200
