# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of alexa_siptrunk become a wished trunk, or an error that names every value that can't be used."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Peer, Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunk_input import checked_wish
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.certs import DAY, issue

NAME = "pbx.example.com"


def pem() -> str:
    now = datetime.datetime.now(datetime.timezone.utc)
    return issue(NAME, names=(NAME,), begins=now - DAY, ends=now + 100 * DAY).pem


def params(**given: Any) -> dict[str, Any]:
    unset = ("trunk_id", "tls_name", "certificate_chain", "peers", "fqdn_peer")
    return {**dict.fromkeys(unset), "state": "present", **given}


def peer(ip: Any = "203.0.113.10", port: Any = 5061) -> dict[str, Any]:
    return {"ip": ip, "port": port}


def refused(told: str, check_mode: bool = False, **given: Any) -> str:
    with pytest.raises(InputError, match=told) as caught:
        checked_wish(params(**given), check_mode)
    return str(caught.value)


def test_a_whole_wish_with_ip_peers_in_any_order() -> None:
    text = pem()
    wish, warnings = checked_wish(
        params(tls_name=NAME, certificate_chain=text, peers=[peer("203.0.113.20"), peer("203.0.113.10", 5062)]), False
    )
    peers = (Peer("203.0.113.10", 5062), Peer("203.0.113.20", 5061))
    assert wish == Trunk(tls_name=NAME, chain=(text,), peers=peers)
    assert warnings == []


def test_a_wish_with_an_fqdn_peer_and_a_chain_as_a_list() -> None:
    text = pem()
    wish, _warnings = checked_wish(
        params(tls_name=NAME, certificate_chain=[text], fqdn_peer={"name": NAME, "port": 5061}), False
    )
    assert wish == Trunk(tls_name=NAME, chain=(text,), fqdn_peer=Peer(NAME, 5061))


@pytest.mark.parametrize(
    "given", [{"peers": [peer()]}, {"trunk_id": "t1"}, {"trunk_id": "t1", "tls_name": NAME}]
)  # fmt: skip
def test_wishes_that_need_no_chain(given: dict[str, Any]) -> None:
    wish, _warnings = checked_wish(params(**given), False)
    assert wish.chain is None


def test_in_check_mode_the_certificate_may_not_be_made_yet() -> None:
    given = {"tls_name": NAME, "peers": [peer()]}
    assert checked_wish(params(**given), True)[0].tls_name == NAME
    refused("tls_name pbx.example.com needs certificate_chain", **given)


def test_warnings_about_the_chain_are_handed_on() -> None:
    text = pem()
    _wish, warnings = checked_wish(params(tls_name=NAME, certificate_chain=[text, text], peers=[peer()]), False)
    assert len(warnings) == 1


def test_every_value_that_can_not_be_used_is_named() -> None:
    told = refused(
        "Nothing was sent", tls_name="pbx", peers=[peer("10.0.0.1", 0), peer("x", 70000), peer(), peer()]
    )
    for problem in (
        "tls_name: 'pbx'", "peers[0].ip: 10.0.0.1 is in", "peers[0].port: port 0", "peers[1].ip: 'x'",
        "peers[1].port: port 70000", "peers[3]: 203.0.113.10:5061 occurs twice",
    ):  # fmt: skip
        assert problem in told


def test_a_bad_fqdn_peer_is_named() -> None:
    told = refused("Nothing was sent", fqdn_peer={"name": "203.0.113.10", "port": 70000})
    assert "fqdn_peer.name" in told and "fqdn_peer.port" in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tls_name": NAME, "certificate_chain": pem()}, "A trunk needs peers or fqdn_peer"),
        ({"tls_name": NAME, "certificate_chain": pem(), "peers": []}, "A trunk needs peers or fqdn_peer"),
        ({"certificate_chain": pem(), "peers": [peer()]}, "certificate_chain needs tls_name"),
        ({"certificate_chain": {"a": 1}, "tls_name": NAME, "peers": [peer()]}, "neither a text nor a list"),
        ({"certificate_chain": 7, "tls_name": NAME, "peers": [peer()]}, "neither a text nor a list"),
        ({"certificate_chain": "", "tls_name": NAME, "peers": [peer()]}, "is empty"),
        ({"certificate_chain": [], "tls_name": NAME, "peers": [peer()]}, "is empty"),
        ({"certificate_chain": pem(), "tls_name": "other.example.com", "peers": [peer()]}, "is not in the certificate"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_wishes_that_can_not_be_granted(given: dict[str, Any], told: str, check_mode: bool) -> None:
    refused(told, check_mode, **given)


@pytest.mark.parametrize(
    "given", [{"trunk_id": "t1"}, {"tls_name": NAME}, {"peers": [peer()]}, {"tls_name": NAME, "peers": [peer()]}]
)  # fmt: skip
def test_to_delete_a_trunk_it_is_enough_to_recognise_it(given: dict[str, Any]) -> None:
    wish, _warnings = checked_wish(params(state="absent", **given), False)
    assert wish.chain is None


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("given", [{"tls_name": ""}, {"trunk_id": ""}, {"peers": []}, {"trunk_id": "", "tls_name": ""}])
def test_empty_texts_do_not_mean_some_trunk_without_a_name(state: str, given: dict[str, Any]) -> None:
    refused("Nothing tells which trunk is meant", state=state, **given)
