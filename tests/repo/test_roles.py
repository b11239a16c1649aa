# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's defaults and its argument specs say the same, values too."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible.errors import AnsibleUndefinedVariable
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar

from sources import ROLES, ROOT, read_yaml, role_spec

NO_DEFAULT = "required, no default"
# What Ansible itself sets for each host.
HOST_VARIABLES = {"inventory_hostname": "pbx.example.com", "inventory_dir": "/inventory", "playbook_dir": "/playbooks"}


@pytest.fixture(scope="module", autouse=True)
def _plugins() -> None:
    """Let templates find Ansible's own plugins by their full names."""
    init_plugin_loader()


def defaults_file(role: str) -> dict[str, Any]:
    """Return a role's defaults as they are written."""
    return dict(read_yaml(ROOT / "roles" / role / "defaults" / "main.yml"))


def rendered_defaults(role: str) -> dict[str, Any]:
    """Return a role's defaults where the inventory sets no variable at all; NO_DEFAULT for what is undefined then."""
    loader = DataLoader()
    written = loader.load_from_file(str(ROOT / "roles" / role / "defaults" / "main.yml"), trusted_as_template=True)
    templar = Templar(loader=loader, variables={**HOST_VARIABLES, **written})
    values = {}
    for name, value in written.items():
        try:
            values[name] = templar.template(value)
        except AnsibleUndefinedVariable:
            values[name] = NO_DEFAULT
    return values


@pytest.mark.parametrize("role", ROLES)
def test_defaults_and_specs_name_the_same_variables(role: str) -> None:
    required = {name for name, option in role_spec(role).items() if option.get("required")}
    assert set(defaults_file(role)) | required == set(role_spec(role))


@pytest.mark.parametrize("role", ROLES)
def test_variables_carry_the_role_as_prefix(role: str) -> None:
    assert not [name for name in role_spec(role) if not name.startswith(f"{role}_")]


@pytest.mark.parametrize("role", ROLES)
def test_documented_defaults_are_the_real_ones(role: str) -> None:
    """The spec gives the value as it is written, or as it comes out when the inventory says nothing."""
    written, rendered = defaults_file(role), rendered_defaults(role)
    for name, option in role_spec(role).items():
        if option.get("no_log"):
            continue
        documented = NO_DEFAULT if option.get("required") else option.get("default")
        actual = [rendered.get(name, NO_DEFAULT), written.get(name)]
        assert documented in actual[: 1 if documented in (None, NO_DEFAULT) else 2], name


@pytest.mark.parametrize("role", ROLES)
def test_no_secret_has_a_default_in_the_spec(role: str) -> None:
    """Ansible fills it in and prints it, wherever another value is bad: only defaults/main.yml gives one."""
    secrets = {name: option for name, option in role_spec(role).items() if option.get("no_log")}
    assert not [name for name, option in secrets.items() if "default" in option]
    assert not secrets.keys() - defaults_file(role).keys()


@pytest.mark.parametrize("role", ROLES)
def test_booleans_may_be_texts(role: str) -> None:
    """What comes by -e or from a survey is a text, and the text false is true to Jinja."""
    names = "|".join(name for name, option in role_spec(role).items() if option.get("type") == "bool")
    decides = re.compile(rf"(\b(if|not|and|or) |^ *- |when: )({names})\b(?! \| bool)")
    files = [path for path in (ROOT / "roles" / role).rglob("*") if path.suffix in (".yml", ".j2")]
    lines = [f"{path.name}: {line}" for path in files for line in path.read_text().splitlines() if decides.search(line)]
    assert not names or lines == []


@pytest.mark.parametrize("role", ROLES)
def test_role_has_a_readme(role: str) -> None:
    assert (ROOT / "roles" / role / "README.md").is_file()


def test_every_role_has_specs_and_defaults() -> None:
    assert [path.name for path in sorted((ROOT / "roles").iterdir()) if path.is_dir()] == ROLES
    assert ROLES


def test_every_role_has_a_scenario() -> None:
    scenarios = {path.parent.name for path in (ROOT / "extensions" / "molecule").glob("*/molecule.yml")}
    assert scenarios == {*ROLES, "link_pbx"}


def test_a_rotation_keeps_all_that_pbx_tls_writes() -> None:
    written = read_yaml(ROOT / "roles" / "pbx_tls" / "vars" / "main.yml")
    own = {value.removeprefix("{{ pbx_tls_dir }}/") for value in written.values()
           if isinstance(value, str) and value.startswith("{{ pbx_tls_dir }}/")}  # fmt: skip
    assert set(read_yaml(ROOT / "playbooks" / "vars" / "rotate.yml")["alexa_rotate_names"]) == own
