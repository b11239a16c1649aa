# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example in the documentation parses, and says nothing that our modules and roles do not know."""

from __future__ import annotations

import re

import pytest
import yaml

from run_ansible_test import known_files
from sources import MODULES, ROLES, ROOT, AnsibleYaml, code_blocks
from validation import module_problems, problems_of

BLOCKS = dict(code_blocks())
# Where a YAML block begins, whatever is written around it.
MARK = re.compile(r"^ *(```|\.\. +code-block:: *)ya?ml", re.MULTILINE)
TEXTS = {name: (ROOT / name).read_text() for name in known_files() if name.endswith((".md", ".rst"))}
DOCUMENTS = [name for name, text in TEXTS.items() if MARK.search(text)]
FILES = [
    name
    for name in known_files()
    if name.startswith(("examples/", "playbooks/", "tests/playbooks/")) and name.endswith((".yml", ".yaml"))
]


@pytest.mark.parametrize("place", BLOCKS)
def test_code_block_is_valid(place: str) -> None:
    for document in yaml.load_all(BLOCKS[place], AnsibleYaml):
        assert not problems_of(document)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_marked_block_is_among_them(name: str) -> None:
    marks = len(MARK.findall(TEXTS[name]))
    assert marks == len([place for place in BLOCKS if place.startswith(f"{name}:")])


def test_guide_shows_yaml() -> None:
    assert "docs/docsite/rst/guide_link_pbx.rst" in DOCUMENTS and "README.md" in DOCUMENTS


@pytest.mark.parametrize("name", FILES)
def test_file_is_valid(name: str) -> None:
    for document in yaml.load_all((ROOT / name).read_text(), AnsibleYaml):
        assert not problems_of(document)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_shows_itself(module: str) -> None:
    assert f"alexa.smart_properties.{module}:" in BLOCKS[f"EXAMPLES of {module}"]


@pytest.mark.parametrize("role", ROLES)
def test_every_role_shows_itself(role: str) -> None:
    shown = [block for place, block in BLOCKS.items() if place.startswith(f"roles/{role}/README.md")]
    assert any(f"alexa.smart_properties.{role}" in block for block in shown)


def test_there_are_playbooks_and_an_example_inventory() -> None:
    assert {"playbooks/link_pbx.yml", "playbooks/unlink_pbx.yml"} <= set(FILES)
    assert any(name.startswith("examples/inventory/") for name in FILES)


def test_a_wrong_option_is_noticed() -> None:
    assert module_problems("alexa_siptrunk_info", {"purge": True})
    assert problems_of([{"name": "Wrong", "alexa.smart_properties.alexa_siptrunk_info": {"purge": True}}])
    assert problems_of([{"name": "Short name", "debug": {"msg": "hello"}}])
    assert problems_of({"all": {"hosts": {"pbx": {"alexa_pbx_adress": "192.0.2.1"}}}})
