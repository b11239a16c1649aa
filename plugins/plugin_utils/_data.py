# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that somebody else wrote, as variables of an inventory: data, never templates.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from typing import Any

from ansible.utils.unsafe_proxy import wrap_var

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19 takes every text for a possible template

    def trust_as_template(value: str) -> str:
        return value


def as_data(value: Any) -> Any:
    """Lists and dictionaries of texts, none of which Ansible evaluates.

    Only a text that could be a template is marked as unsafe: the mark shows in the output of C(ansible-inventory).
    """
    if isinstance(value, str):
        could_be_a_template = "{" in value or "#jinja2" in value
        return wrap_var(value) if could_be_a_template else trust_as_template(value)
    if isinstance(value, dict):
        return {key: as_data(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_data(item) for item in value]
    return value
