# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates of this repository: what each runs and how its results are counted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import results
from run_ansible_test import ROOT, copy_of, known_files
from versions import VERSIONS

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


def suite(name: str, *arguments: str, group: str = "pytest", core: str = "") -> Gate:
    """Return a gate that is a pytest suite: each test counts.

    :param core: the ansible-core that it runs under, if not that of the environment.
    """
    report = JUNIT / f"{name}.xml"
    places = [f"--junitxml={report}", f"--basetemp={TEMPORARY / name.replace(' ', '-')}"]
    command = [*python_of(core), "-m", "pytest", "-q", "--tb=short", *places, *arguments]

    def count(code: int, _log: Path) -> results.Count:
        return results.of_junit(code, [report])

    return Gate(name, group, lambda: command, count, whole_machine="-n" in arguments)


def ansible_test(test: str, *options: str, core: str = "") -> Gate:
    """Return a gate that ansible-test runs in a copy of the collection: sanity or units."""
    name, copy = f"{test} {core}".rstrip(), copy_of(core or "own")
    command = [*python_of(core), str(TOOLS / "run_ansible_test.py"), core or "own", test, *options]

    def count(code: int, log: Path) -> results.Count:
        reports = sorted((copy / "tests" / "output" / "junit").glob("*.xml"))
        return results.of_sanity(code, log) if test == "sanity" else results.of_junit(code, reports)

    group = "versions" if core else "ansible-test"
    return Gate(name, group, lambda: command, count, whole_machine="--num-workers" in options)


def python_of(core: str) -> list[str]:
    """Return how to start Python: that of the environment, or one with another ansible-core."""
    return [sys.executable, str(TOOLS / "versions.py"), core, "python"] if core else [sys.executable]


# One more than the cores of a small machine: hosts and servers take their time to start and end. In the order of
# tests/conftest.py: sorted by the number of tests, the longest files would come last.
WORKERS = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
# The same where each test is as long as a file, and goes on from no other.
WORKERS_BY_TEST = ("-n", "3", "--dist", "loadgroup", "--no-loadscope-reorder")

# The cheap ones first: a slip shows within seconds. The longest of those that run side by side starts at once.
GATES = [
    ansible_test("sanity"),
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
    ansible_test("units", "--num-workers", "2"),
    suite("playbooks", "tests/playbooks", *WORKERS),
    suite("laboratory", "tests/laboratory", *WORKERS),
    suite("molecule", "tests/molecule", *WORKERS_BY_TEST),
]

# What a user runs first.
LINKED = [f"tests/playbooks/test_{name}.py" for name in ("link", "doctor", "report", "adopt")]
# `make release-check`. The scenarios run modules inside their own process, which ansible-core lets one do since 2.19.
VERSION_GATES = [
    gate
    for core in VERSIONS
    for gate in (
        ansible_test("sanity", core=core),
        ansible_test("units", "--num-workers", "2", core=core),
        suite(f"playbooks {core}", *WORKERS, *LINKED, group="versions", core=core),
        suite(f"scenarios {core}", *WORKERS, "tests/scenarios", group="versions", core=core),
    )
    if gate.name not in ("scenarios 2.16", "scenarios 2.18")
]


def select(words: list[str]) -> list[Gate]:
    """Return the gates whose name or group is among the words, all of `make test` without words; others end the run."""
    known = [*GATES, *VERSION_GATES]
    unknown = set(words) - {gate.name for gate in known} - {gate.group for gate in known}
    if unknown:
        named = ", ".join(sorted({gate.group for gate in known}) + [gate.name for gate in known])
        sys.exit(f"No gate or group of gates is called {', '.join(sorted(unknown))}. There are: {named}")
    return [gate for gate in known if gate.name in words or gate.group in words] if words else GATES
