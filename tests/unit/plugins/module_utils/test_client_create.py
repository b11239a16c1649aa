# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A thing is made exactly once, even where the answer gets lost."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ApiError, TransportError
from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Response
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.fakes import (
    Call,
    FakeClock,
    ServedTransport,
    answer,
    client_on,
    lost,
)

Scripted = Callable[..., Client]
LOST = [lost(), answer(500), answer(502), answer(503), answer(504)]
LOST_IDS = ["lost", "500", "502", "503", "504"]


def create(client: Client) -> Any:
    """Makes a thing that GET /thing shows."""
    return client.create("make it", "/things", {"x": 1}, lambda body: body["id"], lambda: client.get("look", "/thing"))


def post(outcome: Any) -> Call:
    return Call("POST", "/things", outcome, {"x": 1})


def look(outcome: Any) -> Call:
    return Call("GET", "/thing", outcome)


def test_a_good_answer_needs_no_look(scripted: Scripted) -> None:
    assert create(scripted(post(answer(201, {"id": 7})))) == 7


@pytest.mark.parametrize("outcome", LOST, ids=LOST_IDS)
def test_a_thing_that_was_made_although_the_answer_got_lost_is_found(scripted: Scripted, outcome: Any) -> None:
    assert create(scripted(post(outcome), look(answer(200, {"id": 8})))) == {"id": 8}


@pytest.mark.parametrize("outcome", LOST, ids=LOST_IDS)
def test_a_thing_that_was_not_made_is_made_after_a_look_and_a_pause(
    scripted: Scripted, clock: FakeClock, outcome: Any
) -> None:
    client = scripted(post(outcome), look(answer(404)), post(outcome), look(answer(404)), post(answer(201, {"id": 9})))
    assert create(client) == 9
    assert len(clock.sleeps) == 2


def test_each_loss_is_followed_by_a_look_until_the_time_is_up(clock: FakeClock) -> None:
    def serve(method: str, _path: str, _body: Any) -> Response:
        if method == "POST":
            raise lost()
        return answer(404)

    transport = ServedTransport(serve)
    with pytest.raises(TransportError, match="Could not make it"):
        create(client_on(transport, clock, retry_timeout=30))
    assert transport.calls == [("POST", "/things"), ("GET", "/thing")] * (len(clock.sleeps) + 1)
    assert 4 <= len(clock.sleeps) <= 7
    assert sum(clock.sleeps) < 30


def test_without_repeats_a_loss_is_followed_by_one_look(scripted: Scripted, clock: FakeClock) -> None:
    assert create(scripted(post(lost()), look(answer(200, {"id": 8})), retry_timeout=0)) == {"id": 8}
    with pytest.raises(TransportError):
        create(scripted(post(lost()), look(answer(404)), retry_timeout=0))
    with pytest.raises(ApiError, match="answered 503"):
        create(scripted(post(answer(503)), look(answer(404)), retry_timeout=0))
    assert clock.sleeps == []


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_refusal_is_an_error_at_once(scripted: Scripted, status: int) -> None:
    with pytest.raises(ApiError, match=f"answered {status}"):
        create(scripted(post(answer(status))))


def test_a_throttled_creation_is_repeated_without_a_look(scripted: Scripted) -> None:
    assert create(scripted(post(answer(429)), post(answer(201, {"id": 7})))) == 7


def test_a_creation_that_never_left_is_repeated_without_a_look(scripted: Scripted) -> None:
    assert create(scripted(post(lost(sent=False)), post(answer(201, {"id": 7})))) == 7


def test_a_server_that_is_not_trusted_is_not_looked_at(scripted: Scripted) -> None:
    with pytest.raises(TransportError):
        create(scripted(post(lost(sent=False, hopeless=True))))


def test_a_good_answer_in_html_is_an_error(scripted: Scripted) -> None:
    with pytest.raises(ApiError, match="no JSON"):
        create(scripted(post(answer(200, "<html></html>"))))


def test_a_look_that_fails_is_the_error(scripted: Scripted) -> None:
    with pytest.raises(ApiError, match="Could not look"):
        create(scripted(post(lost()), look(answer(403))))
