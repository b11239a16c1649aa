# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what the README says of speed and memory, every figure beside another one of the same run.

Usage: run.py [limits] [mapping] [throttled] [properties] [inventory]; all without a name. The simulator stands for
Amazon. Each part is kept in .build/bench/results.json, and all that are kept make the table, table.md, and the plot,
speed.svg.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "extensions" / "simulator"))

from alexa_simulator.launcher import Simulator  # noqa: E402
from inventory import inventory, inventory_figures  # noqa: E402
from limits import Figure, figures  # noqa: E402
from plot import draw  # noqa: E402
from properties import ROOMS, Fleet  # noqa: E402
from table import Row, markdown  # noqa: E402
from ways import COLLECTION, CURL, SECOND, URI, WAYS, empty_play, map_extensions, mapped, new_trunk  # noqa: E402

KEPT = ROOT / ".build" / "bench"
LATENCY = ["--latency", "0.04", "--page-size", "50"]
LIMIT = 10  # requests a second
SIZES = (100, 1_000, 10_000)
SIZES_THROTTLED = (100, 1_000)
# What is slower grows in a straight line: beyond this size it is extrapolated from it.
LARGEST = {URI: 100, CURL: 1_000}
PROPERTIES = (1, 20, 200)
CPU_LIMIT = 1.0  # seconds a property
MEMORY_LIMIT = 300  # MB


def mapping(options: list[str], sizes: tuple[int, ...]) -> Iterator[Row]:
    """One trunk's rooms, by each way and size; the second run of the collection besides."""
    with Simulator(options) as simulator:
        start = empty_play(simulator)
        yield Row("an empty play", 0, start)
        for way in WAYS:
            for size in [size for size in sizes if size <= LARGEST.get(way, size)]:
                trunk_id = new_trunk(simulator)
                largest = Row(way, size, map_extensions(way, simulator, trunk_id, size), mapped(simulator, trunk_id))
                yield largest
                if way == COLLECTION:
                    cost = map_extensions(way, simulator, trunk_id, size)
                    yield Row(way + SECOND, size, cost, mapped(simulator, trunk_id))
            for size in [size for size in sizes if size > LARGEST.get(way, size)]:
                yield largest.extrapolated(size, start if way == URI else None)


def properties() -> Iterator[Row]:
    """So many properties, mapped and then found unchanged."""
    for count in PROPERTIES:
        with Simulator(LATENCY) as simulator, tempfile.TemporaryDirectory(prefix="alexa-bench-") as folder:
            fleet = Fleet(simulator, Path(folder), count)
            for run in (", first run", SECOND):
                cost = fleet.link()
                yield Row(f"link_pbx{run}", count, cost, fleet.mapped(), fleet.fewest_requests())


def property_figures(rows: list[Row]) -> list[Figure]:
    """What has a limit, of the second runs."""
    found = []
    for row in rows:
        if "second" in row.way:
            a_property = row.cost.cpu / row.size
            # What Ansible takes to start is a lot for one.
            held = a_property < CPU_LIMIT or row.size < max(PROPERTIES)
            found.append(Figure(f"CPU a property, of {row.size} (200: under {CPU_LIMIT})", a_property, "s", held))
            memory = row.cost.memory
            label = f"memory with {row.size} properties (under {MEMORY_LIMIT} MB)"
            found.append(Figure(label, memory, "MB", memory < MEMORY_LIMIT))
            held = row.cost.requests <= row.fewest
            found.append(Figure(f"requests, {row.size} properties (at most {row.fewest})", row.cost.requests, "", held))
        held = row.mapped == row.size * ROOMS
        found.append(Figure(f"rooms mapped, {row.size} properties, {row.way}", row.mapped, "", held))
    return found


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "mapping": lambda: mapping(LATENCY, SIZES),
    "throttled": lambda: mapping(
        [*LATENCY, "--rate-limit", str(LIMIT), "--retry-after", "seconds"], SIZES_THROTTLED
    ),
    "properties": properties,
    "inventory": lambda: inventory(LATENCY),
}
FIGURES = {"properties": property_figures, "inventory": inventory_figures}


def machine() -> str:
    """What the figures were measured on."""
    model = next(
        (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").open() if line.startswith("model name")), "CPU"
    )
    return f"{os.cpu_count()} cores, {model}, Python {sys.version.split()[0]}"


def keep(part: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Keep a part beside those that were measured before; returns all."""
    KEPT.mkdir(parents=True, exist_ok=True)
    file = KEPT / "results.json"
    kept: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    kept[part] = {"date": datetime.date.today().isoformat(), "machine": machine(), "rows": rows}
    file.write_text(json.dumps(kept, indent=1) + "\n")
    return kept


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - {"limits", *PARTS}
    if unknown:
        sys.exit(f"No part is called {', '.join(sorted(unknown))}. There are: limits, {', '.join(PARTS)}")
    found: list[Figure] = []
    if not wanted or "limits" in wanted:
        for figure in figures():
            found.append(figure)
            print(figure, flush=True)
    for part, measure in PARTS.items():
        if wanted and part not in wanted:
            continue
        print(f"\n{part}\n{Row.HEAD}", flush=True)
        rows = []
        for row in measure():
            rows.append(row)
            print(row, flush=True)
        kept = keep(part, [dataclasses.asdict(row) for row in rows])
        (KEPT / "table.md").write_text(markdown(kept))
        draw(kept, KEPT / "speed.svg")
        if part in FIGURES:
            more = FIGURES[part](rows)
            found += more
            print("", *more, sep="\n", flush=True)
    missed = [figure for figure in found if not figure.held]
    print("", *(f"NOT REACHED: {figure.label}" for figure in missed), f"The table is in {KEPT / 'table.md'}", sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
