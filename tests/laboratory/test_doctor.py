# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor on a real PBX: silent where all is well, and each fault found where it was put."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest

from alexa_laboratory import network
from alexa_laboratory.inventory import HOST
from alexa_laboratory.laboratory import Laboratory
from alexa_laboratory.sip import UserAgent
from issuing import issue
from laboratory_site import LaboratorySite
from playbook_runs import CLIENT_SECRET, LINK, UNLINK, Run

DOCTOR, VERIFY = "alexa.smart_properties.doctor", "alexa.smart_properties.verify"
LOOK = "Look at the PBX, its name and certificate, and at what Amazon has"
SUPPORT = "alexa.smart_properties.support_bundle"
TLS = "/etc/alexa_smart_properties/tls"
OWN = "/etc/asterisk/alexa"
PROFILE = "amzn1.alexa.communications.profile.did.LABORATORY720"
RELOAD = "asterisk -rx 'module reload res_pjsip.so' >/dev/null; asterisk -rx 'dialplan reload' >/dev/null"
# Asterisk reads the certificate when it is greeted first, and keeps it.
GREET = "openssl s_client -connect 127.0.0.1:5061 </dev/null >/dev/null 2>&1"

# What is done to the PBX, what the doctor must find then, and how it is put right again.
FAULTS: dict[str, tuple[str, set[str], str]] = {
    "the firewall": (
        "nft add table inet theirs; nft add chain inet theirs input '{ type filter hook input priority 0; }'"
        "; nft add rule inet theirs input ip saddr 3.239.178.0/24 tcp dport 5061 drop"
        "; nft add rule inet theirs input udp dport 10000-10100 ip saddr 3.239.178.128/26 drop"
        "; nft add rule inet theirs input ip saddr 10.77.1.0/24 udp dport 10100-10200 drop",
        {"sip-refused", "media-refused", "phones-refused"},
        "nft delete table inet theirs",
    ),
    "rules of iptables of either kind": (
        "iptables-legacy -A INPUT -s 3.239.178.128/25 -p tcp -m tcp --dport 5061 -j DROP"
        "; iptables-nft -A INPUT -p udp -m conntrack --ctstate NEW -m multiport --dports 10000:20000 -j DROP",
        {"sip-refused", "media-refused", "phones-refused"},
        "iptables-legacy -F INPUT; nft delete table ip filter",
    ),
    "no firewall at all, and names": (
        "nft delete table inet alexa_sip; cp /etc/hosts /etc/hosts.kept"
        "; printf '198.51.100.9 pbx.example.com\n2001:db8::9 pbx.example.com\n' >/etc/hosts",
        {"sip-open", "name-elsewhere", "name-ipv6", "own-name"},
        "cat /etc/hosts.kept >/etc/hosts; rm /etc/hosts.kept; nft -f /etc/alexa_smart_properties/firewall.nft",
    ),
    "a host that does not know its own name": (
        "cp /etc/hosts /etc/hosts.kept; sed '/pbx.example.com/d' /etc/hosts.kept >/etc/hosts",
        {"own-name"},
        "cat /etc/hosts.kept >/etc/hosts; rm /etc/hosts.kept",
    ),
    "the endpoint": (
        f"cp -p {OWN}/pjsip.conf /var/tmp/; sed -i 's/^media_encryption=.*/media_encryption=no/; s/^allow=.*/allow=gsm/"
        f"; s|^match=.*|match=3.239.178.128/26|; s/^qualify_frequency=.*/qualify_frequency=0/"
        "; s/edge.alexa.example/3.239.178.130/"
        f"; s/^aors=alexa/aors=alexa\\nauth=9/; s/^context=.*/context=from-nowhere/' {OWN}/pjsip.conf; {RELOAD}",
        {"srtp-off", "codec", "unmatched", "qualify-off", "contact-address", "password-asked", "context-missing"},
        f"mv /var/tmp/pjsip.conf {OWN}/; {RELOAD}",
    ),
    "the dial plan": (
        f"cp -p {OWN}/extensions.conf /var/tmp/; sed -i '/^exten => 7203,/d; /^exten => _1XXX/d' {OWN}/extensions.conf"
        f"; {RELOAD}",
        {"room-unreachable", "dial-in-missing"},
        f"mv /var/tmp/extensions.conf {OWN}/; {RELOAD}",
    ),
    "the media": (
        "cp -p /etc/asterisk/rtp.conf /var/tmp/; sed -i 's/^rtpend=.*/rtpend=10400/' /etc/asterisk/rtp.conf"
        "; asterisk -rx 'module reload res_rtp_asterisk.so'; asterisk -rx 'module unload res_srtp.so'"
        "; setsid python3 -c 'import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
        "; s.bind((\"0.0.0.0\", 10150)); time.sleep(60)' >/dev/null 2>&1 & echo $! >/var/tmp/holder; sleep 0.3",
        {"media-range", "srtp-missing", "media-taken"},
        "kill $(cat /var/tmp/holder); rm /var/tmp/holder; mv /var/tmp/rtp.conf /etc/asterisk/"
        "; asterisk -rx 'module reload res_rtp_asterisk.so'; asterisk -rx 'module load res_srtp.so'",
    ),
    "the key and what is trusted": (
        f"cp -a {TLS} /var/tmp/tls; chown root:root {TLS}/alexa-pbx.key; chmod 600 {TLS}/alexa-pbx.key"
        f"; : >{TLS}/amazon-bundle.pem; openssl genpkey -algorithm ED25519 >{TLS}/alexa-pbx.key",
        {"key-unreadable", "key-mismatch", "trust-missing"},
        f"rm -r {TLS}; mv /var/tmp/tls {TLS}",
    ),
    "no certificate": (
        f"mv {TLS} /var/tmp/tls",
        {"certificate-missing", "trust-missing"},
        f"mv /var/tmp/tls {TLS}",
    ),
    "Asterisk is down": (
        "systemctl stop asterisk",
        {"pbx-stopped"},
        f"systemctl start asterisk; asterisk -rx 'core waitfullybooted'; {GREET}",
    ),
}


@pytest.fixture(scope="module")
def edge(laboratory: Laboratory) -> Iterator[UserAgent]:
    with laboratory.edge() as answering:
        answering.answers()
        yield answering


@pytest.fixture(scope="module")
def linked(site: LaboratorySite, edge: UserAgent) -> Iterator[LaboratorySite]:
    site.run(LINK).good()
    site.machine.asterisk("pjsip qualify alexa")
    site.machine.await_output("Avail ", "asterisk", "-rx", "pjsip show contacts")
    yield site
    # The next file of this suite begins with a PBX that nobody has linked.
    site.run(UNLINK, "-e", "unlink_confirm=true", "-e", "pbx_tls_remove_key=true").good()


def shell(site: LaboratorySite, script: str) -> None:
    site.machine.run("sh", "-c", script)


def examined(site: LaboratorySite, **variables: Any) -> tuple[Run, set[str]]:
    """A run of the doctor, and the names of what it found."""
    run = site.run(DOCTOR, "-e", json.dumps(variables))
    return run, {finding["id"] for finding in run.result(LOOK, HOST)["findings"]}


def test_a_sound_property_is_sound_and_nothing_is_changed(linked: LaboratorySite) -> None:
    before = linked.state()
    run, found = examined(linked)
    assert found == set() and run.good().changed() == {HOST: 0, "localhost": 0}
    assert run.result(LOOK, HOST)["unseen"] == []
    assert linked.state() == before
    kept = json.loads((linked.inventory_path / ".alexa" / "doctor.json").read_text())["properties"][HOST]
    assert kept["totals"] == {"error": 0, "warning": 0} and kept["error"] == ""
    assert HOST in run.shown("Show what was found", HOST)


def test_one_look_costs_one_execution_on_the_pbx(linked: LaboratorySite) -> None:
    run, executions = linked.run_counted(lambda: linked.run(DOCTOR, "--check"))
    assert run.good().changed()[HOST] == 0 and executions == 1


@pytest.mark.parametrize("title", FAULTS)
def test_a_fault_is_found_and_nothing_else(linked: LaboratorySite, title: str) -> None:
    spoil, expected, mend = FAULTS[title]
    shell(linked, spoil)
    try:
        run, found = examined(linked)
        assert found == expected
        (result,) = run.results(LOOK, HOST)
        assert run.code == (2 if result["totals"]["error"] else 0)
        lines = run.shown("Show what was found", HOST)
        assert all(about in lines for about in expected)
    finally:
        shell(linked, mend)


def test_the_three_fingerprints_are_compared(linked: LaboratorySite) -> None:
    """Another certificate in the file than the one that is served and registered."""
    other = issue("pbx.example.com", issue("Another CA"))
    shell(linked, f"cp -a {TLS} /var/tmp/tls")
    try:
        linked.machine.write(f"{TLS}/alexa-pbx.crt", other.pem)
        linked.machine.write(f"{TLS}/alexa-pbx-chain.pem", other.pem)
        linked.machine.write(f"{TLS}/alexa-pbx.key", other.key_pem)
        _run, found = examined(linked, doctor_certificate_days=9999)
        assert {"certificate-not-served", "certificate-not-registered", "chain-incomplete", "trust-expired"} <= found
    finally:
        shell(linked, f"rm -r {TLS}; mv /var/tmp/tls {TLS}")


def test_a_name_that_nobody_knows(linked: LaboratorySite) -> None:
    _run, found = examined(linked, alexa_pbx_name="elsewhere.example.com", trunk_name="pbx.example.com")
    assert found >= {"name-unresolved", "certificate-name"}


def test_what_differs_at_amazon(linked: LaboratorySite) -> None:
    control = linked.api().control
    trunk = linked.trunk("pbx.example.com")["trunkId"]
    for extension, profile in (("7201", f"{PROFILE}9"), ("7299", f"{PROFILE}1")):
        control("PUT", f"/trunks/{trunk}/extensions/{extension}", {"commsProfileId": profile})
    control("DELETE", f"/trunks/{trunk}/extensions/7203")
    run, found = examined(linked)
    assert found == {"room-unmapped", "room-elsewhere", "mapping-unlisted"} and run.code == 2
    linked.run(LINK, "--tags", "trunk,extensions", "-e", "alexa_prune=true", "-e", "alexa_prune_limit=5").good()
    assert examined(linked)[1] == set()


def test_a_property_that_moved_and_one_that_has_no_trunk(linked: LaboratorySite) -> None:
    _run, found = examined(linked, alexa_sip_port=5071)
    assert {"trunk-missing", "not-listening"} <= found
    trunk = linked.trunk("pbx.example.com")["trunkId"]
    _run, found = examined(linked, alexa_trunk_id=trunk, alexa_sip_port=5071)
    assert "trunk-elsewhere" in found


def test_amazon_refuses_and_the_pbx_is_examined_all_the_same(linked: LaboratorySite) -> None:
    run = linked.run(DOCTOR, ALEXA_CLIENT_SECRET="wrong")
    result = run.result(LOOK, HOST)
    assert {finding["id"] for finding in result["findings"]} == {"account-refused"} and run.code == 2
    told = result["findings"][0]["evidence"]
    assert told.startswith("Login with Amazon gave no token") and CLIENT_SECRET not in run.output


def test_a_support_bundle_has_what_the_pbx_says(linked: LaboratorySite) -> None:
    run = linked.run(SUPPORT).good()
    with tarfile.open(run.result("Write the bundle", HOST)["file"]) as tar:
        opened = {member.name.partition("/")[2]: tar.extractfile(member) for member in tar.getmembers()}
        files = {name: file.read().decode() for name, file in opened.items() if file}
    assert "No finding." in files["README.txt"] and "not there" not in files["README.txt"]
    assert "CONNECTED" in files["handshake.txt"].partition("# From the control node")[0]
    assert "Asterisk 22" in files["versions.txt"] and "alexa_sip" in files["firewall.txt"]
    assert "pjsip" in files["timeline.txt"] and '"request_id"' in files["timeline.txt"]
    own = {name for name in files if name.startswith(f"configuration{OWN}/")}
    assert own >= {f"configuration{OWN}/pjsip.conf", f"configuration{OWN}/extensions.conf"}
    assert not [name for name, text in files.items() if "PRIVATE KEY" in text or CLIENT_SECRET in text]


def test_an_external_pbx_is_seen_from_the_control_node_only(linked: LaboratorySite) -> None:
    """In a network of its own, so that nothing can leave it."""
    alone = ("unshare", "--net")
    external = ("-e", "alexa_pbx_kind=external", "-e", "alexa_doctor_file=")
    run, executions = linked.run_counted(lambda: linked.run(DOCTOR, *external, before=alone))
    assert executions == 0 and run.code == 2
    result = run.result(LOOK, HOST)
    assert {each["id"] for each in result["unseen"]} >= {"sip-refused", "certificate-not-served"}
    assert {each["id"] for each in result["findings"]} == {"account-refused", "certificate-missing"}


def test_a_pbx_that_is_not_reached_is_lost_and_told(linked: LaboratorySite) -> None:
    run = linked.run(DOCTOR, "-e", "ansible_port=9")
    assert run.code != 0 and "lost" in run.shown("Show what was found", HOST)


def proofs(run: Run) -> dict[str, str]:
    told = run.result("Put the proofs together", HOST)["ansible_facts"]["verify_result"]
    return {each["proof"]: each["verdict"] for each in told}


def test_a_property_is_proven_by_a_call_to_a_room(linked: LaboratorySite, laboratory: Laboratory) -> None:
    run = linked.run(VERIFY, "-e", "verify_call=7201", "-e", "alexa_verify_number=9").good()
    told = proofs(run)
    # Nobody has called from Alexa's side yet.
    assert told.pop("packets came from Amazon's networks") == "unseen"
    assert len(told) == 7 and set(told.values()) == {"proven"} and run.changed()[HOST] == 0
    assert "Alexa, call extension 9" in run.shown("Show the proofs", HOST)
    laboratory.pbx.await_output("0 active channels", "asterisk", "-rx", "core show channels count")


def test_packets_from_amazon_are_counted(linked: LaboratorySite, laboratory: Laboratory, edge: UserAgent) -> None:
    with laboratory.phone("1234") as phone:
        phone.answers()
        edge.call(f"sip:1234@{network.PBX}:5061;transport=tls", via=(network.PBX, 5061)).hang_up()
    told = proofs(linked.run(VERIFY, "-e", "alexa_verify_phrase=Alexa, dial 9").good())
    assert told["packets came from Amazon's networks"] == "proven"
    assert told["the PBX reached a room by a call"] == "unseen"


def test_a_proof_is_refuted(linked: LaboratorySite, edge: UserAgent) -> None:
    trunk = linked.trunk("pbx.example.com")["trunkId"]
    linked.api().control("DELETE", f"/trunks/{trunk}/extensions/7203")
    edge.refuses(486)
    try:
        run = linked.run(VERIFY, "-e", "verify_call=7201", "-e", "verify_ring_timeout=3")
        refuted = {proof for proof, verdict in proofs(run).items() if verdict == "refuted"}
        assert refuted == {"every room is mapped, and nothing else", "the PBX reached a room by a call"}
        assert run.code == 2 and "every room is mapped, and nothing else; the PBX reached" in run.message(HOST)
    finally:
        edge.answers()
        linked.run(LINK, "--tags", "trunk,extensions").good()


def test_what_cannot_be_called_is_refused(linked: LaboratorySite) -> None:
    for bad in ("verify_call=room 1", "verify_ring_timeout=soon"):
        run = linked.run(VERIFY, "-e", json.dumps(dict([bad.split("=")])))
        assert run.code == 2 and bad.partition("=")[0] in run.message(HOST)


def test_link_pbx_stops_before_it_changes_anything(linked: LaboratorySite) -> None:
    shell(linked, "asterisk -rx 'module unload res_srtp.so'")
    shell(linked, f"rm {OWN}/extensions.conf")
    try:
        run = linked.run(LINK)
        assert run.code == 2 and "srtp-missing: " in run.message(HOST) and run.changed()[HOST] == 0
        assert "--skip-tags doctor" in run.message(HOST)
    finally:
        shell(linked, "asterisk -rx 'module load res_srtp.so'")
    # What a stage mends keeps nobody from running it.
    assert linked.run(LINK).good().changed()[HOST] > 0
    assert examined(linked)[1] == set()
