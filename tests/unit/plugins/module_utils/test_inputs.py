# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What values of users are taken, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import (
    checked_url,
    problem_with_amazon_id,
    problem_with_dns_name,
    problem_with_extension,
    problem_with_port,
    problem_with_public_ipv4,
    removal_limit,
)

HUGE = 10**40


@pytest.mark.parametrize("value", ["0", "7201", "#", "*21*", "+1", "0" * 32, "00012"])
def test_good_extensions(value: str) -> None:
    assert problem_with_extension(value) is None


@pytest.mark.parametrize(
    "value",
    ["", " ", "72 01", " 7201", "7201\n", "\n7201", "../7201", "7201/", "7201;", "a", "72-01", "0" * 33, "\u0667\u0662",
     "\uff17\uff12", "7\u00b2", "7201\x00", "7%2a", 7201, None, True, ["7201"], HUGE],
)  # fmt: skip
def test_bad_extensions(value: Any) -> None:
    problem = problem_with_extension(value)
    assert problem and repr(value) in problem and "1 to 32" in problem


@pytest.mark.parametrize(
    "value",
    ["amzn1.alexa.unit.did.abc-DEF_123", "amzn1.alexa.communications.profile.did.X", "amzn1.a"],
)
def test_good_amazon_ids(value: str) -> None:
    assert problem_with_amazon_id("unit_id", value) is None


@pytest.mark.parametrize(
    "value",
    ["", "amzn1", "amzn1.", "amzn2.a", "Amzn1.a", " amzn1.a", "amzn1.a\n", "amzn1.a/b", "amzn1.a?b", "amzn1.\u00e4",
     "amzn1.\u0661", "amzn1.a b", None, 7],
)  # fmt: skip
def test_bad_amazon_ids(value: Any) -> None:
    problem = problem_with_amazon_id("unit_id", value)
    assert problem and problem.startswith("unit_id ") and repr(value) in problem


@pytest.mark.parametrize("value", ["203.0.113.10", "198.51.100.1", "11.22.33.44", "8.8.8.8", "223.255.255.255"])
def test_addresses_that_amazon_can_reach(value: str) -> None:
    assert problem_with_public_ipv4(value) is None


@pytest.mark.parametrize(
    ("value", "network"),
    [
        ("0.0.0.0", "0.0.0.0/8"), ("10.1.2.3", "10.0.0.0/8"), ("100.64.0.1", "100.64.0.0/10"),
        ("127.0.0.1", "127.0.0.0/8"), ("169.254.1.1", "169.254.0.0/16"), ("172.31.255.255", "172.16.0.0/12"),
        ("192.168.1.1", "192.168.0.0/16"), ("198.18.0.1", "198.18.0.0/15"), ("224.0.0.1", "224.0.0.0/4"),
        ("255.255.255.255", "240.0.0.0/4"),
    ],
)  # fmt: skip
def test_addresses_that_amazon_cannot_reach(value: str, network: str) -> None:
    problem = problem_with_public_ipv4(value)
    assert problem and value in problem and network in problem


@pytest.mark.parametrize(
    "value",
    ["", "203.0.113", "203.0.113.256", "203.0.113.010", "203.0.113.10/32", "203.0.113.10 ", "203.0.113.10\n",
     "::1", "2001:db8::1", "pbx.example.com", "\u0662.0.0.1", None, 3405803786, HUGE, -1],
)  # fmt: skip
def test_what_is_no_address(value: Any) -> None:
    assert "is no IPv4 address" in (problem_with_public_ipv4(value) or "")


@pytest.mark.parametrize(
    ("value", "good"),
    [(1, True), (5061, True), (65535, True), (0, False), (-1, False), (65536, False), (70000, False), (HUGE, False),
     ("5061", False), (5061.0, False), (True, False), (None, False)],
)  # fmt: skip
def test_ports(value: Any, good: bool) -> None:
    problem = problem_with_port(value)
    assert (problem is None) == good
    assert good or repr(value) in str(problem)


@pytest.mark.parametrize(
    "value",
    ["pbx.example.com", "PBX.Example.COM", "a.b", "1.example", "pbx_1.example.com", "xn--bcher-kva.example",
     "a" * 63 + ".example", ".".join(["a" * 62] * 4)],
)  # fmt: skip
def test_good_names(value: str) -> None:
    assert problem_with_dns_name(value) is None


@pytest.mark.parametrize(
    "value",
    ["", "pbx", "pbx.", "pbx.example.com.", ".example.com", "pbx..com", "-a.example", "a-.example", "a b.example",
     "*.example.com", "203.0.113.10", "pbx.example.com\n", "b\u00fccher.example", "pbx.example.c\u0661",
     "a" * 64 + ".example", ".".join(["a" * 63] * 4), "a/b.example", "pbx.example:5061", None, 7],
)  # fmt: skip
def test_bad_names(value: Any) -> None:
    assert "is no fully qualified host name" in (problem_with_dns_name(value) or "")


@pytest.mark.parametrize(
    "value",
    ["https://api.amazonalexa.com", "https://127.0.0.1:8443", "https://[::1]:8443/base", "HTTPS://api.example.com/"],
)
def test_good_urls(value: str) -> None:
    assert checked_url("api_url", value) == value


@pytest.mark.parametrize(
    "value",
    ["", "http://api.example.com", "api.example.com", "https://", "https:///v1", "https://user@api.example.com",
     "https://user:secret@api.example.com", "https://:secret@api.example.com", "https://api.example.com?a=b",
     "https://api.example.com#a", "https://[::1", "https://api.example.com:70000", "https://api.example.com:port",
     "https://api.example.com:0", "https://api example.com", "https://api.example.com\n", "file:///etc/passwd"],
)  # fmt: skip
def test_bad_urls(value: str) -> None:
    with pytest.raises(InputError, match=r"^api_url .* can't be used"):
        checked_url("api_url", value)


@pytest.mark.parametrize(
    ("value", "mapped", "allowed"),
    [("10%", 100, 10), ("10%", 101, 11), ("10%", 1, 1), ("10%", 0, 0), ("0%", 50, 0), ("100%", 7, 7), ("0", 50, 0),
     ("20", 5, 20), (" 20 ", 5, 20), ("999999999", 5, 999999999), ("33%", 10, 4)],
)  # fmt: skip
def test_removal_limits(value: str, mapped: int, allowed: int) -> None:
    assert removal_limit(value, mapped) == allowed


@pytest.mark.parametrize(
    "value",
    ["", "%", "-1", "101%", "10 %", "10%%", "1.5", "1e3", "ten", "\u0661\u0660",
     "10%\n5", pytest.param("9" * 5000, id="huge"), pytest.param("9" * 5000 + "%", id="huge%")],
)  # fmt: skip
def test_bad_removal_limits(value: str) -> None:
    with pytest.raises(InputError, match="prune_limit"):
        removal_limit(value, 100)
