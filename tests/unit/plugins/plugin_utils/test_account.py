# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account that options name."""

from __future__ import annotations

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import CredentialsError
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._account import (
    mark_of,
    refuse_incomplete_credential,
)

WHOLE = {
    "api_url": "https://api.example.com",
    "client_id": "client",
    "client_secret": "secret",
    "refresh_token": "refresh",
    "access_token": None,
}


@pytest.mark.parametrize(
    "changes",
    [{}, {"access_token": "token"}, {"access_token": "token", "refresh_token": None, "client_secret": ""}],
)
def test_enough_to_log_in_passes(changes: dict[str, str | None]) -> None:
    refuse_incomplete_credential(WHOLE | changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"client_secret": None}, r"there is no client_secret\. Give ALEXA_CLIENT_SECRET in"),
        ({"client_secret": "", "access_token": "token"}, "there is no client_secret"),
        ({"refresh_token": None}, r"there is no refresh_token\. Give ALEXA_REFRESH_TOKEN in"),
        (
            {"client_id": None, "refresh_token": None},
            r"no client_id and no refresh_token\. Give ALEXA_CLIENT_ID, ALEXA_REF",
        ),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, str | None], told: str) -> None:
    with pytest.raises(CredentialsError, match=told):
        refuse_incomplete_credential(WHOLE | changes)


def test_a_mark_tells_accounts_apart() -> None:
    others = [{"api_url": "https://other"}, {"client_id": "other"}, {"refresh_token": "other"}]
    marks = {mark_of(WHOLE | changes, "parent") for changes in ({}, *others)} | {mark_of(WHOLE, "other")}
    assert len(marks) == 5
    assert mark_of(WHOLE | {"client_secret": "renewed", "access_token": "token"}, "parent") in marks
