# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the report of many properties, on the control node."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.modules.fleet_report import OPTIONS
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._control_node import plain
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._packed import unpacked
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._property_report import property_of
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report import (
    TIME_FORMAT,
    files_of,
    joined,
    read_report,
    report_of,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_doctor import read_findings, with_findings
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_files import ReportFiles


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
        try:
            refuse_what_cannot_be(params)
            files = ReportFiles(Path(params["dest"]), Path(params["metrics_file"]) if params["metrics_file"] else None)
            document = document_of(params, files)
            before, after = files.present(), files.future(document)
            if not self._task.check_mode:
                files.write(document)
        except InputError as error:
            raise AnsibleActionFail(str(error)) from None
        troubled = [found for found in document["properties"] if found["state"] != "ok"]
        return {
            **result,
            "changed": before != after,
            "diff": {"before": before, "after": after},
            "totals": document["totals"],
            "troubled": [{name: found[name] for name in ("host", "state", "counts", "error")} for found in troubled],
            "page": str(Path(params["dest"], "report.html")),
        }


def refuse_what_cannot_be(params: Mapping[str, Any]) -> None:
    """Raises InputError for paths that begin nowhere, and for data of two kinds."""
    for name in ("dest", "metrics_file", "doctor_file"):
        if params[name] and not Path(params[name]).is_absolute():
            raise InputError(f"{name} {params[name]!r} is no absolute path.", "Give a path that begins with /.")
    if params["join"] and (params["properties"] or params["listings"] or params["doctor_file"]):
        remedy = "Write their report first, then join it."
        raise InputError("join excludes properties, listings and doctor_file.", remedy)


def document_of(params: Mapping[str, Any], files: ReportFiles) -> dict[str, Any]:
    """The report that the options describe. Raises InputError."""
    now = datetime.now(timezone.utc).strftime(TIME_FORMAT)
    stamp = {"generated": now, "certificate_days": params["certificate_days"]}
    if params["join"]:
        return joined(map(read_report, files_of(map(Path, params["join"]), files.data)), stamp)
    found = [unpacked(text) if text else not_looked_at(host, now) for host, text in params["properties"].items()]
    findings = read_findings(Path(params["doctor_file"])) if params["doctor_file"] else {}
    return report_of(with_findings(found, findings), params["listings"], stamp)


def not_looked_at(host: str, now: str) -> dict[str, Any]:
    """A property that was lost before it could say anything."""
    error = "It was not looked at; what the run said of it tells why."
    return property_of(host, now, facts={}, trunk={}, mappings=[], rooms=[], profiles=[], error=error)
