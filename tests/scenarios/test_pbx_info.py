# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""pbx_info tells what is on a host, and changes nothing there."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from harness import run


def test_tells_of_files_and_folders(tmp_path: Path) -> None:
    file, link, missing = tmp_path / "file", tmp_path / "link", tmp_path / "missing"
    file.write_text("hello\n")
    file.chmod(0o640)
    link.symlink_to(file)
    paths = [str(path) for path in (file, tmp_path, link, missing, file / "below")]
    found = run("pbx_info", {}, files=paths)["files"]
    assert found[str(file)]["sha256"] == hashlib.sha256(b"hello\n").hexdigest()
    assert (found[str(file)]["kind"], found[str(file)]["mode"]) == ("file", "0640")
    assert found[str(link)] == found[str(file)]
    assert found[str(tmp_path)]["kind"] == "directory" and "sha256" not in found[str(tmp_path)]
    assert found[str(missing)] == found[str(file / "below")] == {"exists": False}


def test_returns_only_the_contents_that_were_asked_for(tmp_path: Path) -> None:
    asked, other = tmp_path / "asked", tmp_path / "other"
    asked.write_text("umlaut \u00e4\n")
    other.write_text("not asked for")
    outcome = run("pbx_info", {}, files=[str(other)], contents=[str(asked), str(tmp_path / "missing")])
    assert outcome["contents"] == {str(asked): "umlaut \u00e4\n"}
    assert set(outcome["files"]) == {str(asked), str(other), str(tmp_path / "missing")}
    assert "not asked for" not in outcome.raw


def test_a_private_key_is_left_out(tmp_path: Path) -> None:
    """A PBX may have its key and its certificate in one file."""
    both, cut = tmp_path / "both.pem", tmp_path / "cut.pem"
    both.write_text("-----BEGIN RSA PRIVATE KEY-----\nsecret\n-----END RSA PRIVATE KEY-----\ncertificate\n")
    cut.write_text("certificate\n-----BEGIN PRIVATE KEY-----\nsecret\n")
    outcome = run("pbx_info", {}, contents=[str(both), str(cut)])
    assert "secret" not in outcome.raw and all("certificate" in text for text in outcome["contents"].values())
    assert all("PRIVATE KEY" in text for text in outcome["contents"].values())


def test_finds_programs_of_administration() -> None:
    asked = {"path": ["sh", "-c", 'echo "$PATH"']}
    found = run("pbx_info", {"PATH": "/usr/bin:/bin"}, commands=asked)["commands"]["path"]["stdout"]
    assert found.startswith("/usr/bin:/bin:") and "/usr/sbin" in found.split(":")


def test_runs_commands_without_a_shell(tmp_path: Path) -> None:
    commands = {
        "says": ["printf", "%s", "a; touch " + str(tmp_path / "made")],
        "expands": ["printf", "%s", "$PATH ~"],
        "fails": ["sh", "-c", "echo problem >&2; exit 3"],
        "missing": ["no-such-program"],
        "hangs": ["sleep", "600"],
        "python": ["sh", "-c", 'exec "$PBX_INFO_PYTHON" -c "import ansible, sys; print(sys.executable)"'],
    }
    answers = run("pbx_info", {"PATH": os.environ["PATH"]}, commands=commands, command_timeout=1)["commands"]
    assert answers["says"] == {"rc": 0, "stdout": f"a; touch {tmp_path / 'made'}", "stderr": ""}
    assert answers["expands"]["stdout"] == "$PATH ~"
    assert answers["fails"] == {"rc": 3, "stdout": "", "stderr": "problem\n"}
    assert answers["missing"]["rc"] == 127 and "no-such-program" in answers["missing"]["stderr"]
    assert answers["hangs"]["rc"] == 124
    assert answers["python"] == {"rc": 0, "stdout": sys.executable + "\n", "stderr": ""}
    assert not (tmp_path / "made").exists()


def test_units_are_inactive_where_systemd_does_not_run() -> None:
    outcome = run("pbx_info", {"PATH": os.environ["PATH"]}, units=["no-such.service"])
    assert outcome["units"] == {"no-such.service": {"active": "inactive", "enabled": "not-found"}}


@pytest.mark.parametrize("check", [True, False])
def test_never_changed(check: bool) -> None:
    assert run("pbx_info", {}, check=check)["changed"] is False


def test_what_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    outcome = run("pbx_info", {}, contents=[str(tmp_path)])
    assert not outcome.ok and str(tmp_path) in outcome["msg"] and "ansible_become" in outcome["msg"]
