# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts of a gate: from an exit code, from JUnit reports, from the words of ansible-test sanity."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

SANITY_RUN = re.compile(r'^Running sanity test "([\w-]+)"', re.MULTILINE)
SANITY_FAILED = re.compile(r"The (\d+) sanity test\(s\) listed below \(out of \d+\) failed")
SANITY_SKIPPED = re.compile(r'^WARNING: (Skipping sanity test "[\w-]+".*|Required program .*)', re.MULTILINE)


@dataclass
class Count:
    """How many tests passed, which failed, and which were skipped and why."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, other: Count) -> None:
        """Take in the numbers of another gate."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def fail_skipped(self) -> None:
        """Turn what was skipped into failures."""
        self.failed += self.skipped
        self.skipped = []

    def __str__(self) -> str:
        words = f"{self.passed} passed, {len(self.failed)} failed"
        return f"{words}, {len(self.skipped)} skipped" if self.skipped else words


def of_exit_code(code: int, _log: Path) -> Count:
    """Count a gate that is one check."""
    return Count(failed=[f"exit code {code}"]) if code else Count(passed=1)


def of_junit(code: int, reports: list[Path]) -> Count:
    """Count the test cases of JUnit reports; a bad exit code without a failed case is a failure of its own."""
    count = Count()
    for report in reports:
        if report.exists():
            for case in ElementTree.parse(report).iter("testcase"):
                add_case(count, case)
    if not count.failed and (code or not count.passed):
        count.failed.append(f"exit code {code}, {count.passed} tests ran")
    return count


def add_case(count: Count, case: ElementTree.Element) -> None:
    """Add one test case of a JUnit report."""
    name = f"{case.get('classname')}::{case.get('name')}"
    skipped = case.find("skipped")
    if case.find("failure") is not None or case.find("error") is not None:
        count.failed.append(name)
    elif skipped is not None:
        count.skipped.append(f"{name}: {skipped.get('message')}")
    else:
        count.passed += 1


def of_sanity(code: int, log: Path) -> Count:
    """Count the tests that ansible-test sanity named in its output."""
    text = log.read_text(errors="replace")
    heading = SANITY_FAILED.search(text)
    failed = text[heading.end() :].split("\n")[1 : 1 + int(heading.group(1))] if heading else []
    skipped = SANITY_SKIPPED.findall(text)
    passed = len(SANITY_RUN.findall(text)) - len(failed) - len(skipped)
    if not failed and (code or passed < 1):
        failed, passed = [f"exit code {code} before the tests' end"], 0
    return Count(passed, failed, skipped)
