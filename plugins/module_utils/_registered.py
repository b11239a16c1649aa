# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remembers which chain was registered with which trunk, for APIs whose answers leave the chain out.

Without this a renewed certificate could not be told from the one that Amazon has. Only fingerprints are kept, on the
control node. Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._chain import fingerprints
from ansible_collections.alexa.smart_properties.plugins.module_utils._state import state_directory

_FILE = "registered-chains.json"


def remembered(trunk_id: str) -> list[str] | None:
    """The fingerprints of the chain that was last registered from this control node; None if there is no record."""
    try:
        with open(state_directory() / _FILE, encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            return _fingerprints_of(json.load(file), trunk_id)
    except (OSError, ValueError):
        return None


def remember(trunk_id: str, chain: Sequence[str] | None) -> None:
    """Keep the chain's fingerprints; None forgets the trunk. Where nothing can be written, nothing is kept."""
    try:
        handle = os.open(state_directory() / _FILE, os.O_RDWR | os.O_CREAT, 0o600)
        with open(handle, "r+", encoding="utf-8", errors="replace") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            records = _read(file.read())
            if chain is None:
                records.pop(trunk_id, None)
            else:
                records[trunk_id] = fingerprints(chain)
            file.seek(0)
            json.dump(records, file, indent=1, sort_keys=True)
            file.truncate()
    except OSError:
        return


def _read(text: str) -> dict[str, Any]:
    try:
        records = json.loads(text or "{}")
    except ValueError:
        return {}
    return records if isinstance(records, dict) else {}


def _fingerprints_of(records: Any, trunk_id: str) -> list[str] | None:
    found = records.get(trunk_id) if isinstance(records, dict) else None
    return [str(item) for item in found] if isinstance(found, list) else None
