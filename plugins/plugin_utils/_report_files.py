# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report in its folder, written so that a reader never sees half of one.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Callable

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._files import replace_file
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report import (
    DATA_FILE,
    described,
    read_report,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_csv import (
    all_rooms,
    file_name_of,
    rooms_of,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_metrics import metrics
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_page import page

_FOLDER_MODE = 0o750
_FILE_MODE = 0o640
# The collector runs as another user; there are no names of people in it.
_METRICS_MODE = 0o644


class ReportFiles:
    """A report's files: C(report.json), C(report.html), C(rooms.csv), C(rooms/PROPERTY.csv) and the metrics.

    :param folder: where they are; made if need be.
    :param metrics_file: where the metrics go instead of C(report.prom) in the folder.
    """

    def __init__(self, folder: Path, metrics_file: Path | None) -> None:
        self.data = folder / DATA_FILE
        self._folder = folder
        self._metrics = metrics_file or folder / "report.prom"

    def present(self) -> str:
        """What is there, as C(told) says it; empty where no report of this version is."""
        try:
            document = read_report(self.data)
        except InputError:
            return ""
        paths = [path for path, _content in self._contents(document) if path.is_file()]
        return told(paths, document)

    def future(self, document: Mapping[str, Any]) -> str:
        """The same after C(write)."""
        return told([path for path, _content in self._contents(document)], document)

    def write(self, document: Mapping[str, Any]) -> None:
        """Write all of them. Raises InputError where that is not possible."""
        for path, content in self._contents(document):
            try:
                path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
                replace_file(path, content(), _METRICS_MODE if path == self._metrics else _FILE_MODE)
            except OSError as error:
                raise InputError(
                    f"{path} can't be written: {error.strerror}.", "Give a folder that this user may write to."
                ) from None

    def _contents(self, document: Mapping[str, Any]) -> Iterator[tuple[Path, Callable[[], bytes]]]:
        """Each file, and what makes its content: one at a time, as a fleet's is large. The data come last."""
        yield self._folder / "report.html", lambda: page(document)
        yield self._folder / "rooms.csv", lambda: all_rooms(document)
        for found in document["properties"]:
            # The rooms of one that failed may not be known: an older file says more than an empty one.
            if found["state"] != "failed":
                yield self._folder / "rooms" / file_name_of(found["host"]), lambda found=found: rooms_of(found)  # type: ignore[misc]
        yield self._metrics, lambda: metrics(document)
        yield self.data, lambda: _json(document)


def told(paths: list[Path], document: Mapping[str, Any]) -> str:
    """A line for each file, then what the document says."""
    return "".join(f"file {path}\n" for path in sorted(paths)) + described(document)


def _json(document: Mapping[str, Any]) -> bytes:
    """A line for each property: one can be read by eye, compared by line, and is written quickly."""
    parts = []
    for key, value in document.items():
        many = ",\n".join(json.dumps(each) for each in value) if isinstance(value, list) else None
        parts.append(f"{json.dumps(key)}: " + (json.dumps(value) if many is None else f"[\n{many}\n]"))
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()
