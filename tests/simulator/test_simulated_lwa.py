# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login with Amazon: grants, errors, scopes, life of a token."""

from __future__ import annotations

import pytest

from alexa_simulator.launcher import Simulator
from simulator_client import MANAGEMENT_SCOPE, TRUNK_SCOPE, TRUNKS, Api, Lwa, refused, until


def test_client_credentials_give_the_answer_of_amazons_page(lwa: Lwa) -> None:
    answer = lwa.ask(lwa.form())
    assert answer.status_code == 200
    token = answer.json().pop("access_token")
    assert token.startswith("Atc|")
    assert {**answer.json(), "access_token": ""} == {
        "access_token": "", "expires_in": 3600, "scope": TRUNK_SCOPE, "token_type": "Bearer"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_refresh_token_gives_a_management_token(lwa: Lwa) -> None:
    answer = lwa.ask(lwa.form("refresh_token"))
    assert answer.status_code == 200
    assert answer.json()["access_token"].startswith("Atza|")
    assert answer.json()["refresh_token"] == lwa.form("refresh_token")["refresh_token"]


@pytest.mark.parametrize(("grant", "changes", "status", "error"), [
    ("client_credentials", {"client_secret": "wrong"}, 401, "invalid_client"),
    ("client_credentials", {"client_id": "wrong"}, 401, "invalid_client"),
    ("refresh_token", {"client_secret": "wrong"}, 401, "invalid_client"),
    ("client_credentials", {"client_secret": None}, 400, "invalid_request"),
    ("client_credentials", {"client_id": ""}, 400, "invalid_request"),
    ("client_credentials", {"scope": None}, 400, "invalid_request"),
    ("client_credentials", {"grant_type": None}, 400, "invalid_request"),
    ("refresh_token", {"refresh_token": None}, 400, "invalid_request"),
    ("client_credentials", {"scope": MANAGEMENT_SCOPE}, 400, "invalid_scope"),
    ("client_credentials", {"scope": TRUNK_SCOPE + " profile"}, 400, "invalid_scope"),
    ("refresh_token", {"scope": TRUNK_SCOPE}, 400, "invalid_scope"),
    ("refresh_token", {"refresh_token": "Atzr|wrong"}, 400, "invalid_grant"),
    ("password", {}, 400, "unsupported_grant_type"),
])
def test_errors_are_those_of_rfc_6749(lwa: Lwa, grant: str, changes: dict[str, str | None], status: int,
                                      error: str) -> None:
    answer = lwa.ask(lwa.form(grant, **changes))
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]


def test_a_form_must_be_a_form(lwa: Lwa) -> None:
    answer = lwa.ask(None, json=lwa.form())
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    answer = lwa.ask([*lwa.form().items(), ("scope", TRUNK_SCOPE)])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic {token}", "{token}", "Bearer Atc|invented"])
def test_a_request_without_a_known_token_answers_401(pbx: Api, header: str | None) -> None:
    token = str(pbx.headers["Authorization"]).removeprefix("Bearer ")
    del pbx.headers["Authorization"]
    refused(pbx.get(TRUNKS, headers={} if header is None else {"Authorization": header.format(token=token)}), 401)


def test_scopes_open_their_own_api_only(pbx: Api, management: Api) -> None:
    assert pbx.get(TRUNKS).status_code == 200
    assert management.get("/v2/units").status_code == 200
    refused(management.get(TRUNKS), 403, TRUNK_SCOPE)
    for path in ("/v2/units", "/v1/communications/profile"):
        refused(pbx.get(path), 403, MANAGEMENT_SCOPE)


def test_a_token_expires(simulator: Simulator, lwa: Lwa) -> None:
    simulator.control("PUT", "/settings", {"token_lifetime": 1})
    assert lwa.ask(lwa.form()).json()["expires_in"] == 1
    with Api(simulator, lwa.token(TRUNK_SCOPE)) as pbx:
        assert pbx.get(TRUNKS).status_code == 200
        until(lambda: pbx.get(TRUNKS).status_code != 200)
        refused(pbx.get(TRUNKS), 401, "expired")


def test_revoked_tokens_are_refused_and_new_ones_are_not(simulator: Simulator, lwa: Lwa, pbx: Api) -> None:
    assert simulator.control("POST", "/revoke-tokens") == {"revoked": 1}
    refused(pbx.get(TRUNKS), 401)
    pbx.headers["Authorization"] = "Bearer " + lwa.token(TRUNK_SCOPE)
    assert pbx.get(TRUNKS).status_code == 200


def test_a_client_that_is_not_granted_gets_tokens_and_403(simulator: Simulator, lwa: Lwa, pbx: Api,
                                                          management: Api) -> None:
    simulator.control("PUT", "/settings", {"granted": False})
    lwa.token(TRUNK_SCOPE)
    refused(pbx.get(TRUNKS), 403, "not granted")
    refused(management.get("/v2/units"), 403, "not granted")


def test_the_pbx_api_is_for_organizations_of_the_us(simulator: Simulator, pbx: Api, management: Api) -> None:
    simulator.control("PUT", "/settings", {"country": "DE"})
    refused(pbx.get(TRUNKS), 403, "country")
    assert management.get("/v2/units").status_code == 200
