# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests' runs of Ansible keep for each other: the same sources are packed once, changed ones again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from playbook_runs import BYTECODE

MODULE = """\
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.some.body.plugins.module_utils.word import WORD

AnsibleModule({}).exit_json(msg=WORD)
"""


class Runner:
    """A repository with a keeper, a collection with one module, and runs of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keeper = folder / "tests" / "support" / "bytecode"
        shutil.copytree(BYTECODE, self.keeper, ignore=shutil.ignore_patterns("__pycache__"))
        self.plugins = folder / "collections" / "ansible_collections" / "some" / "body" / "plugins"
        for name in ("modules", "module_utils"):
            (self.plugins / name).mkdir(parents=True)
        (self.plugins / "modules" / "say.py").write_text(MODULE)
        self.word("first")

    def word(self, word: str) -> None:
        (self.plugins / "module_utils" / "word.py").write_text(f"WORD = {word!r}\n")

    def said(self) -> str:
        command = [str(Path(sys.executable).parent / "ansible"), "localhost", "-m", "some.body.say"]
        environment = {
            **os.environ,
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "PYTHONPATH": str(self.keeper),
        }
        done = subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def kept(self) -> list[Path]:
        return sorted((self.folder / ".build" / "payloads").glob("*/*say*none"))


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_the_same_sources_are_packed_once(runner: Runner) -> None:
    assert '"msg": "first"' in runner.said()
    (packed,) = runner.kept()
    before = packed.stat().st_mtime_ns
    assert '"msg": "first"' in runner.said()
    assert runner.kept() == [packed] and packed.stat().st_mtime_ns == before


def test_a_changed_source_is_packed_again(runner: Runner) -> None:
    assert '"msg": "first"' in runner.said()
    runner.word("second")
    assert '"msg": "second"' in runner.said()
    assert len(runner.kept()) == 2


def test_a_run_does_without_where_it_can_keep_nothing(runner: Runner) -> None:
    (runner.folder / ".build").write_text("in the way")
    assert '"msg": "first"' in runner.said()
