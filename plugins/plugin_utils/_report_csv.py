# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as CSV, for people, and for the next run: a property's file can be its C(alexa_rooms_file).

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._host_names import host_name_of
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._spreadsheet import guarded, guarded_extension

_COLUMNS = ("extension", "room", "comms_profile_id", "unit_id", "state", "mapped_to")


def all_rooms(document: Mapping[str, Any]) -> bytes:
    """Every extension of every property, those without a room too."""
    rows = ((guarded(found["host"]), *_cells(room)) for found in document["properties"] for room in found["rooms"])
    return _csv(("property", *_COLUMNS), rows)


def rooms_of(found: Mapping[str, Any]) -> bytes:
    """The rooms that are wished of one property: fed back as they are, they change nothing."""
    return _csv(_COLUMNS, (_cells(room) for room in found["rooms"] if room["state"] != "unlisted"))


def file_name_of(host: str) -> str:
    """A name for the property's file, its own whatever the host is called."""
    safe = host_name_of(host)[:100]
    if safe and safe == host:
        return f"{safe}.csv"
    return f"{safe}-{hashlib.sha256(host.encode('utf-8', 'replace')).hexdigest()[:8]}.csv"


def _cells(room: Mapping[str, str]) -> list[str]:
    return [guarded_extension(room["extension"]), *(guarded(room[name]) for name in _COLUMNS[1:])]


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig", "replace")
