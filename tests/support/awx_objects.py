# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of awx/ as configure_awx.yml hands them to the modules, and what AWX itself does with some of them.

What is said of AWX here is release 24.6: it renders injectors by Jinja in a sandbox, and drops fields that are empty.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar
from ansible.vars.manager import VariableManager
from jinja2.sandbox import ImmutableSandboxedEnvironment

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = ROOT / "playbooks"
# What a user must give.
GIVEN = {
    "alexa_awx_project_url": "https://git.example.com/properties.git",
    "alexa_awx_image": "registry.example.com/alexa-ee:0.1.0",
}


plugins = functools.cache(init_plugin_loader)


@dataclass(frozen=True)
class Call:
    """One call of a module of awx.awx: its name without the collection's, the task's file, and the arguments."""

    module: str
    file: str
    arguments: dict[str, Any]


class Objects:
    """The data with the variables of a user.

    :ivar data: every variable of the playbook, rendered.
    """

    def __init__(self, **given: Any) -> None:
        plugins()
        self._loader = DataLoader()
        self._variables: dict[str, Any] = VariableManager(loader=self._loader).get_vars()
        (play,) = self._load(PLAYBOOKS / "configure_awx.yml")
        names = set()
        for file in play["vars_files"]:
            content = self._load(PLAYBOOKS / file)
            names |= set(content)
            self._variables |= content
        self._variables |= {**GIVEN, **given}
        # What the playbook finds out before.
        self._variables["alexa_awx_credentials"] = [self._render(self._variables["alexa_awx"])["name"]]
        # The checks are of no use without a run.
        self.data = {name: self._render(self._variables[name]) for name in names if "_check" not in name}

    def calls(self, state: str = "present") -> Iterator[Call]:
        """The calls that a run makes, loops unrolled."""
        yield from self._calls_of(PLAYBOOKS / "tasks" / f"awx_{state}.yml")

    def by_module(self, module: str) -> list[dict[str, Any]]:
        """The arguments of each call of a module that makes something."""
        return [call.arguments for call in self.calls() if call.module == module]

    def _calls_of(self, path: Path) -> Iterator[Call]:
        for task in self._load(path):
            if imported := task.get("ansible.builtin.import_tasks"):
                yield from self._calls_of(path.parent / imported)
            for action in (key for key in task if key.startswith("awx.awx.")):
                for item in self._render(task.get("loop", [None])):
                    arguments = self._render(task[action], item=item)
                    yield Call(action.rpartition(".")[2], path.name, arguments)

    def _load(self, path: Path) -> Any:
        return self._loader.load_from_file(str(path), trusted_as_template=True)

    def _render(self, value: Any, **more: Any) -> Any:
        rendered = Templar(loader=self._loader, variables={**self._variables, **more}).template(value)
        # Without the marks that Ansible puts on values.
        return json.loads(json.dumps(rendered))


def injected(credential_type: Mapping[str, Any], inputs: Mapping[str, str]) -> dict[str, str]:
    """The environment that AWX gives to a job with this credential."""
    sandbox = ImmutableSandboxedEnvironment()
    return {
        name: sandbox.from_string(str(template)).render(**inputs)
        for name, template in credential_type["injectors"]["env"].items()
    }


def is_integer(value: Any) -> bool:
    """Whether JSON has it as a whole number; to Python a boolean is one too."""
    return isinstance(value, int) and not isinstance(value, bool)


def survey_errors(spec: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """What AWX says when a template is launched, or scheduled, with these answers."""
    errors = []
    for question in spec["spec"]:
        variable = question["variable"]
        if variable not in answers:
            errors += [f"'{variable}' value missing"] if question["required"] else []
        elif question["type"] == "text":
            length = len(answers[variable]) if isinstance(answers[variable], str) else -1
            if not question.get("min", 0) <= length <= question.get("max", length):
                errors.append(f"{variable}: {answers[variable]!r} is no text of the allowed length")
        elif question["type"] == "multiplechoice" and answers[variable] not in question["choices"]:
            errors.append(f"{variable}: {answers[variable]!r} is not among the choices")
        elif question["type"] == "integer":
            number = answers[variable]
            if not is_integer(number) or not question.get("min", number) <= number <= question.get("max", number):
                errors.append(f"{variable}: {number!r} is no integer of the allowed range")
    return errors
