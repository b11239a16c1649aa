# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP trunks: create, get, list, update, delete."""

from __future__ import annotations

import dataclasses
from typing import Any

from aiohttp import web

from .account import Account, Trunk, new_trunk_id
from .answers import Refusal, deleted, json_answer, json_object, only_parameters
from .paging import page_answer
from .trunk_body import trunk_body

TRUNKS_PATH = "/v1/communications/network/siptrunk"
FINAL_STATUS = "final status"  # a fault may decide it for one request


class Trunks:
    """The operations on trunks."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def add_routes(self, app: web.Application) -> None:
        """Serves the operations."""
        app.router.add_post(TRUNKS_PATH, self.create)
        app.router.add_get(TRUNKS_PATH, self.page)
        app.router.add_get(TRUNKS_PATH + "/{trunkId}", self.get)
        app.router.add_put(TRUNKS_PATH + "/{trunkId}", self.update)
        app.router.add_delete(TRUNKS_PATH + "/{trunkId}", self.delete)

    async def create(self, request: web.Request) -> web.Response:
        """201 with the trunkId; the trunk is CREATING until the delay has passed."""
        only_parameters(request)
        body = trunk_body(await json_object(request))
        settings = self._account.settings
        trunk = Trunk(new_trunk_id(), body, "CREATING", request.get(FINAL_STATUS, settings.final_status),
                      self._account.now() + settings.activation_delay)
        self._account.add_trunk(trunk)
        return json_answer({"trunkId": trunk.trunk_id}, 201)

    async def get(self, request: web.Request) -> web.Response:
        """200 with the trunk as it is now."""
        only_parameters(request)
        return json_answer(self._shown(find_trunk(self._account, request), self._account.now()))

    async def page(self, request: web.Request) -> web.Response:
        """200 with a page of the trunks, as they were list_lag seconds ago."""
        only_parameters(request, "maxResults", "nextToken")
        settings = self._account.settings
        trunks = self._account.trunks.listed()
        moment = self._account.now() - settings.list_lag

        def item(key: str) -> dict[str, Any]:
            trunk = trunks.get(key)
            assert trunk is not None
            if settings.list_detail == "ids":
                return {"trunkId": key, "status": trunk.status(moment)}
            return self._shown(trunk, moment)

        return page_answer(request, settings, trunks.keys(), item)

    async def update(self, request: web.Request) -> web.Response:
        """200; the body replaces the trunk's whole body, and a change may take it through UPDATING."""
        only_parameters(request)
        trunk = find_trunk(self._account, request)
        body = trunk_body(await json_object(request))
        if body != trunk.body:
            trunk = self._changed(trunk, body, request.get(FINAL_STATUS, self._account.settings.final_status))
            self._account.trunks.put(trunk.trunk_id, trunk)
        return json_answer({"trunkId": trunk.trunk_id})

    async def delete(self, request: web.Request) -> web.Response:
        """The trunk goes, and its mappings with it."""
        only_parameters(request)
        self._account.remove_trunk(find_trunk(self._account, request).trunk_id)
        return deleted(self._account.settings.delete_status)

    def _changed(self, trunk: Trunk, body: dict[str, Any], final: str) -> Trunk:
        now = self._account.now()
        pending = trunk.pending if now < trunk.ready_at else "UPDATING"
        ready_at = max(trunk.ready_at, now + self._account.settings.update_delay)
        return dataclasses.replace(trunk, body=body, pending=pending, final=final, ready_at=ready_at)

    def _shown(self, trunk: Trunk, moment: float) -> dict[str, Any]:
        body = trunk.body
        if "tls" in body and not self._account.settings.chain_in_get:
            body = {**body, "tls": {"name": body["tls"]["name"]}}
        return {"trunkId": trunk.trunk_id, "status": trunk.status(moment), **body}


def find_trunk(account: Account, request: web.Request) -> Trunk:
    """The trunk that the path names; 404 when there is none."""
    trunk = account.trunks.get(request.match_info["trunkId"])
    if trunk is None:
        raise Refusal(404, "There is no SIP trunk with this trunkId.")
    return trunk
