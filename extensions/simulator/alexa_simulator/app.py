# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a whole: what every request passes through on its way to an operation and back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .account import MANAGEMENT_SCOPE, TRUNK_SCOPE, Account, Credentials
from .address_books import AddressBooks
from .answers import Refusal, new_request_id, refusal_answer
from .contacts import Contacts
from .control import CONTROL_PREFIX, Control
from .extensions import Extensions
from .faults import AFTERWARDS, INSTEAD, Fault, Faults, answer_instead, answer_spoiled, mark_as_failing
from .lwa import TOKEN_PATH, Lwa
from .profiles import Profiles
from .seeds import put_state
from .settings import Settings
from .stats import CUT, Stats
from .throttle import Throttle
from .trunks import TRUNKS_PATH, Trunks
from .units import Units

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LARGEST_BODY = 16 * 1024 * 1024  # bytes; ten thousand mappings can be seeded at once
ACCESS_LOG = logging.getLogger("alexa_simulator.access")
LOG = logging.getLogger("alexa_simulator")


class Simulator:
    """One account behind one HTTPS address.

    :param start: what the account holds at the start, as C(GET /control/state) returns it. Raises Refusal.
    """

    def __init__(self, settings: Settings, credentials: Credentials, start: Any) -> None:
        self.account = Account(settings)
        put_state(self.account, start)
        self.lwa = Lwa(self.account, credentials)
        self.stats = Stats()
        self.faults = Faults()
        self._throttle = Throttle()
        self.app = web.Application(middlewares=[self._front_door], client_max_size=LARGEST_BODY)
        self.app.on_response_prepare.append(self._stamp)
        for part in (self.lwa, Trunks(self.account), Extensions(self.account), Units(self.account),
                     Profiles(self.account), AddressBooks(self.account), Contacts(self.account),
                     Control(self.account, self.lwa, self.stats, self.faults, start)):
            part.add_routes(self.app)

    @web.middleware
    async def _front_door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL_PREFIX):
            return await self._answer(request, handler)
        is_lwa = request.path == TOKEN_PATH
        arrived_at = self.account.now()
        self.stats.arrived(is_lwa, request.transport, arrived_at)
        request["id"] = new_request_id()
        fault = self.faults.pick(request.method, request.path)
        answer = await self._timed(request, handler, fault)
        retry_after = answer.headers.get("Retry-After") if answer is not None and not is_lwa else None
        status = answer.status if answer is not None else CUT
        now = self.account.now()
        self.stats.answered(_template(request), status, retry_after, now)
        ACCESS_LOG.info("%s %s %s %.0fms %s", request.method, request.path, status, 1000 * (now - arrived_at),
                        request["id"])
        # After a cut there is nobody to send to; aiohttp notices that the connection is gone.
        return answer if answer is not None else web.Response(status=500)

    async def _timed(self, request: web.Request, handler: Handler, fault: Fault | None) -> web.StreamResponse | None:
        """The answer under latency, rate limit and fault."""
        settings = self.account.settings
        if fault is not None and fault.kind in INSTEAD:
            await asyncio.sleep(settings.latency)
            return await answer_instead(fault, request)
        if request.path != TOKEN_PATH:
            try:
                self._throttle.admit(settings, self.account.now())
            except Refusal as refusal:
                await asyncio.sleep(settings.latency)
                return refusal_answer(refusal)
        if settings.latency:
            await asyncio.sleep(settings.latency)
        if fault is not None and fault.kind == "revoke-token":
            self.lwa.revoke(request)
        if fault is not None and fault.kind == "status-failed":
            mark_as_failing(request)
        if fault is not None and fault.kind in AFTERWARDS:
            return await answer_spoiled(fault, request, lambda: self._answer(request, handler))
        return await self._answer(request, handler)

    async def _answer(self, request: web.Request, handler: Handler) -> web.Response:
        """The operation's answer; every refusal and error in the form of the API."""
        try:
            is_operation = request.match_info.http_exception is None
            if is_operation and not request.path.startswith(CONTROL_PREFIX) and request.path != TOKEN_PATH:
                self.lwa.authorise(request, _scope(request.path))
            answer = await handler(request)
            assert isinstance(answer, web.Response)
            return answer
        except Refusal as refusal:
            return refusal_answer(refusal)
        except web.HTTPException as error:
            return refusal_answer(Refusal(error.status, error.reason, _allow(error)))
        except ConnectionError:
            # The client has gone in the middle of its request: its own affair, and nobody reads this answer.
            return refusal_answer(Refusal(400, "The request broke off."))
        except Exception:
            LOG.exception("%s %s failed inside the simulator", request.method, request.path)
            return refusal_answer(Refusal(500, "The simulator itself failed; see its log."))

    async def _stamp(self, request: web.Request, answer: web.StreamResponse) -> None:
        answer.headers["Server"] = "Server"
        if "id" in request:
            answer.headers["X-Amzn-RequestId"] = request["id"]


def _scope(path: str) -> str:
    return TRUNK_SCOPE if path.startswith(TRUNKS_PATH) else MANAGEMENT_SCOPE


def _template(request: web.Request) -> str:
    """Method and path with names instead of ids."""
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource is not None else '(unknown)'}"


def _allow(error: web.HTTPException) -> dict[str, str]:
    return {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
