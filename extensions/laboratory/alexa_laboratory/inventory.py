# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the inventory by which Ansible finds the laboratory's PBX, as a user would write it for a real one."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import yaml

from . import authority, network, pbx

HOST = "aurora"
ROOMS = ("7201", "7202", "7203")
HEAD = "# {}\n---\n"


def unit_id(extension: str) -> str:
    """Return the id under which the simulator knows the unit of a room."""
    return f"amzn1.alexa.unit.did.LABORATORY{extension}"


def profile_id(extension: str) -> str:
    """Return the id under which the simulator knows the communication profile of a room."""
    return f"amzn1.alexa.communications.profile.did.LABORATORY{extension}"


def property_variables(bundle: Path) -> dict[str, Any]:
    """Return what the property's variables say of the link to Alexa."""
    rooms = [
        {"room": f"Room {extension[1:]}", "extension": extension, "comms_profile_id": profile_id(extension)}
        for extension in ROOMS
    ]
    return {
        "alexa_pbx_kind": "asterisk",
        "alexa_pbx_address": network.PBX,
        "alexa_pbx_name": pbx.NAME,
        "alexa_rtp_ports": "10000-10200",
        "alexa_inside_networks": [network.INSIDE_NETWORK],
        "alexa_edge_host": authority.EDGE_NAME,
        "alexa_ca_bundle": str(bundle),
        "alexa_dial_in": [{"pattern": "_1XXX", "context": "internal"}, {"pattern": "9", "context": "internal"}],
        "alexa_rooms": rooms,
        # The simulator's trunks are active within seconds.
        "trunk_wait_interval": 1,
    }


def connection_variables(machine: pbx.Pbx, control: network.Host, sockets: Path) -> dict[str, Any]:
    """Return how Ansible, which stays in this machine's own network, comes to the PBX from the control node.

    :param sockets: a folder of this laboratory's own for the connections that ssh keeps: to ssh all PBXs are alike.
    """
    # ssh splits the values of its options at spaces.
    known = f'"{machine.known_hosts}"'
    options = {
        "ProxyCommand": f"{shlex.join(control.inside)} nc %h %p",
        "UserKnownHostsFile": known,
        # A PBX that is gone is missed within seconds.
        "ServerAliveInterval": "5",
        "ServerAliveCountMax": "3",
    }
    arguments = ["-F", "/dev/null", *(word for name, text in options.items() for word in ("-o", f"{name}={text}"))]
    return {
        "ansible_host": network.PBX_INSIDE,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(machine.key),
        "ansible_ssh_common_args": shlex.join(arguments),
        "ansible_control_path_dir": str(sockets),
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def write(folder: Path, link: dict[str, Any], connection: dict[str, Any]) -> Path:
    """Write the inventory below the folder; returns its path, which is to be given to ansible-playbook."""
    files = {
        "hosts.yml": ("One property: the laboratory's.", {"alexa_pbx": {"hosts": {HOST: None}}}),
        f"host_vars/{HOST}/main.yml": ("The link to Alexa.", link),
        f"host_vars/{HOST}/connection.yml": ("How Ansible reaches the PBX.", connection),
    }
    for name, (title, content) in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(HEAD.format(title) + yaml.safe_dump(content, sort_keys=False, width=1000))
    return folder
