# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: the message names the value and the remedy; nothing is sent, or nothing is changed."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from harness import MANAGEMENT_SCOPE, UNKNOWN_TRUNK, Site
from issuing import issue
from scenario_chains import CHAIN, INTERMEDIATE, LEAF, NAME, ROOT

PROFILE = "amzn1.alexa.unit.did.abcdef1234"
UNIT = "amzn1.alexa.unit.did.room-1"
PEERS = [{"ip": "203.0.113.10", "port": 5061}]
TRUNK = "amzn1.comms.network.siptrunk.12345"
SHORT = {"tls_name": NAME, "peers": PEERS}
WISH = {**SHORT, "certificate_chain": CHAIN}
ROW = {"extension": "7201", "comms_profile_id": PROFILE}
EXPIRED, FUTURE, OTHER_NAME = (
    issue(NAME, INTERMEDIATE, starts=-9, ends=-1), issue(NAME, INTERMEDIATE, starts=2),
    issue("other.example.com", INTERMEDIATE))
ISSUERS = INTERMEDIATE.pem + ROOT.pem


def peer(ip: str = "203.0.113.10", port: Any = 5061) -> dict[str, Any]:
    return {"peers": [*PEERS, {"ip": ip, "port": port}]}


def chain(text: Any) -> dict[str, Any]:
    return {**SHORT, "certificate_chain": text}


def rows(*extensions: str) -> dict[str, Any]:
    return {"trunk_id": TRUNK, "extensions": [{**ROW, "extension": extension} for extension in extensions]}


# title: module, options, what the message must name
NOTHING_SENT: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "both kinds of peers": (
        "alexa_siptrunk", {**WISH, "fqdn_peer": {"name": NAME}}, ["mutually exclusive", "peers", "fqdn_peer"]),
    "no peers": ("alexa_siptrunk", {"tls_name": NAME, "certificate_chain": CHAIN}, ["peers or fqdn_peer", "address"]),
    "nothing at all": ("alexa_siptrunk", {}, ["trunk_id", "tls_name", "peers", "fqdn_peer"]),
    "port 0": ("alexa_siptrunk", peer(port=0), ["peers[1].port", "port 0", "between 1 and 65535"]),
    "port 70000": ("alexa_siptrunk", peer(port=70000), ["peers[1].port", "port 70000", "between 1 and 65535"]),
    "port 70000 of a name": (
        "alexa_siptrunk", {"fqdn_peer": {"name": NAME, "port": 70000}}, ["fqdn_peer.port", "port 70000"]),
    "no port": ("alexa_siptrunk", peer(port="sip"), ["peers", "sip", "int"]),
    **{f"private address {ip}": (
        "alexa_siptrunk", peer(ip), ["peers[1].ip", ip, "public static IPv4 address"])
       for ip in ("10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "224.0.0.1")},
    **{f"malformed address {ip!r}": ("alexa_siptrunk", peer(ip), ["peers[1].ip", repr(ip), "like 203.0.113.10"])
       for ip in ("203.0.113", "203.0.113.256", "pbx.example.com", "", "2001:db8::1", "203.0.113.10 ")},
    "a peer twice": ("alexa_siptrunk", peer(), ["peers[1]", "203.0.113.10:5061", "twice"]),
    "malformed name": ("alexa_siptrunk", {**WISH, "tls_name": "pbx"}, ["tls_name", "'pbx'", "like pbx.example.com"]),
    "malformed name of a peer": ("alexa_siptrunk", {"fqdn_peer": {"name": "203.0.113.10"}}, [
        "fqdn_peer.name", "203.0.113.10", "like pbx.example.com"]),
    "no chain for the name": ("alexa_siptrunk", SHORT, ["tls_name pbx.example.com", "certificate_chain", "PEM"]),
    "no name for the chain": (
        "alexa_siptrunk", {"peers": PEERS, "certificate_chain": CHAIN}, ["certificate_chain needs tls_name"]),
    "incomplete chain": ("alexa_siptrunk", chain(LEAF.pem), [
        "incomplete", "issuer of CN=pbx.example.com", "CN=Test intermediate", "Append"]),
    "a gap in the chain": ("alexa_siptrunk", chain([LEAF.pem, ROOT.pem]), ["not one chain", "CN=pbx.example.com"]),
    "expired chain": (
        "alexa_siptrunk", chain(EXPIRED.pem + ISSUERS), ["CN=pbx.example.com", "expired on 20", "Renew"]),
    "chain of the future": ("alexa_siptrunk", chain(FUTURE.pem + ISSUERS), ["not valid before 20", "clock"]),
    "chain for another name": ("alexa_siptrunk", chain(OTHER_NAME.pem + ISSUERS), [
        "tls_name pbx.example.com", "other.example.com", "Subject Alternative Name"]),
    "key in the chain": (
        "alexa_siptrunk", chain(CHAIN + LEAF.key_pem), ["private key", "never leaves the PBX"]),
    "key in the list of the chain": (
        "alexa_siptrunk", chain([LEAF.pem, LEAF.key_pem, INTERMEDIATE.pem, ROOT.pem]), ["private key"]),
    "not PEM": ("alexa_siptrunk", chain("MIIB"), ["no PEM", "openssl x509"]),
    "damaged PEM": ("alexa_siptrunk", chain(CHAIN.replace(LEAF.pem[60:90], "")), ["certificate 1 of 3", "damaged"]),
    "chain of another type": ("alexa_siptrunk", chain({"leaf": LEAF.pem}), ["neither a text nor a list"]),
    **{f"empty chain {text!r}": ("alexa_siptrunk", chain(text), ["certificate_chain is empty", "PEM"])
       for text in ("", " \n", [], [""])},
    **{f"extension {bad!r}": (module, options, [where, repr(bad), "1 to 32 of the characters 0-9 * # +"])
       for bad in ("../7201", "72 01", "7201\n", "٧٢٠١", "7" * 33, "")
       for module, options, where in (
           ("alexa_extensions", rows("7200", bad), "extensions[1]"),)},
    **{f"{module} {state} ../7201": (module, {"trunk_id": TRUNK, "extension": "../7201", **state}, [
        "'../7201'", "0-9 * # +"])
       for module, state in (
           ("alexa_extension", {"comms_profile_id": PROFILE}), ("alexa_extension", {"state": "absent"}),
           ("alexa_extension_info", {}))},
    "duplicate extension": (
        "alexa_extensions", rows("7201", "7202", "7201"), ["extensions[2]", "7201", "also in extensions[0]"]),
    "two bad rows": ("alexa_extensions", rows("a", "7201", "b"), ["extensions[0]", "'a'", "extensions[2]", "'b'"]),
    "neither profile nor unit": (
        "alexa_extensions", {"trunk_id": TRUNK, "extensions": [{"extension": "7201"}]},
        ["extensions[0]", "'7201'", "either comms_profile_id or unit_id"]),
    "both profile and unit": (
        "alexa_extensions", {"trunk_id": TRUNK, "extensions": [{**ROW, "unit_id": UNIT}]},
        ["extensions[0]", "'7201'", "not both"]),
    "one extension with both": (
        "alexa_extension", {**ROW, "trunk_id": TRUNK, "unit_id": UNIT}, ["mutually exclusive", "unit_id"]),
    "one extension with neither": (
        "alexa_extension", {"trunk_id": TRUNK, "extension": "7201"}, ["'7201'", "comms_profile_id or unit_id"]),
    "malformed profile": (
        "alexa_extensions", {"trunk_id": TRUNK, "extensions": [{**ROW, "comms_profile_id": "room 1"}]},
        ["extensions[0]", "comms_profile_id 'room 1'", "amzn1."]),
    "malformed unit": ("alexa_comms_profiles", {"units": [{"unit_id": "room-1"}]}, [
        "units[0]", "'room-1'", "amzn1."]),
    "duplicate unit": ("alexa_comms_profiles", {"units": [{"unit_id": UNIT}, {"unit_id": UNIT}]}, [
        "units[1]", UNIT, "twice"]),
    "no trunk": ("alexa_extensions", {"extensions": [ROW]}, ["trunk_id is missing", "alexa_siptrunk_info"]),
    "no trunk for one extension": ("alexa_extension", {**ROW, "trunk_id": ""}, ["trunk_id is missing"]),
    **{f"concurrency {number}": ("alexa_extensions", {**rows("7201"), "concurrency": number}, [
        f"concurrency {number}", "1 to 64"]) for number in (0, 65)},
    "depth 0": ("alexa_unit_info", {"parent_id": UNIT, "depth": 0}, ["depth 0", "1 or more"]),
    "http URL": ("alexa_siptrunk_info", {"api_url": "http://api.example.com"}, [
        "api_url 'http://api.example.com'", "https://"]),
    "http URL for tokens": ("alexa_lwa_token", {"token_url": "http://api.example.com"}, ["token_url", "https://"]),
    "no CA file": ("alexa_siptrunk_info", {"ca_path": "/nonexistent/ca.pem"}, [
        "ca_path /nonexistent/ca.pem does not exist"]),
    "unknown grant": ("alexa_lwa_token", {"grant_type": "password"}, ["grant_type", "client_credentials"]),
}

MAY_BE_MISSING_IN_CHECK_MODE = {
    "no chain for the name", "no trunk", "no trunk for one extension",
    "unknown trunk for extensions", "unknown trunk for one extension", "unknown unit"}


@pytest.mark.parametrize("case", NOTHING_SENT)
@pytest.mark.parametrize("check", [False, True], ids=["real", "check"])
def test_nothing_is_sent(site: Site, case: str, check: bool) -> None:
    module, options, words = NOTHING_SENT[case]
    if check and case in MAY_BE_MISSING_IN_CHECK_MODE:
        site.good(module, check=True, **options)
        return
    site.secrets |= {LEAF.key_pem, LEAF.key_pem.splitlines()[1]}
    message = site.failure(module, check, **options)
    assert [word for word in words if word not in message] == [], message
    assert site.stats()["total"] == 0


NOT_CHANGED: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "unknown trunk": ("alexa_siptrunk", {**WISH, "trunk_id": UNKNOWN_TRUNK}, [UNKNOWN_TRUNK, "alexa_siptrunk_info"]),
    "unknown trunk for extensions": (
        "alexa_extensions", {"trunk_id": UNKNOWN_TRUNK, "extensions": [ROW]},
        [UNKNOWN_TRUNK, "404", "alexa_siptrunk_info", "request id"]),
    "unknown trunk for one extension": (
        "alexa_extension", {"trunk_id": UNKNOWN_TRUNK, **ROW}, ["7201", "404", "alexa_siptrunk_info", "request id"]),
    "unknown trunk for reading": ("alexa_extension_info", {"trunk_id": UNKNOWN_TRUNK}, [UNKNOWN_TRUNK, "404"]),
    "unknown parent": ("alexa_unit_info", {"parent_id": "amzn1.alexa.unit.did.no"}, [
        "amzn1.alexa.unit.did.no", "404", "alexa_unit_info"]),
    "unknown unit": (
        "alexa_comms_profiles", {"units": [{"unit_id": "amzn1.alexa.unit.did.no"}]},
        ["amzn1.alexa.unit.did.no", "Check the unit id"]),
    "prune with an empty list": (
        "alexa_extensions", {"trunk_id": TRUNK, "extensions": [], "prune": True},
        ["empty list", "prune_limit: 100%"]),
    "prune beyond the percentage": (
        "alexa_extensions", {**rows("7200"), "prune": True, "prune_limit": "33%"},
        ["2 of 3", "33% lets (1)", "prune_limit", "alexa_prune_limit"]),
    "prune beyond the default": ("alexa_extensions", {**rows("7200"), "prune": True}, ["2 of 3", "10% lets (1)"]),
    "prune beyond the number": (
        "alexa_extensions", {**rows("7200"), "prune": True, "prune_limit": "1"}, ["2 of 3", "set prune_limit to 2"]),
    "malformed prune limit": (
        "alexa_extensions", {**rows("7200"), "prune": True, "prune_limit": "a few"}, ["'a few'", "10%"]),
    "a change without the chain": (
        "alexa_siptrunk", {"trunk_id": TRUNK, "peers": [{"ip": "203.0.113.77"}]}, [TRUNK, "certificate_chain"]),
}


@pytest.mark.parametrize("case", NOT_CHANGED)
@pytest.mark.parametrize("check", [False, True], ids=["real", "check"])
def test_nothing_is_changed(site: Site, case: str, check: bool) -> None:
    module, options, words = NOT_CHANGED[case]
    site.settings(chain_in_get=False)
    site.add_trunk(trunkId=TRUNK, tls={"name": NAME, "certificateChain": [LEAF.pem]})
    site.map(TRUNK, x7200=PROFILE, x7211=PROFILE, x7212=PROFILE)
    before = site.state()
    if check and case in MAY_BE_MISSING_IN_CHECK_MODE:
        site.good(module, check=True, **options)
    else:
        message = site.failure(module, check, **options)
        assert [word for word in words if word not in message] == [], message
    assert site.state() == before


READERS: dict[str, dict[str, Any]] = {
    "alexa_siptrunk": WISH, "alexa_siptrunk_info": {}, "alexa_extension": {"trunk_id": TRUNK, **ROW},
    "alexa_extensions": rows("7201"), "alexa_extension_info": {"trunk_id": TRUNK},
    "alexa_comms_profiles": {"units": [{"unit_id": UNIT}]}, "alexa_unit_info": {"parent_id": UNIT}}
EVERY_MODULE = {**READERS, "alexa_lwa_token": {}}
every_module = pytest.mark.parametrize("module", EVERY_MODULE)


@every_module
def test_no_credentials(site: Site, module: str) -> None:
    for name in ("ALEXA_CLIENT_ID", "ALEXA_CLIENT_SECRET", "ALEXA_REFRESH_TOKEN"):
        del site.environment[name]
    message = site.failure(module, **EVERY_MODULE[module])
    assert "no credentials" in message and "ALEXA_" in message
    assert site.stats()["total"] == 0


def test_no_refresh_token(site: Site) -> None:
    del site.environment["ALEXA_REFRESH_TOKEN"]
    by_unit = {"extension": "7201", "unit_id": UNIT}
    site.add_trunk(trunkId=TRUNK)
    for module, options in (
        ("alexa_lwa_token", {"grant_type": "refresh_token"}), ("alexa_extension", {"trunk_id": TRUNK, **by_unit}),
        ("alexa_extensions", {"trunk_id": TRUNK, "extensions": [by_unit]}),
        ("alexa_comms_profiles", READERS["alexa_comms_profiles"]), ("alexa_unit_info", {"parent_id": UNIT}),
    ):
        assert "refresh_token (ALEXA_REFRESH_TOKEN)" in site.failure(module, **options)
    assert site.writes() == {}


@every_module
def test_wrong_secret(site: Site, module: str) -> None:
    message = site.failure(module, **EVERY_MODULE[module], client_secret="wrong|se+cret")
    assert "invalid_client" in message or "Client authentication failed" in message
    assert "401" in message and "ALEXA_CLIENT_SECRET" in message and "console" in message
    assert site.stats()["api_requests"] == 0


def test_wrong_refresh_token(site: Site) -> None:
    message = site.failure("alexa_unit_info", parent_id=UNIT, refresh_token="Atzr|of-somebody-else")
    assert "ALEXA_REFRESH_TOKEN" in message and "authorize" in message
    assert site.stats()["api_requests"] == 0


def test_wrong_scope_asked_for(site: Site) -> None:
    message = site.failure("alexa_lwa_token", scope="profile")
    assert "Login with Amazon gave no token" in message and "Grant API Access" in message


@pytest.mark.parametrize("module", READERS)
def test_client_not_granted(site: Site, module: str) -> None:
    site.settings(granted=False)
    outcome = site.run(module, **READERS[module])
    assert not outcome.ok and outcome["request_id"] in outcome["msg"] and outcome["status"] == 403
    assert "Grant API Access" in outcome["msg"] and "subscription" in outcome["msg"]
    assert site.writes() == {}


@pytest.mark.parametrize("module", READERS)
def test_token_of_the_wrong_scope(site: Site, module: str) -> None:
    is_management = module in ("alexa_comms_profiles", "alexa_unit_info")
    token = site.token() if is_management else site.token(MANAGEMENT_SCOPE)
    site.secrets.add(token)
    site.environment.pop("ALEXA_REFRESH_TOKEN")
    message = site.failure(module, **READERS[module], access_token=token)
    assert "403" in message and "scope of this operation" in message
    assert site.writes() == {}


@every_module
def test_no_route(site: Site, module: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = f"https://127.0.0.1:{taken.getsockname()[1]}"
        target = {"token_url": url} if module == "alexa_lwa_token" else {"api_url": url}
        message = site.failure(module, **EVERY_MODULE[module], **target, retry_timeout=0)
    assert f"No connection to {url[8:]}" in message and "firewall" in message and "refused" in message


def test_never_active(site: Site) -> None:
    site.settings(activation_delay=600)
    wait = {"wait": True, "wait_timeout": 0.3, "wait_interval": 0.1}
    outcome = site.run("alexa_siptrunk", **WISH, **wait)
    (trunk,) = site.state()["trunks"]
    assert not outcome.ok and outcome["trunk"]["trunk_id"] == trunk["trunkId"]
    for word in (trunk["trunkId"], "0.3 seconds", "CREATING", "Run again", "wait_timeout"):
        assert word in outcome["msg"]
    site.simulator.control("POST", "/activate")
    again = site.good("alexa_siptrunk", **WISH, **wait)
    assert (again["changed"], again["trunk"]["status"]) == (False, "ACTIVE")
    assert len(site.state()["trunks"]) == 1


@pytest.mark.parametrize("status", ["FAILED", "CREATION_ERROR", "Rejected"])
def test_failed_status(site: Site, status: str) -> None:
    site.settings(final_status=status)
    outcome = site.run("alexa_siptrunk", **WISH, wait=True)
    assert not outcome.ok and outcome["trunk"]["status"] == status
    assert f"ended in status {status}" in outcome["msg"] and "certificate, name, address and port" in outcome["msg"]


def test_two_trunks_that_match(site: Site) -> None:
    ids = [site.add_trunk(tls={"name": NAME, "certificateChain": [LEAF.pem]}) for _number in range(2)]
    for state in ("present", "absent"):
        message = site.failure("alexa_siptrunk", **WISH, state=state)
        assert "2 SIP trunks match" in message and "trunk_id" in message and "alexa_trunk_id" in message
        assert all(trunk_id in message for trunk_id in ids)
    assert site.writes() == {}
    assert site.good("alexa_siptrunk", state="absent", trunk_id=ids[0])["changed"]


def test_namesakes_elsewhere_are_told(site: Site) -> None:
    elsewhere = site.add_trunk(
        tls={"name": NAME, "certificateChain": [LEAF.pem]}, peers=[{"ip": "203.0.113.99", "port": 5061}])
    made = site.good("alexa_siptrunk", **WISH)
    assert any(elsewhere in warning and "trunk_id" in warning for warning in map(str, made["warnings"]))


def test_a_shuffled_chain_is_repaired(site: Site) -> None:
    made = site.good("alexa_siptrunk", **chain(ROOT.pem + INTERMEDIATE.pem + LEAF.pem + LEAF.pem))
    warnings = " ".join(map(str, made["warnings"]))
    assert "not in order" in warnings and "twice" in warnings
    (trunk,) = site.state()["trunks"]
    assert trunk["tls"]["certificateChain"] == [LEAF.pem, INTERMEDIATE.pem, ROOT.pem]


def test_the_country_is_not_served(site: Site) -> None:
    site.settings(country="DE")
    assert "not available to organizations of this country" in site.failure("alexa_siptrunk_info")
