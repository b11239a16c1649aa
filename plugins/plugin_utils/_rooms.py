# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms of a property, from a list in the inventory and from CSV files, checked as a whole.

A room is a dictionary with C(extension), C(room) (may be empty) and either C(comms_profile_id) or C(unit_id).
Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import (
    problem_with_amazon_id,
    problem_with_extension,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._spreadsheet import unguarded, unguarded_extension

IDS = ("comms_profile_id", "unit_id")
COLUMNS = ("extension", "room", *IDS)
DELIMITERS = (",", ";", "\t")
PROBLEMS_SHOWN = 20

Row = tuple[str, Mapping[str, Any]]
"""Where the row stands, for messages, and its values by column."""


class RoomsError(Exception):
    """The rooms can't be used. The text lists the first 20 problems, one a line, each with its place and remedy."""

    def __init__(self, problems: list[str]) -> None:
        lines = problems[:PROBLEMS_SHOWN]
        if len(problems) > PROBLEMS_SHOWN:
            lines = [*lines, f"… and {len(problems) - PROBLEMS_SHOWN} more"]
        super().__init__("\n".join(lines))
        self.problems = problems


def rows_of_list(name: str, rooms: Any) -> list[Row]:
    """The rows of a list in the inventory.

    :param name: what the user calls the list.
    :raises RoomsError: it is no list of dictionaries with the keys of a room.
    """
    if not isinstance(rooms, (list, tuple)):
        raise RoomsError([f"{name} is no list: give a list of {{extension, room, comms_profile_id or unit_id}}"])
    rows: list[Row] = []
    problems: list[str] = []
    for index, room in enumerate(rooms):
        place = f"{name}[{index}]"
        if not isinstance(room, Mapping):
            problems.append(f"{place}: {room!r} is no dictionary: give extension and comms_profile_id or unit_id")
            continue
        unknown = sorted(str(key) for key in room if key not in COLUMNS)
        if unknown:
            problems.append(f"{place}: unknown {', '.join(unknown)}: the keys of a room are {', '.join(COLUMNS)}")
        rows.append((place, room))
    if problems:
        raise RoomsError(problems)
    return rows


def rows_of_csv(name: str, content: bytes) -> list[Row]:
    """The rows of a CSV file as property-management systems and spreadsheets export it.

    UTF-8 and UTF-16 with a byte order mark, UTF-8 without, else Windows-1252; comma, semicolon or tab, as the header
    uses; any line ends; blank rows are skipped. An apostrophe that keeps a spreadsheet from running a cell, or from
    taking an extension for another number, is no part of the text.

    :param name: the file's path.
    :raises RoomsError: no header, a column missing or twice, a row of another length, broken quotes, no rows.
    """
    records = _records(name, _text(name, content))
    first = next(records, None)
    if first is None:
        raise RoomsError([f"{name}: is empty: name the columns in the first row, and add a row for each room"])
    place, header = first
    columns = [title.strip().lower() for title in header]
    problems = _problems_with_header(place, columns)
    if problems:
        raise RoomsError(problems)
    rows: list[Row] = []
    for place, fields in records:
        if len(fields) != len(columns):
            problems.append(
                f"{place}: {len(fields)} fields, but the header has {len(columns)}:"
                " put quotes around a value that holds the delimiter, and fill missing fields"
            )
            continue
        cells = {column: unguarded(field.strip()) for column, field in zip(columns, fields)}
        cells["extension"] = unguarded_extension(cells["extension"])
        rows.append((place, {column: cells[column] for column in COLUMNS if column in cells}))
    if not rows and not problems:
        problems = [f"{name}: no rows below the header: add one for each room, or leave the file out"]
    if problems:
        raise RoomsError(problems)
    return rows


def rooms_of_rows(rows: Iterable[Row]) -> list[dict[str, str]]:
    """The rooms, in the order of the rows.

    :raises RoomsError: a bad or repeated extension, none or both of the two ids, or one that Amazon did not give.
    """
    places: dict[str, str] = {}
    rooms: list[dict[str, str]] = []
    problems: list[str] = []
    for place, values in rows:
        extension = values.get("extension")
        found = _problems_with_room(values)
        if not found and extension in places:
            found = [f"extension {extension!r} is already given by {places[extension]}: remove one of the two"]
        problems += [f"{place}: {problem}" for problem in found]
        if not found:
            places[str(extension)] = place
            given = {key: str(values[key]) for key in IDS if values.get(key)}
            rooms.append({"extension": str(extension), "room": _room_name(values), **given})
    if problems:
        raise RoomsError(problems)
    return rooms


def _problems_with_room(values: Mapping[str, Any]) -> list[str]:
    problems = []
    extension = values.get("extension")
    if isinstance(extension, int):
        # YAML reads an unquoted 0712 as 458: only quotes keep what was meant.
        problems.append(f"extension {extension} is a number: write it in quotes")
    elif problem := problem_with_extension(extension):
        problems.append(f"{problem}: correct it")
    given = [key for key in IDS if values.get(key)]
    if len(given) != 1:
        which = "neither comms_profile_id nor unit_id" if not given else "both comms_profile_id and unit_id"
        problems.append(f"{which} (extension {extension!r}): give one of the two")
    else:
        problem = problem_with_amazon_id(given[0], values[given[0]])
        problems += [problem] if problem else []
    return problems


def _room_name(values: Mapping[str, Any]) -> str:
    room = values.get("room")
    return "" if room is None else str(room)


def _problems_with_header(place: str, columns: list[str]) -> list[str]:
    problems = [
        f"{place}: column {column} stands twice in the header: rename or remove one"
        for column in COLUMNS
        if columns.count(column) > 1
    ]
    wanted = "name the columns extension, room, and comms_profile_id or unit_id in the first row"
    if "extension" not in columns:
        problems.append(f"{place}: column extension is missing, found {columns}: {wanted}")
    if not any(column in columns for column in IDS):
        problems.append(f"{place}: column comms_profile_id or unit_id is missing, found {columns}: {wanted}")
    return problems


def _text(name: str, content: bytes) -> str:
    """Excel writes UTF-8 with a mark, "Unicode text" as UTF-16, and plain CSV in the code page of Western Windows."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
    if "\0" in text:
        raise RoomsError([f"{name}: holds NUL bytes, so it is no CSV file: export it as CSV (UTF-8)"])
    return text


def _records(name: str, text: str) -> Iterator[tuple[str, list[str]]]:
    """The records that hold anything, each with the row it starts at (a spreadsheet's count: the header is row 1)."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        place = f"{name} row {reader.line_num + 1}"
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise RoomsError([f"{place}: {error}: correct the quotes of this row"]) from None
        if any(field.strip() for field in fields):
            yield place, fields
