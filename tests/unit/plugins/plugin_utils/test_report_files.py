# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report: nothing that somebody named runs in them, and each can be read by what it is for."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.plugin_utils import _files
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._property_report import property_of
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report import report_of
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_csv import (
    all_rooms,
    file_name_of,
    rooms_of,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_files import ReportFiles
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_metrics import escaped, metrics
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_page import json_for_html, page
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rooms import rooms_of_rows, rows_of_csv
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._spreadsheet import guarded, unguarded

PROFILE = "amzn1.profile.1"
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>&lt;\u2028",
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "'=1",
    "''=1",
    "'t Hart",
    'a "quoted", name',
    "two\nlines",
    "back\\slash",
    "\ud800",
]
EXTENSIONS = ["7201", "+4930", "*21", "#9", "0712", "0", "7+1", "123456789012", "1*2", "+"]


def document(host: str = "aurora", rooms: Any = (), error: str = "") -> dict[str, Any]:
    certificates = [{"subject": "CN=a", "not_after": f"2027-0{month}-01T00:00:00Z"} for month in (2, 1)]
    trunk = {"trunk_id": "t", "status": "ACTIVE", "certificates": certificates}
    seen = "2026-11-26T08:00:00Z"
    found = property_of(host, seen, facts={}, trunk=trunk, mappings=[], rooms=rooms, profiles=[], error=error)
    stray = {"trunk_id": "gone", "tls_name": HOSTILE[0], "status": "ACTIVE"}
    return report_of([found], {"account": [stray]}, {"generated": seen, "certificate_days": 30})


def rooms(names: Any = ("",), extensions: Any = None) -> list[dict[str, str]]:
    numbers = extensions or [str(7000 + index) for index in range(len(names))]
    texts = names if len(names) == len(numbers) else [""] * len(numbers)
    return [{"extension": number, "room": name, "comms_profile_id": PROFILE} for number, name in zip(numbers, texts)]


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


class TestSpreadsheet:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_no_cell_is_a_formula_and_every_text_comes_back(self, text: str) -> None:
        assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
        assert unguarded(guarded(text)) == text

    def test_no_cell_of_a_file_is_a_formula(self) -> None:
        content = document("=host", rooms(HOSTILE))
        for row in cells(all_rooms(content)) + cells(rooms_of(content["properties"][0])):
            assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]

    def test_what_is_fed_back_is_what_was_wished(self) -> None:
        # What stands around a name is no part of it in any rooms file.
        names = [name for name in HOSTILE if name.strip() == name and name != "\ud800"]
        for wished in (rooms(names), rooms(extensions=EXTENSIONS)):
            (found,) = document(rooms=wished)["properties"]
            read = rooms_of_rows(rows_of_csv("rooms.csv", rooms_of(found)))
            assert sorted(read, key=str) == sorted(wished, key=str)

    def test_an_extension_is_guarded_only_where_a_spreadsheet_would_change_it(self) -> None:
        (found,) = document(rooms=rooms(extensions=EXTENSIONS))["properties"]
        shown = {row[0] for row in cells(rooms_of(found))[1:]}
        assert {"7201", "*21", "#9", "1*2", "'+4930", "'0712", "'123456789012"} <= shown


class TestFileNames:
    @pytest.mark.parametrize("host", ["../../etc/passwd", "a/b", "", "..", "CON/..", "x" * 500, "a\0b"])
    def test_no_host_leaves_the_folder(self, host: str) -> None:
        assert re.fullmatch(r"[A-Za-z0-9_.-]{1,120}\.csv", file_name_of(host)) and "/" not in file_name_of(host)

    def test_each_host_has_its_own(self) -> None:
        assert len({file_name_of(host) for host in ("a-b", "a/b", "a b", "a.b")}) == 4
        assert file_name_of("aurora") == "aurora.csv"


class TestMetrics:
    SAMPLE = re.compile(r'[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\[\\"n])*"(,[a-z]+="(?:[^"\\\n]|\\[\\"n])*")*\})? -?[0-9]+')

    @pytest.mark.parametrize("host", HOSTILE)
    def test_no_host_makes_a_line_of_its_own(self, host: str) -> None:
        lines = metrics(document(host)).decode().splitlines()
        assert not [line for line in lines if not line.startswith("# ") and not self.SAMPLE.fullmatch(line)]
        assert len(lines) == len(metrics(document()).decode().splitlines())

    def test_labels_are_escaped(self) -> None:
        assert escaped('a\\b"c\nd') == 'a\\\\b\\"c\\nd'

    def test_the_first_certificate_to_end_counts(self) -> None:
        line = 'alexa_property_certificate_expiry_timestamp_seconds{property="aurora"} 1798761600\n'
        assert line in metrics(document()).decode()


class TestPage:
    def test_no_name_is_markup(self) -> None:
        text = page(document(HOSTILE[1], rooms(HOSTILE), error="")).decode("ascii")
        assert text.count("<script") == 2 and text.count("</script>") == 2 and text.count("<!--") == 2
        data = text.partition('id="data">')[2].partition("</script>")[0]
        assert [row[1] for row in json.loads(data)["properties"][0]["rooms"]] == HOSTILE

    def test_the_policy_admits_the_pages_own_script_and_style_and_nothing_else(self) -> None:
        text = page(document()).decode("ascii")
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
        assert policy and policy[1].startswith("default-src 'none'; ") and "unsafe" not in policy[1]
        for tag, rule in (("script", "script-src"), ("style", "style-src")):
            own = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(own[0].encode()).digest()).decode()
            assert len(own) == 1 and f"{rule} 'sha256-{digest}'" in policy[1]
        assert not re.search(r"\bon[a-z]+=|(src|href)=|https?://(?!www\.w3\.org/2000/svg)", text)

    def test_the_script_makes_no_markup_of_texts(self) -> None:
        script = page(document()).decode("ascii").rpartition("<script>")[2]
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(", script)

    def test_json_is_the_same_without_what_a_parser_of_html_sees(self) -> None:
        text = json_for_html(HOSTILE)
        assert json.loads(text) == HOSTILE and not set(text) & set("<>&\u2028")


class TestWriting:
    def test_all_files_are_there_and_nothing_else(self, tmp_path: Path) -> None:
        files = ReportFiles(tmp_path / "report", tmp_path / "collector" / "alexa.prom")
        files.write(document())
        names = {str(path.relative_to(tmp_path)): path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.*")}
        of_names = ["report.html", "report.json", "rooms.csv", "rooms/aurora.csv"]
        assert names == {**{f"report/{name}": 0o640 for name in of_names}, "collector/alexa.prom": 0o644}
        assert files.present() == files.future(document())

    def test_a_file_that_is_missing_is_a_change(self, tmp_path: Path) -> None:
        files = ReportFiles(tmp_path, None)
        files.write(document())
        (tmp_path / "report.html").unlink()
        assert files.present() != files.future(document())

    def test_the_rooms_of_a_property_that_failed_stay_as_they_were(self, tmp_path: Path) -> None:
        files = ReportFiles(tmp_path, None)
        files.write(document(rooms=rooms()))
        before = (tmp_path / "rooms" / "aurora.csv").read_bytes()
        files.write(document(error="no answer"))
        assert (tmp_path / "rooms" / "aurora.csv").read_bytes() == before

    def test_what_breaks_off_leaves_the_old_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        files = ReportFiles(tmp_path, None)
        files.write(document())
        before = (tmp_path / "report.html").read_bytes()

        def full(*_arguments: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(_files.os, "fchmod", full)
        with pytest.raises(InputError, match="No space left"):
            files.write(document("other"))
        assert (tmp_path / "report.html").read_bytes() == before
        assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]
