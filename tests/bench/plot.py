# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plot of cost against size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from table import Row, rows_of
from ways import BARE, COLLECTION, CURL, SECOND, URI, XARGS

# Of Okabe and Ito: told apart by those who see colours otherwise, too.
COLOURS = {COLLECTION: "#D55E00", BARE: "#000000", XARGS: "#0072B2", CURL: "#56B4E9", URI: "#999999"}


def draw(kept: dict[str, Any], file: Path) -> None:
    """Draw seconds against rooms and CPU seconds against properties, of the parts that are kept."""
    # The same figures give the same file.
    with mpl.rc_context({"svg.hashsalt": "alexa", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        seconds, cpu = figure.subplots(1, 2)
        rows = rows_of(kept, "mapping")
        for way, colour in COLOURS.items():
            _line(seconds, [row for row in rows if row.way == way], way, colour, "-")
            again = [row for row in rows if row.way == way + SECOND]
            _line(seconds, again, way + SECOND, colour, ":")
        seconds.set(title="Map the rooms of one trunk, 40 ms an answer", xlabel="rooms", ylabel="seconds")
        for run, style in (("first", "-"), ("second", ":")):
            rows = [row for row in rows_of(kept, "properties") if run in row.way]
            each = [row.cost.cpu / row.size for row in rows]
            cpu.semilogx([row.size for row in rows], each, "o" + style, label=f"{run} run", color=COLOURS[COLLECTION])
        cpu.set(title="link_pbx, 50 rooms a property, 5 forks", xlabel="properties", ylabel="CPU seconds a property")
        cpu.set_ylim(bottom=0)
        for axes in (seconds, cpu):
            axes.grid(alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)
            axes.xaxis.set_major_formatter("{x:,.0f}")
            if axes.lines:
                axes.legend(frameon=False, fontsize=8)
        seconds.yaxis.set_major_formatter("{x:,g}")
        figure.savefig(file, metadata={"Date": None, "Creator": None})


def _line(axes: Any, rows: list[Row], label: str, colour: str, style: str) -> None:
    """One way's line; what nobody measured is hollow."""
    if rows:
        axes.loglog([row.size for row in rows], [row.cost.wall for row in rows], style, color=colour, label=label)
    for row in rows:
        fill = "white" if row.measured_with else colour
        axes.plot([row.size], [row.cost.wall], "o", color=colour, markerfacecolor=fill, markersize=4)
