# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all modules share: options, connections, one place where errors become results.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib

from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import (
    AlexaError,
    CredentialsError,
    InputError,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import REQUESTS_IMPORT_ERROR, Transport
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import checked_url
from ansible_collections.alexa.smart_properties.plugins.module_utils._journal import Journal
from ansible_collections.alexa.smart_properties.plugins.module_utils._lwa import TRUNK_SCOPE, Grant, TokenSource
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace import Pace
from ansible_collections.alexa.smart_properties.plugins.module_utils._pace_store import store_of
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._redact import Redactor
from ansible_collections.alexa.smart_properties.plugins.module_utils._request_log import RequestLog
from ansible_collections.alexa.smart_properties.plugins.module_utils._retry import Repeater

API_URL = "https://api.amazonalexa.com"
TOKEN_URL = "https://api.amazon.com/auth/o2/token"
_DEFAULT_CONCURRENCY = 16


_UNVERIFIED = "validate_certs is off: whoever is between here and the API can read the token."

#: Shows a line to the user.
Tell = Callable[[str], None]


def silent(_line: str) -> None:
    """Shows nothing: what a module prints while it runs nobody sees."""


def _from_environment(name: str, **option: Any) -> dict[str, Any]:
    return {"type": "str", "fallback": (env_fallback, [name]), **option}


def api_options() -> dict[str, dict[str, Any]]:
    """The options that every module has; described in the doc fragment C(api)."""
    return {
        "api_url": _from_environment("ALEXA_API_URL", default=API_URL),
        "token_url": _from_environment("ALEXA_TOKEN_URL", default=TOKEN_URL, no_log=False),
        "client_id": _from_environment("ALEXA_CLIENT_ID"),
        "client_secret": _from_environment("ALEXA_CLIENT_SECRET", no_log=True),
        "access_token": _from_environment("ALEXA_ACCESS_TOKEN", no_log=True),
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": _from_environment("ALEXA_CA_PATH", type="path"),
        "request_timeout": {"type": "float", "default": 30.0},
        "retry_timeout": {"type": "float", "default": 300.0},
        "requests_per_second": {"type": "float"},
        "request_log": _from_environment("ALEXA_REQUEST_LOG", type="path"),
    }


def management_options() -> dict[str, dict[str, Any]]:
    """The option of modules that use the management APIs; described in the doc fragment C(management)."""
    return {"refresh_token": _from_environment("ALEXA_REFRESH_TOKEN", no_log=True)}


class Connections:
    """The API for one module run: two tokens of different scopes over one transport and one pace.

    :param tell: shows the user a line while the module runs, where that is possible.
    :ivar concurrency: how many requests may be under way at a time.
    :ivar journal: where changes are noted before they are made.
    """

    def __init__(self, params: dict[str, Any], redactor: Redactor, tell: Tell = silent) -> None:
        self.tell = tell
        for name in ("client_secret", "access_token", "refresh_token"):
            redactor.add(params.get(name))
        for name in ("request_timeout", "requests_per_second"):
            if params[name] is not None and not 0 < params[name] < float("inf"):
                raise InputError(f"{name} {params[name]} can't be used.", "Give a number above 0.")
        ca_path = params["ca_path"]
        if ca_path and not os.path.exists(ca_path):
            raise InputError(f"ca_path {ca_path} does not exist.", "Give the file with the authorities to trust.")
        self.concurrency: int = params.get("concurrency") or _DEFAULT_CONCURRENCY
        self.journal = Journal(params.get("journal"))
        self._params = params
        self._redactor = redactor
        self._clock = Clock()
        self._log = RequestLog(params.get("request_log"))
        self._transport = Transport(
            verify=params["validate_certs"] and (ca_path or True),
            timeout=params["request_timeout"],
            connections=self.concurrency,
            redactor=redactor,
            log=self._log,
        )
        self._repeater = Repeater(params["retry_timeout"], self._clock)
        account = f"{params['api_url']} {params['client_id'] or ''}"
        self._store = store_of(account)
        self._pace = Pace(self._store, self._clock, params["requests_per_second"])

    def warnings(self) -> list[str]:
        """What did not stop the work, but should be known."""
        return [trouble for trouble in (self._store.trouble, self._log.trouble) if trouble]

    def trunks(self) -> Client:
        """The PBX API, with a token of the trunk scope."""
        return self._client(self.tokens(self._grant(scope=TRUNK_SCOPE), self._params["access_token"]))

    def management(self) -> Client:
        """The unit and profile APIs: with the refresh token, else with an access_token of that scope."""
        refresh_token = self._params["refresh_token"]
        if not refresh_token and "trunk_id" in self._params:
            raise CredentialsError(
                "unit_id was given, but there is no refresh token to look up communication profiles with.",
                "Give refresh_token (ALEXA_REFRESH_TOKEN), or comms_profile_id in place of unit_id.",
            )
        if not refresh_token and not self._params["access_token"]:
            raise CredentialsError(
                "There are no credentials for the management APIs.",
                "Give refresh_token (ALEXA_REFRESH_TOKEN) with client_id and client_secret, or an access_token of the"
                " scope alexa::enterprise:management.",
            )
        grant = self._grant(refresh_token=refresh_token) if refresh_token else Grant(None, None)
        return self._client(self.tokens(grant, None if refresh_token else self._params["access_token"]))

    def tokens(self, grant: Grant, access_token: str | None = None) -> TokenSource:
        """A source of tokens; with no access token the first call logs in."""
        return TokenSource(
            self._transport,
            # One of its own: that the login host was reached says nothing about the API's host.
            Repeater(self._params["retry_timeout"], self._clock),
            self._redactor,
            token_url=self._params["token_url"],
            grant=grant,
            access_token=access_token,
        )

    def _grant(self, **wish: Any) -> Grant:
        return Grant(self._params["client_id"], self._params["client_secret"], **wish)

    def _client(self, tokens: TokenSource) -> Client:
        return Client(
            self._transport,
            tokens,
            self._pace,
            self._repeater,
            api_url=self._params["api_url"],
            retry_timeout=self._params["retry_timeout"],
            clock=self._clock,
        )


#: A module's logic: its parameters, the API, and whether it may only look.
Logic = Callable[[dict[str, Any], Connections, bool], Result]


@dataclass(frozen=True)
class Job:
    """A module: what it takes and what it does. All modules support check mode.

    :param options: the module's own options, without those of C(api_options).
    :param libraries: what the module needs besides requests, each with its import error, None where it is there.
    :param rules: what Ansible's argument spec calls mutually_exclusive, required_one_of and so on.
    """

    options: dict[str, dict[str, Any]]
    logic: Logic
    libraries: dict[str, str | None] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)

    @property
    def argument_spec(self) -> dict[str, dict[str, Any]]:
        return {**api_options(), **self.options}

    def missing_library(self) -> tuple[str, str] | None:
        """The first library that is not there, with its import error."""
        needed = {"requests": REQUESTS_IMPORT_ERROR, **self.libraries}
        return next(((name, error) for name, error in needed.items() if error), None)

    def carry_out(
        self, params: dict[str, Any], check_mode: bool, tell: Tell = silent
    ) -> tuple[dict[str, Any], list[str]]:
        """Do it; returns the module's result without secrets, and warnings. Where it C(failed), the result says so."""
        redactor = Redactor()
        warnings = [] if params["validate_certs"] else [_UNVERIFIED]
        connections: Connections | None = None
        try:
            for name in ("api_url", "token_url"):
                checked_url(name, params[name])
            connections = Connections(params, redactor, tell)
            result = self.logic(params, connections, check_mode)
        except AlexaError as error:
            outcome = redactor.value({**error.to_result(), "failed": True})
        except Exception as fault:  # pylint: disable=broad-exception-caught
            # A traceback shows values of variables' texts; none of them may be a secret.
            told = f"Fault in the collection: {type(fault).__name__}: {fault}"
            outcome = redactor.value({"failed": True, "msg": told, "exception": traceback.format_exc()})
        else:
            # Not redacted: a token that is asked for is to be returned.
            outcome = result.to_dict()
            warnings += result.warnings
        # Told also where the module failed: it may have to do with it.
        warnings += connections.warnings() if connections else []
        return outcome, [redactor.text(warning) for warning in warnings]


def run_module(job: Job) -> None:
    """The whole of a module's C(main)."""
    module = AnsibleModule(argument_spec=job.argument_spec, supports_check_mode=True, **job.rules)
    missing = job.missing_library()
    if missing:
        module.fail_json(msg=missing_required_lib(missing[0]), exception=missing[1])
    result, warnings = job.carry_out(module.params, module.check_mode)
    for warning in warnings:
        module.warn(warning)
    if result.get("failed") is True:
        # Not where the error is still under way: fail_json would add its traceback as it is.
        module.fail_json(**{key: value for key, value in result.items() if key != "failed"})
    module.exit_json(**result)
