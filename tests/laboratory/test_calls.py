# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trunk as its users know it: link_pbx makes it, then it is called both ways, by those who may and who may not."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from alexa_laboratory import authority, network
from alexa_laboratory.inventory import HOST
from alexa_laboratory.laboratory import REGISTRAR, TLS_PORT, Laboratory
from alexa_laboratory.sip import Call, Heard, NoAnswer, Refused, TlsRefused, UserAgent
from laboratory_site import LaboratorySite
from playbook_runs import LINK, UNLINK, Run

PBX = (network.PBX, TLS_PORT)
EDGE_TONE, PHONE_TONE = 600.0, 400.0
SECONDS = 5
MOST_EXECUTIONS = 15


def to(number: str) -> str:
    """Whom Alexa calls on the PBX."""
    return f"sip:{number}@{network.PBX}:{TLS_PORT};transport=tls"


def room(number: str) -> str:
    """Whom a phone dials."""
    return f"sip:{number}@{network.PBX_INSIDE}"


@pytest.fixture(scope="module")
def edge(laboratory: Laboratory) -> Iterator[UserAgent]:
    """Amazon's side, there before the PBX asks for it."""
    with laboratory.edge() as edge:
        edge.answers()
        yield edge


@pytest.fixture(scope="module")
def linked(site: LaboratorySite, laboratory: Laboratory, edge: UserAgent) -> Run:
    run = site.run(LINK).good()
    laboratory.pbx.await_output("Avail ", "asterisk", "-rx", "pjsip show contacts")
    return run


@pytest.fixture(scope="module")
def phone(laboratory: Laboratory, linked: Run) -> Iterator[UserAgent]:
    with laboratory.phone("1234") as phone:
        phone.answers()
        yield phone


def talked(one: Call, other: Call, seconds: float = SECONDS) -> tuple[Heard, Heard]:
    """Both talk at the same time; what each of them heard."""
    talk_on(other)
    heard = one.talk(seconds)
    return heard, other.stop_talking()


def talk_on(*calls: Call) -> None:
    """Until they are told to stop: Asterisk ends a call that has been silent for long."""
    for call in calls:
        call.start_talking()


def assert_heard(heard: tuple[Heard, Heard], tones: tuple[float, float], seconds: float = SECONDS) -> None:
    """All packets but the few on their way, each opened by the key that was agreed, with the other side's tone."""
    for side, tone in zip(heard, tones):
        assert side.received >= 50 * seconds - 10 and side.lost == side.undecryptable == side.plain == 0, heard
        assert side.tone is not None and abs(side.tone - tone) < 5, heard


def status_of(
    caller: UserAgent, uri: str, via: tuple[str, int], *, srtp: bool | None = None, from_uri: str | None = None
) -> int:
    """The status that a call is refused with."""
    with pytest.raises(Refused) as refused:
        caller.call(uri, via=via, srtp=srtp, from_uri=from_uri)
    return refused.value.status


def served(laboratory: Laboratory) -> Any:
    """The certificate that the PBX serves, as PEM, read by openssl from the edge."""
    client = ("openssl", "s_client", "-connect", f"{network.PBX}:{TLS_PORT}", "-servername", "pbx.example.com")
    shown = laboratory.hosts["edge"].run(*client).stdout
    return re.findall("-----BEGIN.*?-----END CERTIFICATE-----", shown, re.DOTALL)[0]


class TestCalls:
    def test_alexa_calls_a_room(self, edge: UserAgent, phone: UserAgent, laboratory: Laboratory) -> None:
        call = edge.call(to("1234"), via=PBX)
        answered = phone.wait_for_call(5)
        call.start_talking()
        at_phone, at_edge = answered.talk(SECONDS), call.stop_talking()
        assert_heard((at_edge, at_phone), (PHONE_TONE, EDGE_TONE))
        assert (call.remote_transport, call.crypto_suite) == ("TLSv1.2", "AES_CM_128_HMAC_SHA1_80")
        # The PBX has counted both legs too.
        shown = laboratory.pbx.asterisk("pjsip show channelstats")
        counts = re.findall(r"^ +\S+ +(?:alexa|1234)\S* +\S+ +\S+ +([0-9]+)", shown, re.MULTILINE)
        assert len(counts) == 2 and all(int(count) >= 50 * SECONDS - 5 for count in counts)
        call.hang_up()
        answered.wait_for_end(5)

    def test_a_room_calls_alexa(self, edge: UserAgent, phone: UserAgent) -> None:
        call = phone.call(room("7201"), via=REGISTRAR)
        arrived = edge.wait_for_call(5)
        assert_heard(talked(call, arrived), (EDGE_TONE, PHONE_TONE))
        assert arrived.request_uri == f"sip:7201@{authority.EDGE_NAME}:5061;transport=tls"
        assert arrived.remote_transport == "TLSv1.2"
        assert "RTP/SAVP" in arrived.offer and "AES_CM_128_HMAC_SHA1_80" in arrived.offer
        call.hang_up()
        arrived.wait_for_end(5)

    def test_the_called_side_can_hang_up(self, edge: UserAgent, phone: UserAgent) -> None:
        for caller, uri, via, callee in ((edge, to("1234"), PBX, phone), (phone, room("7201"), REGISTRAR, edge)):
            call = caller.call(uri, via=via)
            callee.wait_for_call(5).hang_up()
            call.wait_for_end(5)

    def test_a_room_that_is_not_mapped_does_not_go_to_alexa(self, phone: UserAgent) -> None:
        assert status_of(phone, room("7299"), REGISTRAR) == 404


class TestRefused:
    @pytest.mark.parametrize("number", ["0014155550100", "00441632960000", "7201", "12345", "alexa"])
    def test_numbers_that_alexa_may_not_dial(self, number: str, edge: UserAgent, phone: UserAgent) -> None:
        assert status_of(edge, to(number), PBX) == 404

    def test_a_call_without_srtp(self, edge: UserAgent, phone: UserAgent) -> None:
        assert status_of(edge, to("1234"), PBX, srtp=False) == 488

    @pytest.mark.parametrize("address", [network.STRANGER, network.NEIGHBOUR])
    def test_a_stranger_does_not_even_connect(self, address: str, laboratory: Laboratory, phone: UserAgent) -> None:
        with laboratory.stranger(address) as stranger, pytest.raises(NoAnswer):
            stranger.call(to("1234"), via=PBX, from_uri=f"sip:alexa@{authority.EDGE_NAME}", seconds_to_answer=3)

    def test_from_inside_nobody_passes_for_alexa(self, laboratory: Laboratory, phone: UserAgent) -> None:
        inside = laboratory.hosts["phone"].socket
        with laboratory.edge(network.PHONE, make_socket=inside, port=25061) as impostor:
            inner = (network.PBX_INSIDE, TLS_PORT)
            uri = f"sip:1234@{inner[0]}:{TLS_PORT};transport=tls"
            assert status_of(impostor, uri, inner, from_uri="sip:alexa@alexa") == 401

    def test_plain_sip_on_the_tls_port(self, laboratory: Laboratory, phone: UserAgent) -> None:
        via = f"Via: SIP/2.0/TCP {network.EDGE};branch=z9hG4bK1"
        request = f"OPTIONS sip:pbx SIP/2.0\r\n{via}\r\nContent-Length: 0\r\n\r\n"
        with laboratory.hosts["edge"].socket() as client:
            client.settimeout(10)
            client.connect(PBX)
            client.sendall(request.encode())
            try:
                assert b"SIP/2.0" not in client.recv(1000)
            except ConnectionResetError:
                pass

    @pytest.mark.parametrize("version", ["1.1", "1.0"])
    def test_old_tls(self, version: str, laboratory: Laboratory, phone: UserAgent) -> None:
        with laboratory.edge(network.EDGE_OTHER, transport=laboratory.tls(versions=(version,))) as old:
            with pytest.raises(TlsRefused):
                old.call(to("1234"), via=PBX)


class TestWhileACallIsUp:
    def test_a_second_run_changes_nothing_and_the_call_stays(
        self, site: LaboratorySite, edge: UserAgent, phone: UserAgent
    ) -> None:
        call = edge.call(to("1234"), via=PBX)
        answered = phone.wait_for_call(5)
        talk_on(call, answered)
        run, executed = site.run_counted(lambda: site.run(LINK))
        assert run.good().changed()[HOST] == 0, run.changed_tasks(HOST)
        assert 0 < executed <= MOST_EXECUTIONS
        assert_heard((call.stop_talking(), answered.stop_talking()), (PHONE_TONE, EDGE_TONE))
        call.hang_up()
        answered.wait_for_end(5)

    def test_a_renewed_certificate_is_served_and_the_call_stays(
        self, site: LaboratorySite, laboratory: Laboratory, edge: UserAgent, phone: UserAgent
    ) -> None:
        before = served(laboratory)
        call = phone.call(room("7201"), via=REGISTRAR)
        arrived = edge.wait_for_call(5)
        talk_on(call, arrived)
        run = site.run(LINK, "-e", "pbx_tls_renew_before=366", "-e", "pbx_tls_days=400").good()
        assert "Ask for a restart when convenient" not in run.changed_tasks(HOST)
        after = served(laboratory)
        assert ssl.PEM_cert_to_DER_cert(after) != ssl.PEM_cert_to_DER_cert(before)
        on_disk = laboratory.pbx.read("/etc/alexa_smart_properties/tls/alexa-pbx.crt")
        assert after in on_disk
        # The account was told of it.
        (trunk,) = site.state()["trunks"]
        assert trunk["tls"]["certificateChain"][0].strip() == after
        assert_heard((call.stop_talking(), arrived.stop_talking()), (EDGE_TONE, PHONE_TONE))
        arrived.hang_up()
        call.wait_for_end(5)
        edge.call(to("1234"), via=PBX).hang_up()
        phone.wait_for_call(5).wait_for_end(5)


def memory_of_asterisk(laboratory: Laboratory) -> int:
    """Resident memory in kB."""
    status = laboratory.pbx.run("sh", "-c", "cat /proc/$(pidof asterisk)/status").stdout
    return int(re.findall(r"VmRSS:\s+([0-9]+) kB", status)[0])


class TestLoad:
    def test_twenty_calls_at_once(self, edge: UserAgent, phone: UserAgent) -> None:
        pairs = []
        for _number in range(10):
            call = edge.call(to("1234"), via=PBX)
            pairs.append((call, phone.wait_for_call(5), PHONE_TONE, EDGE_TONE))
            call = phone.call(room("7202"), via=REGISTRAR)
            pairs.append((call, edge.wait_for_call(5), EDGE_TONE, PHONE_TONE))
        for call, other, _hears, _heard in pairs:
            talk_on(call, other)
        pairs[-1][0].stop_talking()
        pairs[-1][0].talk(3)
        for call, other, hears, is_heard in pairs[:-1]:
            assert_heard((call.stop_talking(), other.stop_talking()), (hears, is_heard), 2)
        for call, other, _hears, _heard in pairs:
            call.hang_up()
            other.wait_for_end(5)

    def test_two_hundred_in_a_row_leave_nothing_behind(
        self, laboratory: Laboratory, edge: UserAgent, phone: UserAgent
    ) -> None:
        def one(number: int) -> None:
            inwards = number % 2
            call = edge.call(to("1234"), via=PBX) if inwards else phone.call(room("7201"), via=REGISTRAR)
            (phone if inwards else edge).wait_for_call(5)
            call.hang_up()

        for number in range(100):
            one(number)
        warm = memory_of_asterisk(laboratory)
        for number in range(200):
            one(number)
        laboratory.pbx.await_output("0 active channels", "asterisk", "-rx", "core show channels count")
        # A leak of one call's channel would be some 50 kB each.
        assert memory_of_asterisk(laboratory) - warm < 200 * 20


class TestUnlinkedDuringACall:
    def test_the_port_is_guarded_until_the_call_has_ended(
        self, site: LaboratorySite, laboratory: Laboratory, edge: UserAgent, phone: UserAgent
    ) -> None:
        call = edge.call(to("1234"), via=PBX)
        answered = phone.wait_for_call(5)
        talk_on(call, answered)
        # The second time as a hint that it has to be run again is followed too early.
        for _time in range(2):
            run = site.run(UNLINK, "-e", "unlink_confirm=true").good()
            assert "The firewall rules stay until then" in run.shown("Show each property", HOST)
            assert "asterisk" in laboratory.pbx.run("ss", "-lntpH", f"sport = :{TLS_PORT}").stdout
            with laboratory.stranger() as stranger, pytest.raises(NoAnswer):
                stranger.call(to("1234"), via=PBX, seconds_to_answer=1.5)
        assert_heard((call.stop_talking(), answered.stop_talking()), (PHONE_TONE, EDGE_TONE))
        call.hang_up()
        answered.wait_for_end(5)
        await_closed(laboratory)


def await_closed(laboratory: Laboratory) -> None:
    """Until nobody listens on the trunk's port."""
    laboratory.pbx.await_output("No such", "sh", "-c", f"ss -lntH sport = :{TLS_PORT} | grep . || echo No such")


@pytest.fixture(scope="module")
def unlinked(site: LaboratorySite, phone: UserAgent) -> Run:
    return site.run(UNLINK, "-e", "unlink_confirm=true").good()


class TestUnlinked:
    def test_calls_fail_both_ways(self, laboratory: Laboratory, unlinked: Run, phone: UserAgent) -> None:
        assert status_of(phone, room("7201"), REGISTRAR) == 404
        await_closed(laboratory)
        assert site_is_empty(laboratory)

    def test_phones_still_call_each_other(self, laboratory: Laboratory, unlinked: Run, phone: UserAgent) -> None:
        with laboratory.phone("1235", tone=700.0) as other:
            other.answers()
            call = phone.call(room("1235"), via=REGISTRAR)
            assert_heard(talked(call, other.wait_for_call(5), 1), (700.0, PHONE_TONE), 1)
            call.hang_up()


def site_is_empty(laboratory: Laboratory) -> bool:
    """Nothing of the trunk is left on the PBX but the key, which stays unless asked."""
    found = laboratory.pbx.run("find", "/etc", "/usr/lib/firewalld", "-iname", "*alexa*").stdout.split()
    return set(found) == {"/etc/alexa_smart_properties", "/etc/alexa_smart_properties/tls/alexa-pbx.key"}
