# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many properties at once: the stages wait and extensions of link_pbx, for trunks that are there."""

from __future__ import annotations

import csv
import json
import math
import os
from pathlib import Path

from alexa_simulator.launcher import Simulator
from measure import Cost, measured
from ways import mapped, new_trunk, rows

ROOMS = 50
FORKS = 5  # as Ansible has it
PAGE = 50


class Fleet:
    """So many properties, each with an active trunk and 50 rooms in a CSV file of its own."""

    def __init__(self, simulator: Simulator, folder: Path, count: int) -> None:
        self._simulator = simulator
        self._inventory = folder / "hosts.json"
        self.count = count
        listed = rows(ROOMS)
        hosts = {}
        self._trunks = []
        for number in range(1, count + 1):
            name = f"pbx-{number}.example.com"
            rooms = folder / f"rooms-{number}.csv"
            with rooms.open("w", newline="") as file:
                writer = csv.DictWriter(file, ["extension", "comms_profile_id"])
                writer.writeheader()
                writer.writerows(listed)
            hosts[f"property-{number}"] = {"alexa_pbx_name": name, "alexa_rooms_file": str(rooms)}
            self._trunks.append(new_trunk(simulator, name))
        common = {
            "alexa_pbx_address": "203.0.113.10",
            "alexa_pbx_kind": "external",
            "alexa_resume_file": str(folder / "left"),
        }
        self._inventory.write_text(json.dumps({"alexa_pbx": {"hosts": hosts, "vars": common}}))

    def link(self) -> Cost:
        """Run the stages for all properties."""
        collections = Path(__file__).resolve().parents[2] / ".build" / "collections"
        return measured(
            ["ansible-playbook", "alexa.smart_properties.link_pbx", "-i", str(self._inventory)]
            + ["--forks", str(FORKS), "--tags", "wait,extensions"],
            self._simulator,
            {"ANSIBLE_COLLECTIONS_PATH": os.fspath(collections)},
        )

    def mapped(self) -> int:
        """How many rooms of all properties are mapped, by the simulator."""
        return sum(mapped(self._simulator, trunk_id) for trunk_id in self._trunks)

    def fewest_requests(self) -> int:
        """What a run that changes nothing has to ask: pages of trunks, and a login and pages of mappings a property."""
        return math.ceil(self.count / PAGE) + self.count * (1 + math.ceil(ROOMS / PAGE))
