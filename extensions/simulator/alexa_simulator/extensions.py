# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extension mappings of a trunk: map, get, update, delete, list."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from .account import Account
from .answers import Refusal, deleted, json_answer, json_object, members, one_of, only_parameters
from .paging import page_answer
from .tables import LaggingTable
from .trunks import TRUNKS_PATH, find_trunk

MAPPING_PATH = TRUNKS_PATH + "/{trunkId}/extension/{extension}"
EXTENSION = re.compile(r"[0-9*#+]{1,32}")
ROUTING_TYPE = "communication-profile"


class Extensions:
    """The operations on mappings."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def add_routes(self, app: web.Application) -> None:
        """Serves the operations."""
        app.router.add_post(MAPPING_PATH, self.map)
        app.router.add_get(MAPPING_PATH, self.get)
        app.router.add_put(MAPPING_PATH, self.update)
        app.router.add_delete(MAPPING_PATH, self.delete)
        app.router.add_get(TRUNKS_PATH + "/{trunkId}/extensions", self.page)

    async def map(self, request: web.Request) -> web.Response:
        """200; Amazon's page shows this request without a Content-Type, so any will do."""
        mappings, extension = self._addressed(request)
        settings = self._account.settings
        profile_id = _profile_id(await json_object(request, any_content_type=True))
        status = find_trunk(self._account, request).status(self._account.now())
        if settings.map_needs_active and status != "ACTIVE":
            raise Refusal(409, f"The SIP trunk is not ACTIVE but {status}.")
        if settings.second_map == "conflict" and extension in mappings:
            raise Refusal(409, "The extension is already mapped.")
        mappings.put(extension, profile_id)
        return self._written(extension, profile_id)

    async def get(self, request: web.Request) -> web.Response:
        """200 with the mapping."""
        mappings, extension = self._addressed(request)
        return json_answer(_shown(extension, _found(mappings, extension)))

    async def update(self, request: web.Request) -> web.Response:
        """200; only an extension that is mapped can be changed."""
        mappings, extension = self._addressed(request)
        profile_id = _profile_id(await json_object(request))
        _found(mappings, extension)
        mappings.put(extension, profile_id)
        return self._written(extension, profile_id)

    async def delete(self, request: web.Request) -> web.Response:
        """The mapping goes."""
        mappings, extension = self._addressed(request)
        _found(mappings, extension)
        mappings.remove(extension)
        return deleted(self._account.settings.delete_status)

    async def page(self, request: web.Request) -> web.Response:
        """200 with a page of the trunk's mappings."""
        only_parameters(request, "maxResults", "nextToken")
        trunk = find_trunk(self._account, request)
        mappings = self._account.mappings[trunk.trunk_id].listed()
        return page_answer(request, self._account.settings, mappings.keys(),
                           lambda key: _shown(key, mappings.get(key)))

    def _addressed(self, request: web.Request) -> tuple[LaggingTable[str], str]:
        only_parameters(request)
        trunk = find_trunk(self._account, request)
        extension = request.match_info["extension"]
        if not EXTENSION.fullmatch(extension):
            raise Refusal(400, "An extension is 1 to 32 of the characters 0-9 * # +.")
        return self._account.mappings[trunk.trunk_id], extension

    def _written(self, extension: str, profile_id: str) -> web.Response:
        if self._account.settings.write_answer == "empty":
            return web.Response()
        return json_answer(_shown(extension, profile_id))


def a_profile_id(value: Any, where: str) -> str:
    """A profile id in one of the forms Amazon shows; whether it exists is not asked."""
    if not isinstance(value, str) or not re.fullmatch(r"amzn1\.alexa\.[\w.-]+", value, re.ASCII):
        raise Refusal(400, f"{where} must be a communication profile id: amzn1.alexa. and its rest.")
    return value


def _profile_id(body: dict[str, Any]) -> str:
    mapping = members(body, "", {"routingType": one_of(ROUTING_TYPE), "commsProfileId": a_profile_id})
    return str(mapping["commsProfileId"])


def _found(mappings: LaggingTable[str], extension: str) -> str:
    profile_id = mappings.get(extension)
    if profile_id is None:
        raise Refusal(404, "The extension is not mapped.")
    return profile_id


def _shown(extension: str, profile_id: str | None) -> dict[str, Any]:
    return {"extension": extension, "routingType": ROUTING_TYPE, "commsProfileId": profile_id}
