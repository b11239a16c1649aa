# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as one HTML page that needs no server and no network.

Whoever names a room must not run a script where the page is opened: all data is JSON in an element that no browser
runs, and the page's policy admits the one script and the one style that it came with.
Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._property_report import (
    PROPERTY_STATES,
    ROOM_STATES,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_doctor import SEVERITIES, counted

_SOURCES = Path(__file__).parent / "report"
_SAME = 0
_TAKEN = ("host", "seen", "state", "error", "certificates")


def page(document: Mapping[str, Any]) -> bytes:
    """The page, in ASCII."""
    style, script = (_source(name) for name in ("page.css", "page.js"))
    policy = "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hash_of(style)}",
            f"script-src {_hash_of(script)}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    data = json_for_html(_data_of(document))
    return (_source("page.html") % {"policy": policy, "style": style, "script": script, "data": data}).encode()


def json_for_html(value: Any) -> str:
    """JSON in ASCII that no HTML parser sees a tag, comment or entity in."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _source(name: str) -> str:
    return (_SOURCES / name).read_text(encoding="utf-8")


def _hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _data_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the script reads. Rooms are short lists, as there may be hundreds of thousands."""
    return {
        "generated": document["generated"],
        "certificate_days": document["certificate_days"],
        "property_states": PROPERTY_STATES,
        "room_states": ROOM_STATES,
        "orphans": [trunk for account in document["accounts"] for trunk in account["orphans"]],
        "orphans_known": bool(document["accounts"]),
        "severities": SEVERITIES,
        "findings": [
            {"host": found["host"], **finding}
            for found in document["properties"]
            for finding in found.get("findings", [])
        ],
        "properties": [
            {
                **{name: found[name] for name in _TAKEN},
                **found["counts"],
                **{f"{kind}s": number for kind, number in counted(found).items()},
                "pbx_name": found["pbx"].get("name", ""),
                "trunk_id": (found["trunk"] or {}).get("trunk_id", ""),
                "rooms": [_row_of(room) for room in found["rooms"]],
            }
            for found in document["properties"]
        ],
    }


def _row_of(room: Mapping[str, str]) -> list[Any]:
    wished = room["comms_profile_id"] or room["unit_id"]
    mapped = _SAME if room["mapped_to"] == wished else room["mapped_to"]
    return [room["extension"], room["room"], ROOM_STATES.index(room["state"]), wished, mapped]
