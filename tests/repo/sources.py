# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the repository's files are, and what its modules, roles and documents say of themselves."""

from __future__ import annotations

import functools
import importlib
import json
import re
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from ansible.module_utils import basic

from run_ansible_test import ROOT, known_files

COLLECTION = "alexa.smart_properties"
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
# Those that speak with Amazon share options and an action group.
API_MODULES = [name for name in MODULES if name.startswith("alexa_")]
MODULE_UTILS = sorted((ROOT / "plugins" / "module_utils").glob("_*.py"))
ROLES = sorted(path.parents[1].name for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"))
YAML_BLOCKS = {
    ".md": re.compile(r"^ *```ya?ml\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE),
    ".rst": re.compile(r"^(?P<margin> *)\.\. code-block:: ya?ml\n\n(?P<text>(?:(?P=margin)   .*\n|\n)+)", re.MULTILINE),
}


class AnsibleYaml(yaml.SafeLoader):
    """YAML with the tags that Ansible knows, read as plain text."""


for tag in ("!vault", "!unsafe"):
    AnsibleYaml.add_constructor(tag, lambda loader, node: loader.construct_scalar(node))


class SpecSeen(BaseException):
    """Ends a module as soon as its argument spec is known."""


@functools.cache
def spec_of(module: str) -> dict[str, Any]:
    """Return the arguments that the module gives to AnsibleModule: argument_spec, mutually_exclusive and so on."""
    seen: dict[str, Any] = {}

    def note(_self: object, argument_spec: dict[str, Any], **arguments: Any) -> None:
        seen.update(arguments, argument_spec=argument_spec)
        raise SpecSeen

    code = importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.modules.{module}")
    with mock.patch.object(basic.AnsibleModule, "__init__", note):
        try:
            code.main()
        except SpecSeen:
            return seen
    raise AssertionError(f"{module} made no AnsibleModule")


@functools.cache
def docs_of(kind: str) -> dict[str, Any]:
    """Return what ansible-doc says of all plugins of a kind, with the doc fragments merged, by their short names."""
    pattern = {"module": "plugins/modules/*.py", "lookup": "plugins/lookup/[!_]*.py"}[kind]
    names = [f"{COLLECTION}.{path.stem}" for path in sorted(ROOT.glob(pattern))]
    listing = subprocess.run(
        ["ansible-doc", "--json", "--type", kind, *names], check=True, stdout=subprocess.PIPE, text=True
    )
    return {name.rpartition(".")[2]: docs for name, docs in json.loads(listing.stdout).items()}


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file of one document."""
    return yaml.load(path.read_text(), AnsibleYaml)


def role_spec(role: str) -> dict[str, Any]:
    """Return the options of a role's main entry point."""
    return dict(read_yaml(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"])


def code_blocks() -> Iterator[tuple[str, str]]:
    """Give each YAML code block of the documents and each EXAMPLES block, with a name to find it by."""
    for name in known_files():
        if Path(name).suffix in YAML_BLOCKS:
            text = (ROOT / name).read_text()
            for match in YAML_BLOCKS[Path(name).suffix].finditer(text):
                yield f"{name}:{text.count(chr(10), 0, match.start()) + 1}", textwrap.dedent(match["text"])
    for kind in ("module", "lookup"):
        for plugin, docs in docs_of(kind).items():
            yield f"EXAMPLES of {plugin}", docs["examples"]
