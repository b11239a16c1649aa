# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Communication profiles in bulk, and units below a parent."""

from __future__ import annotations

import json
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Response
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Profile, Unit
from ansible_collections.alexa.smart_properties.plugins.module_utils._profiles import Profiles
from ansible_collections.alexa.smart_properties.plugins.module_utils._units import units_below
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import (
    Call,
    FakeClock,
    ServedTransport,
    answer,
    client_on,
    lost,
)

Scripted = Callable[..., Client]
BATCH = "/v1/communications/profiles/batch"


class Directory:
    """Units and their profiles in memory.

    :param tell: makes the answer of a bulk call from the profile ids by item number.
    """

    def __init__(self, tell: Callable[[dict[int, str]], Any] | None = None) -> None:
        self.profiles: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.batches: list[int] = []
        self.losses: list[int] = []
        self.tell = tell or (lambda made: {"results": [{"itemId": n, "profileId": p} for n, p in made.items()]})

    def __call__(self, method: str, path: str, body: Any) -> Response:
        if path == BATCH:
            return self._make(body["items"])
        if method == "PUT":
            self.names[path.rsplit("/", 1)[1]] = body["name"]
            return answer(200)
        unit_id = parse_qs(urlsplit(path).query)["entity.id"][0]
        return answer(200, {"profileId": self.profiles[unit_id]}) if unit_id in self.profiles else answer(404)

    def _make(self, items: list[dict[str, Any]]) -> Response:
        self.batches.append(len(items))
        carried_out = self.losses.pop(0) if self.losses else None
        made = {}
        for item in items[:carried_out]:
            unit_id = item["entity"]["id"]
            made[item["itemId"]] = self.profiles.setdefault(unit_id, f"p-{unit_id}")
        if carried_out is not None:
            raise lost()
        return answer(200, self.tell(made))


def profiles_of(directory: Directory, clock: FakeClock) -> tuple[Profiles, ServedTransport]:
    transport = ServedTransport(directory)
    return Profiles(client_on(transport, clock), 4), transport


def units(count: int, name: str | None = None) -> list[tuple[str, str | None]]:
    return [(f"u{number}", name and f"{name} {number}") for number in range(count)]


def expected(count: int) -> dict[str, str]:
    return {f"u{number}": f"p-u{number}" for number in range(count)}


@pytest.mark.parametrize(
    ("count", "batches"), [(0, []), (1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])]
)  # fmt: skip
def test_profiles_are_made_100_a_call(clock: FakeClock, count: int, batches: list[int]) -> None:
    directory = Directory()
    profiles, transport = profiles_of(directory, clock)
    assert profiles.create(units(count)) == expected(count)
    assert directory.batches == batches
    assert len(transport.calls) == len(batches)


@pytest.mark.parametrize(
    "tell",
    [
        lambda _made: None,
        lambda _made: json.dumps("created"),
        lambda _made: {"results": "created"},
        lambda _made: {},
        lambda made: {"results": [{"profileId": profile} for profile in made.values()]},
        lambda made: {"results": [{"itemId": 2, "profileId": {"profileId": made[2]}}, {"itemId": 1, "error": "x"}]},
    ],
    ids=["empty", "text", "no list", "no items", "no numbers", "some"],
)
def test_a_bulk_answer_that_tells_too_little_is_read_back(clock: FakeClock, tell: Any) -> None:
    profiles, _transport = profiles_of(Directory(tell), clock)
    assert profiles.create(units(3)) == expected(3)


def test_a_profile_that_was_not_made_after_all_is_an_error_that_names_the_unit(clock: FakeClock) -> None:
    class Lazy(Directory):
        def _make(self, items: list[dict[str, Any]]) -> Response:
            return super()._make(items[:1])

    with pytest.raises(ApiError, match="unit u1: the API took the request, but the unit has no profile"):
        profiles_of(Lazy(), clock)[0].create(units(2))


@pytest.mark.parametrize("carried_out", [0, 2, 5])
def test_a_lost_bulk_answer_is_looked_up_and_repeated_only_if_something_is_missing(
    clock: FakeClock, carried_out: int
) -> None:
    directory = Directory()
    directory.losses = [carried_out]
    profiles, _transport = profiles_of(directory, clock)
    assert profiles.create(units(5)) == expected(5)
    assert len(directory.batches) == (1 if carried_out == 5 else 2)


def test_profiles_with_a_name_are_renamed_since_amazon_calls_all_of_them_guest(clock: FakeClock) -> None:
    directory = Directory()
    profiles, _transport = profiles_of(directory, clock)
    profiles.create([*units(2, "Room"), ("nameless", None)])
    assert directory.names == {"p-u0": "Room 0", "p-u1": "Room 1"}


def test_a_rename_that_fails_is_an_error(clock: FakeClock) -> None:
    class Refusing(Directory):
        def __call__(self, method: str, path: str, body: Any) -> Response:
            return answer(400, {"message": "no such name"}) if method == "PUT" else super().__call__(method, path, body)

    with pytest.raises(ApiError, match="rename the communication profile p-u0.*no such name"):
        profiles_of(Refusing(), clock)[0].create(units(1, "Room"))


def test_the_profiles_of_many_units_are_read_once_each(clock: FakeClock) -> None:
    directory = Directory()
    directory.profiles = {"u0": "p0"}
    profiles, transport = profiles_of(directory, clock)
    assert profiles.of_units(["u0", "u1", "u0"]) == {"u0": Profile("p0"), "u1": None}
    assert len(transport.calls) == 2


def test_a_profile_that_can_not_be_read_is_an_error(scripted: Scripted) -> None:
    path = "/v1/communications/profile?entity.type=UNIT&entity.id=u0"
    with pytest.raises(ApiError, match="read the communication profile of unit u0.*403"):
        Profiles(scripted(Call("GET", path, answer(403))), 1).of_units(["u0"])


@pytest.mark.parametrize("status", [200, 204, 404])
def test_deleting_a_profile(scripted: Scripted, status: int) -> None:
    Profiles(scripted(Call("DELETE", "/v1/communications/profile/p.1", answer(status))), 1).delete("p.1")


def test_units_come_once_and_in_order(scripted: Scripted) -> None:
    path = "/v2/units?parentId=top&expand=all&queryDepth=2&maxResults=50"
    first = {"results": [{"id": "b", "name": {"value": {"text": "B"}}, "parentId": "top"}, {"id": "a"}, {"name": "x"}]}
    client = scripted(
        Call("GET", path, answer(200, {**first, "paginationContext": {"nextToken": "t"}})),
        Call("GET", f"{path}&nextToken=t", answer(200, {"results": [{"id": "a", "name": "late"}, {"id": "c"}]})),
    )
    assert units_below(client, "top", 2) == [Unit("b", "B", "top"), Unit("a"), Unit("c")]
