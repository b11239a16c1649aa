# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real firewall: loaded by the role in a network namespace of its own, and tried with packets."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from namespaces import AMAZON, ANSWERING, PHONE, STRANGER, Network
from playbook_runs import Run, Site, mode, play_of

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may make a network namespace and load a firewall"
)

OTHERS = """
table inet filter {
    chain input {
        type filter hook input priority filter; policy accept;
        tcp dport 23 drop
    }
}
table ip nat {
    chain post { type nat hook postrouting priority srcnat; ip saddr 10.77.1.0/24 masquerade; }
}
"""
PROBES = {
    "Amazon's signalling": (AMAZON, "tcp", 5061),
    "a stranger's signalling": (STRANGER, "tcp", 5061),
    "a phone's signalling": (PHONE, "tcp", 5061),
    "Amazon's media": (AMAZON, "udp", 10100),
    "Amazon's last media port": (AMAZON, "udp", 10200),
    "a stranger's media": (STRANGER, "udp", 10100),
    "a phone's media": (PHONE, "udp", 10100),
    "a stranger beside the media ports": (STRANGER, "udp", 10201),
    "a stranger's remote login": (STRANGER, "tcp", 22),
    "a phone's plain SIP": (PHONE, "udp", 5060),
    "the inside PBX's trunk": (PHONE, "udp", 5070),
    "a stranger's call to that trunk": (STRANGER, "udp", 5070),
}
CLOSED = {"a stranger's signalling", "a phone's signalling"}
KAMAILIO = {"alexa_pbx_kind": "kamailio", "pbx_kamailio_pbx": f"{PHONE}:5060"}
# With the property's own networks given.
CLOSED_INSIDE = {"a stranger's signalling", "a stranger's media"}


@contextlib.contextmanager
def answering(network: Network, program: str, port: int) -> Iterator[None]:
    """A program of this name that answers at a UDP port of the PBX."""
    named = f"open('/proc/self/comm', 'w').write({program!r})\n{ANSWERING}"
    command = ["ip", "netns", "exec", network.pbx, sys.executable, "-c", named, f"udp:{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None and server.stdout.readline() == "ready\n"
            yield
        finally:
            server.kill()


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    network = Network()
    try:
        network.open()
        network.serve("tcp:5061", "tcp:22", "udp:10100", "udp:10200", "udp:10201", "udp:5060")
        with answering(network, "kamailio", 5070):
            yield network
    finally:
        network.close()


@pytest.fixture(scope="module")
def site(folder: Path, network: Network) -> Site:
    """A PBX with rules of its own, in other tables."""
    site = Site(folder)
    network.nft("--file", str(site.write("others.nft", OTHERS)))
    site.write("firewall.yml", play_of("pbx_firewall"))
    site.inventory(
        {"aurora": {"alexa_rtp_ports": "10000-10200"}},
        pbx_firewall_backend="nftables",
        pbx_firewall_dir=str(site.pbx / "firewall"),
        pbx_firewall_packages=[],
    )
    return site


def apply(site: Site, network: Network, *options: str) -> Run:
    return site.run("firewall.yml", "--diff", *options, before=network.inside)


@pytest.fixture(scope="module")
def others(site: Site, network: Network) -> str:
    """The tables that were there before, byte for byte."""
    return network.nft("list", "ruleset")


@pytest.fixture(scope="module")
def checked(site: Site, network: Network, others: str) -> tuple[Run, bool]:
    run = apply(site, network, "--check").good()
    return run, network.nft("list", "ruleset") == others


@pytest.fixture(scope="module")
def held(network: Network, checked: object) -> Iterator[subprocess.Popen[str]]:
    """A connection of a stranger, up before the rules are there."""
    with network.hold(STRANGER, 5061) as held:
        try:
            yield held
        finally:
            held.kill()


@pytest.fixture(scope="module")
def loaded(site: Site, network: Network, held: object) -> Run:
    return apply(site, network).good()


def own(network: Network) -> list[dict[str, Any]]:
    return [
        item
        for item in network.rules()
        for part in item.values()
        if "alexa_sip" in (part.get("table"), part.get("name"))
    ]


def without_handles(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {kind: {key: part[key] for key in part if key != "handle"} for kind, part in item.items()}
        for item in rules
    ]


def others_now(network: Network) -> str:
    return "".join(network.nft("list", "table", *table.split()) for table in ("inet filter", "ip nat"))


def refused(network: Network) -> set[str]:
    return {name for name, answer in zip(PROBES, network.answered(*PROBES.values())) if not answer}


class TestNftables:
    def test_all_is_open_before(self, network: Network, others: str) -> None:
        assert not refused(network)

    def test_check_changes_nothing_and_tells(self, site: Site, checked: tuple[Run, bool]) -> None:
        run, same = checked
        assert same and run.changed()["aurora"]
        assert "tcp dport 5061 counter drop" in str(run.result("Write the rules", "aurora")["diff"])

    def test_admits_amazon_and_nobody_else_to_signalling(self, network: Network, loaded: Run) -> None:
        assert refused(network) == CLOSED
        assert network.tables() == {"filter", "nat", "alexa_sip"}

    def test_leaves_connections_that_are_up(self, held: subprocess.Popen[str], loaded: Run) -> None:
        assert held.communicate("still there?\n", timeout=30)[0] == "hello\n"

    def test_names_amazons_network_as_nft_reads_it(self, network: Network, loaded: Run) -> None:
        (amazon,) = [item["set"]["elem"] for item in own(network) if item.get("set", {}).get("name") == "amazon"]
        assert amazon == [{"prefix": {"addr": "3.239.178.128", "len": 25}}]

    def test_leaves_other_tables_byte_for_byte(self, network: Network, others: str, loaded: Run) -> None:
        assert others_now(network) == others

    def test_writes_what_check_said(self, site: Site, checked: tuple[Run, bool], loaded: Run) -> None:
        told, done = (run.result("Write the rules", "aurora")["diff"] for run in (checked[0], loaded))
        assert [part.get("after") for part in told] == [part.get("after") for part in done]
        assert mode(site.pbx / "firewall" / "firewall.nft") == "644"

    def test_again_changes_nothing(self, site: Site, network: Network, loaded: Run) -> None:
        before = network.rules()
        run = apply(site, network).good()
        assert run.changed() == {"aurora": 0}, run.changed_tasks("aurora")
        assert network.rules() == before

    @pytest.mark.parametrize(
        "change", ["add rule inet alexa_sip input udp dport 5060 drop", "delete table inet alexa_sip"]
    )
    def test_what_was_changed_by_hand_is_put_back(
        self,
        change: str,
        site: Site,
        network: Network,
        others: str,
        loaded: Run,
    ) -> None:
        before = without_handles(own(network))
        network.nft(*change.split())
        assert without_handles(own(network)) != before
        assert apply(site, network).good().changed_tasks("aurora") == ["Load the rules in one transaction"]
        assert without_handles(own(network)) == before
        assert others_now(network) == others

    def test_check_tells_of_a_change_by_hand_and_leaves_it(
        self, site: Site, network: Network, loaded: Run
    ) -> None:
        network.nft("flush", "chain", "inet", "alexa_sip", "input")
        before = network.rules()
        assert apply(site, network, "--check").good().changed_tasks("aurora") == [
            "Load the rules in one transaction"
        ]
        assert network.rules() == before

    def test_rules_that_nft_refuses_do_not_replace_the_old_ones(
        self, site: Site, network: Network, loaded: Run
    ) -> None:
        rules, before = site.pbx / "firewall" / "firewall.nft", network.rules()
        content = rules.read_text()
        # A program that refuses everything, in the place of nft.
        run = apply(site, network, "-e", '{"pbx_firewall_nft": "/bin/false", "alexa_sip_port": 5062}')
        assert run.failed() == {"aurora"} and "failed to validate" in run.message("aurora")
        assert rules.read_text() == content and network.rules() == before


class TestInsideNetworks:
    def test_admit_phones_and_close_the_media_ports_to_strangers(
        self, site: Site, network: Network, others: str, loaded: Run
    ) -> None:
        run = apply(site, network, "-e", '{"alexa_inside_networks": ["10.77.1.0/24"]}').good()
        assert run.changed()["aurora"] and refused(network) == CLOSED_INSIDE
        assert others_now(network) == others


class TestInsidePeer:
    """A PBX behind Kamailio, with a plain trunk."""

    def test_alone_is_admitted_to_the_trunks_port(self, site: Site, network: Network, loaded: Run) -> None:
        run = apply(site, network, "-e", json.dumps(KAMAILIO)).good()
        assert run.changed()["aurora"] and refused(network) == CLOSED | {"a stranger's call to that trunk"}
        assert apply(site, network, "-e", json.dumps(KAMAILIO)).good().changed() == {"aurora": 0}
        assert apply(site, network).good().changed()["aurora"] and refused(network) == CLOSED

    def test_is_refused_where_its_port_is_anothers(self, site: Site, network: Network, loaded: Run) -> None:
        before = network.rules()
        taken = json.dumps({**KAMAILIO, "pbx_kamailio_inside_port": 5071})
        with answering(network, "softswitch", 5071):
            for options in (["--check"], []):
                run = apply(site, network, "-e", taken, *options)
                assert run.failed() == {"aurora"} and "softswitch holds UDP port 5071" in run.message("aurora")
        assert network.rules() == before

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"pbx_kamailio_pbx": "pbx.example.com:5060"}, "the PBX's own IPv4 address"),
            ({"pbx_firewall_inside_peer": "10.77.1.300"}, "the PBX's own IPv4 address"),
            ({"pbx_firewall_inside_port": 0}, "not among alexa_rtp_ports"),
            ({"pbx_kamailio_inside_port": 10100}, "not among alexa_rtp_ports"),
        ],
    )
    def test_that_cannot_be_is_refused(self, wrong: dict[str, Any], said: str, site: Site, network: Network) -> None:
        run = apply(site, network, "-e", json.dumps({**KAMAILIO, **wrong}))
        assert run.failed() == {"aurora"} and said in run.message("aurora")

    def test_is_in_the_table_for_appliances(self, site: Site, network: Network) -> None:
        written = {"pbx_firewall_backend": "file", "pbx_firewall_file": str(site.folder / "rules.nft")}
        apply(site, network, "-e", json.dumps({**KAMAILIO, **written})).good()
        rows = [row.split("|") for row in (site.folder / "rules.md").read_text().splitlines() if row[2:3].isdigit()]
        assert [row[1].strip() for row in rows] == [str(number + 1) for number in range(len(rows))]
        shown = [[cell.strip() for cell in row[2:6]] for row in rows]
        assert ["UDP", PHONE, "5070", "allow"] in shown and ["UDP", "any", "5070", "deny"] in shown


@pytest.fixture(scope="module")
def removed(site: Site, network: Network, loaded: Run) -> tuple[Run, bool, Run]:
    options = ["-e", "pbx_firewall_state=absent"]
    before = network.rules()
    told = apply(site, network, "--check", *options).good()
    return told, network.rules() == before, apply(site, network, *options).good()


class TestAbsent:
    def test_check_tells_and_changes_nothing(self, removed: tuple[Run, bool, Run]) -> None:
        told, same, done = removed
        assert same and told.changed_tasks("aurora") == done.changed_tasks("aurora")

    def test_removes_its_own_only(self, site: Site, network: Network, others: str, removed: object) -> None:
        assert not own(network) and others_now(network) == others
        assert not site.files() - {"pbx"} and not refused(network)

    def test_again_changes_nothing(self, site: Site, network: Network, removed: object) -> None:
        # The trunk of a PBX behind Kamailio need not be right for that.
        wrong = {**KAMAILIO, "pbx_kamailio_pbx": "pbx.example.com", "pbx_kamailio_inside_port": 10100}
        absent = json.dumps({**wrong, "pbx_firewall_state": "absent"})
        assert apply(site, network, "-e", absent).good().changed() == {"aurora": 0}
