# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All mappings of a trunk in one go: order, partial failure, a list that lags, every extension accounted for."""

from __future__ import annotations

import random
import threading
from typing import Any, Callable

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._bulk import (
    Account,
    accounted,
    applied,
    confirmed_mappings,
    current_mappings,
    predicted,
    raise_if_partial,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import (
    AlexaError,
    ApiError,
    InputError,
    PartialError,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._extensions import Mappings
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Response
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Mapping
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Plan
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import (
    FakeClock,
    ServedTransport,
    answer,
    client_on,
)

P1, P2 = "amzn1.alexa.profile.1", "amzn1.alexa.profile.2"
TRUNK = "/v1/communications/network/siptrunk/t1"
LIST = f"{TRUNK}/extensions"
FATES = ("created", "updated", "deleted", "unchanged", "not_tried")


class Exchange:
    """Mappings in memory behind the API's paths.

    :param refusals: answers to writes by extension, in place of carrying them out.
    """

    def __init__(self, mapped: dict[str, str], refusals: dict[str, Any] | None = None) -> None:
        self.mapped = dict(mapped)
        self.listed = dict(mapped)
        self.refusals = refusals or {}
        self._lock = threading.Lock()

    def __call__(self, method: str, path: str, body: Any) -> Response:
        with self._lock:
            if path == LIST:
                return answer(200, {"results": [{"extension": name, **self._body(name)} for name in self.listed]})
            extension = path.rsplit("/", 1)[1]
            if method != "GET" and extension in self.refusals:
                return self.refusals[extension]
            return self._one(method, extension, body)

    def _body(self, extension: str) -> dict[str, str]:
        return {"commsProfileId": self.mapped.get(extension, P1), "routingType": "communication-profile"}

    def _one(self, method: str, extension: str, body: Any) -> Response:
        if method == "POST":
            self.mapped[extension] = body["commsProfileId"]
            return answer(200)
        if extension not in self.mapped:
            return answer(404)
        if method == "PUT":
            self.mapped[extension] = body["commsProfileId"]
        elif method == "DELETE":
            del self.mapped[extension]
        return answer(200, self._body(extension))


Connected = Callable[[Exchange], tuple[Mappings, ServedTransport]]


@pytest.fixture
def connected(clock: FakeClock) -> Connected:
    def connect(exchange: Exchange) -> tuple[Mappings, ServedTransport]:
        transport = ServedTransport(exchange)
        return Mappings(client_on(transport, clock, retry_timeout=0), "t1"), transport

    return connect


def a_plan(delete: str = "", change: str = "", create: str = "", unchanged: str = "") -> Plan:
    return Plan(create=create.split(), change=change.split(), delete=delete.split(), unchanged=unchanged.split())


def ids(plan: Plan) -> dict[str, str]:
    return dict.fromkeys(plan.create + plan.change, P2)


def test_deletions_go_first_then_changes_then_creations(connected: Connected) -> None:
    exchange = Exchange({"1": P1, "2": P1, "3": P1, "4": P1})
    mappings, transport = connected(exchange)
    plan = a_plan("1 2", "3 4", "5 6")
    account = applied(mappings, plan, ids(plan), 4)
    assert [method for method, _path in transport.calls] == ["DELETE"] * 2 + ["PUT"] * 2 + ["POST"] * 2
    assert exchange.mapped == dict.fromkeys("3456", P2)
    assert account.values() == {**predicted(plan).values()}
    assert account.changed


def test_what_was_there_already_is_no_change(connected: Connected) -> None:
    account = applied(connected(Exchange({}))[0], a_plan(unchanged="1 2"), {}, 4)
    assert account.values()["unchanged"] == ["1", "2"]
    assert not account.changed


def test_an_extension_that_fails_does_not_stop_the_others(connected: Connected) -> None:
    refusals = {"2": answer(400, {"message": "bad profile"}, X_Amzn_RequestId="id-2"), "5": answer(400)}
    exchange = Exchange({"1": P1, "2": P1, "3": P1}, refusals)
    plan = a_plan("1", "2 3", "4 5")
    values = applied(connected(exchange)[0], plan, ids(plan), 3).values()
    assert (values["deleted"], values["updated"], values["created"]) == (["1"], ["3"], ["4"])
    assert [failure["extension"] for failure in values["failures"]] == ["2", "5"]
    assert values["failures"][0]["request_id"] == "id-2" and "bad profile" in values["failures"][0]["msg"]
    assert values["not_tried"] == []


@pytest.mark.parametrize("status", [403, 429, 503])
def test_an_error_that_meets_all_leaves_the_rest_untried(connected: Connected, status: int) -> None:
    exchange = Exchange({"1": P1, "2": P1}, {"1": answer(status)})
    plan = a_plan("1", "2", "3 4")
    values = applied(connected(exchange)[0], plan, ids(plan), 1).values()
    assert [failure["extension"] for failure in values["failures"]] == ["1"]
    assert values["not_tried"] == ["2", "3", "4"]
    assert exchange.mapped == {"1": P1, "2": P1}


@pytest.mark.parametrize("seed", range(25))
def test_every_extension_is_accounted_for_exactly_once(connected: Connected, seed: int) -> None:
    chance = random.Random(seed)
    everything = [str(number) for number in range(60)]
    chance.shuffle(everything)
    delete, change, create, unchanged = everything[:15], everything[15:30], everything[30:50], everything[50:]
    plan = Plan(create=create, change=change, delete=delete, unchanged=unchanged)
    statuses = [400, 400, 404, 409, 503] if seed % 2 else [400, 404, 409]
    refusals = {name: answer(chance.choice(statuses)) for name in chance.sample(everything, 12)}
    exchange = Exchange(dict.fromkeys([*delete, *change, *unchanged], P1), refusals)
    values = applied(connected(exchange)[0], plan, ids(plan), chance.choice([1, 3, 8])).values()
    told = [name for fate in FATES for name in values[fate]] + [failure["extension"] for failure in values["failures"]]
    assert sorted(told) == sorted(everything)
    assert all(exchange.mapped[name] == P2 for name in values["updated"] + values["created"])


def test_check_mode_predicts_the_account_of_a_run_that_goes_well() -> None:
    account = predicted(a_plan("9", "3", "2 1", "4"))
    assert account.changed
    assert account.values() == {
        "created": ["1", "2"], "updated": ["3"], "deleted": ["9"], "unchanged": ["4"],
        "failures": [], "not_tried": [],
    }  # fmt: skip


def test_an_up_to_date_list_costs_no_other_request(connected: Connected) -> None:
    mappings, transport = connected(Exchange({"1": P1, "2": P1}))
    assert sorted(current_mappings(mappings, {"1": 0, "2": 0}, 4, may_be_missing=False)) == ["1", "2"]
    assert transport.calls == [("GET", LIST)]


def test_one_read_tells_that_the_list_does_not_lag(connected: Connected) -> None:
    mappings, transport = connected(Exchange({"1": P1}))
    wanted = dict.fromkeys(["1", *map(str, range(100, 200))], 0)
    assert list(current_mappings(mappings, wanted, 4, may_be_missing=False)) == ["1"]
    assert transport.calls == [("GET", LIST), ("GET", f"{TRUNK}/extension/199")]


def test_a_list_that_lags_is_completed(connected: Connected) -> None:
    exchange = Exchange({"1": P1, "2": P2, "3": P1})
    exchange.listed = {"1": P1}
    have = current_mappings(connected(exchange)[0], dict.fromkeys("1243", 0), 2, may_be_missing=False)
    assert have == {"1": Mapping("1", P1), "2": Mapping("2", P2), "3": Mapping("3", P1)}


def listed(mapped: dict[str, str]) -> dict[str, Mapping]:
    return {extension: Mapping(extension, profile) for extension, profile in mapped.items()}


def test_one_read_of_each_kind_tells_that_the_list_shows_no_old_state(connected: Connected) -> None:
    mapped = {"1": P1, "2": P1, "3": P1, "4": P1}
    mappings, transport = connected(Exchange(mapped))
    have = confirmed_mappings(mappings, listed(mapped), a_plan("1 2", "3 4"), 4)
    assert have == listed(mapped)
    assert transport.calls == [("GET", f"{TRUNK}/extension/{number}") for number in (4, 2)]


def test_what_was_changed_and_removed_a_moment_ago_is_read_as_it_is(connected: Connected) -> None:
    mappings, _transport = connected(Exchange({"1": P1, "3": P2, "4": P2, "5": P1}))
    old = listed(dict.fromkeys("123456", P1))
    have = confirmed_mappings(mappings, old, a_plan("1 2 6", "3 4"), 4)
    assert have == listed({"1": P1, "3": P2, "4": P2, "5": P1})


@pytest.mark.parametrize("plan", [a_plan(), a_plan(create="1", unchanged="2")])
def test_without_changes_and_deletions_nothing_is_read(connected: Connected, plan: Plan) -> None:
    mappings, transport = connected(Exchange({"2": P1}))
    assert confirmed_mappings(mappings, listed({"2": P1}), plan, 4) == listed({"2": P1})
    assert transport.calls == []


def test_completing_a_lagging_list_fails_with_the_first_error(clock: FakeClock) -> None:
    def serve(_method: str, path: str, _body: Any) -> Response:
        if path == LIST:
            return answer(200, [])
        return answer(200, {"commsProfileId": P1}) if path.endswith("/2") else answer(403)

    mappings = Mappings(client_on(ServedTransport(serve), clock), "t1")
    with pytest.raises(ApiError, match="answered 403"):
        current_mappings(mappings, dict.fromkeys("12", 0), 2, may_be_missing=False)


def test_a_trunk_may_be_missing_in_check_mode_only(clock: FakeClock) -> None:
    mappings = Mappings(client_on(ServedTransport(lambda *_call: answer(404)), clock), "t1")
    assert current_mappings(mappings, {"1": 0}, 2, may_be_missing=True) == {}
    with pytest.raises(ApiError, match="404"):
        current_mappings(mappings, {"1": 0}, 2, may_be_missing=False)


def test_other_errors_are_errors_in_check_mode_too(clock: FakeClock) -> None:
    mappings = Mappings(client_on(ServedTransport(lambda *_call: answer(403)), clock), "t1")
    with pytest.raises(ApiError, match="403"):
        current_mappings(mappings, {"1": 0}, 2, may_be_missing=True)


def test_no_failure_raises_nothing() -> None:
    raise_if_partial(Account(), "t1", {})


def test_a_partial_failure_tells_the_weightiest_reason_and_keeps_the_result() -> None:
    failed: list[tuple[str, AlexaError]] = [
        ("1", InputError("small.")), ("3", ApiError("Could not do it.", status=403)), ("2", InputError("small."))
    ]  # fmt: skip
    account = Account(failed=failed, not_tried=["4", "5"])
    with pytest.raises(PartialError) as caught:
        raise_if_partial(account, "t1", {"changed": True, "created": ["0"]})
    told = str(caught.value)
    assert told.startswith("3 changes of extensions failed on t1, 2 were not tried. Extension 3: Could not do it.")
    assert "run again" in told
    assert caught.value.to_result()["created"] == ["0"]


@pytest.mark.parametrize(("made", "changed"), [({}, False), ({"unit": "profile"}, True)])
def test_an_error_before_the_first_write_accounts_for_every_extension(made: dict[str, str], changed: bool) -> None:
    with pytest.raises(ApiError) as caught, accounted(["7202", "7201"], made):
        raise ApiError("Could not list.", status=503, request_id="id-1")
    told = caught.value.to_result()
    assert (told["not_tried"], told["changed"], told["request_id"]) == (["7201", "7202"], changed, "id-1")
    assert all(told[fate] == [] for fate in FATES[:-1]) and told["failures"] == []


def test_an_account_of_what_was_done_is_kept() -> None:
    with pytest.raises(PartialError) as caught, accounted(["7201"], {}):
        raise PartialError("Some failed.", "Run again.", {"created": ["7201"], "not_tried": []})
    assert caught.value.to_result()["created"] == ["7201"] and caught.value.details["not_tried"] == []
