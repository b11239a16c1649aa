# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the README's picture of the report, of an estate that has a bit of everything: draw_report.py FILE."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from browser import Browser
from estate import found, write

TOWNS = "Aurora Belle Coral Delta Ember Fjord Grove Haven Indigo Juniper Kestrel Linden Maple Nova Opal Pine".split()
HOUSES = ("hotel", "clinic", "lodge", "residence")
SIZE = (1440, 860)
REFUSED = {"id": "sip-refused", "severity": "error", "evidence": "Port 5061 does not answer.", "remedy": "Open it."}
TROUBLE: dict[int, dict[str, Any]] = {
    9: {"unmapped": 4},
    17: {"ends": "2026-12-09T00:00:00Z"},
    30: {"error": "The login was refused."},
    38: {"status": "PENDING"},
    44: {"unmapped": 1, "findings": [REFUSED]},
}


def main(file: Path) -> None:
    names = [f"{town.lower()}-{house}" for town in TOWNS for house in HOUSES]
    estate = [found(name, 40 + 37 * at % 160, **TROUBLE.get(at, {})) for at, name in enumerate(names)]
    with tempfile.TemporaryDirectory() as folder:
        page = write(Path(folder) / "report.html", estate)
        with Browser(Path(folder) / "profile", SIZE) as browser:
            browser.open(page)
            file.write_bytes(browser.picture())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
