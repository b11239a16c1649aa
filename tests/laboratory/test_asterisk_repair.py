# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is half gone is made whole, what is put back is seen to be back, and check mode tells of all of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from alexa_laboratory.inventory import HOST
from asterisk_host import ETC, OWN, SAVED, AsteriskHost, users_transport
from playbook_runs import play_of

PJSIP = f"{ETC}/pjsip.conf"
INCLUDE = "#tryinclude alexa/pjsip.conf\n"
RESTORED = f"rm -r {ETC}/* && tar -C / -xpf {SAVED} etc/asterisk"
# By the names that the role gives.
HAND_MADE = users_transport("alexa-tls") + """
[alexa]
type=endpoint
transport=alexa-tls
context=from-alexa
allow=ulaw
media_encryption=sdes
"""
# What the role reads back, made to be wrong.
FAILS = {"pbx_asterisk_lacking": ["is said to fail"], "pbx_asterisk_load_timeout": 1}
WOULD_LOAD = "Tell what Asterisk would load again"
TLS = "/etc/alexa_smart_properties"


def all_but_the_note(host: AsteriskHost) -> list[str]:
    """What there is to see, without the note of what was loaded, which tells of one run of Asterisk."""
    return [line for line in host.look().splitlines() if not line.endswith("loaded.json")]


def test_lost_files_are_made_anew(host: AsteriskHost) -> None:
    host.link()
    linked = all_but_the_note(host)
    for lost in (f"rm -r {OWN}", RESTORED):
        host.machine.run("sh", "-c", lost)
        assert "alexa-tls" in host.machine.asterisk("pjsip show endpoint alexa") and host.listening(5061)
        assert host.role().good().changed()[HOST] > 0
        assert all_but_the_note(host) == linked
    assert host.role().good().changed() == {HOST: 0}


def test_a_trunk_made_by_hand_elsewhere_is_not_taken_for_a_lost_one(host: AsteriskHost) -> None:
    host.machine.write(PJSIP, host.machine.read(PJSIP) + HAND_MADE)
    host.machine.asterisk("module reload res_pjsip.so")
    host.machine.await_output("from-alexa", "asterisk", "-rx", "pjsip show endpoint alexa")
    host.refused("an endpoint alexa that this role did not make", pbx_asterisk_sip_port=5071)
    assert host.role(pbx_asterisk_state="absent").good().changed() == {HOST: 0}


def test_the_port_of_an_earlier_trunk_is_waited_for(host: AsteriskHost) -> None:
    host.link()
    with host.call_between_phones(talking=True):
        host.role(pbx_asterisk_state="absent").good()
        host.refused("Asterisk still holds TCP port 5061", "when the last call has ended")
    host.machine.await_output("closed", "sh", "-c", "ss -lntH sport = :5061 | grep . || echo closed")
    host.machine.await_output("fully booted", "asterisk", "-rx", "core waitfullybooted")


def test_an_editors_copy_is_neither_lost_nor_in_the_way(host: AsteriskHost) -> None:
    host.link()
    host.machine.write(f"{OWN}/pjsip.conf~", "; an editor's\n")
    assert host.role().good().changed() == {HOST: 0}
    host.refused("also holds pjsip.conf~", "Move that away", pbx_asterisk_rtp_timeout=70)
    host.role(pbx_asterisk_state="absent").good()
    assert host.machine.run("ls", "-A", OWN).stdout.split() == ["pjsip.conf~"]
    assert "Unable to find" in host.machine.asterisk("pjsip show endpoint alexa")


def test_a_run_that_was_cut_between_two_renames_loses_nothing(host: AsteriskHost) -> None:
    host.link()
    linked = host.look()
    host.machine.run("sh", "-c", f"mv {OWN} {OWN}.previous && mkdir {OWN}.next")
    done = host.role(**FAILS, pbx_asterisk_rtp_timeout=70)
    assert done.failed() == {HOST} and "configured as before" in done.message(HOST)
    assert host.look() == linked
    assert host.role().good().changed() == {HOST: 0}


def test_an_old_trunk_that_does_not_come_back_is_not_said_to_be_there(host: AsteriskHost) -> None:
    host.link()
    wanted = host.machine.read(f"{OWN}/pjsip.conf")
    # Half edited by the user: the line is there, but in a comment.
    host.machine.write(PJSIP, f";--\n{INCLUDE}--;\n{host.machine.read(PJSIP).removeprefix(INCLUDE)}")
    done = host.role(pbx_asterisk_rtp_timeout=70, pbx_asterisk_load_timeout=2)
    last = done.message(HOST).splitlines()[-1]
    assert done.failed() == {HOST} and "knows no endpoint alexa" in last
    assert "does not have the trunk alexa of before" in last and "configured as before" not in last
    assert host.machine.read(f"{OWN}/pjsip.conf") == wanted


def test_a_failed_run_does_not_cancel_the_restart_that_an_earlier_one_waits_for(host: AsteriskHost) -> None:
    host.link()
    moved = {"pbx_asterisk_sip_port": 5071}
    with host.call_between_phones(talking=True):
        host.role(**moved).good()
        host.refused("is said to fail", "configured as before", **FAILS, **moved, pbx_asterisk_rtp_timeout=70)
        assert host.listening(5071) == ""
    host.machine.await_output("asterisk", "ss", "-lntpH", "sport = :5071")
    host.machine.await_output("fully booted", "asterisk", "-rx", "core waitfullybooted")


def test_check_mode_tells_of_what_is_only_loaded(host: AsteriskHost) -> None:
    host.link()
    renewed = host.certify()
    linked = host.look()
    assert host.role("--check").good().changed_tasks(HOST) == [WOULD_LOAD]
    assert host.look() == linked and renewed.pem not in host.served()
    # An undo of what is only in Asterisk's memory.
    host.machine.run("sh", "-c", RESTORED)
    assert host.role("--check", pbx_asterisk_state="absent").good().changed() == {HOST: 1}
    assert host.role(pbx_asterisk_state="absent").good().changed()[HOST] > 0


@pytest.fixture
def no_certificate(host: AsteriskHost) -> Iterator[None]:
    """The role pbx_tls has not been there, and leaves nothing."""
    yield
    host.machine.run("rm", "-rf", TLS)
    shutil.rmtree(host.secrets, ignore_errors=True)


def test_check_mode_works_where_the_run_would_make_the_files_first(host: AsteriskHost, no_certificate: None) -> None:
    both = str(host.write("both.yml", play_of("pbx_tls", "pbx_asterisk")))
    no_bundle = ("-e", "alexa_ca_bundle=", "-e", f"pbx_asterisk_trust_file={host.given['pbx_asterisk_trust_file']}")
    host.run(both, *no_bundle).good()
    # The bundle is given later, and the run would mend the key's rights.
    key = f"{TLS}/tls/alexa-pbx.key"
    host.machine.run("chmod", "600", key)
    host.run(both, "--check", "--diff").good()
    assert host.machine.run("find", f"{TLS}/tls", "-name", "amazon-bundle.pem").stdout == ""
    host.run(both).good()
    assert host.machine.run("stat", "-c", "%a", key).stdout == "640\n"
