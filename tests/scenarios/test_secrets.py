# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret leaves. Every run of these scenarios is searched by C(Site); here are the ways a secret could get out."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils import _http, _module
from harness import CLIENT_SECRET, MANAGEMENT_SCOPE, REFRESH_TOKEN, TRUNK_SCOPE, Site, run, spellings
from scenario_chains import CHAIN, LEAF, NAME

TRUNK = "amzn1.comms.network.siptrunk.12345"
PROFILE = "amzn1.alexa.unit.did.abcdef1234"
BOOK = "amzn1.alexa.addressbook.did.other"
ORGANIZATION = "amzn1.alexa.unit.did.ORGANIZATION"
MODULES: dict[str, dict[str, Any]] = {
    "alexa_lwa_token": {},
    "alexa_siptrunk": {"tls_name": NAME, "certificate_chain": CHAIN, "peers": [{"ip": "203.0.113.10"}]},
    "alexa_siptrunk_info": {},
    "alexa_extension": {"trunk_id": TRUNK, "extension": "7201", "unit_id": "amzn1.alexa.unit.did.room-1"},
    "alexa_extensions": {"trunk_id": TRUNK, "extensions": [
        {"extension": "7202", "unit_id": "amzn1.alexa.unit.did.room-1"}]},
    "alexa_extension_info": {"trunk_id": TRUNK},
    "alexa_comms_profiles": {"units": [{"unit_id": "amzn1.alexa.unit.did.room-1", "name": "Room 1"}]},
    "alexa_unit_info": {"parent_id": ORGANIZATION},
    "alexa_address_book": {"name": "Aurora", "units": ["amzn1.alexa.unit.did.room-1"]},
    "alexa_address_book_info": {},
    "alexa_contacts": {"address_book_id": BOOK, "contacts": [{"name": "Desk", "phone_numbers": ["+12065550100"]}]},
    "alexa_contact_info": {"address_book_id": BOOK},
}
MANAGEMENT = ("alexa_comms_profiles", "alexa_unit_info", "alexa_address_book", "alexa_address_book_info",
              "alexa_contacts", "alexa_contact_info")
every_module = pytest.mark.parametrize("module", MODULES)


@pytest.fixture
def account(site: Site) -> Site:
    site.add_trunk(trunkId=TRUNK)
    site.add_units("room-1")
    site.add_book(addressBookId=BOOK, name="Somebody else's")
    return site


def echo(*secrets: str) -> dict[str, Any]:
    """What a careless server answers: all that it was sent, in every spelling."""
    told = " ".join(spelling for secret in secrets for spelling in sorted(spellings(secret)))
    return {"message": f"you sent {told}", "error": "invalid_client", "error_description": f"you sent {told}"}


@every_module
def test_success_shows_none(account: Site, module: str) -> None:
    account.good(module, **MODULES[module])
    token = account.token(MANAGEMENT_SCOPE if module in MANAGEMENT else TRUNK_SCOPE)
    account.secrets.add(token)
    if module != "alexa_lwa_token" and module not in MANAGEMENT:
        account.good(module, **MODULES[module], access_token=token)


def shown_with_tracebacks(site: Site, module: str, **options: Any) -> str:
    """All that a failing module writes when Ansible is set to show tracebacks."""
    outcome = run(module, site.environment, tracebacks=True, **options)
    assert not outcome.ok and "Traceback" in outcome["exception"]
    site.assert_no_secret(outcome.raw)
    return outcome.raw


@every_module
@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_server_that_repeats_what_it_was_sent(account: Site, module: str, status: int) -> None:
    scope = MANAGEMENT_SCOPE if module in MANAGEMENT else TRUNK_SCOPE
    given = "Atc|given+to/the%7module"
    account.secrets |= {given, account.token(scope)}
    body = echo(CLIENT_SECRET, REFRESH_TOKEN, *account.secrets)
    account.fault("status", path="/auth/" if module == "alexa_lwa_token" else "/v", status=status, body=body, times=99)
    options = {**MODULES[module], "access_token": given, "retry_timeout": 0}
    message = account.failure(module, **options)
    assert "you sent" in message and "********" in message
    shown_with_tracebacks(account, module, **options)


@every_module
def test_login_repeats_what_it_was_sent(account: Site, module: str) -> None:
    account.fault("status", path="/auth/", status=400, body=echo(CLIENT_SECRET, REFRESH_TOKEN), times=99)
    message = account.failure(module, **MODULES[module], retry_timeout=0)
    assert "you sent" in message and "********" in message


@every_module
def test_secrets_given_as_options(account: Site, module: str) -> None:
    given = {"client_secret": CLIENT_SECRET + "/wrong", "access_token": "Atc|wrong+token/%7C"}
    if module not in ("alexa_siptrunk", "alexa_siptrunk_info", "alexa_extension_info"):
        given["refresh_token"] = "Atzr|wrong+token/%7C"
    account.secrets |= set(given.values())
    account.failure(module, **MODULES[module], **given, retry_timeout=0)


@every_module
def test_a_fault_of_the_collection_itself(
    account: Site, module: str, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A traceback helps to mend the fault; it comes without the secrets that it quotes."""

    def send(_self: object, method: str, url: str, headers: Any, body: bytes | None = None) -> None:
        raise ValueError(f"{method} {url} {dict(headers)} {body!r} {CLIENT_SECRET}")

    monkeypatch.setattr(_http.Transport, "send", send)
    given = "Atc|given+to/the%7module"
    account.secrets.add(given)
    shown = shown_with_tracebacks(account, module, **MODULES[module], access_token=given)
    assert "Fault in the collection: ValueError" in shown and "in send" in shown and "********" in shown


def test_a_key_in_the_chain(site: Site) -> None:
    site.secrets |= {line for line in LEAF.key_pem.splitlines() if len(line) > 20}
    for chain in (CHAIN + LEAF.key_pem, [LEAF.pem, LEAF.key_pem], {"key": LEAF.key_pem}):
        site.failure("alexa_siptrunk", tls_name=NAME, peers=[{"ip": "203.0.113.10"}], certificate_chain=chain)
    assert site.stats()["total"] == 0


def test_what_is_logged(account: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible logs how each module was called."""
    logged: list[str] = []
    monkeypatch.setattr(_module.AnsibleModule, "log", lambda _self, message, log_args=None: logged.extend(
        [str(message), str(log_args)]))
    token = account.token()
    account.secrets |= {token, *(line for line in LEAF.key_pem.splitlines() if len(line) > 20)}
    for module, options in MODULES.items():
        more = {} if module in (*MANAGEMENT, "alexa_lwa_token") else {"access_token": token}
        account.good(module, **options, **more, client_secret=CLIENT_SECRET)
    account.failure("alexa_siptrunk", **{**MODULES["alexa_siptrunk"], "certificate_chain": [LEAF.key_pem]})
    assert len(logged) >= 2 * len(MODULES)
    account.assert_no_secret("\n".join(logged))


def test_a_token_is_returned_by_its_module_alone(site: Site) -> None:
    login = site.good("alexa_lwa_token")
    assert login["access_token"].startswith("Atc|")
    assert login.raw.count(login["access_token"]) == 1
