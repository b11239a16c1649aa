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
from pathlib import Path
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._certificates import fingerprints
from ansible_collections.alexa.smart_properties.plugins.module_utils._state import state_directory

_FILE = "registered-chains.json"


def remembered(trunk_id: str) -> list[str] | None:
    """The fingerprints of the chain that was last registered from this control node; None if there is no record."""
    try:
        found = _records(state_directory() / _FILE).get(trunk_id)
    except OSError:
        return None
    return [str(item) for item in found] if isinstance(found, list) else None


def remember(trunk_id: str, chain: Sequence[str] | None) -> None:
    """Keep the chain's fingerprints; None forgets the trunk. Where nothing can be written, nothing is kept."""
    try:
        folder = state_directory()
        with open(os.open(folder / f"{_FILE}.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            records = _records(folder / _FILE)
            if chain is None:
                records.pop(trunk_id, None)
            else:
                records[trunk_id] = fingerprints(chain)
            # Written beside it and renamed: a full disk must not cost the records there are.
            fresh = folder / f"{_FILE}.new"
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps(records, indent=1, sort_keys=True), encoding="utf-8")
            fresh.replace(folder / _FILE)
    except OSError:
        return


def _records(file: Path) -> dict[str, Any]:
    """Fingerprints by trunk id; nothing where the file is missing or can't be read as such."""
    try:
        records = json.loads(file.read_bytes().decode("utf-8", "replace"))
    except (OSError, ValueError):
        return {}
    return records if isinstance(records, dict) else {}
