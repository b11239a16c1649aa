# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of pbx_asterisk that can't work, or that would open the PBX: refused before anybody asks the PBX."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alexa_laboratory.inventory import HOST
from alexa_laboratory.laboratory import Laboratory
from asterisk_host import AsteriskHost

INTERNAL = {"context": "internal"}
PATTERNS = ["_X.", "_!", "_1XXX.", "_[0-9]!", ".", "s", "_", "1 2", "_1XXX,1,Dial", "i", "_[12", "1\n"]
CONTEXTS = ["in side", "from-alexa", "", "internal\n"]
# Each with words of the remedy.
IMPOSSIBLE = {
    "pbx_asterisk_sip_port": (65536, "between 1 and 65535"),
    "pbx_asterisk_edge_port": (0, "between 1 and 65535"),
    "pbx_asterisk_rtp_ports": ("20000-10000", "two ports in order"),
    "pbx_asterisk_edge_host": ("edge.example.com;transport=udp", "the host name that Amazon told you"),
    "pbx_asterisk_networks": (["3.239.178.128/33"], "Give Amazon's networks"),
    "pbx_asterisk_inside_networks": (["inside"], "Give IPv4 networks"),
    "pbx_asterisk_address": ("pbx.example.com", "public IPv4 address"),
    "pbx_asterisk_codecs": (["ulaw\n[admin]"], "Give codecs"),
}
IMPOSSIBLE_IN_THE_DIAL_PLAN = {
    "pbx_asterisk_name": ("our trunk", "letters, digits"),
    "pbx_asterisk_phone_contexts": (["internal]"], "Give contexts of your dial plan"),
    "pbx_asterisk_dial_in": ([], "Give the numbers that Alexa may call"),
}
MISSING = {
    "pbx_asterisk_sip_port": (0, "between 1 and 65535"),
    "pbx_asterisk_networks": ([], "Give Amazon's networks"),
    "pbx_asterisk_address": ("", "pbx_asterisk_nat on needs it"),
    "pbx_asterisk_codecs": ([], "Give codecs"),
}


class Unreachable(AsteriskHost):
    """A PBX that Ansible can't reach: whoever tries does not get as far as to be refused."""

    def refusal(self, **variables: Any) -> list[str]:
        """Run the role; returns what it says against the variables, by line."""
        ssh = self.write("no-ssh", "#!/bin/sh\nexit 255\n")
        ssh.chmod(0o755)
        done = self.role(ansible_ssh_executable=str(ssh), **variables)
        assert done.failed() == {HOST}
        return ["unreachable"] if done.stats[HOST]["unreachable"] else done.message(HOST).splitlines()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, laboratory: Laboratory) -> Unreachable:
    return Unreachable(tmp_path_factory.mktemp("site"), laboratory)


def test_good_values_are_taken_to_the_pbx(host: Unreachable) -> None:
    patterns = ["9", "*98", "_1XXX", "_[1-3]XX", "_NXX", "_2Z-XX"]
    assert host.refusal(pbx_asterisk_dial_in=[{"pattern": each, **INTERNAL} for each in patterns]) == ["unreachable"]


def test_patterns_that_open_the_pbx_are_refused(host: Unreachable) -> None:
    asked = [{"pattern": each, **INTERNAL} for each in PATTERNS]
    asked += [{"pattern": "1", "context": each} for each in CONTEXTS]
    said = host.refusal(pbx_asterisk_dial_in=[{"pattern": "_1XXX", **INTERNAL}, *asked])
    assert len(said) == len(asked)
    for each, line in zip(asked, said):
        assert line.startswith(f"{HOST}: alexa_dial_in (pbx_asterisk_dial_in) holds ")
        assert all(json.dumps(text) in line for text in each.values()) and "no . and no !" in line


@pytest.mark.parametrize("bad", [IMPOSSIBLE, IMPOSSIBLE_IN_THE_DIAL_PLAN, MISSING])
def test_values_that_cannot_work_are_refused_all_at_once(host: Unreachable, bad: dict[str, tuple[Any, str]]) -> None:
    said = host.refusal(**{name: value for name, (value, _remedy) in bad.items()}, pbx_asterisk_nat="on")
    assert len(said) == len(bad)
    for variable, (_value, remedy) in bad.items():
        assert any(line.startswith(f"{HOST}: ") and variable in line and remedy in line for line in said)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("pbx_asterisk_state", "gone"),
        ("pbx_asterisk_layout", "debian"),
        ("pbx_asterisk_require_client_certificate", "perhaps"),
    ],
)
def test_unknown_choices_are_refused(host: Unreachable, variable: str, value: str) -> None:
    said = "\n".join(host.refusal(**{variable: value}))
    assert variable in said and value in said


def test_a_wrong_room_is_refused_with_its_row(host: Unreachable) -> None:
    rooms = host.write("rooms.csv", "room,extension,unit_id\n101,72O1,u1\n")
    said = "\n".join(host.refusal(pbx_asterisk_rooms=[], pbx_asterisk_rooms_file=str(rooms)))
    assert "72O1" in said and "rooms.csv" in said
