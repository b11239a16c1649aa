# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""link_doctor and the role doctor alone, in a network without anybody, so that nothing leaves it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from alexa_laboratory import machine
from alone import alone
from issuing import Issued, issue
from name_server import name_server
from playbook_runs import Run, Site, play_of

NAME, ADDRESS, TRUNK = "pbx.example.com", "203.0.113.10", "amzn1.comms.network.siptrunk.12345"
ALONE = ("unshare", "--net")
# There is neither a Kamailio nor a name service in this network; the rest is the machine's own.
HERE, OWN = {"pbx-missing", "name-unresolved"}, {"own-name", "sip-helper"}
MODULE = "alexa.smart_properties.link_doctor"


@pytest.fixture(scope="module")
def place(folder: Path) -> Site:
    """Root alone may have a network of its own."""
    if reason := machine.why_not():
        pytest.skip(reason)
    site = Site(folder)
    site.inventory({"aurora": {}})
    return site


@pytest.fixture(scope="module")
def chain(place: Site) -> list[Issued]:
    """The files of a PBX: certificate, chain, key and what it trusts."""
    root = issue("Property CA")
    leaf = issue(NAME, root)
    for name, text in {
        "pbx.crt": leaf.pem, "chain.pem": leaf.pem + root.pem, "pbx.key": leaf.key_pem, "trust.pem": root.pem,
        "rtpengine.conf": "port-min = 10000\nport-max = 10400\n",
    }.items():  # fmt: skip
        place.write(name, text)
    return [leaf, root]


def examined(place: Site, **options: Any) -> Run:
    """The module in a task with these options."""
    task = {"name": "Examine", MODULE: {"name": NAME, "address": ADDRESS, **options}}
    play = {"hosts": "alexa_pbx", "gather_facts": False, "tasks": [task]}
    place.write("examine.yml", json.dumps([play]))
    return place.run("examine.yml", before=ALONE)


def found(run: Run, task: str = "Examine") -> set[str]:
    return {finding["id"] for finding in run.result(task, "aurora")["findings"]}


def files(place: Site) -> dict[str, str]:
    names = {
        "certificate_file": "pbx.crt", "chain_file": "chain.pem", "key_file": "pbx.key", "trust_file": "trust.pem",
    }  # fmt: skip
    return {name: str(place.folder / file) for name, file in names.items()}


def test_the_module_compares_all_that_it_is_given(place: Site, chain: list[Issued]) -> None:
    rooms = [{"extension": "7201", "comms_profile_id": "amzn1.alexa.unit.did.1"}]
    certificates = [{"subject": "CN=x", "not_after": "2030-01-01T00:00:00Z", "sha256": each.sha256} for each in chain]
    wish = {
        "kind": "kamailio", "sip_port": 5071, "peer_type": "fqdn", "rtp_ports": "10000-10200",
        "edge_host": "edge.example.com", "networks": ["3.239.178.128/25"], "inside_networks": ["192.168.1.0/24"],
        "dial_in": ["_1XXX"], "user": "root", "check_name": True,
        "codecs": ["ulaw"], "endpoint": "alexa", "rooms": rooms, "command_timeout": 5,
        "rtpengine_file": str(place.folder / "rtpengine.conf"), **files(place)}  # fmt: skip
    trunk = {
        "trunk_id": TRUNK, "status": "ACTIVE", "tls_name": NAME, "peers": [], "certificates": certificates,
        "fqdn_peer": {"name": NAME, "port": 5071}}  # fmt: skip
    mappings = [{"extension": "7201", "comms_profile_id": "amzn1.alexa.unit.did.1"}]
    sound = examined(place, **wish, trunk=trunk, mappings=mappings).good()
    assert found(sound) - OWN == {*HERE, "sip-open"}

    other = {**trunk, "status": "FAILED", "fqdn_peer": {"name": NAME, "port": 5061}, "certificates": certificates[::-1]}
    spoiled = examined(place, **{**wish, "certificate_days": 9999}, trunk=other, mappings=[])
    differences = {"trunk-failed", "trunk-elsewhere", "room-unmapped", "chain-order"}
    assert found(spoiled) >= {*differences, "certificate-expires", "trust-expired"}
    mended = examined(place, **wish, trunk=other, mappings=[], mended=["tls", "trunk", "extensions", "firewall"])
    assert found(mended) - OWN == {*HERE, "trunk-failed"}
    told = examined(place, kind="external", account_error="Login with Amazon gave no token.")
    assert found(told) == {"account-refused"}


def test_the_key_is_never_shown(place: Site, chain: list[Issued]) -> None:
    run = examined(place, kind="kamailio", **files(place))
    secret = "".join(chain[0].key_pem.splitlines()[1:-1])
    assert secret[:40] not in run.output.replace("\\n", "")


@pytest.mark.parametrize(("option", "value", "told"), [("kind", "freeswitch", "value of kind must be one of"),
                                                       ("mended", ["all"], "value of mended must be one"),
                                                       ("sip_port", "sips", "sip_port"),
                                                       ("rtp_ports", "10000", "Give two ports in order"),
                                                       ("networks", ["amazon"], "networks holds 'amazon'"),
                                                       ("resolvers", ["one"], "resolvers holds 'one'"),
                                                       ("endpoint", "a b", "endpoint is 'a b'")])  # fmt: skip
def test_options_that_cannot_be_used_are_refused(place: Site, option: str, value: Any, told: str) -> None:
    run = examined(place, **{option: value})
    assert run.code == 2 and told in run.message("aurora")


def test_the_role_serves_alone(place: Site, chain: list[Issued]) -> None:
    place.write("role.yml", play_of("doctor"))
    place.write("alexa-pbx.crt", chain[0].pem)
    place.write("alexa-pbx-chain.pem", chain[0].pem + chain[1].pem)
    given = {
        "doctor_kind": "external", "doctor_name": NAME, "doctor_address": ADDRESS, "doctor_peer_type": "ip",
        "doctor_tls_dir": str(place.folder), "doctor_trust_file": str(place.folder / "trust.pem"),
        "doctor_certificate_file": str(place.folder / "alexa-pbx.crt"), "doctor_key_file": "",
        "doctor_check_name": False, "doctor_resolvers": [],
        "doctor_codecs": ["opus"], "doctor_endpoint": "alexa", "doctor_user": "root", "doctor_trunk_known": True,
        "doctor_trunk": {}, "doctor_mappings": [], "doctor_account_error": "", "doctor_mended": [],
        "ansible_python_interpreter": sys.executable}  # fmt: skip
    look = "Look at the PBX, its name and certificate, and at what Amazon has"
    run = place.run("role.yml", "-e", json.dumps(given), before=ALONE).good()
    assert found(run, look) == {"trunk-missing"} and run.changed() == {"aurora": 0}
    given |= {"doctor_trunk": {"trunk_id": TRUNK, "status": "FAILED"}, "doctor_stops": True}
    stopped = place.run("role.yml", "-e", json.dumps(given), before=ALONE)
    assert stopped.code == 2 and "aurora: the doctor has found 1 errors" in stopped.message("aurora")
    assert "trunk-failed: The status of the trunk" in stopped.message("aurora")


BAD = {
    "doctor_name": ("pbx", "alexa_pbx_name (doctor_name) is \"pbx\". Give the name in the certificate"),
    "doctor_address": ("10.0.0.1", "alexa_pbx_address (doctor_address) is \"10.0.0.1\". Give the PBX's public"),
    "doctor_rtp_ports": ("20000-10000", "Give two ports in order"),
    "doctor_networks": (["3.239.178.130/25"], "Give Amazon's networks"),
    "doctor_inside_networks": (["lan"], "Give IPv4 networks"),
    "doctor_resolvers": (["dns.example.com"], "Give addresses of DNS servers"),
    "doctor_endpoint": ("alexa show", "Give the name of Asterisk's endpoint"),
    "doctor_certificate_days": ("soon", "Give how many days"),
}  # fmt: skip


def test_bad_values_are_refused_together(place: Site) -> None:
    place.write("role.yml", play_of("doctor"))
    bad = {name: value for name, (value, _told) in BAD.items() if name != "doctor_certificate_days"}
    run = place.run("role.yml", "-e", json.dumps(bad), before=ALONE)
    said = run.message("aurora")
    assert run.code == 2
    assert not [told for name, (_value, told) in BAD.items() if name in bad and told not in said], said


def test_the_role_verify_serves_alone(place: Site, chain: list[Issued]) -> None:
    place.write("verify.yml", play_of("verify"))
    place.write("alexa-pbx.crt", chain[0].pem)
    place.write("alexa-pbx-chain.pem", chain[0].pem + chain[1].pem)
    trunk = {"trunk_id": TRUNK, "status": "CREATING", "certificates": [{"subject": "x", "sha256": chain[0].sha256}]}
    given = {
        "alexa_pbx_kind": "external", "alexa_pbx_name": NAME, "alexa_pbx_address": ADDRESS,
        "doctor_tls_dir": str(place.folder),
        "verify_trunk": trunk, "verify_trunk_known": True, "verify_mappings": [], "verify_account_error": "",
        "verify_endpoint": "alexa", "verify_stops": False, "verify_call": "none"}  # fmt: skip
    run = place.run("verify.yml", "-e", json.dumps(given), before=ALONE).good()
    proofs = run.result("Put the proofs together", "aurora")["ansible_facts"]["verify_result"]
    assert [proof["verdict"] for proof in proofs] == [
        "refuted", "proven", "unseen", "unseen", "unseen", "unseen", "unseen", "proven"]  # fmt: skip
    failing = place.run("verify.yml", "-e", json.dumps({**given, "verify_stops": "true"}), before=ALONE)
    assert failing.code == 2 and "Amazon's trunk is active: that does not hold" in failing.message("aurora")
    calling = place.run("verify.yml", "-e", json.dumps({**given, "verify_call": "7201"}), before=ALONE)
    assert calling.code == 2 and "Only Asterisk can be told to call" in calling.message("aurora")
    for bad in ({"verify_call": "7201\n"}, {"verify_endpoint": "alexa show"}, {"verify_ring_timeout": "30\n"}):
        refused = place.run("verify.yml", "-e", json.dumps({**given, **bad}), before=ALONE)
        assert refused.code == 2 and next(iter(bad)) in refused.message("aurora")


# In a network of its own, with these rules.
RULED = 'nft add table inet t; nft add chain inet t i "{ type filter hook input priority 0; }"; eval "$0"; exec "$@"'
DOUBT = "nft add rule inet t i meta mark 7 udp dport 10000-20000 drop"


DROPPED = f"{DOUBT}; nft add rule inet t i tcp dport 5061 drop"


@pytest.mark.parametrize(("rules", "verdict"), [("true", "proven"), (DOUBT, "unseen"), (DROPPED, "refuted")])
def test_a_firewall_that_can_not_be_read_is_not_proven(place: Site, rules: str, verdict: str) -> None:
    place.write("verify.yml", play_of("verify"))
    given = {
        "alexa_pbx_kind": "kamailio", "alexa_pbx_name": NAME, "alexa_pbx_address": ADDRESS, "verify_stops": False,
        "doctor_tls_dir": str(place.folder)}  # fmt: skip
    before = (*ALONE, "sh", "-c", RULED, rules)
    run = place.run("verify.yml", "-e", json.dumps(given), before=before).good()
    proofs = run.result("Put the proofs together", "aurora")["ansible_facts"]["verify_result"]
    (told,) = [each for each in proofs if "firewall" in each["proof"]]
    assert told["verdict"] == verdict, told


# What a resolver of the user's choice knows, and what the doctor finds of the name then.
RESOLVED = {
    "127.0.0.5": (ADDRESS, None), "127.0.0.6": ("8.8.8.8", "name-elsewhere"),
    "127.0.0.7": ("10.0.0.5", "name-elsewhere"), "127.0.0.8": ("", "name-unresolved"),
}  # fmt: skip


@pytest.mark.parametrize("resolver", RESOLVED)
def test_resolvers_of_the_users_choice_are_asked(place: Site, resolver: str) -> None:
    task = {"name": "Examine", MODULE: {"kind": "external", "name": NAME, "address": ADDRESS, "resolvers": [resolver]}}
    place.write("resolve.yml", json.dumps([{"hosts": "alexa_pbx", "gather_facts": False, "tasks": [task]}]))
    known, expected = RESOLVED[resolver]
    with alone(), name_server(resolver, {NAME: known}):
        result = place.run("resolve.yml").good().result("Examine", "aurora")
    about = {each["id"]: each["evidence"] for each in result["findings"] if each["id"].startswith("name-")}
    assert set(about) == {expected} - {None}
    assert all(resolver in evidence for evidence in about.values())


def test_resolvers_that_do_not_answer_are_told(place: Site) -> None:
    run = examined(place, kind="external", resolvers=["127.0.0.9", "127.0.0.10"], command_timeout=1).good()
    (told,) = [each["why"] for each in run.result("Examine", "aurora")["unseen"] if each["id"] == "name-unresolved"]
    assert told.startswith("127.0.0.9, 127.0.0.10 does not answer: ")


def test_what_was_found_of_others_stays(folder: Path, place: Site) -> None:
    """The report reads all of it."""
    site = Site(folder / "others")
    common = {"alexa_pbx_kind": "external", "alexa_pbx_address": ADDRESS, "alexa_rooms": []}
    site.inventory({host: {"alexa_pbx_name": f"{host}.example.com", **common} for host in ("aurora", "riverside")})
    file = site.folder / "inventory" / ".alexa" / "doctor.json"

    def properties(*options: str) -> dict[str, Any]:
        assert site.run("alexa.smart_properties.doctor", *options, before=ALONE).code == 2
        return dict(json.loads(file.read_text())["properties"])

    both = properties()
    kept = {**both, "gone": both["riverside"], "riverside": {**both["riverside"], "error": "{{ 7 * 7 }}"}}
    file.write_text(json.dumps({"generated": "", "properties": kept}))
    after = properties("--limit", "aurora")
    assert after["riverside"] == kept["riverside"] and set(after) == set(both)
    assert after["aurora"]["examined"] >= both["aurora"]["examined"]
    file.write_text("damaged")
    assert set(properties("--limit", "aurora")) == {"aurora"}
