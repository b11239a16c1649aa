# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kamailio and rtpengine in front of a PBX without TLS and SRTP: Asterisk on the same host, with a plain trunk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from alexa_laboratory import network
from alexa_laboratory.authority import EDGE_NAME
from alexa_laboratory.inventory import HOST
from alexa_laboratory.laboratory import REGISTRAR, TLS_PORT, Laboratory
from alexa_laboratory.pbx import NAME
from alexa_laboratory.sip import Call, ConnectionRefused, Refused, TlsRefused, UserAgent
from kamailio_host import (
    GREETING,
    VIA,
    Property,
    await_alexa,
    called_in,
    called_out,
    hear_each_other,
    hotel_of,
    talking,
)
from laboratory_site import LaboratorySite
from playbook_runs import LINK, ROTATE


@pytest.fixture(scope="module")
def hotel(laboratory: Laboratory, site: LaboratorySite) -> Iterator[Property]:
    with hotel_of(laboratory, site) as made:
        yield made


@pytest.fixture(scope="module")
def linked(hotel: Property) -> Property:
    """Kamailio serves."""
    checked = hotel.run("--check", "--diff").good()
    assert hotel.state() == hotel.before
    assert "Show what changes in the files" in checked.changed_tasks(HOST)
    hotel.run().good()
    return hotel


@pytest.fixture
def edge(linked: Property) -> Iterator[UserAgent]:
    with linked.laboratory.edge() as agent:
        agent.answers()
        await_alexa(linked)
        yield agent


@pytest.fixture
def phone(linked: Property) -> Iterator[UserAgent]:
    with linked.laboratory.phone("1234") as agent:
        agent.answers()
        yield agent


@pytest.mark.parametrize("place", [called_in, called_out])
@pytest.mark.parametrize("alexa_hangs_up", [True, False])
def test_both_sides_hear_each_other_and_either_hangs_up(
    linked: Property, edge: UserAgent, phone: UserAgent, place: Callable[..., tuple[Call, Call]], alexa_hangs_up: bool
) -> None:
    alexa, room = place(edge, phone)
    hear_each_other(alexa, room, 5)
    assert (alexa.remote_transport, alexa.crypto_suite) == ("TLSv1.2", "AES_CM_128_HMAC_SHA1_80")
    assert room.crypto_suite is None and network.PBX in alexa.offer + alexa.answer
    if place is called_out:
        assert alexa.request_uri == f"sip:7201@{EDGE_NAME}:{TLS_PORT};transport=tls"
        # Not the one that encrypts nothing, which rtpengine knows too.
        assert re.findall(r"a=crypto:\S+ (\S+)", alexa.offer) == ["AES_CM_128_HMAC_SHA1_80"]
    first, other = (alexa, room) if alexa_hangs_up else (room, alexa)
    first.hang_up()
    other.wait_for_end(5)
    assert linked.media() == 0


@pytest.mark.parametrize(
    ("number", "settings", "status"),
    [
        ("1234", {"srtp": False}, 488),  # no SRTP
        ("0044207946000", {}, 404),  # an outside line
        ("12345", {}, 404),
        ("1434", {}, 404),
        ("1234;phone-context=0", {}, 404),
        ("90", {}, 404),
        ("8", {}, 404),
        ("7201", {}, 404),  # back to Alexa itself
    ],
)
def test_alexa_reaches_nothing_but_what_it_may(
    edge: UserAgent, number: str, settings: dict[str, Any], status: int
) -> None:
    with pytest.raises(Refused, match=str(status)):
        edge.call(f"sip:{number}@{network.PBX}", via=VIA, **settings)


def test_every_pattern_lets_its_numbers_through(linked: Property, edge: UserAgent) -> None:
    """The PBX does not have these numbers, but is asked: its answer comes by way of Kamailio."""
    for number in ("112", "*8"):
        with pytest.raises(Refused):
            edge.call(f"sip:{number}@{network.PBX}", via=VIA)
        assert any("100" in message.first_line or "Asterisk" in message.text for message in edge.trace[-3:]), number


def test_rooms_that_are_not_mapped_stay_inside(phone: UserAgent, edge: UserAgent) -> None:
    with pytest.raises(Refused):
        phone.call(f"sip:7999@{network.PBX_INSIDE}", via=REGISTRAR)
    assert not [message for message in edge.trace if "7999" in message.text]


@pytest.mark.parametrize("address", [network.STRANGER, network.NEIGHBOUR])
def test_strangers_are_refused(linked: Property, address: str) -> None:
    with linked.laboratory.stranger(address) as stranger, pytest.raises(Refused, match="403"):
        stranger.call(f"sip:1234@{network.PBX}", via=VIA, from_uri=f"sip:alexa@{EDGE_NAME}")


def test_a_phone_is_not_the_pbx(linked: Property, phone: UserAgent) -> None:
    with pytest.raises(Refused, match="403"):
        phone.call(f"sip:7201@{network.PBX_INSIDE}", via=(network.PBX_INSIDE, 5070))


def test_old_tls_is_refused(linked: Property) -> None:
    old = linked.laboratory.tls(versions=("1.0", "1.1"))
    with linked.laboratory.edge(transport=old) as edge, pytest.raises(TlsRefused):
        edge.call(f"sip:1234@{network.PBX}", via=VIA)


def test_options_tell_the_truth_both_ways(linked: Property) -> None:
    asked = ("asterisk", "-rx", "pjsip show contacts")
    linked.laboratory.pbx.await_output("Unavail", *asked)
    with linked.laboratory.edge() as edge:
        assert edge.options(f"sip:{network.PBX}:{TLS_PORT};transport=tls", VIA) == 200
        linked.laboratory.pbx.await_output(" Avail ", *asked)
        assert edge.options_answered
    linked.laboratory.pbx.await_output("Unavail", *asked)


def test_a_second_run_changes_nothing_and_costs_one_look(linked: Property, edge: UserAgent, phone: UserAgent) -> None:
    alexa, room = called_in(edge, phone)
    with talking(alexa, room):
        run = linked.role().good()
    assert run.changed() == {HOST: 0}
    modules = [name for name, hosts in run.tasks if "invocation" in hosts.get(HOST, {})]
    assert modules == ["Look at Kamailio, rtpengine, their files and sockets"]
    hear_each_other(alexa, room)
    room.hang_up()


def test_a_new_certificate_is_served_while_a_call_is_up(linked: Property, edge: UserAgent, phone: UserAgent) -> None:
    alexa, room = called_out(edge, phone)
    before, started = linked.served(), linked.started()
    with talking(alexa, room):
        run = linked.run(pbx_tls_renew_before=366, pbx_tls_days=400).good()
    assert "Have Kamailio take up the certificate" in run.changed_tasks(HOST)
    assert "" != linked.served() != before != ""
    assert linked.started() == started
    hear_each_other(alexa, room)
    alexa.hang_up()
    room.wait_for_end(5)


def test_a_call_outlives_a_rotation(linked: Property, edge: UserAgent, phone: UserAgent) -> None:
    linked.playbook(LINK, "--tags", "tls,trunk").good()
    before, started = linked.served(), linked.started()
    alexa, room = called_out(edge, phone)
    with talking(alexa, room):
        run = linked.playbook(ROTATE, "-e", "alexa_rotate_force=true").good()
    assert "rotated" in run.shown("Show each property", HOST)
    assert "" != linked.served() != before != "" and linked.started() == started
    assert linked.served() in "".join(linked.site.trunk(NAME)["tls"]["certificateChain"])
    hear_each_other(alexa, room)
    alexa.hang_up()
    room.wait_for_end(5)
    assert linked.playbook(ROTATE).good().changed()[HOST] == 0


@pytest.mark.parametrize("alexa_hangs_up", [True, False])
def test_a_call_outlives_a_changed_script(
    linked: Property, edge: UserAgent, phone: UserAgent, alexa_hangs_up: bool
) -> None:
    alexa, room = called_in(edge, phone)
    wanted = {"alexa_dial_in": [{"pattern": "_12XX"}]} if alexa_hangs_up else {}
    with talking(alexa, room):
        linked.role(**wanted).good()
    hear_each_other(alexa, room)
    first, other = (alexa, room) if alexa_hangs_up else (room, alexa)
    first.hang_up()
    other.wait_for_end(5)
    if alexa_hangs_up:
        with pytest.raises(Refused, match="404"):
            edge.call(f"sip:9@{network.PBX}", via=VIA)


def test_behind_address_translation_the_public_address_is_told(
    linked: Property, edge: UserAgent, phone: UserAgent
) -> None:
    public = {"pbx_kamailio_address": "198.51.100.99", "pbx_kamailio_outside_address": network.PBX}
    inside = {"pbx_kamailio_inside_address": network.PBX_INSIDE, "pbx_kamailio_edge_port": TLS_PORT}
    alexa, room = called_out(edge, phone)
    with talking(alexa, room):
        held = linked.role(**public, **inside)
    assert held.failed() == {HOST} and "when no call is up" in held.message(HOST)
    hear_each_other(alexa, room)
    alexa.hang_up()
    room.wait_for_end(5)
    linked.role(**public, **inside).good()
    alexa, room = called_out(edge, phone)
    invite = next(message.text for message in reversed(edge.trace) if message.first_line.startswith("INVITE"))
    assert "c=IN IP4 198.51.100.99" in alexa.offer and "<sip:198.51.100.99:5061;" in invite
    alexa.hang_up()
    linked.role().good()


def test_a_caller_without_a_certificate_is_refused_where_one_is_asked_for(
    linked: Property, edge: UserAgent, phone: UserAgent
) -> None:
    assert linked.laboratory.hosts["edge"].run(*GREETING, check=False).returncode == 0
    linked.role(pbx_kamailio_require_client_certificate=True).good()
    assert linked.laboratory.hosts["edge"].run(*GREETING, check=False).returncode != 0
    linked.role().good()


def test_undo_leaves_nothing(linked: Property, edge: UserAgent) -> None:
    linked.role("--check", pbx_kamailio_state="absent").good()
    assert linked.laboratory.pbx.run("systemctl", "is-active", "alexa-kamailio").stdout == "active\n"
    linked.role(pbx_kamailio_state="absent").good()
    assert linked.state() == linked.before
    with pytest.raises(ConnectionRefused):
        edge.call(f"sip:1234@{network.PBX}", via=VIA)
    assert linked.role(pbx_kamailio_state="absent").good().changed() == {HOST: 0}
