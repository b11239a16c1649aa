# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user's values must look like. Each C(problem_with_…) returns None, or what is wrong and what would be right.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError

EXTENSION_PATTERN = re.compile(r"[0-9*#+]{1,32}", re.ASCII)
# E.164 allows 15 digits; the shortest numbers of any country have 7.
PHONE_NUMBER_PATTERN = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
AMAZON_ID_PATTERN = re.compile(r"amzn1\.[A-Za-z0-9._-]+", re.ASCII)
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_NAME_PATTERN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})+", re.ASCII)

# Networks that Amazon can't reach (IANA special-purpose registry). The documentation networks of RFC 5737 are not
# among them: they can't be reached either, but are what examples and laboratories use.
_UNREACHABLE = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip


def checked_concurrency(number: int) -> int:
    """How many requests may be under way at a time. Raises InputError."""
    if not 1 <= number <= 64:
        raise InputError(f"concurrency {number} can't be used.", "Give a number from 1 to 64.")
    return number


def problem_with_extension(value: Any) -> str | None:
    """Extensions are texts of 1 to 32 of C(0-9 * # +)."""
    if isinstance(value, str) and EXTENSION_PATTERN.fullmatch(value):
        return None
    return f"extension {value!r} is not 1 to 32 of the characters 0-9 * # +"


def problem_with_amazon_id(kind: str, value: Any) -> str | None:
    """Ids of profiles and units start with C(amzn1.)."""
    if isinstance(value, str) and AMAZON_ID_PATTERN.fullmatch(value):
        return None
    return f"{kind} {value!r} is no Amazon id: those start with amzn1. and hold letters, digits, dots, - and _"


def problem_with_phone_number(value: Any) -> str | None:
    """Numbers in the international form E.164."""
    if isinstance(value, str) and PHONE_NUMBER_PATTERN.fullmatch(value):
        return None
    bare = re.sub(r"[ ()./-]", "", str(value))
    right = bare if PHONE_NUMBER_PATTERN.fullmatch(bare) else "+12065550100"
    return f"phone number {value!r} is not + with country code and number, 7 to 15 digits: write it like {right}"


def problem_with_public_ipv4(value: Any) -> str | None:
    """A peer's address must be an IPv4 address that Amazon can reach."""
    try:
        address = ipaddress.IPv4Address(value if isinstance(value, str) else str(value))
    except ValueError:
        return f"{value!r} is no IPv4 address like 203.0.113.10"
    for network in _UNREACHABLE:
        if address in network:
            return f"{value} is in {network}, which Amazon can't reach: give the PBX's public static IPv4 address"
    return None


def problem_with_port(value: Any) -> str | None:
    """A TCP or UDP port."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535:
        return None
    return f"port {value!r} is not between 1 and 65535"


def problem_with_dns_name(value: Any) -> str | None:
    """A fully qualified host name."""
    if isinstance(value, str) and _NAME_PATTERN.fullmatch(value) and not value.split(".")[-1].isdigit():
        return None
    return f"{value!r} is no fully qualified host name like pbx.example.com"


def checked_url(option: str, value: str) -> str:
    """An https URL. Anything else would show the token to whoever listens."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s@?#]", value):
        raise InputError(f"{option} {value!r} can't be used.", "Give a plain https:// URL.")
    return value


def removal_limit(value: str, mapped: int) -> int:
    """How many of C(mapped) mappings a limit such as C(10) or C(10%) lets one run remove.

    A percentage is rounded up, so that small trunks can lose one mapping.
    """
    match = re.fullmatch(r"(\d{1,9})(%?)", str(value).strip(), re.ASCII)
    if not match or (match[2] and int(match[1]) > 100):
        raise InputError(
            f"prune_limit {value!r} can't be used.", "Give a number such as 20, or a percentage such as 10%."
        )
    number = int(match[1])
    return -(-mapped * number // 100) if match[2] else number


def check_prune(
    wanted: int, present: int, removed: int, limit: str, *, listed: str, things: str, whole: str, option: str
) -> None:
    """Refuse to remove more than was meant. Raises InputError.

    :param listed: what the list holds that was given.
    :param things: what is removed, and C(whole) all of it.
    :param option: how the inventory calls the limit.
    """
    allowed = removal_limit(limit, present)
    if wanted == 0 and limit.strip() != "100%":
        raise InputError(
            f"prune with an empty list of {listed} would remove {whole}.",
            f"If the list is empty by mistake, mend it. If all {things} are to go, say so with prune_limit: 100%.",
        )
    if removed > allowed:
        raise InputError(
            f"prune would remove {removed} of {present} {things}, more than prune_limit {limit} lets ({allowed}).",
            f"Nothing was changed. If they are really to go, set prune_limit to {removed} or more ({option}).",
        )
