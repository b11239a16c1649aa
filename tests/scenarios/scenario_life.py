# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A property's life by the modules while the API fails, and what must hold whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from urllib.parse import quote

import requests

from ansible_collections.alexa.smart_properties.plugins.module_utils import _module
from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from harness import TRUNKS, Outcome, Site
from scenario_chains import CHAIN, NAME

PEERS = [{"ip": "203.0.113.10", "port": 5061}]
TRUNK = {"tls_name": NAME, "certificate_chain": CHAIN, "peers": PEERS}
GUEST, OTHER = "amzn1.alexa.unit.did.guest", "amzn1.alexa.communications.profile.did.other"
# Somebody else's trunk and mappings, which no run may touch.
BYSTANDER = "amzn1.comms.network.siptrunk.bystander"
BESIDE = {"7000": OTHER, "8000": GUEST}
CLEAR = ("Could not ", "Login with Amazon gave no token", "The SIP trunk ")
FATES = ("created", "updated", "deleted", "unchanged", "not_tried")


class HastyClock(Clock):
    """The real clock, so many times as fast: pauses keep their proportions and take no time."""

    SPEED = 30.0

    def now(self) -> float:
        return super().now() * self.SPEED

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / self.SPEED)


@contextmanager
def in_haste() -> Iterator[None]:
    """All pauses of the modules, as they are in the product, thirty times as short."""
    with mock.patch.object(_module, "Clock", HastyClock):
        yield


def rooms(count: int, profile_id: str = GUEST) -> dict[str, str]:
    """Extensions from 7000 on, and what they ring."""
    return {str(7000 + number): profile_id for number in range(count)}


def rows(wish: dict[str, str]) -> list[dict[str, str]]:
    return [{"extension": extension, "comms_profile_id": profile_id} for extension, profile_id in wish.items()]


def assert_clear(outcome: Outcome) -> None:
    """A failed run says what failed, and how to go on where something was done."""
    message = outcome["msg"]
    assert message.startswith(CLEAR) or ("changes of extensions failed" in message and "run again" in message), message


def assert_accounted(outcome: Outcome, wish: dict[str, str], to_go: set[str], gone: set[str]) -> None:
    """Each extension of the wish has exactly one fate, and so has each that is to go.

    :param gone: those that a list which lags may still have shown.
    """
    fates = [extension for fate in FATES for extension in outcome[fate]]
    fates += [failure["extension"] for failure in outcome["failures"]]
    told = {extension for extension in fates if extension not in wish}
    assert sorted(fates) == sorted({*wish, *told}), outcome
    assert told <= to_go | gone and (not outcome.ok or told >= to_go), outcome


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for a condition, and not for longer."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def listed(site: Site, path: str) -> list[Any]:
    """All items of a list, as a plain client reads them."""
    token, items, page = site.token(), [], "?maxResults=50"
    while page:
        body = site.get(path + page, token).json()
        items += body["results"]
        following = (body.get("paginationContext") or {}).get("nextToken")
        page = f"?nextToken={quote(following)}" if following else ""
    return items


def await_lists(site: Site) -> None:
    """Until the lists show what there is: of what somebody else did nobody can know earlier."""
    # What was changed and changed back shows as it is, then otherwise, then as it is.
    shown_for_good = time.monotonic() + site.simulator.control("GET", "/settings")["list_lag"]

    def shown() -> bool:
        if time.monotonic() <= shown_for_good:
            return False
        state = site.state()
        try:
            ids = {trunk["trunkId"] for trunk in listed(site, TRUNKS)}
            return ids == set(state["mappings"]) and all(
                {item["extension"]: item["commsProfileId"] for item in listed(site, f"{TRUNKS}/{trunk_id}/extensions")}
                == mappings for trunk_id, mappings in state["mappings"].items())
        except (requests.RequestException, AssertionError, KeyError):
            # The plain client meets the faults too.
            return False

    until(shown, seconds=30)


class Life:
    """One property. Each step is repeated until it succeeds; what must always hold is looked at after every run.

    :param attempts: how often a step may fail.
    :param options: of all modules.
    """

    def __init__(self, site: Site, attempts: int = 12, **options: Any) -> None:
        self.site = site
        self.attempts = attempts
        self.options = options
        self.failed_runs = 0
        self._seen: set[str] = set()
        site.add_trunk(trunkId=BYSTANDER, peers=[{"ip": "203.0.113.99", "port": 5061}])
        site.map(BYSTANDER, **{f"x{extension}": profile_id for extension, profile_id in BESIDE.items()})

    def trunk_ids(self) -> list[str]:
        """The property's trunks as the simulator holds them. Never two of them."""
        state = self.site.state()
        ids = [trunk["trunkId"] for trunk in state["trunks"]]
        assert state["mappings"][BYSTANDER] == BESIDE
        ids.remove(BYSTANDER)
        assert len(ids) <= 1, ids
        return ids

    def until_good(self, module: str, **options: Any) -> Outcome:
        """Run it, and run it again where it failed, as its message says."""
        for _attempt in range(self.attempts):
            before = self.mapped()
            outcome = self.site.run(module, **options, **self.options)
            self.trunk_ids()
            if module == "alexa_extensions":
                wish = {row["extension"]: row["comms_profile_id"] for row in options["extensions"]}
                prune = options.get("prune", False)
                to_go, gone = (set(before) - set(wish), self._seen) if prune else (set(), set())
                assert_accounted(outcome, wish, to_go, gone)
                self.assert_none_lost(before, wish, prune)
                self._seen |= set(before)
            if outcome.ok:
                return outcome
            assert_clear(outcome)
            self.failed_runs += 1
            if "ended in status FAILED" in outcome["msg"]:
                self.until_good("alexa_siptrunk", state="absent", **TRUNK)
        raise AssertionError(f"still failing after {self.attempts} runs: {outcome['msg']}")

    def mapped(self) -> dict[str, str]:
        ids = self.trunk_ids()
        return self.site.mappings(ids[0]) if ids else {}

    def assert_none_lost(self, before: dict[str, str], wish: dict[str, str], prune: bool) -> None:
        """A mapping that nobody asked to remove is still there, and nothing has an origin of its own."""
        now = self.mapped()
        for extension, profile_id in before.items():
            if extension in wish:
                assert now.get(extension) in (profile_id, wish[extension]), extension
            elif not prune:
                assert now.get(extension) == profile_id, extension
        for extension, profile_id in now.items():
            assert profile_id in (before.get(extension), wish.get(extension)), extension

    def live(self, count: int, concurrency: int = 4) -> None:
        """Create, wait, map, drift, prune, unmap one, delete; after each step the account is what was wished."""
        trunk = self.until_good("alexa_siptrunk", **TRUNK, wait=True, wait_interval=1)["trunk"]
        trunk_id = trunk["trunk_id"]
        assert (self.trunk_ids(), trunk["status"]) == ([trunk_id], "ACTIVE")
        wish = rooms(count)
        bulk: dict[str, Any] = {"trunk_id": trunk_id, "concurrency": concurrency}
        self.until_good("alexa_extensions", **bulk, extensions=rows(wish))
        assert self.mapped() == wish

        self.site.map(trunk_id, x7001=OTHER, x9998=OTHER, x9999=GUEST)
        self.site.unmap(trunk_id, "7002")
        await_lists(self.site)
        self.until_good("alexa_extensions", **bulk, extensions=rows(wish))
        assert self.mapped() == {**wish, "9998": OTHER, "9999": GUEST}
        # A list that still shows the drift shows 7001 as it is wished next: only a read of each mapping would tell.
        await_lists(self.site)
        wish = {**rooms(count - 2, OTHER), "7100": GUEST}
        self.until_good("alexa_extensions", **bulk, extensions=rows(wish), prune=True, prune_limit="100%")
        assert self.mapped() == wish

        self.until_good("alexa_extension", trunk_id=trunk_id, extension="7100", state="absent")
        assert self.mapped() == rooms(count - 2, OTHER)
        self.until_good("alexa_extensions", **bulk, extensions=[], prune=True, prune_limit="100%")
        assert self.mapped() == {}
        self.until_good("alexa_siptrunk", state="absent", **TRUNK)
        assert self.trunk_ids() == []
