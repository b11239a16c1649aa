# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An option that no scenario uses is an option that nobody has tried."""

from __future__ import annotations

import functools
import re

import pytest

from run_ansible_test import known_files
from sources import API_MODULES, MODULES, ROLES, ROOT, read_yaml, role_spec, spec_of

PLACES = ("tests/scenarios/", "tests/playbooks/", "tests/laboratory/", "tests/support/", "extensions/laboratory/")
INVENTORY_VARIABLE = re.compile(r"\balexa_\w+")


@functools.cache
def scenarios() -> dict[str, str]:
    """Return the texts of the scenarios and of the playbook tests by their names."""
    names = [name for name in known_files() if name.startswith(PLACES)]
    return {name: (ROOT / name).read_text() for name in names}


def is_used(option: str, beside: str = "") -> bool:
    """Tell whether a scenario names the option, in a file that names the module too."""
    word, other = re.compile(rf"\b{option}\b"), re.compile(rf"\b{beside}\b")
    return any(word.search(text) and other.search(text) for text in scenarios().values())


@pytest.mark.parametrize("module", MODULES)
def test_every_option_of_a_module_is_used(module: str) -> None:
    shared = set.intersection(*(set(spec_of(name)["argument_spec"]) for name in API_MODULES))
    common = shared if module in API_MODULES else set()
    options = spec_of(module)["argument_spec"]
    inner = {name for option in options.values() for name in option.get("options") or {}}
    unused = [name for name in {*options, *inner} - common if not is_used(name, beside=module)]
    assert not [*unused, *(name for name in common if not is_used(name))]


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_of_a_role_is_used(role: str) -> None:
    """By its own name, or by the inventory variable that its default points at."""
    defaults = read_yaml(ROOT / "roles" / role / "defaults" / "main.yml")
    names = {name: [name, *INVENTORY_VARIABLE.findall(str(defaults.get(name)))] for name in role_spec(role)}
    assert not [name for name, spellings in names.items() if not any(is_used(spelling) for spelling in spellings)]
