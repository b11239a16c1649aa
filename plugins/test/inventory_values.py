# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for values of the inventory, for the preflight of the roles. Each has its documentation beside this file."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import (
    problem_with_dns_name,
    problem_with_port,
    problem_with_public_ipv4,
)

DIAL_PATTERN = re.compile(r"[0-9*#+]+|_(?!-+\Z)(?:[0-9XZN*#+-]|\[(?:[0-9]-[0-9]|[0-9*#+])+\])+")
RANGE_IN_SET = re.compile(r"([0-9])-([0-9])(?=[^\[]*\])")


def port(value: Any) -> bool:
    """A TCP or UDP port, as a number or in digits (older Ansible renders numbers as text)."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,5}", value):
        value = int(value)
    return problem_with_port(value) is None


def port_range(value: Any) -> bool:
    """Two ports C(first-last) in order."""
    match = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", value) if isinstance(value, str) else None
    return bool(match and port(match[1]) and port(match[2]) and int(match[1]) <= int(match[2]))


def ipv4_network(value: Any) -> bool:
    """An IPv4 network in CIDR notation, with a length and without host bits."""
    if not isinstance(value, str) or "/" not in value:
        return False
    address, length = value.split("/", 1)
    try:
        ipaddress.IPv4Network(value)
    except ValueError:
        return False
    return length.isdigit() and address.count(".") == 3


def public_ipv4(value: Any) -> bool:
    """An IPv4 address that Amazon can reach."""
    return isinstance(value, str) and problem_with_public_ipv4(value) is None


def dns_name(value: Any) -> bool:
    """A fully qualified host name."""
    return problem_with_dns_name(value) is None


def dial_pattern(value: Any) -> bool:
    """A number, or a pattern of Asterisk that matches numbers of one length only."""
    if not isinstance(value, str) or not DIAL_PATTERN.fullmatch(value):
        return False
    return all(first <= last for first, last in RANGE_IN_SET.findall(value))


class TestModule:
    """What Ansible loads."""

    def tests(self) -> dict[str, Callable[[Any], bool]]:
        """The tests by name."""
        return {
            "dial_pattern": dial_pattern,
            "dns_name": dns_name,
            "ipv4_network": ipv4_network,
            "port": port,
            "port_range": port_range,
            "public_ipv4": public_ipv4,
        }
