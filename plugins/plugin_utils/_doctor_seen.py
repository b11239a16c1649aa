# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor measured, whether it is a finding or not: the evidence that a proof shows.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._certificates import pems, summaries
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_case import Case

# The table that the role pbx_firewall makes, whose rules count what Amazon sends.
_TABLE = "alexa_sip"


def seen(case: Case) -> dict[str, Any]:
    """Fingerprints of the leaf by place, the contact's state, packets that came from Amazon, and what Amazon has.

    Nothing (None) is said of what could not be looked at.
    """
    registered = (case.trunk or {}).get("certificates") or []
    contact = re.search(r"^ +Contact: .* (Avail|Unavail|NonQual|Unknown) +(\S+)", case.said("endpoint"), re.MULTILINE)
    return {
        "certificate": {
            "file": _leaf(pems(case.texts.get("certificate", ""))),
            "served": _leaf(case.served()),
            "registered": registered[0]["sha256"] if registered else None,
        },
        "contact": {"status": contact[1], "milliseconds": _number(contact[2])} if contact else None,
        "packets": _packets(case),
        "trunk": (case.trunk or {}).get("status"),
        "mapped": len(case.mappings) if case.mappings is not None else None,
    }


def _leaf(chain: list[str]) -> str | None:
    found = summaries(chain[:1])
    return found[0]["sha256"] if found else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    # Asterisk writes -nan for a contact that was never asked.
    return None if math.isnan(value) else value


def _packets(case: Case) -> dict[str, int] | None:
    """By protocol; nothing where the rules are another firewall's, which does not count for us."""
    try:
        listed = json.loads(case.said("rules"))["nftables"]
    except (ValueError, KeyError, TypeError):
        return None
    rules = [entry["rule"] for entry in listed if entry.get("rule", {}).get("table") == _TABLE]
    counted = [(protocol, packets) for rule in rules for protocol, packets in _counters(rule["expr"])]
    if not counted:
        return None
    return {kind: sum(packets for protocol, packets in counted if protocol == kind) for kind in ("tcp", "udp")}


def _counters(expressions: list[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    text = json.dumps(expressions)
    port = re.search(r'"protocol": "(tcp|udp)", "field": "dport"', text)
    if port and '"right": "@amazon"' in text:
        yield from ((port[1], part["counter"]["packets"]) for part in expressions if "counter" in part)
