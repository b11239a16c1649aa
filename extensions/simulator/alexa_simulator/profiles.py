# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Communication profiles of units: by unit, by id, create, create in bulk, rename, delete."""

from __future__ import annotations

import dataclasses
from typing import Any

from aiohttp import web

from .account import Account, Profile
from .answers import (
    Refusal,
    a_list,
    a_text,
    an_object,
    deleted,
    json_answer,
    json_object,
    members,
    one_of,
    only_parameters,
)

PROFILE_PATH = "/v1/communications/profile"
BATCH_PATH = "/v1/communications/profiles/batch"
MOST_IN_BATCH = 100


class Profiles:
    """The operations on communication profiles."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def add_routes(self, app: web.Application) -> None:
        """Serves the operations."""
        app.router.add_get(PROFILE_PATH, self.of_unit)
        app.router.add_post(PROFILE_PATH, self.create)
        app.router.add_post(BATCH_PATH, self.create_many)
        app.router.add_get(PROFILE_PATH + "/{profileId}", self.get)
        app.router.add_put(PROFILE_PATH + "/{profileId}", self.rename)
        app.router.add_delete(PROFILE_PATH + "/{profileId}", self.delete)

    async def of_unit(self, request: web.Request) -> web.Response:
        """200 with the unit's profile; 404 when it has none."""
        only_parameters(request, "entity.type", "entity.id")
        if request.query.get("entity.type") != "UNIT" or not request.query.get("entity.id"):
            raise Refusal(400, "entity.type must be UNIT, and entity.id the id of a unit.")
        profile_id = self._account.profile_of_unit.get(request.query["entity.id"])
        if profile_id is None:
            raise Refusal(404, "This unit has no communication profile.")
        return json_answer(self._shown(self._account.profiles[profile_id]))

    async def get(self, request: web.Request) -> web.Response:
        """200 with the profile."""
        only_parameters(request)
        return json_answer(self._shown(self._found(request)))

    async def create(self, request: web.Request) -> web.Response:
        """201 with the unit's profile, which is the one it already had if it had one."""
        only_parameters(request)
        body = members(await json_object(request), "", {"entity": _unit_id}, {"name": a_text})
        profile = self._ensured(body["entity"], body.get("name"))
        if profile is None:
            raise Refusal(404, "There is no unit with this id.")
        return json_answer(self._shown(profile), 201)

    async def create_many(self, request: web.Request) -> web.Response:
        """200 with results and errors, each item recognised by its itemId."""
        only_parameters(request)
        items = members(await json_object(request), "", {"items": a_list})["items"]
        if len(items) > MOST_IN_BATCH:
            raise Refusal(400, f"items must not have more than {MOST_IN_BATCH} elements.")
        checked = [_item(item, f"items[{index}]") for index, item in enumerate(items)]
        if len({str(item["itemId"]) for item in checked}) < len(checked):
            raise Refusal(400, "Every itemId must be unique.")
        results: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for item in checked:
            profile = self._ensured(item["entity"], item.get("name"))
            if profile is None:
                errors.append({"itemId": item["itemId"], "message": "There is no unit with this id."})
            else:
                results.append({"itemId": item["itemId"], **self._shown(profile)})
        return json_answer({"results": results, "errors": errors})

    async def rename(self, request: web.Request) -> web.Response:
        """200 with the renamed profile."""
        only_parameters(request)
        profile = self._found(request)
        body = members(await json_object(request), "", {"name": a_text})
        renamed = dataclasses.replace(profile, name=body["name"])
        self._account.profiles[profile.profile_id] = renamed
        return json_answer(self._shown(renamed))

    async def delete(self, request: web.Request) -> web.Response:
        """The profile goes, and contacts that point at it; mappings stay, as nothing says otherwise."""
        only_parameters(request)
        self._account.remove_profile(self._found(request))
        return deleted(self._account.settings.delete_status)

    def _ensured(self, unit_id: str, name: str | None) -> Profile | None:
        if unit_id not in self._account.units:
            return None
        if unit_id in self._account.profile_of_unit:
            return self._account.profiles[self._account.profile_of_unit[unit_id]]
        given = name if self._account.settings.profile_name == "given" else None
        return self._account.add_profile(unit_id, given or "Guest")

    def _found(self, request: web.Request) -> Profile:
        profile = self._account.profiles.get(request.match_info["profileId"])
        if profile is None:
            raise Refusal(404, "There is no communication profile with this id.")
        return profile

    def _shown(self, profile: Profile) -> dict[str, Any]:
        nested = self._account.settings.profile_shape == "nested"
        return {"entity": {"type": "UNIT", "id": profile.unit_id},
                "profileId": {"profileId": profile.profile_id} if nested else profile.profile_id,
                "name": profile.name}


def _unit_id(value: Any, where: str) -> str:
    return str(members(an_object(value, where), where + ".", {"type": one_of("UNIT"), "id": a_text})["id"])


def _item(value: Any, where: str) -> dict[str, Any]:
    return members(an_object(value, where), where + ".", {"itemId": _item_id, "entity": _unit_id}, {"name": a_text})


def _item_id(value: Any, where: str) -> int | str:
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        return value
    raise Refusal(400, f"{where} must be a number or a string.")
