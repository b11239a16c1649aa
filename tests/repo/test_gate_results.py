# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The closing line of `make test` counts right: what did not run is no success."""

from __future__ import annotations

from pathlib import Path

import pytest

import results
from gates import GATES, select

PASSED_AND_SKIPPED = """<testsuites><testsuite><testcase classname="a" name="one"/>
<testcase classname="a" name="two"><skipped message="no nft"/></testcase></testsuite></testsuites>"""
FAILED_AND_BROKEN = """<testsuite><testcase classname="a" name="one"><failure/></testcase>
<testcase classname="a" name="two"><error/></testcase></testsuite>"""
SANITY = """Running sanity test "compile" on Python 3.11
Running sanity test "pep8"
Running sanity test "shellcheck"
WARNING: Required program "shellcheck" not found.
"""
SANITY_FAILED = SANITY + "FATAL: The 1 sanity test(s) listed below (out of 3) failed. See above.\npep8\nFATAL: End\n"


def write(path: Path, text: str) -> Path:
    """Return the path, with the text in it."""
    path.write_text(text)
    return path


def test_junit_reports_are_summed(tmp_path: Path) -> None:
    reports = [write(tmp_path / "a.xml", PASSED_AND_SKIPPED), write(tmp_path / "b.xml", FAILED_AND_BROKEN)]
    count = results.of_junit(1, reports)
    assert count == results.Count(1, ["a::one", "a::two"], ["a::two: no nft"])
    assert str(count) == "1 passed, 2 failed, 1 skipped"


def test_a_suite_that_breaks_or_is_empty_fails(tmp_path: Path) -> None:
    assert results.of_junit(4, [tmp_path / "missing.xml"]).failed
    assert results.of_junit(0, [tmp_path / "missing.xml"]).failed
    assert results.of_junit(3, [write(tmp_path / "a.xml", PASSED_AND_SKIPPED)]).failed


def test_sanity_tests_are_counted(tmp_path: Path) -> None:
    skipped = ['Required program "shellcheck" not found.']
    assert results.of_sanity(0, write(tmp_path / "log", SANITY)) == results.Count(2, [], skipped)
    assert results.of_sanity(1, write(tmp_path / "log", SANITY_FAILED)) == results.Count(1, ["pep8"], skipped)


@pytest.mark.parametrize(("code", "text"), [(0, ""), (1, SANITY), (1, "")])
def test_sanity_that_broke_off_fails(tmp_path: Path, code: int, text: str) -> None:
    count = results.of_sanity(code, write(tmp_path / "log", text))
    assert (count.passed, len(count.failed)) == (0, 1)


def test_a_skip_can_be_made_a_failure() -> None:
    count = results.Count(1, [], ["no nft"])
    count.fail_skipped()
    assert str(count) == "1 passed, 1 failed"


def test_gates_are_selected_by_name_and_group() -> None:
    assert select([]) == GATES
    assert {gate.name for gate in select(["ansible-test", "repo"])} == {"sanity", "units", "repo"}
    with pytest.raises(SystemExit, match="nonsense"):
        select(["nonsense"])
