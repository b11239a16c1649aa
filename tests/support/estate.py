# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Estates to look at: properties as the report takes them, and the page of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._property_report import property_of
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report import report_of
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_page import page


def found(host: str, rooms: int, name: str = "Room", **given: Any) -> dict[str, Any]:
    """What a look at a property gave.

    :param given: C(unmapped) first rooms without a mapping, C(ends) of the certificate, C(status) of the trunk,
        C(findings) of the doctor, or what C(property_of) takes.
    """
    wished = [
        {
            "extension": str(7000 + each),
            "room": f"{name} {each}",
            "comms_profile_id": f"amzn1.{host.encode().hex()}.{each}",
        }
        for each in range(rooms)
    ]
    mappings = [
        {key: room[key] for key in ("extension", "comms_profile_id")} for room in wished[given.pop("unmapped", 0) :]
    ]
    ends = [{"subject": "CN=a", "not_after": given.pop("ends", "2099-01-01T00:00:00Z")}]
    trunk = {"trunk_id": f"trunk.{host}", "status": given.pop("status", "ACTIVE"), "certificates": ends}
    seen = "2026-11-26T08:00:00Z"
    wish: dict[str, Any] = {"trunk": trunk, "error": "", **given}
    findings = wish.pop("findings", [])
    made = property_of(host, seen, facts={"name": host}, mappings=mappings, rooms=wished, profiles=[], **wish)
    return {**made, "findings": findings}


def write(file: Path, properties: list[dict[str, Any]], stray_name: str = "gone.example.com") -> Path:
    """The page of properties, and of a trunk that none of them has."""
    stray = {
        "trunk_id": "gone",
        "tls_name": stray_name,
        "status": "ACTIVE",
        "peers": [{"ip": "203.0.113.1", "port": 5061}],
    }
    stamp = {"generated": "2026-11-26T08:00:00Z", "certificate_days": 30}
    file.write_bytes(page(report_of(properties, {"account": [stray]}, stamp)))
    return file
