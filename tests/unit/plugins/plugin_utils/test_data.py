# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of others are data, whatever stands in them."""

from __future__ import annotations

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._data import as_data


@pytest.mark.parametrize(
    "text",
    ["Room 201", "{{ 1 + 1 }}", "{% if true %}x{% endif %}", "#jinja2: variable_start_string: '<'\n<{ 1 }}", "{# x #}"],
)
def test_nothing_is_evaluated(text: str) -> None:
    templar = Templar(loader=DataLoader(), variables=as_data({"name": text, "list": [{"key": text}]}))
    assert templar.template(as_data(text)) == text
    assert templar.template(as_data([{"key": text, "number": 1}])) == [{"key": text, "number": 1}]
