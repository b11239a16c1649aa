# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of a large account: many rooms, with and without their profiles, and from the cache."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

from alexa_simulator.launcher import Simulator
from limits import PAGE, Figure
from measure import measured
from table import Row

PROPERTIES = 200
ROOMS = 100  # of a property
CPU_LIMIT = 60.0  # seconds
UNIT = "amzn1.alexa.unit.did."
COLLECTIONS = Path(__file__).resolve().parents[2] / ".build" / "collections"
ORGANIZATION = {"plugin": "alexa.smart_properties.alexa_units", "parent_id": UNIT + "ORGANIZATION"}


def inventory(options: list[str]) -> Iterator[Row]:
    """20,000 rooms listed by ansible-inventory."""
    with Simulator(options) as simulator, tempfile.TemporaryDirectory(prefix="alexa-bench-") as folder:
        units = 0
        for number in range(PROPERTIES):
            units += _add_property(simulator, f"{UNIT}P{number}")
        cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": f"{folder}/cache"}
        pages = 1 + math.ceil(units / PAGE)
        yield _listed(simulator, Path(folder), "alexa_units", pages, **cache)
        yield _listed(simulator, Path(folder), "alexa_units, from the cache", 0, **cache)
        with_profiles = pages + PROPERTIES * ROOMS
        yield _listed(simulator, Path(folder), "alexa_units, with profiles", with_profiles, read_profiles=True)


def inventory_figures(rows: list[Row]) -> list[Figure]:
    """What has a limit."""
    found = []
    for row in rows:
        cpu, requests = row.cost.cpu, row.cost.requests
        found += [
            Figure(f"CPU, {row.way} (under {CPU_LIMIT:g} s)", cpu, "s", cpu < CPU_LIMIT),
            Figure(f"requests, {row.way} (at most {row.fewest})", requests, "", requests <= row.fewest),
            Figure(f"rooms, {row.way}", row.mapped, "", row.mapped == row.size),
        ]
    return found


def _add_property(simulator: Simulator, property_id: str) -> int:
    """A property with rooms that have profiles; how many units that makes."""
    rooms = [{"name": f"Room {number}", "id": f"{property_id}R{number}"} for number in range(101, 101 + ROOMS)]
    units = [
        {"name": f"Hotel {property_id.rpartition('P')[2]}", "id": property_id},
        *({**room, "parentId": property_id} for room in rooms),
    ]
    simulator.control("POST", "/units", units)
    simulator.control("POST", "/profiles", [{"unitId": room["id"]} for room in rooms])
    return len(units)


def _listed(simulator: Simulator, folder: Path, way: str, fewest: int, **options: object) -> Row:
    file, output = folder / "alexa_units.yml", folder / "listing.json"
    file.write_text(json.dumps({**ORGANIZATION, **options}))
    command = ["ansible-inventory", "-i", str(file), "--list", "--output", str(output)]
    cost = measured(command, simulator, {"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)})
    hosts = json.loads(output.read_text())["_meta"]["hostvars"].values()
    return Row(way, PROPERTIES * ROOMS, cost, sum(len(host["alexa_rooms"]) for host in hosts), fewest)
