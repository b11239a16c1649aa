# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of the role pbx_asterisk on a running Asterisk: from --check to undo, in both layouts."""

from __future__ import annotations

import re

from alexa_laboratory.inventory import HOST
from alexa_laboratory.pbx import NAME
from asterisk_host import ETC, OWN, AsteriskHost
from issuing import issue
from playbook_runs import Run

PJSIP, EXTENSIONS = f"{ETC}/pjsip.conf", f"{ETC}/extensions.conf"
NAMES = ("transport.conf", "pjsip.conf", "extensions.conf")
INCLUDES = {PJSIP: "#tryinclude alexa/pjsip.conf\n", EXTENSIONS: "#tryinclude alexa/extensions.conf\n"}


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
    host.link()
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
    host.link()
    started = startup(host.machine.asterisk("core show settings"))
    old = host.machine.read(host.given["pbx_asterisk_certificate_file"])
    renewed = host.certify()
    assert old in host.served()
    done = host.role().good()
    assert done.changed()[HOST] > 0 and renewed.pem in host.served()
    assert startup(host.machine.asterisk("core show settings")) == started
    assert host.role().good().changed() == {HOST: 0}


def test_an_intermediate_that_is_added_is_served(host: AsteriskHost) -> None:
    intermediate = issue("Property Intermediate CA", host.authority, authority=True)
    leaf = host.certify(issue(NAME, intermediate))
    host.role().good()
    assert leaf.pem in served_chain(host) and intermediate.pem not in served_chain(host)
    host.machine.write(host.given["pbx_asterisk_certificate_file"], leaf.pem + intermediate.pem)
    assert host.role().good().changed()[HOST] > 0
    assert leaf.pem in served_chain(host) and intermediate.pem in served_chain(host)
    assert host.role().good().changed() == {HOST: 0}


def served_chain(host: AsteriskHost) -> str:
    client = ("openssl", "s_client", "-showcerts", "-connect", "127.0.0.1:5061")
    return str(host.machine.run(*client, check=False).stdout)
