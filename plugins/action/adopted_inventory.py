# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes an inventory of the trunks that are there, on the control node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.modules.adopted_inventory import OPTIONS
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._adoption import adopted
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._adoption_files import Inventory
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._control_node import plain


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
        names = {unit["unit_id"]: unit.get("name") or "" for unit in params["units"]}
        rooms = {each["comms_profile_id"]: names.get(each["unit_id"], "") for each in params["profiles"]}
        properties, left_out = adopted(params["trunks"], params["mappings"], rooms)
        try:
            if not folder.is_absolute():
                raise InputError(f"dest {params['dest']!r} is no absolute path.", "Give a path that begins with /.")
            inventory = Inventory(folder, properties, left_out)
            missing = inventory.missing()
            if not self._task.check_mode:
                inventory.write(missing)
        except InputError as error:
            raise AnsibleActionFail(str(error)) from None
        return {
            **result,
            "changed": bool(missing),
            "diff": [
                {"after_header": str(path), "before": "", "after": inventory.contents[path].decode("utf-8-sig")}
                for path in missing
            ],
            "hosts": [
                {
                    "host": each.host,
                    "trunk_id": each.trunk["trunk_id"],
                    "status": each.trunk.get("status"),
                    "rooms": len(each.rooms),
                    "missing": list(each.missing),
                }
                for each in properties
            ],
            "left_out": left_out,
            "files": [str(path) for path in inventory.contents],
        }
