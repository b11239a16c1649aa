# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that tells why a property may not be linked by a plan file."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._packed import unpacked
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rollout_plan import (
    ANEW,
    differences,
    plan_for,
    read_plan,
)


def plan_refusal(path: str, host: str = "", now: str = "") -> str:
    """Why, with the remedy; empty where nothing speaks against it.

    :param path: the plan file, which is read here: older Ansible would make something else of its text in a variable.
    :param host: the property; without it only the file is looked at.
    :param now: what the filter C(property_plan) returns of it now; without it only what the file says is looked at.
    """
    try:
        document = read_plan(path)
        plan = plan_for(document, host, path) if host else {}
        told = differences(unpacked(now), plan) if now else []
    except InputError as error:
        return str(error)
    return f"{host} is not as the plan {path} has it: {'; '.join(told)}. {ANEW}" if told else ""


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """The filters by name."""
        return {"plan_refusal": plan_refusal}
