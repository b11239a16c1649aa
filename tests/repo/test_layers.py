# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports in module_utils point downwards only, and _wire and _wire_contacts alone know paths and JSON names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from run_ansible_test import known_files
from sources import MODULE_UTILS, ROOT

# From the bottom to the top; a file imports from the rows above its own only.
LAYERS = [
    {"_errors", "_clock", "_state", "_model", "_rate", "_request_log"},
    {"_certificates"},
    {"_redact", "_chain", "_inputs", "_parallel", "_pace_store"},
    {"_http", "_lock", "_registered", "_trunk_input", "_pace"},
    {"_retry"},
    {"_lwa"},
    {"_wire"},
    {"_wire_contacts"},
    {"_client"},
    {"_plan", "_plan_digest", "_wait", "_trunk_plan"},
    {"_journal"},
    {"_trunks", "_extensions", "_profiles", "_units", "_address_books", "_contacts"},
    {"_activation", "_bulk", "_book_plan"},
    {"_contact_bulk"},
    {"_module"},
]
HEIGHT = {name: height for height, layer in enumerate(LAYERS) for name in layer}
# These check what a user gave, and are used where there is no API.
INDEPENDENT = ("_certificates", "_chain", "_inputs")
WIRE_NAMES = re.compile(
    r"/v[12]/|\b(certificateChain|trunkId|routingType|commsProfileId|profileId|nextToken|paginationContext"
    r"|maxResults|parentId|queryDepth|itemId|addressBookId|contactId|phoneNumbers|alexaCommunicationProfileId|entity\.(type|id))\b"
)


def imported_from_module_utils(path: Path) -> set[str]:
    """Return the names of the module_utils files that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and "module_utils" in node.module:
            last = node.module.rpartition(".")[2]
            names |= {alias.name for alias in node.names} if last == "module_utils" else {last}
    return {name for name in names if name.startswith("_")}


@pytest.mark.parametrize("path", MODULE_UTILS, ids=lambda path: path.stem)
def test_imports_point_downwards(path: Path) -> None:
    assert path.stem in HEIGHT, "give the new file its place in LAYERS"
    assert not [name for name in imported_from_module_utils(path) if HEIGHT[name] >= HEIGHT[path.stem]]


@pytest.mark.parametrize("name", INDEPENDENT)
def test_input_checks_depend_on_errors_only(name: str) -> None:
    assert imported_from_module_utils(ROOT / "plugins" / "module_utils" / f"{name}.py") <= {"_errors", "_certificates"}


def test_only_wire_knows_paths_and_json_names() -> None:
    shipped = [name for name in known_files() if name.startswith(("plugins/", "roles/", "playbooks/"))]
    found = {name for name in shipped if WIRE_NAMES.search((ROOT / name).read_text())}
    assert found == {"plugins/module_utils/_wire.py", "plugins/module_utils/_wire_contacts.py"}


def test_every_layer_exists() -> None:
    assert set(HEIGHT) == {path.stem for path in MODULE_UTILS}
