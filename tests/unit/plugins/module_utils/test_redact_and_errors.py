# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret is shown in any spelling, and errors say what happened and what to do."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import (
    AlexaError,
    ApiError,
    CredentialsError,
    InputError,
    PartialError,
    TransportError,
    WaitError,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._redact import MASK, Redactor

SECRETS = [
    "Atc|plain", "s3cr3t/with+signs&more", 'quote"and\\backslash', "sp ace%41", "umlaut-\u00fc", "a~b|c", "tab\there",
]  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "spelled",
    [str, quote, lambda text: quote(text, safe=""), quote_plus, lambda text: json.dumps(text)[1:-1]],
    ids=["plain", "in a path", "percent", "form", "json"],
)
def test_a_known_secret_is_masked_in_every_spelling(secret: str, spelled: Any) -> None:
    redactor = Redactor()
    redactor.add(secret)
    shown = redactor.text(f"before {spelled(secret)} after")
    assert shown == f"before {MASK} after"


def test_a_secret_that_begins_another_does_not_leave_its_rest() -> None:
    redactor = Redactor()
    redactor.add("abc")
    redactor.add("abcdef")
    assert redactor.text("abcdef") == MASK


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_empty_secret_masks_nothing(nothing: str | None) -> None:
    redactor = Redactor()
    redactor.add(nothing)
    assert redactor.text("text") == "text"


@pytest.mark.parametrize("token", ["Atc|MQEBIA", "Atza|Iw-_.x", "Atzr%7CIwEB", "Atc%7cIwEB", "Atc\\u007cIwEB"])
def test_tokens_that_nobody_registered_are_masked(token: str) -> None:
    assert Redactor().text(f'{{"token": "{token}", "a": 1}}') == f'{{"token": "{MASK}", "a": 1}}'


@pytest.mark.parametrize("kind", ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
@pytest.mark.parametrize("ending", ["\n-----END {kind}-----", ""], ids=["whole", "cut off"])
def test_private_keys_are_masked(kind: str, ending: str) -> None:
    shown = Redactor().text(f"x -----BEGIN {kind}-----\nMIIEvQ\n{ending.format(kind=kind)}")
    assert shown == f"x {MASK}"


def test_values_are_masked_at_any_depth_and_keep_their_shape() -> None:
    redactor = Redactor()
    redactor.add("secret")
    value = {"a": ["my secret", {"b": ("secret", 1)}], "c": None, "d": True, "e": 2.5}
    assert redactor.value(value) == {"a": [f"my {MASK}", {"b": [MASK, 1]}], "c": None, "d": True, "e": 2.5}


def test_an_error_renders_message_next_step_and_details() -> None:
    error = ApiError("Could not do it.", "Try this.", status=403, request_id="id-1")
    assert error.to_result() == {"msg": "Could not do it. Try this.", "status": 403, "request_id": "id-1"}
    assert str(InputError("Only this.")) == "Only this."


def test_a_partial_error_keeps_the_whole_result() -> None:
    error = PartialError("2 failed.", "Run again.", {"changed": True, "created": ["1"]})
    assert error.to_result() == {"msg": "2 failed. Run again.", "changed": True, "created": ["1"]}


@pytest.mark.parametrize(
    ("error", "uncertain", "stops_all"),
    [
        (InputError("x"), False, False),
        (CredentialsError("x"), False, True),
        (WaitError("x"), False, False),
        (TransportError("x"), True, True),
        (TransportError("x", sent=False), False, True),
        (ApiError("x", status=200), False, False),
        (ApiError("x", status=400), False, False),
        (ApiError("x", status=401), False, True),
        (ApiError("x", status=403), False, True),
        (ApiError("x", status=404), False, False),
        (ApiError("x", status=409), False, False),
        (ApiError("x", status=429), False, True),
        (ApiError("x", status=500), True, True),
        (ApiError("x", status=503), True, True),
    ],
)
def test_what_an_error_means_for_the_rest(error: AlexaError, uncertain: bool, stops_all: bool) -> None:
    assert (error.uncertain, error.stops_all) == (uncertain, stops_all)
