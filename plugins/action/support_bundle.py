# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs what is known of a property into an archive on the control node."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.alexa.smart_properties.plugins.module_utils._redact import Redactor
from ansible_collections.alexa.smart_properties.plugins.modules.support_bundle import OPTIONS
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._control_node import plain
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._files import replace_file
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._support import archive, bundle, file_name


class ActionModule(ActionBase):
    """Nothing is sent to any host."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The task's result; raises AnsibleActionFail with a message for the user."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        checked = ArgumentSpecValidator(OPTIONS).validate(plain(self._task.args))
        if checked.error_messages:
            raise AnsibleActionFail("; ".join(checked.error_messages))
        params = checked.validated_parameters
        folder = Path(params["dest"])
        if not folder.is_absolute():
            raise AnsibleActionFail(f"dest {params['dest']!r} is no absolute path. Give a path that begins with /.")
        now = datetime.now(timezone.utc)
        generated = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        redactor = Redactor()
        for secret in params["secrets"]:
            redactor.add(secret)
        try:
            journals = sorted(Path(params["journal_dir"]).glob("*.jsonl")) if params["journal_dir"] else []
            files = bundle({**params, "generated": generated}, redactor, journals)
            name = file_name(params["host"], generated)
            path = folder / f"{name}.tar.gz"
            if not self._task.check_mode:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                replace_file(path, archive(name, files, int(now.timestamp())), 0o600)
        except OSError as error:
            raise AnsibleActionFail(
                f"The support bundle of {params['host']} can't be written to {folder}: {error.strerror}."
                " Give another folder as alexa_support_dir."
            ) from None
        return {**result, "changed": True, "file": str(path), "files": list(files), "readme": files["README.txt"]}
