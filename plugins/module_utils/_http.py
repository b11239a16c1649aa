# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pooled HTTPS session a process: sends a request, gives an answer or a TransportError.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import TransportError
from ansible_collections.alexa.smart_properties.plugins.module_utils._redact import Redactor
from ansible_collections.alexa.smart_properties.plugins.module_utils._request_log import RequestLog

REQUESTS_IMPORT_ERROR: str | None = None
try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()

# How much of an answer that is not JSON an error quotes.
_QUOTED_CHARACTERS = 200


@dataclass(frozen=True)
class Response:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def request_id(self) -> str | None:
        """Amazon's id of the request, for its support."""
        return self.headers.get("X-Amzn-RequestId")

    def json(self) -> Any:
        """The body as JSON; None for an empty body. Raises ValueError for anything else."""
        return json.loads(self.text) if self.text.strip() else None

    def excerpt(self) -> str:
        """The start of the body on one line, for error messages."""
        return " ".join(self.text.split())[:_QUOTED_CHARACTERS]


@dataclass(frozen=True)
class _Host:
    """A host that was written to.

    :param root: the URL of its root, checked and in the form that is sent.
    :param proxies: the environment's proxies for it.
    """

    root: str
    proxies: Mapping[str, str]

    def prepared(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> requests.PreparedRequest:
        """A request to this host. Raises InvalidHeader for headers that can't be sent."""
        # An empty one would be sent in chunks, without a length.
        body = body or None
        prepared = requests.PreparedRequest()
        prepared.prepare_method(method)
        prepared.url = self.root + requests.utils.requote_uri("".join(url.split("/", 3)[3:]))
        prepared.prepare_headers(headers)
        prepared.prepare_content_length(body)
        prepared.body = body
        return prepared


class Transport:
    """Sends requests over connections that are kept open.

    :param verify: True for the system's trust store, a path for a CA bundle, False for no check at all.
    :param timeout: seconds to wait for a connection, and for each part of an answer.
    :param connections: how many connections are kept, one for each thread that sends.
    :param log: where each request is noted.
    """

    def __init__(
        self,
        *,
        verify: bool | str,
        timeout: float,
        connections: int,
        redactor: Redactor,
        log: RequestLog | None = None,
    ) -> None:
        self._verify = verify
        self._timeout = timeout
        self._redactor = redactor
        self._log = log or RequestLog(None)
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=connections, max_retries=0)
        self._session.mount("https://", adapter)
        self._hosts: dict[str, _Host] = {}
        if verify is False:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Response:
        """Send one request, once. Redirects are not followed, since they would carry the token elsewhere.

        Raises TransportError if no answer came.
        """
        began = time.time()
        try:
            host = self._host(url)
            # The session's own send looks after cookies, hooks and redirects, which this API has not.
            answer = self._session.get_adapter(host.root).send(
                host.prepared(method, url, headers, body),
                # Given with each request: REQUESTS_CA_BUNDLE in the environment beats the session's own setting.
                verify=self._verify,
                proxies=host.proxies,
                timeout=self._timeout,
            )
            # JSON is UTF-8; the library would guess where the content type is another.
            response = Response(answer.status_code, answer.headers, answer.content.decode("utf-8", "replace"))
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            explained = self._explained(method, url, error)
            self._log.note(method, url, began, error=explained.message)
            raise explained from None
        self._log.note(method, url, began, status=response.status, request_id=response.request_id)
        return response

    def _host(self, url: str) -> _Host:
        """What is the same for all requests to one host is found once: it costs more than a request."""
        name = url.split("/", 3)[2]
        if name not in self._hosts:
            root = requests.Request("GET", f"https://{name}/").prepare().url
            settings = self._session.merge_environment_settings(url, {}, False, None, None)
            self._hosts[name] = _Host(str(root), settings["proxies"])
        return self._hosts[name]

    def _explained(self, method: str, url: str, error: Exception) -> TransportError:
        host = url.split("/", 3)[2]
        reason = self._redactor.text(str(_root_cause(error)))
        if isinstance(error, _unsendable()):
            return TransportError(
                f"The request to {host} can't be sent: {reason}.",
                "Check api_url and token_url, and the token for spaces and line breaks.",
                sent=False,
                hopeless=True,
            )
        if isinstance(error, requests.exceptions.SSLError):
            untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
            return TransportError(
                f"The TLS connection to {host} failed: {reason}.",
                "Check the clock of this machine, and ca_path (ALEXA_CA_PATH) if the server has a private CA.",
                # Other faults of TLS may come after the request went out.
                sent=not untrusted,
                hopeless=untrusted,
            )
        if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
            return TransportError(
                f"No connection to {host}: {reason}.",
                "Check the name, the route, the firewall and the proxy of this machine.",
                sent=False,
            )
        if isinstance(error, requests.exceptions.Timeout):
            return TransportError(f"{host} did not answer {method} within {self._timeout:g} seconds.")
        return TransportError(f"The connection to {host} was lost during {method}: {reason}.")


def _unsendable() -> tuple[type[Exception], ...]:
    faults = requests.exceptions
    return faults.InvalidURL, faults.InvalidHeader, urllib3.exceptions.LocationParseError


def _root_cause(error: BaseException) -> object:
    """The innermost reason, which names the fault; the outer ones repeat the URL."""
    reason: object = error
    while True:
        inner = getattr(reason, "reason", None) or next(
            (item for item in getattr(reason, "args", ()) if isinstance(item, BaseException)), None
        )
        if not isinstance(inner, BaseException) or inner is reason:
            return reason
        reason = inner


def _never_connected(error: Exception) -> bool:
    inner = error.args[0] if error.args else None
    return isinstance(error, requests.exceptions.ProxyError) or isinstance(
        getattr(inner, "reason", None), urllib3.exceptions.NewConnectionError
    )
