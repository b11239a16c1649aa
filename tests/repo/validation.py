# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks tasks, plays and inventories of the documents against the specs of our modules and roles."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.playbook.role_include import IncludeRole
from ansible.playbook.task import Task

from sources import COLLECTION, MODULES, ROLES, ROOT, role_spec, spec_of

TASK_KEYWORDS = {*Task.fattributes, *Block.fattributes, *IncludeRole.fattributes, "local_action", "include_role"}
SECTIONS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
ROLE_ACTIONS = ("ansible.builtin.include_role", "ansible.builtin.import_role")
GROUP = f"group/{COLLECTION}.alexa"
INVENTORY_VARIABLE = re.compile(r"\balexa_[a-z_]+\b")
OMITTED = re.compile(r"{{.*\bomit\b.*}}", re.DOTALL)
# What the environment of the test says is no part of the example.
NO_FALLBACK = {"fallback": (None,)}
EXAMPLE_OF_TYPE = {"list": [], "dict": {}, "int": 1, "float": 1.0, "bool": True}


def without_templates(value: Any, option: dict[str, Any]) -> Any:
    """Return the value with each Jinja expression replaced by something of the option's type."""
    if isinstance(value, str) and "{{" in value:
        return (option.get("choices") or [EXAMPLE_OF_TYPE.get(option.get("type", "str"), "text")])[0]
    if isinstance(value, list):
        return [without_templates(item, {**option, "type": option.get("elements", "str")}) for item in value]
    if isinstance(value, dict):
        inner = option.get("options") or {}
        return {name: without_templates(item, inner.get(name, {})) for name, item in value.items()}
    return value


def argument_problems(arguments: dict[str, Any], argument_spec: dict[str, Any], **rules: Any) -> list[str]:
    """Return what Ansible's own validation says of the arguments."""
    given = {name: without_templates(value, argument_spec.get(name, {})) for name, value in arguments.items()}
    problems = list(ArgumentSpecValidator(argument_spec, **rules).validate(given).error_messages)
    # Two that exclude each other may both be named where an expression leaves one out.
    left_out = {name for name, value in arguments.items() if OMITTED.search(str(value))} & set(argument_spec)
    sure = {name: value for name, value in given.items() if name not in left_out}
    otherwise = ArgumentSpecValidator(argument_spec, **rules).validate(sure).error_messages if left_out else problems
    return [problem for problem in problems if problem in otherwise]


def module_problems(module: str, arguments: Any) -> list[str]:
    """Return what is wrong with the arguments of a task of ours."""
    if module not in MODULES:
        return [f"no module {module}"]
    spec = dict(spec_of(module))
    argument_spec = {name: {**option, **NO_FALLBACK} for name, option in spec.pop("argument_spec").items()}
    rules = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")
    return argument_problems(arguments or {}, argument_spec, **{rule: spec.get(rule) for rule in rules})


def role_problems(name: str, variables: dict[str, Any]) -> list[str]:
    """Return what is wrong with the variables that a role of ours is given; what is required may be elsewhere."""
    role = name.rpartition(".")[2]
    if role not in ROLES:
        return [f"no role {name}"]
    spec = {key: {**option, "required": False, "default": None} for key, option in role_spec(role).items()}
    return argument_problems({key: value for key, value in variables.items() if key.startswith(f"{role}_")}, spec)


def task_problems(task: dict[str, Any]) -> list[str]:
    """Return what is wrong with a task: the name of its action, and its arguments where the action is ours."""
    actions = [key for key in task if key not in TASK_KEYWORDS and not key.startswith("with_")]
    problems = [f"{action} is no full name" for action in actions if action.count(".") != 2]
    for action in actions:
        if action.startswith(f"{COLLECTION}."):
            problems += module_problems(action.rpartition(".")[2], task[action])
        if action in ROLE_ACTIONS and task[action]["name"].startswith(f"{COLLECTION}."):
            problems += role_problems(task[action]["name"], task.get("vars") or {})
    return problems


def play_problems(play: dict[str, Any]) -> list[str]:
    """Return what is wrong with the keywords, roles and module defaults of a play or block."""
    problems = [f"{key} is no keyword of a play" for key in play if "hosts" in play and key not in Play.fattributes]
    defaults = (play.get("module_defaults") or {}).get(GROUP) or {}
    known = {name for module in MODULES for name in spec_of(module)["argument_spec"]}
    problems += [f"{name} is no option of the action group" for name in defaults if name not in known]
    for role in play.get("roles") or []:
        entry = {"role": role} if isinstance(role, str) else role
        if entry["role"].startswith(f"{COLLECTION}."):
            problems += role_problems(entry["role"], {**(play.get("vars") or {}), **entry, **entry.get("vars", {})})
    return problems


def list_problems(entries: list[Any]) -> Iterator[str]:
    """Give what is wrong with a list of plays or tasks, blocks and their like included."""
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        if "hosts" in entry or "block" in entry:
            yield from play_problems(entry)
        elif not {"ansible.builtin.import_playbook"} & set(entry):
            yield from task_problems(entry)
        for section in SECTIONS:
            yield from list_problems(entry.get(section) or [])


@functools.cache
def inventory_variables() -> set[str]:
    """Return the inventory variables that the roles and playbooks read."""
    # A module and a variable may share a name: here there are variables only, in playbooks modules too.
    of_roles = names_in([*ROOT.glob("roles/*/defaults/*.yml"), *ROOT.glob("roles/*/vars/*.yml")])
    return of_roles | names_in(list(ROOT.glob("playbooks/**/*.yml"))) - set(MODULES)


def names_in(paths: list[Path]) -> set[str]:
    """Return all that looks like an inventory variable in some files."""
    return {name for path in paths for name in INVENTORY_VARIABLE.findall(path.read_text())}


def mapping_problems(content: Any) -> Iterator[str]:
    """Give the variables of an inventory, or of a file of variables, that nothing reads."""
    if isinstance(content, list):
        for item in content:
            yield from mapping_problems(item)
    elif isinstance(content, dict):
        for name, value in content.items():
            if INVENTORY_VARIABLE.fullmatch(str(name)) and name not in inventory_variables():
                yield f"{name} is no inventory variable"
            yield from mapping_problems(value)


def problems_of(content: Any) -> list[str]:
    """Return what is wrong with a YAML document, be it plays, tasks, an inventory or variables."""
    tasks = content if isinstance(content, list) else []
    return [*list_problems(tasks), *mapping_problems(content)]
