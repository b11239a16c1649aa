# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that compares a property's rooms with its mappings, for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.alexa.smart_properties.plugins.module_utils._redact import Redactor
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._control_node import plain
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._packed import packed
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._property_report import property_of
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report import TIME_FORMAT

_PARTS = {"trunk": Mapping, "mappings": Sequence, "rooms": Sequence, "profiles": Sequence}


def property_report(
    facts: Mapping[str, Any],
    host: str,
    trunk: Mapping[str, Any] | None = None,
    mappings: Sequence[Mapping[str, Any]] = (),
    rooms: Sequence[Mapping[str, Any]] = (),
    profiles: Sequence[Mapping[str, Any]] = (),
    error: str = "",
    secrets: Sequence[str] = (),
) -> str:
    """The property as C(fleet_report) takes it. The time is now."""
    parts = {"trunk": trunk or {}, "mappings": mappings, "rooms": rooms, "profiles": profiles}
    for name, kind in _PARTS.items():
        if isinstance(parts[name], str) or not isinstance(parts[name], kind):
            raise AnsibleFilterError(f"property_report: {name} is no {'dictionary' if kind is Mapping else 'list'}.")
    redactor = Redactor()
    for secret in secrets:
        redactor.add(secret)
    seen = datetime.now(timezone.utc).strftime(TIME_FORMAT)
    told = redactor.text(plain(error))
    return packed(property_of(plain(host), seen, facts=plain(facts), error=told, **plain(parts)))


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {"property_report": property_report}
