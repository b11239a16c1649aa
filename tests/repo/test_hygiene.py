# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret, and nothing that is true on one machine only, is in the repository."""

from __future__ import annotations

import re
import stat

import pytest

from run_ansible_test import known_files
from sources import ROOT

FORBIDDEN = {
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----(\\n|\s)+([A-Za-z0-9+/=]{20,}|Proc-Type)"),
    "an access or refresh token": re.compile(rb"\bAt(c|z[ar])(\||%7C)[\w-]{40,}"),
    "a client secret": re.compile(rb"\bamzn1\.oa2-cs\.v1\.[0-9a-f]{32,}"),
    "a key of another service": re.compile(rb"\b(AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|xox[abp]-\w{10,})"),
    "a path of one machine": re.compile(rb"(?<![\w.}])/(work|root|home/[a-z]\w*|Users|opt/pypi|opt/wheels)(/|\b)"),
    "the mark of a merge": re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = [name for name in known_files() if FORBIDDEN[what].search((ROOT / name).read_bytes())]
    assert not [name for name in found if name != "tests/repo/test_hygiene.py"]


def test_scripts_and_nothing_else_are_executable() -> None:
    for name in known_files():
        is_script = (ROOT / name).read_bytes().startswith(b"#!/") and not name.startswith("plugins/")
        assert bool((ROOT / name).stat().st_mode & stat.S_IXUSR) == is_script, name


def test_unit_tests_install_what_the_modules_need() -> None:
    """ansible-test reads a file of its own, which can't include the other."""
    needed, installed = (
        [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")]
        for name in ("requirements.txt", "tests/unit/requirements.txt")
    )
    assert installed == needed
