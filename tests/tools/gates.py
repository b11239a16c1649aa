# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates of this repository: what each runs and how its results are counted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import results
from run_ansible_test import COPY, ROOT, known_files

TOOLS = Path(__file__).parent
JUNIT = ROOT / ".build" / "junit"
TEMPORARY = ROOT / ".build" / "tmp"


@dataclass(frozen=True)
class Gate:
    """A named step: its group, its command, how to count, and the program of the system that it needs.

    :ivar whole_machine: it keeps all cores busy by itself; the others run side by side, the last of them beside it.
    """

    name: str
    group: str
    command: Callable[[], list[str]]
    count: Callable[[int, Path], results.Count]
    program: str = ""
    whole_machine: bool = False


def shell_scripts() -> list[str]:
    """Return the files whose first line names a shell."""
    shebangs = (b"#!/bin/sh", b"#!/usr/bin/env bash", b"#!/bin/bash")
    return [name for name in known_files() if (ROOT / name).read_bytes().startswith(shebangs)]


def tool(name: str, *command: str) -> Gate:
    """Return a gate that is one check: it passes when the command ends with 0."""
    return Gate(name, "lint", lambda: list(command), results.of_exit_code)


def suite(name: str, path: str, *options: str) -> Gate:
    """Return a gate that is a pytest suite: each test counts."""
    report = JUNIT / f"{name}.xml"

    def command() -> list[str]:
        places = [f"--junitxml={report}", f"--basetemp={TEMPORARY / name}"]
        return [sys.executable, "-m", "pytest", "-q", "--tb=short", *places, *options, path]

    return Gate(
        name, "pytest", command, lambda code, _log: results.of_junit(code, [report]), whole_machine="-n" in options
    )


def units_count(code: int, _log: Path) -> results.Count:
    """Count the unit tests that ansible-test ran."""
    return results.of_junit(code, sorted((COPY / "tests" / "output" / "junit").glob("*.xml")))


def ansible_test(name: str, count: Callable[[int, Path], results.Count], *options: str) -> Gate:
    """Return a gate that ansible-test runs in a copy of the collection."""
    command = [sys.executable, str(TOOLS / "run_ansible_test.py"), name, *options]
    return Gate(name, "ansible-test", lambda: command, count, whole_machine="--num-workers" in options)


# One more than the cores of a small machine: hosts and servers take their time to start and end. In the order of
# tests/conftest.py: sorted by the number of tests, the longest files would come last.
WORKERS = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
# The same where each test is as long as a file, and goes on from no other.
WORKERS_BY_TEST = ("-n", "3", "--dist", "loadgroup", "--no-loadscope-reorder")

# The cheap ones first: a slip shows within seconds. The longest of those that run side by side starts at once.
GATES = [
    ansible_test("sanity", results.of_sanity),
    Gate("shellcheck", "lint", lambda: ["shellcheck", *shell_scripts()], results.of_exit_code, "shellcheck"),
    tool("ruff", "ruff", "check", "--no-cache", "."),
    tool("yamllint", "yamllint", "--strict", "."),
    tool("reuse", "reuse", "lint", "--lines"),
    tool("changelog", "antsibull-changelog", "lint"),
    suite("repo", "tests/repo"),
    tool("mypy", "mypy", "-p", "ansible_collections.alexa.smart_properties.plugins.module_utils"),
    tool("build", sys.executable, str(TOOLS / "check_build.py")),
    tool("docs", "antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self", "."),
    tool("ansible-lint", "ansible-lint", "--offline"),
    suite("simulator", "tests/simulator"),
    suite("laboratory units", "tests/laboratory_units", *WORKERS),
    suite("scenarios", "tests/scenarios", *WORKERS),
    ansible_test("units", units_count, "--num-workers", "2"),
    suite("playbooks", "tests/playbooks", *WORKERS),
    suite("laboratory", "tests/laboratory", *WORKERS),
    suite("molecule", "tests/molecule", *WORKERS_BY_TEST),
]


def select(words: list[str]) -> list[Gate]:
    """Return the gates whose name or group is among the words, all without words; an unknown word ends the run."""
    unknown = set(words) - {gate.name for gate in GATES} - {gate.group for gate in GATES}
    if unknown:
        known = ", ".join(sorted({gate.group for gate in GATES}) + [gate.name for gate in GATES])
        sys.exit(f"No gate or group of gates is called {', '.join(sorted(unknown))}. There are: {known}")
    return [gate for gate in GATES if not words or gate.name in words or gate.group in words]
