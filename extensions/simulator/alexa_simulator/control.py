# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control address: counts, state, settings, faults and seeds. No token; for clients on this machine only."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .account import Account
from .answers import Refusal, a_list, a_text, an_object, json_answer, json_object, members
from .extensions import a_profile_id
from .faults import Faults
from .lwa import Lwa
from .seeds import put_book, put_profile, put_state, put_trunk, put_unit, state_of
from .stats import Stats
from .trunks import find_trunk

CONTROL_PREFIX = "/control/"
Operation = Callable[[web.Request], Awaitable[web.Response]]


class Control:
    """What the person or test that runs the simulator may do to it."""

    def __init__(self, account: Account, lwa: Lwa, stats: Stats, faults: Faults, start: Any) -> None:
        self._account = account
        self._lwa = lwa
        self._stats = stats
        self._faults = faults
        self._settings_at_start = account.settings
        self._start = start

    def add_routes(self, app: web.Application) -> None:
        """Serves the control address."""
        for method, path, handler in (
                ("GET", "stats", self.stats), ("DELETE", "stats", self.reset_stats),
                ("GET", "state", self.state),
                ("GET", "settings", self.settings), ("PUT", "settings", self.change_settings),
                ("GET", "faults", self.faults), ("POST", "faults", self.add_faults),
                ("DELETE", "faults", self.clear_faults),
                ("POST", "units", self.seed_units), ("POST", "profiles", self.seed_profiles),
                ("POST", "trunks", self.seed_trunk),
                ("POST", "address-books", self.seed_book),
                ("PUT", "trunks/{trunkId}/extensions", self.seed_mappings),
                ("PUT", "trunks/{trunkId}/extensions/{extension}", self.set_mapping),
                ("DELETE", "trunks/{trunkId}/extensions/{extension}", self.remove_mapping),
                ("POST", "activate", self.activate), ("POST", "revoke-tokens", self.revoke_tokens),
                ("POST", "reset", self.reset)):
            app.router.add_route(method, CONTROL_PREFIX + path, _for_this_machine(handler))

    async def stats(self, _request: web.Request) -> web.Response:
        """The counts."""
        return json_answer(self._stats.shown())

    async def reset_stats(self, _request: web.Request) -> web.Response:
        """The counts back to nothing."""
        self._stats.reset()
        return json_answer({})

    async def state(self, _request: web.Request) -> web.Response:
        """Trunks with their whole bodies, mappings by trunk, units, profiles, address books with all that is theirs."""
        return json_answer(state_of(self._account))

    async def settings(self, _request: web.Request) -> web.Response:
        """The settings in force."""
        return json_answer(dataclasses.asdict(self._account.settings))

    async def change_settings(self, request: web.Request) -> web.Response:
        """Changes the settings that the body names."""
        try:
            self._account.settings = self._account.settings.changed(await json_object(request))
        except ValueError as error:
            raise Refusal(400, str(error)) from None
        return await self.settings(request)

    async def faults(self, _request: web.Request) -> web.Response:
        """The faults in force, with how many requests have met each."""
        return json_answer([rule.shown() for rule in self._faults.rules])

    async def add_faults(self, request: web.Request) -> web.Response:
        """Adds a list of faults."""
        self._faults.add(await _json(request))
        return await self.faults(request)

    async def clear_faults(self, _request: web.Request) -> web.Response:
        """No more faults."""
        self._faults.rules = []
        return json_answer({})

    async def seed_units(self, request: web.Request) -> web.Response:
        """Adds units: [{name, id?, parentId?}]; without parentId below the organization."""
        seeds = a_list(await _json(request), "The request body")
        units = [put_unit(self._account, seed) for seed in seeds]
        return json_answer([{"id": unit.unit_id, "name": unit.name, "parentId": unit.parent_id} for unit in units])

    async def seed_profiles(self, request: web.Request) -> web.Response:
        """Adds profiles: [{unitId, profileId?, name?}]."""
        seeds = a_list(await _json(request), "The request body")
        profiles = [put_profile(self._account, seed) for seed in seeds]
        return json_answer([{"unitId": profile.unit_id, "profileId": profile.profile_id} for profile in profiles])

    async def seed_book(self, request: web.Request) -> web.Response:
        """Adds an address book: {name, addressBookId?, contacts?: [a contact of the API], units?: [unit id]}."""
        return json_answer({"addressBookId": put_book(self._account, await json_object(request)).book_id})

    async def seed_trunk(self, request: web.Request) -> web.Response:
        """Adds a trunk as it is given, unchecked: a body of the API with trunkId? and status? (ACTIVE)."""
        return json_answer({"trunkId": put_trunk(self._account, await json_object(request)).trunk_id})

    async def seed_mappings(self, request: web.Request) -> web.Response:
        """Adds many mappings to a trunk: [{extension, commsProfileId}]."""
        trunk = find_trunk(self._account, request)
        seeds = [members(an_object(mapping, "A mapping"), "", {"extension": a_text, "commsProfileId": a_profile_id})
                 for mapping in a_list(await _json(request), "The request body")]
        for seed in seeds:
            self._account.mappings[trunk.trunk_id].put(seed["extension"], seed["commsProfileId"])
        return json_answer({"mappings": len(self._account.mappings[trunk.trunk_id])})

    async def set_mapping(self, request: web.Request) -> web.Response:
        """Somebody else maps or changes an extension: {commsProfileId}."""
        trunk = find_trunk(self._account, request)
        body = members(await json_object(request), "", {"commsProfileId": a_profile_id})
        self._account.mappings[trunk.trunk_id].put(request.match_info["extension"], body["commsProfileId"])
        return json_answer({})

    async def remove_mapping(self, request: web.Request) -> web.Response:
        """Somebody else removes a mapping."""
        trunk = find_trunk(self._account, request)
        self._account.mappings[trunk.trunk_id].remove(request.match_info["extension"])
        return json_answer({})

    async def activate(self, _request: web.Request) -> web.Response:
        """Every trunk reaches its final status now."""
        now = self._account.now()
        for trunk_id, trunk in list(self._account.trunks.items()):
            if trunk.ready_at > now:
                self._account.trunks.put(trunk_id, dataclasses.replace(trunk, ready_at=now))
        return json_answer({})

    async def revoke_tokens(self, _request: web.Request) -> web.Response:
        """No token that was given out is valid any more."""
        return json_answer({"revoked": self._lwa.revoke_all()})

    async def reset(self, _request: web.Request) -> web.Response:
        """As at the start: the settings and the account of the command line, no tokens, no faults, no counts."""
        self._account.settings = dataclasses.replace(self._settings_at_start)
        self._account.clear()
        put_state(self._account, self._start)
        self._lwa.revoke_all()
        self._faults.rules = []
        self._stats.reset()
        return json_answer({})


def _for_this_machine(handler: Operation) -> Operation:
    async def guarded(request: web.Request) -> web.Response:
        if not ipaddress.ip_address(request.remote or "0.0.0.0").is_loopback:
            raise Refusal(403, "The control address serves clients on this machine only.")
        return await handler(request)

    return guarded


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except ValueError:
        raise Refusal(400, "The request body is not valid JSON.") from None
