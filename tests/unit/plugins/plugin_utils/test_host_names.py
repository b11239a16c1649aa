# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host names of what people call their properties."""

from __future__ import annotations

import pytest

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._host_names import (
    host_name_of,
    problem_with_host_name,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("aurora", "aurora"),
        ("Hotel Aurora", "Hotel-Aurora"),
        ("pbx-1.example.com", "pbx-1.example.com"),
        ("Gästehaus Groß & Söhne", "Gastehaus-Gross-Sohne"),
        ("a,b:c[1:3]!d", "a-b-c-1-3-d"),
        ("../../etc", "etc"),
        ("--limit", "limit"),
        ("  {{ x }}  ", "x"),
        ("東京", ""),
        ("...", ""),
        ("", ""),
    ],
)
def test_a_name_is_safe(text: str, name: str) -> None:
    assert host_name_of(text) == name


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("東京", "'東京' has no letter or digit"),
        ("", "'' has no letter or digit"),
        ("x" * 254, "longer than 253"),
        ("all", "would be the host 'all'"),
        ("localhost", "would be the host 'localhost'"),
        (" alexa_pbx", "would be the host 'alexa_pbx'"),
    ],
)
def test_what_is_no_name_is_told(text: str, problem: str) -> None:
    assert problem in str(problem_with_host_name(host_name_of(text), text))


def test_a_good_name_has_no_problem() -> None:
    assert problem_with_host_name("x" * 253, "x" * 253) is None
