# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes a plan file's content of the parts of its properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._packed import unpacked
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rollout_plan import document_of

_LOST = {"error": "It was not looked at; what the run said of it tells why."}


def rollout_plan(parts: Mapping[str, str]) -> dict[str, Any]:
    """The plan of properties, each as the filter C(property_plan) returns it, empty for one that was lost; made now."""
    made = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return document_of({str(host): unpacked(part) if part else _LOST for host, part in parts.items()}, made)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """The filters by name."""
        return {"rollout_plan": rollout_plan}
