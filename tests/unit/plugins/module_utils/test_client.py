# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls with a token: what is sent, what each answer means, lists to their last page."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError, TransportError
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import (
    API,
    Call,
    FakeClock,
    ScriptedTransport,
    answer,
    client_on,
    lost,
)

Scripted = Callable[..., Client]
HTML = "<html>\n<h1>Proxy</h1></html>"


def test_a_request_carries_token_and_json(clock: FakeClock) -> None:
    transport = ScriptedTransport(Call("GET", "/a", answer(200, {"x": 1})), Call("PUT", "/b", body={"name": "\u00fc"}))
    client = client_on(transport, clock)
    assert client.get("read", "/a") == {"x": 1}
    client.put("write", "/b", {"name": "\u00fc"})
    transport.finish()
    first, second = transport.headers
    assert first == {"Authorization": "Bearer token-1", "Accept": "application/json"}
    assert second["Content-Type"] == "application/json"


@pytest.mark.parametrize("ending", ["", "/"])
def test_a_slash_at_the_end_of_the_url_does_not_matter(clock: FakeClock, ending: str) -> None:
    client = client_on(ScriptedTransport(Call("GET", "/a", answer(200, {}))), clock, api_url=API + ending)
    assert client.get("read", "/a") == {}


def test_what_is_not_there_is_none(scripted: Scripted) -> None:
    assert scripted(Call("GET", "/a", answer(404, {"message": "no"}))).get("read", "/a") is None
    assert scripted(Call("GET", "/a", answer(404))).get("read", "/a") is None


@pytest.mark.parametrize(("status", "was_there"), [(200, True), (204, True), (404, False)])
def test_delete_tells_whether_it_was_there(scripted: Scripted, status: int, was_there: bool) -> None:
    assert scripted(Call("DELETE", "/a", answer(status))).delete("remove", "/a") is was_there


@pytest.mark.parametrize("method", ["get", "delete"])
def test_a_404_in_html_does_not_mean_that_the_thing_is_gone(scripted: Scripted, method: str) -> None:
    client = scripted(Call(method.upper(), "/a", answer(404, HTML)))
    with pytest.raises(ApiError, match="no JSON but: <html> <h1>Proxy</h1></html>"):
        getattr(client, method)("try it", "/a")


def test_a_401_renews_the_token_once_and_repeats_the_request(clock: FakeClock) -> None:
    transport = ScriptedTransport(Call("PUT", "/a", answer(401), {"x": 1}), Call("PUT", "/a", answer(200), {"x": 1}))
    client_on(transport, clock).put("write", "/a", {"x": 1})
    transport.finish()
    assert [headers["Authorization"] for headers in transport.headers] == ["Bearer token-1", "Bearer token-2"]


def test_a_second_401_is_an_error(scripted: Scripted) -> None:
    client = scripted(Call("GET", "/a", answer(401)), Call("GET", "/a", answer(401, {"message": "bad token"})))
    with pytest.raises(ApiError, match="bad token.*renewed once and rejected again"):
        client.get("read", "/a")


def test_a_403_for_a_limit_sends_nobody_to_the_console(scripted: Scripted) -> None:
    told = {"message": "You have reached maximum number of address books that you can create per organization: 35000."}
    client = scripted(Call("GET", "/x", answer(403, told)))
    with pytest.raises(ApiError, match="35000") as raised:
        client.get("read", "/x")
    assert "Grant" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "hint"),
    [(403, "Grant API Access"), (404, "alexa_siptrunk_info"), (429, "requests_per_second")],
)
def test_an_error_names_the_next_step_where_one_is_known(scripted: Scripted, status: int, hint: str) -> None:
    with pytest.raises(ApiError, match=hint):
        scripted(Call("PUT", "/a", answer(status)), retry_timeout=0).put("write", "/a", {})


def test_an_error_says_what_was_tried_and_what_came(scripted: Scripted) -> None:
    refusal = answer(400, {"message": "ip is wrong"}, X_Amzn_RequestId="id-1")
    with pytest.raises(ApiError) as caught:
        scripted(Call("PUT", "/a", refusal)).put("update it", "/a", {})
    assert str(caught.value) == "Could not update it: PUT /a answered 400: ip is wrong (request id id-1)."
    assert caught.value.details == {"status": 400, "request_id": "id-1"}


def test_an_error_without_reason_and_id(scripted: Scripted) -> None:
    with pytest.raises(ApiError, match=r"answered 400: no reason given\.$"):
        scripted(Call("PUT", "/a", answer(400))).put("update it", "/a", {})


@pytest.mark.parametrize("status", [200, 201, 302, 400, 502])
def test_an_answer_in_html_is_no_answer_of_the_api(scripted: Scripted, status: int) -> None:
    with pytest.raises(ApiError, match=f"answered {status}: no JSON but: <html> <h1>Proxy.*Check api_url"):
        scripted(Call("GET", "/a", answer(status, HTML)), retry_timeout=0).get("read", "/a")


def test_a_redirect_is_an_error(scripted: Scripted) -> None:
    with pytest.raises(ApiError, match="answered 302"):
        scripted(Call("GET", "/a", answer(302, Location="https://elsewhere.example"))).get("read", "/a")


def test_an_empty_answer_to_a_read_is_an_error(scripted: Scripted) -> None:
    with pytest.raises(ApiError, match="empty body"):
        scripted(Call("GET", "/a", answer(200))).get("read", "/a")


def test_no_answer_says_what_was_tried(scripted: Scripted) -> None:
    with pytest.raises(TransportError, match="^Could not read it: The connection was lost"):
        scripted(Call("GET", "/a", lost()), retry_timeout=0).get("read it", "/a")


def test_a_429_holds_the_pace_back_for_as_long_as_it_says(clock: FakeClock) -> None:
    transport = ScriptedTransport(
        Call("GET", "/a", answer(429, Retry_After="40")), Call("GET", "/a", answer(200, {})), Call("PUT", "/b")
    )
    client, started = client_on(transport, clock), clock.now()
    client.get("read", "/a")
    assert clock.now() - started >= 40
    client.put("write", "/b", {})
    assert client._pace._store.read().limit > 0
    transport.finish()


def page(items: list[Any], token: str | None = None) -> Any:
    return answer(200, {"results": items, "paginationContext": {"nextToken": token} if token else {}})


def test_a_list_is_read_to_its_last_page(scripted: Scripted) -> None:
    client = scripted(
        Call("GET", "/a?b=c", page([{"n": 1}], "x/1")),
        Call("GET", "/a?b=c&nextToken=x%2F1", page([], "x2")),
        Call("GET", "/a?b=c&nextToken=x2", page([{"n": 2}, {"n": 3}])),
    )
    assert [item["n"] for item in client.pages("list", "/a?b=c")] == [1, 2, 3]


def test_a_bare_list_is_one_page(scripted: Scripted) -> None:
    assert list(scripted(Call("GET", "/a", answer(200, [{"n": 1}]))).pages("list", "/a")) == [{"n": 1}]


@pytest.mark.parametrize("tokens", [["t", "t"], ["t", "u", "t"]])
def test_a_page_token_that_repeats_is_an_error(scripted: Scripted, tokens: list[str]) -> None:
    paths = ["/a"] + [f"/a?nextToken={token}" for token in tokens[:-1]]
    client = scripted(*[Call("GET", path, page([{}], token)) for path, token in zip(paths, tokens)])
    with pytest.raises(ApiError, match="page token that repeats"):
        list(client.pages("list", "/a"))


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (answer(404, {"message": "no such trunk"}), "no such trunk"),
        (answer(200, {"results": "x"}), "unknown form of list"),
        (answer(200, '"text"'), "unknown form of list"),
        (answer(200), "empty body"),
        (answer(200, HTML), "no JSON"),
    ],
)
def test_a_list_that_can_not_be_read_is_an_error(scripted: Scripted, outcome: Any, told: str) -> None:
    with pytest.raises(ApiError, match=told):
        list(scripted(Call("GET", "/a", outcome)).pages("list", "/a"))
