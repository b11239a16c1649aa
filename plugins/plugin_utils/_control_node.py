# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a module's work inside Ansible's own worker, where the task runs on the control node anyway.

A process of its own costs half a second of the processor for each task, as much as fifty requests: over two hundred
properties that is most of what a run costs. Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible.utils.vars import merge_hash

from ansible_collections.alexa.smart_properties.plugins.module_utils._module import Job


class ControlNodeAction(ActionBase):
    """The action of a module; a class for each names its job.

    What can't be done here, and input that the module refuses, is left to the module in a process of its own: on
    another host or as another user, with another Python, in the background, without the libraries.
    """

    job: Job
    _supports_async = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The task's result, the same as the module's own."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        if self._is_here(variables):
            with self._environment():
                spec = ArgumentSpecValidator(self.job.argument_spec, **self.job.rules)
                checked = spec.validate(plain(self._task.args))
                if not checked.error_messages:
                    return {**result, **self._carried_out(checked)}
        wrap_async = self._task.async_val and not self._connection.has_native_async
        return dict(merge_hash(result, self._execute_module(task_vars=variables, wrap_async=wrap_async)))

    def _is_here(self, variables: Mapping[str, Any]) -> bool:
        """Whether the module would run on this machine, as this user and in this Python."""
        if self._connection.transport != "local" or self._connection.become or self._task.async_val:
            return False
        if self._task.delegate_to:
            variables = variables.get("ansible_delegated_vars", {}).get(self._task.delegate_to, {})
        interpreter = self._templar.template(variables.get("ansible_python_interpreter") or sys.executable)
        ours = str(interpreter).startswith("auto") or os.path.realpath(interpreter) == os.path.realpath(sys.executable)
        return ours and not self.job.missing_library()

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """What the task's keyword C(environment) says, which options fall back to."""
        wanted: dict[str, Any] = {}
        self._compute_environment_string(wanted)
        before = dict(os.environ)
        os.environ.update({name: str(value) for name, value in wanted.items()})
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def _carried_out(self, checked: Any) -> dict[str, Any]:
        """The result as the module would have written it, without what its options keep out of logs."""
        params = checked.validated_parameters
        done, warnings = self.job.carry_out(params, self._task.check_mode, self._display.display)
        shown = remove_values({**done, "invocation": {"module_args": params}}, checked._no_log_values)
        return {**shown, "warnings": warnings} if warnings else dict(shown)


def plain(value: Any) -> Any:
    """A value without the marks that Ansible's templating puts on it, as a module gets it."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str) else value
