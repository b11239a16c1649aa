# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of pbx_kamailio that can't work, or that would open the PBX: refused before anybody asks the host."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alexa_laboratory.inventory import HOST
from kamailio_host import PLAYBOOK, VARIABLES
from laboratory_site import LaboratorySite

# Each with words of the remedy.
IMPOSSIBLE = {
    "pbx_kamailio_pbx": ("old-pbx.example.com", "the PBX's own IPv4 address"),
    "pbx_kamailio_address": ("10.77.1.10", "the public IPv4 address"),
    "pbx_kamailio_sip_port": (0, "between 1 and 65535"),
    "pbx_kamailio_edge_port": (65536, "between 1 and 65535"),
    "pbx_kamailio_rtp_ports": ("20000-10000", "two ports in order"),
    "pbx_kamailio_edge_host": ("edge.example.com;transport=udp", "the host name that Amazon told you"),
    "pbx_kamailio_networks": (["3.239.178.0/33"], "Give Amazon's networks"),
    "alexa_dial_in": ([{"pattern": "_0."}], "match outside numbers too"),
}
OTHERWISE = {
    "pbx_kamailio_pbx": ("10.77.1.300:5060", "the PBX's own IPv4 address"),
    "pbx_kamailio_address": ("999.1.1.1", "the public IPv4 address"),
    "pbx_kamailio_inside_port": (70000, "between 1 and 65535"),
    "pbx_kamailio_networks": (["amazon.example"], "Give Amazon's networks"),
    "alexa_dial_in": ([{"pattern": "1555\n"}, {"pattern": "_1[23"}], "match outside numbers too"),
}


def refusal(site: LaboratorySite, **variables: Any) -> list[str]:
    """Run the role on a host that nobody reaches; returns what it says against the variables."""
    ssh = site.write("no-ssh", "#!/bin/sh\nexit 255\n")
    ssh.chmod(0o755)
    given = {**VARIABLES, "ansible_ssh_executable": str(ssh), **variables}
    play = site.write("sbc.yml", PLAYBOOK)
    run = site.run(str(play), "--tags", "kamailio", "-e", json.dumps(given))
    assert run.failed() == {HOST}
    return ["unreachable"] if run.stats[HOST]["unreachable"] else run.message(HOST).splitlines()


def test_good_values_are_taken_to_the_host(site: LaboratorySite) -> None:
    patterns = ["9", "*98", "_1XXX", "_[1-3]XX", "_NXX", "_2Z-XX", "_[*#]1"]
    assert refusal(site, alexa_dial_in=[{"pattern": each} for each in patterns]) == ["unreachable"]


@pytest.mark.parametrize("bad", [IMPOSSIBLE, OTHERWISE])
def test_values_that_cannot_work_are_refused_all_at_once(site: LaboratorySite, bad: dict[str, tuple[Any, str]]) -> None:
    said = refusal(site, **{name: value for name, (value, _remedy) in bad.items()})
    assert len(said) == len(bad), said
    for variable, (_value, remedy) in bad.items():
        assert any(line.startswith(f"{HOST}: ") and variable in line and remedy in line for line in said), variable


def test_a_wrong_room_is_refused_with_its_row(site: LaboratorySite) -> None:
    rooms = site.write("rooms.csv", "room,extension,unit_id\n101,72O1,u1\n")
    said = "\n".join(refusal(site, pbx_kamailio_rooms=[], pbx_kamailio_rooms_file=str(rooms)))
    assert "72O1" in said and "rooms.csv" in said
