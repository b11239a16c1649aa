# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter for a property's contacts, for the preflight of the role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._contacts import wishes
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError

_KEYS = ("name", "comms_profile_id", "unit_id", "phone_numbers")


def contact_problems(contacts: Any, name: str = "alexa_contacts") -> str:
    """What is wrong with a list of contacts; an empty text where all can be used.

    :param name: what the user calls the list.
    """
    problems = _problems_of_form(contacts, name)
    if problems:
        return "; ".join(problems[:20]) + "."
    try:
        wishes(contacts, name)
    except InputError as error:
        return error.message
    return ""


def _problems_of_form(contacts: Any, name: str) -> list[str]:
    if not isinstance(contacts, (list, tuple)):
        return [f"{name} is no list: give a list of {{name, phone_numbers or unit_id or comms_profile_id}}"]
    problems = []
    for index, contact in enumerate(contacts):
        place = f"{name}[{index}]"
        if not isinstance(contact, dict):
            problems.append(f"{place}: {contact!r} is no dictionary with the keys {', '.join(_KEYS)}")
            continue
        unknown = sorted(str(key) for key in contact if key not in _KEYS)
        if unknown:
            problems.append(f"{place}: unknown {', '.join(unknown)}: the keys of a contact are {', '.join(_KEYS)}")
        if not isinstance(contact.get("phone_numbers") or [], (list, tuple)):
            problems.append(f"{place}: phone_numbers is no list: write it like [\"+12065550100\"]")
    return problems


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """The filters by name."""
        return {"contact_problems": contact_problems}
