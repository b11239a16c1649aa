# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter for checks of a host's values, for the preflight of the roles."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def refused(checks: Sequence[Mapping[str, Any]], host: str) -> str:
    """What is wrong, a line for each check that does not hold; an empty text where all do."""
    lines = []
    for check in checks:
        if not check["holds"]:
            problem = check.get("problem") or f"{check['variable']} is {json.dumps(check['value'], default=str)}."
            lines.append(f"{host}: {problem} {check['remedy']}".rstrip())
    return "\n".join(lines)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """The filters by name."""
        return {"refused": refused}
