# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of the property hierarchy: list and create."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from aiohttp import web

from .account import ORGANIZATION, Account, Unit
from .answers import Refusal, a_text, an_object, json_answer, json_object, members, one_of, only_parameters
from .paging import page_answer
from .tables import Table

UNITS_PATH = "/v2/units"


class Units:
    """The operations on units."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._below: dict[tuple[str, int | None], list[str]] = {}
        self._below_holds_for: tuple[Table[Unit], int] | None = None

    def add_routes(self, app: web.Application) -> None:
        """Serves the operations."""
        app.router.add_get(UNITS_PATH, self.page)
        app.router.add_post(UNITS_PATH, self.create)

    async def create(self, request: web.Request) -> web.Response:
        """201 with the id."""
        only_parameters(request)
        body = members(await json_object(request), "", {"name": _name, "parentId": a_text})
        self._check_unit(body["parentId"])
        return json_answer({"id": self._account.add_unit(body["name"], body["parentId"]).unit_id}, 201)

    async def page(self, request: web.Request) -> web.Response:
        """200 with a page of the units below parentId (else below the organization)."""
        only_parameters(request, "parentId", "expand", "queryDepth", "maxResults", "nextToken")
        parent_id = request.query.get("parentId", ORGANIZATION)
        self._check_unit(parent_id)
        if request.query.get("expand", "all") != "all":
            raise Refusal(400, "expand must be all.")
        units = self._account.units.listed()
        keys = self._keys_below(units, parent_id, _depth(request.query.get("queryDepth", "1")))
        expanded = "expand" in request.query
        return page_answer(request, self._account.settings, keys,
                           lambda key: _shown(units.get(key)) if expanded else {"id": key})

    def _check_unit(self, unit_id: str) -> None:
        if unit_id not in self._account.units:
            raise Refusal(404, "There is no unit with this id.")

    def _keys_below(self, units: Table[Unit], parent_id: str, depth: int | None) -> list[str]:
        """The sorted ids below a unit, worked out once for as long as no unit changes."""
        if self._below_holds_for != (units, units.version):
            self._below = {}
            self._below_holds_for = (units, units.version)
        if (parent_id, depth) not in self._below:
            self._below[parent_id, depth] = _ids_below(units, parent_id, depth)
        return self._below[parent_id, depth]


def _ids_below(units: Table[Unit], parent_id: str, depth: int | None) -> list[str]:
    children: dict[str | None, list[str]] = defaultdict(list)
    for key, unit in units.items():
        children[unit.parent_id].append(key)
    found: list[str] = []
    level = children[parent_id]
    while level and depth != 0:
        found += level
        level = [child for key in level for child in children[key]]
        depth = None if depth is None else depth - 1
    return sorted(found)


def _depth(text: str) -> int | None:
    if text == "all":
        return None
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise Refusal(400, "queryDepth must be all or a whole number of at least 1.")
    return int(text)


def _name(value: Any, where: str) -> str:
    name = members(an_object(value, where), where + ".", {"type": one_of("PLAIN"), "value": an_object})
    return str(members(name["value"], where + ".value.", {"text": a_text})["text"])


def _shown(unit: Unit | None) -> dict[str, Any]:
    assert unit is not None
    return {"id": unit.unit_id, "name": {"type": "PLAIN", "value": {"text": unit.name}}, "parentId": unit.parent_id}
