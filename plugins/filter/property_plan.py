# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes a property's part of a plan file of what the modules tell in check mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._redact import Redactor
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._control_node import plain
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._packed import packed
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rollout_plan import property_of


def property_plan(
    inventory: Mapping[str, Any],
    trunk: Mapping[str, Any] | None = None,
    extensions: Mapping[str, Any] | None = None,
    profiles: Mapping[str, Any] | None = None,
    error: str = "",
    secrets: Sequence[str] = (),
) -> str:
    """The property as the filters C(rollout_plan) and C(plan_refusal) take it.

    :param error: why it could not be planned; then nothing else counts.
    """
    if error:
        redactor = Redactor()
        for secret in secrets:
            redactor.add(secret)
        return packed({"error": redactor.text(plain(error))})
    parts = (plain(part or {}) for part in (inventory, trunk, extensions, profiles))
    return packed(property_of(*parts))


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {"property_plan": property_plan}
