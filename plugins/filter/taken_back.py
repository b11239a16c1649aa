# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that tells what takes a run back for a property."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rollback import plan_of


def taken_back(
    whole: Mapping[str, Any], trunks: Sequence[Mapping[str, Any]], mappings: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """What is to be done, and what is left as it is no longer as the run left it."""
    return plan_of(whole, trunks, mappings)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {"taken_back": taken_back}
