# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each request is noted with Amazon's id of it, and nothing that is secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness import TRUNKS, UNKNOWN_TRUNK, Site


def noted(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_requests_and_their_ids(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    site.good("alexa_siptrunk_info", request_log=str(file))
    site.failure("alexa_extension_info", trunk_id=UNKNOWN_TRUNK, request_log=str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    login, listed, again, missing = noted(file)
    assert (login["method"], login["path"], login["status"]) == ("POST", "/auth/o2/token", 200) == (
        again["method"], again["path"], again["status"])  # fmt: skip
    assert (listed["method"], listed["path"], listed["status"]) == ("GET", TRUNKS, 200)
    assert listed["request_id"] and missing["request_id"] != listed["request_id"] and missing["status"] == 404
    assert all(each["at"].endswith("Z") and each["seconds"] >= 0 for each in noted(file))
    site.assert_no_secret(file.read_text())


def test_a_request_without_an_answer(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    site.failure("alexa_siptrunk_info", api_url="https://127.0.0.1:9", retry_timeout=0, request_log=str(file))
    assert "status" not in noted(file)[-1] and "No connection to 127.0.0.1:9" in noted(file)[-1]["error"]


def test_a_log_that_can_t_be_written_stops_nothing(site: Site, tmp_path: Path) -> None:
    outcome = site.good("alexa_siptrunk_info", request_log=str(tmp_path / "missing" / "requests.jsonl"))
    assert "request_log" in json.dumps(outcome["warnings"]) and "No such file" in json.dumps(outcome["warnings"])
