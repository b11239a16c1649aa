# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role pbx_asterisk meets on PBXs of all kinds, and what it leaves there."""

from __future__ import annotations

import re

import pytest

from alexa_laboratory import network
from alexa_laboratory.inventory import HOST
from asterisk_host import ETC, OWN, AsteriskHost

PJSIP, EXTENSIONS = f"{ETC}/pjsip.conf", f"{ETC}/extensions.conf"
INCLUDES = {PJSIP: "#tryinclude alexa/pjsip.conf\n", EXTENSIONS: "#tryinclude alexa/extensions.conf\n"}
WAITS = "Tell what still waits for the end of the last call"
# What people wrote before the collection could do it: in files of the same names, or of others.
HAND_MADE = (
    {
        "pjsip.conf": "[alexa]\ntype=endpoint\ncontext=from-alexa\nallow=ulaw\n",
        "extensions.conf": "[from-alexa]\nexten => 9,1,Goto(internal,9,1)\n",
    },
    {"trunk.conf": "[alexa]\ntype=endpoint\ncontext=internal\nallow=ulaw\n"},
)


def users_files(host: AsteriskHost) -> dict[str, str]:
    return {path: host.machine.read(path) for path in INCLUDES}


def test_a_call_holds_up_the_restart_that_a_changed_transport_needs(host: AsteriskHost) -> None:
    host.link()
    moved = {"pbx_asterisk_sip_port": 5071, "pbx_asterisk_require_client_certificate": True}
    with host.call_between_phones(talking=True) as (call, answered):
        first = host.role(**moved).good()
        assert "when the last call has ended" in first.shown(WAITS, HOST)
        again = host.role(**moved).good()
        assert again.changed() == {HOST: 0} and "when the last call has ended" in again.shown(WAITS, HOST)
        # A change that a reload is enough for does not make the role forget what waits.
        third = host.role(**moved, pbx_asterisk_rtp_timeout=70).good()
        assert third.changed()[HOST] > 0 and "when the last call has ended" in third.shown(WAITS, HOST)
        assert host.listening(5071) == "" and not call.ended and not answered.ended
        assert call.stop_talking().received > 50 and answered.stop_talking().received > 50
    host.machine.await_output("asterisk", "ss", "-lntpH", "sport = :5071")
    assert host.listening(5061) == ""
    last = host.role(**moved, pbx_asterisk_rtp_timeout=70).good()
    assert last.changed() == {HOST: 0} and not [each for each in last.results(WAITS, HOST) if not each.get("skipped")]
    # Undone with the port that was given before: the one in use is closed all the same.
    host.role(pbx_asterisk_state="absent").good()
    assert host.look() == host.before


def test_undo_needs_no_running_asterisk_and_keeps_last_lines_without_an_end(host: AsteriskHost) -> None:
    endings = {PJSIP: "; the end", EXTENSIONS: "\r\n\n; no end"}
    for path, text in users_files(host).items():
        host.machine.write(path, text + endings[path])
    users, before = users_files(host), host.look()
    host.role().good()
    assert users_files(host) == {path: INCLUDES[path] + text for path, text in users.items()}
    host.machine.run("systemctl", "stop", "asterisk")
    assert host.role(pbx_asterisk_state="absent").good().changed()[HOST] > 0
    assert host.role(pbx_asterisk_state="absent").good().changed() == {HOST: 0}
    host.machine.run("systemctl", "start", "asterisk")
    host.machine.asterisk("core waitfullybooted")
    assert host.look() == before


def test_an_undo_that_was_cut_before_its_reload_is_finished(host: AsteriskHost) -> None:
    users = users_files(host)
    host.link()
    host.machine.run("rm", "-r", OWN)
    for path, text in users.items():
        host.machine.write(path, text)
    assert "alexa-tls" in host.machine.asterisk("pjsip show endpoint alexa") and host.listening(5061)
    assert host.role(pbx_asterisk_state="absent").good().changed()[HOST] > 0
    assert host.look() == host.before
    assert host.role(pbx_asterisk_state="absent").good().changed() == {HOST: 0}


@pytest.mark.parametrize("made", HAND_MADE, ids=["same names", "other names"])
def test_a_trunk_made_by_hand_is_left_alone(host: AsteriskHost, made: dict[str, str]) -> None:
    for name, text in made.items():
        host.machine.write(f"{OWN}/{name}", text)
        path = EXTENSIONS if name == "extensions.conf" else PJSIP
        host.machine.write(path, f"#tryinclude alexa/{name}\n{host.machine.read(path)}")
    host.machine.asterisk("core reload")
    host.machine.await_output("ulaw", "asterisk", "-rx", "pjsip show endpoint alexa")
    before = host.look()
    # Nor by another name and port, which other refusals advise.
    for variables in ({}, {"pbx_asterisk_name": "hotel", "pbx_asterisk_sip_port": 5071}):
        host.refused(f"{OWN} holds files that this role did not make", "--skip-tags asterisk", **variables)
    undone = host.role(pbx_asterisk_state="absent").good()
    assert undone.changed() == {HOST: 0}
    assert "They stay" in undone.shown("Tell what is not this role's to remove", HOST)
    assert host.look() == before


def test_only_the_custom_files_of_a_generated_configuration_are_touched(host: AsteriskHost) -> None:
    users = users_files(host)
    phones = users[PJSIP].replace("context=internal", "context=from-internal")
    plan = users[EXTENSIONS].replace("[internal]", "[from-internal]\ninclude => from-internal-custom")
    generated = {
        PJSIP: f"{phones}#include pjsip_custom_post.conf\n",
        EXTENSIONS: f"{plan}#include extensions_custom.conf\n",
    }
    custom = {
        f"{ETC}/pjsip_custom_post.conf": "; the user's own\n",
        f"{ETC}/extensions_custom.conf": "[from-internal-custom]\nexten => 600,1,Echo()\n",
    }
    for path, text in {**generated, **custom}.items():
        host.machine.write(path, text)
    host.machine.run("chown", "asterisk:asterisk", *custom)
    # A reload does not tell apart contexts that are gone from those of modules: start anew.
    host.machine.run("systemctl", "restart", "asterisk")
    host.machine.asterisk("core waitfullybooted")
    before = host.look()

    wanted = {"pbx_asterisk_dial_in": [{"pattern": "_1XXX", "context": "from-internal"}]}
    host.role(**wanted).good()
    for path, text in generated.items():
        assert host.machine.read(path) == text
    for (path, text), line in zip(custom.items(), INCLUDES.values()):
        assert host.machine.read(path) == line + text
        assert host.machine.run("stat", "-c", "%U:%G", path).stdout == "asterisk:asterisk\n"
    # FreePBX writes its files anew and reloads.
    for path, text in generated.items():
        host.machine.write(path, f"; Written anew\n{text}")
    host.machine.asterisk("core reload")
    host.machine.await_output("7201", "asterisk", "-rx", "dialplan show 7201@from-internal")
    assert "alexa-tls" in host.machine.asterisk("pjsip show endpoint alexa")
    assert host.role(**wanted, pbx_asterisk_layout="freepbx").good().changed() == {HOST: 0}
    for path, text in generated.items():
        host.machine.write(path, text)
    host.role(**wanted, pbx_asterisk_state="absent").good()
    assert host.look() == before


def test_behind_address_translation_the_public_address_is_told(host: AsteriskHost) -> None:
    nat = {"pbx_asterisk_address": "192.0.2.10", "pbx_asterisk_check_name": False}
    off = host.role("--check", "--diff", **nat, pbx_asterisk_nat="off").good()
    assert "bind=0.0.0.0:5061" in str(off.tasks) and "external_" not in str(off.tasks)
    host.role(**nat, pbx_asterisk_inside_networks=["10.77.1.0/24"]).good()
    transport = host.machine.asterisk("pjsip show transport alexa-tls")
    for name, value in {
        "external_media_address": "192.0.2.10",
        "external_signaling_address": "192.0.2.10",
        "local_net": "10.77.1.0/255.255.255.0",
    }.items():
        assert re.search(f"{name} +: {value}", transport), transport
    host.role(pbx_asterisk_nat="on", pbx_asterisk_inside_networks=[]).good()
    text = host.machine.read(f"{OWN}/transport.conf")
    assert f"external_media_address={network.PBX}" in text
    assert re.findall("local_net=(.*)", text) == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]


def test_the_trunk_bears_the_name_and_is_called_from_the_contexts_that_are_given(host: AsteriskHost) -> None:
    host.machine.write(EXTENSIONS, host.machine.read(EXTENSIONS) + "\n[lobby]\nexten => 600,1,Echo()\n")
    host.machine.asterisk("dialplan reload")
    host.machine.await_output("Echo", "asterisk", "-rx", "dialplan show lobby")
    host.role(pbx_asterisk_name="hotel", pbx_asterisk_phone_contexts=["internal", "lobby"]).good()
    assert re.search("Transport: +hotel-tls +tls", host.machine.asterisk("pjsip show endpoint hotel"))
    assert "to-hotel" in host.machine.asterisk("dialplan show lobby")
    assert "_1XXX" in host.machine.asterisk("dialplan show from-hotel")
    # Another name takes the place of the first.
    host.role().good()
    endpoints, plan = host.machine.asterisk("pjsip show endpoints"), host.machine.asterisk("dialplan show internal")
    assert "hotel" not in endpoints + plan and "to-alexa" in plan
    assert host.role().good().changed() == {HOST: 0}
