# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories that can't work: each host is told its own mistake, before anything is sent or written."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from playbook_runs import LINK, PROFILE, UNIT, Run, Site

GOOD_ROOM = {"extension": "7201", "comms_profile_id": PROFILE + "A1"}
HEADER = "extension,room,comms_profile_id\n"
ROW = f"7201,Room 201,{PROFILE}A1\n"


@dataclasses.dataclass
class Bad:
    """A mistake: the variables that make it, a CSV file of rooms, and what the message must say besides the host."""

    said: list[str]
    variables: dict[str, Any] = dataclasses.field(default_factory=dict)
    rooms: str | None = None


def csv(said: list[str], text: str) -> Bad:
    return Bad(["rooms.csv", *said], rooms=text)


def value(variable: str, wrong: Any, *said: str) -> Bad:
    return Bad([variable, *said], {variable: wrong})


MISTAKES = {
    "no-extension-column": csv(
        ["row 1", "column extension is missing", "name the columns"], f"room,unit_id\nA,{UNIT}1\n"
    ),
    "no-id-column": csv(
        ["row 1", "comms_profile_id or unit_id is missing", "name the columns"], "extension\n7201\n"
    ),
    "duplicate": csv(["row 4", "'7201'", "row 2", "remove one"], HEADER + ROW + f"7202,,{PROFILE}A2\n" + ROW),
    "path-in-extension": csv(["row 3", "'../7201'", "correct it"], HEADER + ROW + f"../7201,,{PROFILE}A2\n"),
    "blank-in-extension": csv(["row 2", "'72 01'", "correct it"], HEADER + f"72 01,,{PROFILE}A2\n"),
    "no-rows": csv(["no rows below the header", "add one for each room"], HEADER),
    "empty-file": csv(["is empty", "name the columns"], ""),
    "both-ids-in-row": csv(
        ["row 2", "both comms_profile_id and unit_id", "give one of the two"],
        f"extension,comms_profile_id,unit_id\n7201,{PROFILE}A1,{UNIT}1\n",
    ),
    "foreign-id": csv(["row 2", "comms_profile_id 'room-201' is no Amazon id"], HEADER + "7201,,room-201\n"),
    "no-such-file": Bad(
        ["files/nowhere.csv", "No such file", "give alexa_rooms_file a file"],
        {"alexa_rooms_file": "files/nowhere.csv"},
    ),
    "folder-for-a-file": Bad(["Is a directory", "give alexa_rooms_file a file"], {"alexa_rooms_file": "files"}),
    "both-ids-in-list": Bad(
        ["alexa_rooms[1]", "both comms_profile_id and unit_id", "give one of the two"],
        {"alexa_rooms": [GOOD_ROOM, {**GOOD_ROOM, "extension": "7202", "unit_id": UNIT + "1"}]},
    ),
    "number-for-extension": Bad(
        ["alexa_rooms[0]", "extension 458 is a number", "write it in quotes"],
        {"alexa_rooms": [{**GOOD_ROOM, "extension": 458}]},
    ),
    "twice-in-list-and-file": Bad(
        ["rooms.csv row 2", "alexa_rooms[0]", "remove one"], {"alexa_rooms": [GOOD_ROOM]}, HEADER + ROW
    ),
    "prune-without-rows": Bad(
        ["alexa_prune", "no rooms", "alexa_rooms or alexa_rooms_file"], {"alexa_prune": True, "alexa_rooms": []}
    ),
    "prune-limit": value("alexa_prune_limit", "a few", '"a few"', "such as 20"),
    "prune-limit-over-100": value("alexa_prune_limit", "150%", '"150%"', "at most 100%"),
    "private-address": value("alexa_pbx_address", "192.168.1.10", '"192.168.1.10"', "public", "203.0.113.10"),
    "malformed-address": value("alexa_pbx_address", "203.0.113", '"203.0.113"', "203.0.113.10"),
    "no-address": value("alexa_pbx_address", "", "203.0.113.10"),
    "no-name": value("alexa_pbx_name", "pbx", '"pbx"', "pbx.example.com"),
    "port-0": value("alexa_sip_port", 0, " 0.", "between 1 and 65535"),
    "port-70000": value("alexa_sip_port", 70000, "70000", "between 1 and 65535"),
    "port-of-ansible": Bad(["alexa_sip_port", "22", "another port"], {"alexa_sip_port": 22}),
    "range-out-of-order": value("alexa_rtp_ports", "20000-10000", "20000-10000", "in order"),
    "range-of-one": value("alexa_rtp_ports", "10000", "in order"),
    "network-with-host-bits": value(
        "alexa_networks", ["3.239.178.129/25"], '"3.239.178.129/25"', "3.239.178.128/25"
    ),
    "no-networks": value("alexa_networks", [], "3.239.178.128/25"),
    "inside-network": value("alexa_inside_networks", ["10.77.1.0"], '"10.77.1.0"', "with a length"),
    "kind": value("alexa_pbx_kind", "cloud", '"cloud"', "external"),
    "peer-type": value("alexa_peer_type", "dns", '"dns"', "Give ip", "fqdn"),
    "twin-one": Bad(
        ["alexa_pbx_name", "twin-one and twin-two", "its own"], {"alexa_pbx_name": "twin.example.com"}
    ),
    "twin-two": Bad(
        ["alexa_pbx_name", "twin-one and twin-two", "its own"], {"alexa_pbx_name": "twin.example.com"}
    ),
    "relative-ca-dir": Bad(["pbx_tls_ca_dir", '"ca"', "absolute path"], {"pbx_tls_ca_dir": "ca"}),
    "renewal-after-the-end": Bad(["pbx_tls_renew_before", "pbx_tls_days"], {"pbx_tls_renew_before": 400}),
    "no-bundle": Bad(["alexa_ca_bundle", "nowhere.pem", "absolute path"], {"alexa_ca_bundle": "/etc/nowhere.pem"}),
    "bundle-by-http": value("alexa_ca_bundle", "http://example.com/a.pem", "http://example.com", "an https:// URL"),
    "bundle-by-ftp": value("alexa_ca_bundle", "ftp://example.com/a.pem", "ftp://example.com", "an https:// URL"),
    "relative-handover": Bad(
        ["alexa_handover_dir", "absolute path"], {"alexa_pbx_kind": "external", "alexa_handover_dir": "handover"}
    ),
}


@pytest.fixture(scope="module")
def refused(site: Site) -> Run:
    """One run over all of them, with the credentials of an account that works."""
    hosts: dict[str, dict[str, Any]] = {}
    for number, (host, mistake) in enumerate(MISTAKES.items()):
        hosts[host] = {
            "alexa_pbx_name": f"pbx-{host}.example.com",
            "alexa_pbx_address": f"203.0.113.{number + 10}",
            "alexa_rooms": [{**GOOD_ROOM, "extension": "7999"}],
            **mistake.variables,
        }
        if mistake.rooms is not None:
            hosts[host]["alexa_rooms_file"] = f"files/{host}/rooms.csv"
            site.write(f"inventory/files/{host}/rooms.csv", mistake.rooms)
    site.inventory(hosts, pbx_tls_dir=str(site.pbx / "{{ inventory_hostname }}"))
    return site.run(LINK)


@pytest.mark.parametrize("host", MISTAKES)
def test_names_the_host_what_is_wrong_and_the_remedy(host: str, refused: Run) -> None:
    message = refused.message(host)
    assert host in refused.failed()
    # What Ansible's own validation says, Ansible says beside the host's name.
    assert host in message or message.startswith("Validation of arguments failed")
    for text in MISTAKES[host].said:
        assert text in message, f"{text!r} is not in: {message}"


def test_nothing_is_sent_and_nothing_is_written(site: Site, refused: Run) -> None:
    assert refused.code and not site.counted()
    assert not site.files() and not any(refused.changed().values())


def test_an_inventory_without_properties_is_refused(site: Site, refused: Run) -> None:
    site.write("inventory/hosts.yml", '{"ungrouped": {"hosts": {"aurora": {}}}}')
    run = site.run(LINK)
    assert run.code and "no host in the group alexa_pbx" in run.message("localhost")
    assert not site.counted()
