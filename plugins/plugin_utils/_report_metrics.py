# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as metrics, in Prometheus' text format, for the textfile collector of its node_exporter.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._property_report import (
    PROPERTY_STATES,
    ROOM_STATES,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report import seconds_of
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_doctor import counted

_HELP = {
    "alexa_report_timestamp_seconds": "When the report was made.",
    "alexa_property_state": "1 for the state that the property is in, 0 for the others.",
    "alexa_property_seen_timestamp_seconds": "When the property was looked at.",
    "alexa_property_rooms": "Extensions of the property by their state.",
    "alexa_property_certificate_expiry_timestamp_seconds": "When the first certificate of the trunk's chain ends.",
    "alexa_property_doctor_findings": "What the doctor found at the property, by severity.",
    "alexa_account_trunks": "SIP trunks of the account.",
    "alexa_account_orphan_trunks": "SIP trunks of the account that no property of the inventory has.",
}


def metrics(document: Mapping[str, Any]) -> bytes:
    """All metrics are gauges; the samples of one stand together, as the format has it."""
    samples: dict[str, list[str]] = {name: [] for name in _HELP}
    for name, labels, value in _samples(document):
        shown = ",".join(f'{label}="{escaped(text)}"' for label, text in labels.items())
        samples[name].append(f"{name}{{{shown}}} {value}" if shown else f"{name} {value}")
    lines = [
        line
        for name, rows in samples.items()
        if rows
        for line in (f"# HELP {name} {_HELP[name]}", f"# TYPE {name} gauge", *rows)
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def escaped(text: str) -> str:
    """A label's value between its quotes. A line must not end in it, by any of the characters that readers split at."""
    text = text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return " ".join(text.splitlines())


def _samples(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str], int]]:
    yield "alexa_report_timestamp_seconds", {}, seconds_of(document["generated"])
    for found in document["properties"]:
        labels = {"property": found["host"]}
        for state in PROPERTY_STATES:
            yield "alexa_property_state", {**labels, "state": state}, int(found["state"] == state)
        yield "alexa_property_seen_timestamp_seconds", labels, seconds_of(found["seen"])
        for state in ROOM_STATES:
            yield "alexa_property_rooms", {**labels, "state": state}, found["counts"][state]
        for severity, number in counted(found).items() if "findings" in found else ():
            yield "alexa_property_doctor_findings", {**labels, "severity": severity}, number
        ends = [seconds_of(certificate["not_after"]) for certificate in found["certificates"]]
        if ends:
            yield "alexa_property_certificate_expiry_timestamp_seconds", labels, min(ends)
    for account in document["accounts"]:
        labels = {"account": account["account"]}
        yield "alexa_account_trunks", labels, account["trunks"]
        yield "alexa_account_orphan_trunks", labels, len(account["orphans"])
