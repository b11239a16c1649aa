# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests for values of the inventory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.test import inventory_values

TESTS = inventory_values.TestModule().tests()

GOOD: dict[str, list[Any]] = {
    "dial_pattern": ["9", "*98", "+49", "_1XXX", "_[1-3]XX", "_NXX", "_2Z-XX", "_[*#]1", "_[1-35]X", "_ZZ-N", "_-1"],
    "dns_name": ["pbx.example.com", "a.b", "xn--mnchen-3ya.example"],
    "ipv4_network": ["3.239.178.128/25", "10.0.0.0/8", "198.51.100.7/32"],
    "port": [1, 5061, 65535, "5061"],
    "port_range": ["10000-20000", "5000-5000", "1-65535"],
    "public_ipv4": ["203.0.113.10", "3.239.178.130"],
}
BAD: dict[str, list[Any]] = {
    "dial_pattern": [
        *["", "_", "_-", "_--", "_X.", "_!", ".", "s", "1 2", "_1X,1,Dial", "_[12", "1\n", "_[3-1]", "_[1-]", "_[]", 9],
    ],
    "dns_name": ["", "pbx", "-a.example.com", "a b.example.com", "203.0.113.10", "*.example.com", None, 5],
    "ipv4_network": ["3.239.178.128", "3.239.178.129/25", "1.2.3.0/33", "::/0", "1.2.3.0/255.0.0.0", "1.2/16", None],
    "port": [0, 65536, 70000, -1, "0", "x", "5061 ", "", True, None, 5061.0],
    "port_range": ["20000-10000", "0-10", "1-70000", "10000", "a-b", "1-2-3", "", 5, None],
    "public_ipv4": ["10.1.2.3", "192.168.0.1", "127.0.0.1", "224.0.0.1", "1.2.3", "pbx.example.com", "::1", 5, None],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_holds(name: str, value: Any) -> None:
    assert TESTS[name](value) is True


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_does_not_hold(name: str, value: Any) -> None:
    assert TESTS[name](value) is False


def test_each_test_has_its_documentation() -> None:
    folder = Path(inventory_values.__file__).parent
    assert {path.stem for path in folder.glob("*.yml")} == set(TESTS)
