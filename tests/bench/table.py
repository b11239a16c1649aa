# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The performance table: what one run cost, as a line of text and of Markdown."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from measure import Cost

TITLES = {
    "mapping": "The rooms of one trunk, 40 ms an answer; with ~ extrapolated in a straight line",
    "throttled": "The same with a limit of 10 requests a second for the account",
    "properties": "Properties with 50 rooms each, stages wait and extensions, 5 forks, 40 ms an answer",
    "inventory": "The inventory of 200 properties with 100 rooms each, 40 ms an answer",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One run: the way, how many rooms or properties, its cost, how many rooms were mapped in the end.

    fewest is how many requests are needed, 0 where nobody counts; measured_with is the size from which a cost is
    extrapolated, 0 where it was measured.
    """

    HEAD: ClassVar[str] = " " * 32 + "   size    wall s    CPU s     MB  requests   429s  mapped"

    way: str
    size: int
    cost: Cost
    mapped: int = 0
    fewest: int = 0
    measured_with: int = 0

    def extrapolated(self, size: int, start: Cost | None) -> Row:
        """The same way with another size, in a straight line; start is what it costs before the first room."""
        factor = size / self.size
        wall, cpu = (start.wall, start.cpu) if start else (0.0, 0.0)
        cost = dataclasses.replace(
            self.cost,
            wall=wall + (self.cost.wall - wall) * factor,
            cpu=cpu + (self.cost.cpu - cpu) * factor,
            requests=round(self.cost.requests * factor),
            throttled=round(self.cost.throttled * factor),
            early=round(self.cost.early * factor),
        )
        mapped = round(self.mapped * factor)
        return dataclasses.replace(self, size=size, cost=cost, mapped=mapped, measured_with=self.size)

    def __str__(self) -> str:
        cost = self.cost
        told = f" extrapolated from {self.measured_with}" if self.measured_with else ""
        return (
            f"{self.way:32}{self.size:>7}{cost.wall:>10.2f}{cost.cpu:>9.2f}{cost.memory:>7.0f}"
            f"{cost.requests:>10}{cost.throttled:>7}{self.mapped:>8}{told}"
        )


def rows_of(kept: dict[str, Any], part: str) -> list[Row]:
    """The rows of a part that were kept; none where it was not measured."""
    found = kept.get(part, {}).get("rows", [])
    return [Row(**{**row, "cost": Cost(**row["cost"])}) for row in found]


def markdown(kept: dict[str, Any]) -> str:
    """All parts that are kept, each with its machine and date."""
    texts = []
    for part, title in TITLES.items():
        if part in kept:
            rows = [row for row in rows_of(kept, part) if row.size]
            lines = _by_property(rows) if part == "properties" else _by_way(rows)
            texts += [f"{title} ({kept[part]['date']}; {kept[part]['machine']}):", "\n".join(lines)]
    return "\n\n".join(texts) + "\n"


def _by_property(rows: list[Row]) -> list[str]:
    head = ["", "properties", "wall s", "CPU s", "CPU s a property", "memory MB", "requests", "rooms mapped"]
    lines = [_line(head), _rule(len(head))]
    for row in rows:
        each = f"{row.cost.cpu / row.size:.2f}"
        numbers = [f"{row.cost.wall:,.1f}", f"{row.cost.cpu:,.1f}", each, f"{row.cost.memory:,.0f}"]
        lines.append(_line([row.way, f"{row.size:,}", *numbers, f"{row.cost.requests:,}", f"{row.mapped:,}"]))
    return lines


def _by_way(rows: list[Row]) -> list[str]:
    """A line for each way: seconds of every size, and the rest of the largest one."""
    sizes = sorted({row.size for row in rows})
    rest = ["CPU s", "memory MB", "requests", "of them 429", "sent before Retry-After", "rooms mapped"]
    head = ["", *(f"{size:,} rooms, s" for size in sizes), *(f"{name} ({sizes[-1]:,})" for name in rest)]
    lines = [_line(head), _rule(len(head))]
    for way in dict.fromkeys(row.way for row in rows):
        own = {row.size: row for row in rows if row.way == way}
        cost, sign = own[sizes[-1]].cost, _sign(own[sizes[-1]])
        seconds = [f"{_sign(own[size])}{own[size].cost.wall:,.1f}" for size in sizes]
        numbers = [f"{cost.cpu:,.1f}", f"{cost.memory:,.0f}"]
        numbers += [f"{count:,}" for count in (cost.requests, cost.throttled, cost.early, own[sizes[-1]].mapped)]
        lines.append(_line([way, *seconds, *(sign + number for number in numbers)]))
    return lines


def _sign(row: Row) -> str:
    """What tells of a figure that nobody measured."""
    return "~" if row.measured_with else ""


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(columns: int) -> str:
    return _line(["---"] + ["---:"] * (columns - 1))
