# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of the role pbx_asterisk on a running Asterisk: from --check to undo, in both layouts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from alexa_laboratory import network
from alexa_laboratory.laboratory import REGISTRAR, Laboratory
from asterisk_host import ETC, HOST, OWN, AsteriskHost
from playbook_runs import Run

PJSIP, EXTENSIONS = f"{ETC}/pjsip.conf", f"{ETC}/extensions.conf"
NAMES = ("transport.conf", "pjsip.conf", "extensions.conf")
INCLUDES = {PJSIP: "#tryinclude alexa/pjsip.conf\n", EXTENSIONS: "#tryinclude alexa/extensions.conf\n"}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, laboratory: Laboratory) -> Iterator[AsteriskHost]:
    host = AsteriskHost(tmp_path_factory.mktemp("site"), laboratory)
    host.certify()
    host.save()
    yield host
    host.leave()


@pytest.fixture
def host(saved: AsteriskHost) -> Iterator[AsteriskHost]:
    """A PBX that the role has not touched."""
    yield saved
    saved.put_back()


def test_from_check_to_undo(host: AsteriskHost) -> None:
    checked = host.role("--check", "--diff").good()
    assert host.look() == host.before
    certificate = host.machine.read(host.given["pbx_asterisk_certificate_file"])
    first = host.role("--diff").good()
    assert diffs(first) == diffs(checked) and len(diffs(first)) == 3
    shown = "Tell which of the user's files get a line"
    assert first.results(shown, HOST) == checked.results(shown, HOST)
    for path, line in INCLUDES.items():
        assert host.machine.read(path) == line + users_own(host, path)
    assert "asterisk" in host.listening(5061)
    assert certificate in host.served()
    assert "_1XXX" in host.machine.asterisk("dialplan show from-alexa")
    assert_modes(host)

    again, executions = host.role_counted()
    assert again.good().changed() == {HOST: 0} and executions == 1
    assert host.role("--check").good().changed() == {HOST: 0}

    undone = host.role(pbx_asterisk_state="absent").good()
    assert undone.changed()[HOST] > 0 and host.look() == host.before
    host.phones_call_each_other()
    assert host.role(pbx_asterisk_state="absent").good().changed() == {HOST: 0}
    assert host.role("--check", pbx_asterisk_state="absent").good().changed() == {HOST: 0}
    assert host.look() == host.before


def diffs(run: Run) -> list[object]:
    """What the run shows as changed in files, without the times and temporary names."""
    shown = run.result("Show the difference", HOST)["results"]
    return [(each["item"], part["before"], part["after"]) for each in shown for part in each["diff"]]


def users_own(host: AsteriskHost, path: str) -> str:
    """A file as it was before the role came."""
    return host.machine.run("tar", "-xOf", "/var/tmp/laboratory-asterisk.tar", path.lstrip("/")).stdout


def assert_modes(host: AsteriskHost) -> None:
    """Asterisk may read them, others nothing."""
    found = host.machine.run("find", OWN, "-printf", "%f %u %g %m\n").stdout.splitlines()
    wanted = [f"{name} root asterisk 640" for name in NAMES]
    assert sorted(found) == sorted([*wanted, "loaded.json root root 600", "alexa root asterisk 750"])


def test_changes_are_reloaded_and_changes_by_hand_are_put_right(host: AsteriskHost) -> None:
    host.role().good()
    started = host.machine.asterisk("core show settings")
    wanted = {name: host.machine.read(f"{OWN}/{name}") for name in NAMES}

    host.machine.write(
        f"{OWN}/pjsip.conf", wanted["pjsip.conf"].replace("media_encryption=sdes", "media_encryption=no")
    )
    host.machine.asterisk("module reload res_pjsip.so")
    host.machine.await_output(": no", "asterisk", "-rx", "pjsip show endpoint alexa")
    done = host.role().good()
    assert done.changed()[HOST] > 0 and host.machine.read(f"{OWN}/pjsip.conf") == wanted["pjsip.conf"]
    assert re.search("media_encryption +: sdes", host.machine.asterisk("pjsip show endpoint alexa"))

    for path, line in INCLUDES.items():
        host.machine.write(path, users_own(host, path))
        host.machine.asterisk("module reload res_pjsip.so")
        host.role().good()
        assert host.machine.read(path) == line + users_own(host, path)

    rooms = host.write("rooms.csv", "room,extension,unit_id\n101,7301,amzn1.alexa.unit.did.X101\n")
    changed = {
        "pbx_asterisk_codecs": ["alaw", "ulaw"],
        "pbx_asterisk_rooms": [],
        "pbx_asterisk_rooms_file": str(rooms),
        "pbx_asterisk_dial_in": [{"pattern": "_12XX", "context": "internal"}],
        "pbx_asterisk_networks": ["3.239.178.128/25", "198.51.100.0/24"],
        "pbx_asterisk_edge_host": "other.alexa.example",
        "pbx_asterisk_edge_port": 5062,
        "pbx_asterisk_qualify_frequency": 45,
        "pbx_asterisk_rtp_timeout": 70,
        "pbx_asterisk_ring_timeout": 25,
    }
    assert host.role(**changed).good().changed()[HOST] > 0
    endpoint = host.machine.asterisk("pjsip show endpoint alexa")
    for said in (r"allow +: \(alaw\|ulaw\)", "rtp_timeout +: 70", "Match: 198.51.100.0/24", "other.alexa.example:5062"):
        assert re.search(said, endpoint), endpoint
    assert re.search("qualify_frequency +: 45", host.machine.asterisk("pjsip show aor alexa"))
    plan = host.machine.asterisk("dialplan show to-alexa")
    assert "7301" in plan and ",25,i)" in plan and "7201" not in plan
    assert "_12XX" in (plan := host.machine.asterisk("dialplan show from-alexa")) and "_1XXX" not in plan
    assert host.role(**changed).good().changed() == {HOST: 0}
    # All of it without a restart.
    assert startup(started) == startup(host.machine.asterisk("core show settings"))


def startup(settings: str) -> str:
    (found,) = re.findall("Startup time: +(.*)", settings)
    return str(found)


def test_a_renewed_certificate_is_served_without_a_restart(host: AsteriskHost) -> None:
    host.role().good()
    started = startup(host.machine.asterisk("core show settings"))
    old = host.machine.read(host.given["pbx_asterisk_certificate_file"])
    renewed = host.certify()
    assert old in host.served()
    done = host.role().good()
    assert done.changed()[HOST] > 0 and renewed.pem in host.served()
    assert startup(host.machine.asterisk("core show settings")) == started
    assert host.role().good().changed() == {HOST: 0}


def test_a_changed_transport_restarts_asterisk_and_a_call_holds_that_up(host: AsteriskHost) -> None:
    host.role().good()
    moved = {"pbx_asterisk_sip_port": 5071, "pbx_asterisk_require_client_certificate": True}
    tell = "Tell what still waits for the end of the last call"
    with host.laboratory.phone("1234") as caller, host.laboratory.phone("1235") as callee:
        callee.answers()
        call = caller.call(f"sip:1235@{network.PBX_INSIDE}", via=REGISTRAR)
        answered = callee.wait_for_call(5)
        first = host.role(**moved).good()
        assert "when the last call has ended" in first.shown(tell, HOST)
        again = host.role(**moved).good()
        assert again.changed() == {HOST: 0} and "when the last call has ended" in again.shown(tell, HOST)
        # A change that a reload is enough for does not make the role forget what waits.
        third = host.role(**moved, pbx_asterisk_rtp_timeout=70).good()
        assert third.changed()[HOST] > 0 and "when the last call has ended" in third.shown(tell, HOST)
        assert host.listening(5071) == "" and not call.ended and not answered.ended
        answered.start_talking()
        assert call.talk(0.5).received > 15
        answered.stop_talking()
        call.hang_up()
        answered.wait_for_end(5)
    host.machine.await_output("asterisk", "ss", "-lntpH", "sport = :5071")
    assert host.listening(5061) == ""
    last = host.role(**moved, pbx_asterisk_rtp_timeout=70).good()
    assert last.changed() == {HOST: 0} and not [r for r in last.results(tell, HOST) if not r.get("skipped")]
    # Undone with the port that was given before: the one in use is closed all the same.
    host.role(pbx_asterisk_state="absent").good()
    assert host.look() == host.before


def test_undo_leaves_a_last_line_without_an_end_as_it_was(host: AsteriskHost) -> None:
    endings = {PJSIP: "; the end", EXTENSIONS: "\r\n\n; no end"}
    users = {path: users_own(host, path) + end for path, end in endings.items()}
    for path, text in users.items():
        host.machine.write(path, text)
    host.role().good()
    assert {path: host.machine.read(path) for path in users} == {path: INCLUDES[path] + users[path] for path in users}
    host.role(pbx_asterisk_state="absent").good()
    assert {path: host.machine.read(path) for path in users} == users


def test_undo_needs_no_running_asterisk(host: AsteriskHost) -> None:
    host.role().good()
    host.machine.run("systemctl", "stop", "asterisk")
    assert host.role(pbx_asterisk_state="absent").good().changed()[HOST] > 0
    assert host.role(pbx_asterisk_state="absent").good().changed() == {HOST: 0}
    host.machine.run("systemctl", "start", "asterisk")
    host.machine.asterisk("core waitfullybooted")
    assert host.look() == host.before


def test_only_the_custom_files_of_a_generated_configuration_are_touched(host: AsteriskHost) -> None:
    phones = users_own(host, PJSIP).replace("context=internal", "context=from-internal")
    plan = users_own(host, EXTENSIONS).replace("[internal]", "[from-internal]\ninclude => from-internal-custom")
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
    host.machine.asterisk("core reload")
    host.machine.await_output("Echo", "asterisk", "-rx", "dialplan show from-internal-custom")
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
    nat = {"pbx_asterisk_address": "192.0.2.10", "pbx_asterisk_check_name": False, "pbx_asterisk_inside_networks": []}
    host.role(**nat, pbx_asterisk_nat="off").good()
    assert "external_" not in host.machine.read(f"{OWN}/transport.conf")
    host.role(**{**nat, "pbx_asterisk_inside_networks": ["10.77.1.0/24"]}).good()
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
    named = {"pbx_asterisk_name": "hotel", "pbx_asterisk_phone_contexts": ["internal", "lobby"]}
    host.role(**named).good()
    assert re.search("Transport: +hotel-tls +tls", host.machine.asterisk("pjsip show endpoint hotel"))
    assert "to-hotel" in host.machine.asterisk("dialplan show lobby")
    assert "_1XXX" in host.machine.asterisk("dialplan show from-hotel")
    # Another name takes the place of the first.
    host.role().good()
    endpoints, plan = host.machine.asterisk("pjsip show endpoints"), host.machine.asterisk("dialplan show internal")
    assert "hotel" not in endpoints + plan and "to-alexa" in plan
    assert host.role().good().changed() == {HOST: 0}
