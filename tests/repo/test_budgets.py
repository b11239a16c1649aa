# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files stay small enough to be read in one go."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

from run_ansible_test import known_files
from sources import MODULE_UTILS, MODULES, ROOT

NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
LONGEST_MODULE = 80  # lines of code besides the documentation
LONGEST_MODULE_UTILS = 250
LONGEST_TASKS = 60
LONGEST_TEST = 400
LARGEST_FILE = 100_000  # bytes


def lines_of(nodes: list[ast.AST]) -> set[int]:
    """Return the numbers of the lines that the nodes cover."""
    return {line for node in nodes for line in range(node.lineno, node.end_lineno + 1)}


def documentation_lines(tree: ast.Module) -> set[int]:
    """Return the lines of DOCUMENTATION, EXAMPLES, RETURN and of all docstrings."""
    texts = [node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)]
    docs = [node for node in texts if node.targets[0].id in {"DOCUMENTATION", "EXAMPLES", "RETURN"}]
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    return lines_of([*docs, *strings])


def code_lines(source: str) -> int:
    """Count the lines that hold code."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {line for token in tokens if token.type not in NO_CODE for line in range(token.start[0], token.end[0] + 1)}
    return len(lines - documentation_lines(ast.parse(source)))


def too_long(paths: list[Path], limit: int) -> list[str]:
    """Return the files of more lines than the limit, with their lines."""
    lengths = {path: len(path.read_text().splitlines()) for path in paths}
    return [f"{path.relative_to(ROOT)}: {length} lines" for path, length in lengths.items() if length > limit]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_documentation_and_little_code(module: str) -> None:
    assert code_lines((ROOT / "plugins" / "modules" / f"{module}.py").read_text()) <= LONGEST_MODULE


def test_code_lines_are_counted_without_documentation() -> None:
    source = 'DOCUMENTATION = """\none\n"""\n# comment\n\ndef f():\n    """Two."""\n    return (\n        1\n    )\n'
    assert code_lines(source) == 4


def test_module_utils_are_small() -> None:
    assert MODULE_UTILS
    assert not too_long(MODULE_UTILS, LONGEST_MODULE_UTILS)


def test_tasks_files_are_small() -> None:
    tasks = [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("roles/*/handlers/*.yml")]
    assert tasks
    assert not too_long(tasks, LONGEST_TASKS)


def test_test_files_are_small() -> None:
    tests = [ROOT / name for name in known_files() if name.startswith("tests/") and name.endswith(".py")]
    assert tests
    assert not too_long(tests, LONGEST_TEST)


def test_no_file_is_large() -> None:
    assert not [name for name in known_files() if (ROOT / name).stat().st_size > LARGEST_FILE]
