# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module's documentation says of its options is what its code does, values too."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sources import API_MODULES, COLLECTION, MODULES, ROOT, docs_of, read_yaml, spec_of

ENVIRONMENT = re.compile(r"\bE\((\w+)\)")


def environment_of(option: dict[str, Any]) -> list[str]:
    """Return the environment variables that an option of a spec falls back to."""
    fallback = option.get("fallback")
    return list(fallback[1]) if fallback else []


def spec_facts(option: dict[str, Any]) -> dict[str, Any]:
    """Return what a spec says of an option, without what Ansible implies."""
    return {
        "type": option.get("type", "str"),
        "elements": option.get("elements"),
        "required": option.get("required", False),
        "default": option.get("default"),
        "choices": option.get("choices"),
        "environment": environment_of(option),
        "options": {name: spec_facts(inner) for name, inner in (option.get("options") or {}).items()},
    }


def documented_facts(option: dict[str, Any]) -> dict[str, Any]:
    """Return the same of a documented option."""
    description = option["description"]
    text = description if isinstance(description, str) else "\n".join(description)
    return {
        "type": option.get("type", "str"),
        "elements": option.get("elements"),
        "required": option.get("required", False),
        "default": option.get("default"),
        "choices": option.get("choices"),
        "environment": ENVIRONMENT.findall(text),
        "options": {name: documented_facts(inner) for name, inner in (option.get("suboptions") or {}).items()},
    }


@pytest.mark.parametrize("module", MODULES)
def test_documentation_equals_spec(module: str) -> None:
    spec = {name: spec_facts(option) for name, option in spec_of(module)["argument_spec"].items()}
    options = docs_of("module")[module]["doc"]["options"]
    documented = {name: documented_facts(option) for name, option in options.items()}
    assert documented == spec


@pytest.mark.parametrize("module", MODULES)
def test_module_states_what_it_supports(module: str) -> None:
    attributes = docs_of("module")[module]["doc"]["attributes"]
    assert {"check_mode", "diff_mode", "idempotent"} <= set(attributes)
    assert attributes["check_mode"]["support"] == "full"
    assert spec_of(module)["supports_check_mode"] is True


def test_action_group_holds_all_modules() -> None:
    groups = read_yaml(ROOT / "meta" / "runtime.yml")["action_groups"]
    assert groups == {"alexa": API_MODULES}
    for module, docs in docs_of("module").items():
        group = docs["doc"]["attributes"].get("action_group", {})
        assert group.get("membership", []) == ([f"{COLLECTION}.alexa"] if module in API_MODULES else [])


def test_secrets_are_never_logged() -> None:
    secret = re.compile(r"secret|token$|password|private_key")
    for module in MODULES:
        for name, option in spec_of(module)["argument_spec"].items():
            if secret.search(name):
                assert option.get("no_log") is True, f"{module}: {name}"
