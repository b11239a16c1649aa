# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says of one property: its trunk, and what differs between the rooms that are wished and those mapped.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._extensions import Wish, plan
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import ACTIVE, Mapping, Profile

#: From well to ill.
PROPERTY_STATES = ("ok", "drift", "waiting", "unlinked", "failed")
#: C(unlisted) is a mapping without a room; C(unverified) a room whose unit's profile nobody looked up.
ROOM_STATES = ("ok", "missing", "changed", "unlisted", "unverified")


def property_of(
    host: str,
    seen: str,
    *,
    facts: Dictionary[str, Any],
    trunk: Dictionary[str, Any],
    mappings: Sequence[Dictionary[str, Any]],
    rooms: Sequence[Dictionary[str, Any]],
    profiles: Sequence[Dictionary[str, Any]],
    error: str,
) -> dict[str, Any]:
    """The property as reports hold it.

    :param seen: when it was looked at, as 2026-11-26T08:00:00Z.
    :param facts: C(kind), C(name), C(address) and C(port) of the PBX; other keys are left out.
    :param trunk: as C(alexa_siptrunk_info) returns it; empty, or without an id, where there is none.
    :param mappings: as C(alexa_extension_info) returns them.
    :param rooms: as the lookup C(rooms) returns them.
    :param profiles: C(unit_id) and C(comms_profile_id), none for a unit without one; of the units that were looked up.
    :param error: why the property could not be looked at; then the rest may be incomplete.
    """
    compared = [] if error else compared_rooms(rooms, mappings, profiles)
    counts = dict.fromkeys(ROOM_STATES, 0)
    for room in compared:
        counts[room["state"]] += 1
    linked = trunk if trunk.get("trunk_id") else {}
    return {
        "host": host,
        "seen": seen,
        "state": _state(linked, counts, error),
        "pbx": {key: str(facts.get(key) or "") for key in ("kind", "name", "address", "port")},
        "trunk": {key: linked.get(key) for key in ("trunk_id", "status", "tls_name", "peers", "fqdn_peer")}
        if linked
        else None,
        "certificates": [dict(certificate) for certificate in linked.get("certificates") or []],
        "counts": counts,
        "rooms": compared,
        "error": error,
    }


def _state(trunk: Dictionary[str, Any], counts: Dictionary[str, int], error: str) -> str:
    if error:
        return "failed"
    if not trunk:
        return "unlinked"
    if trunk.get("status") != ACTIVE:
        return "waiting"
    return "drift" if counts["missing"] or counts["changed"] or counts["unlisted"] else "ok"


def compared_rooms(
    rooms: Sequence[Dictionary[str, Any]],
    mappings: Sequence[Dictionary[str, Any]],
    profiles: Sequence[Dictionary[str, Any]],
) -> list[dict[str, str]]:
    """Every extension that is wished or mapped, sorted, with its C(state): by the plan of C(alexa_extensions)."""
    have = {each["extension"]: Mapping(each["extension"], each["comms_profile_id"]) for each in mappings}
    known = {
        each["unit_id"]: Profile(each["comms_profile_id"]) if each["comms_profile_id"] else None for each in profiles
    }
    wanted = {
        room["extension"]: Wish(room["extension"], room.get("comms_profile_id"), room.get("unit_id")) for room in rooms
    }
    certain = {extension: wish for extension, wish in wanted.items() if not wish.unit_id or wish.unit_id in known}
    planned = plan(certain, have, known, prune=True, prune_limit="100%")
    states = {
        **dict.fromkeys(planned.delete, "unlisted"),
        **dict.fromkeys(planned.create, "missing"),
        **dict.fromkeys(planned.change, "changed"),
        **dict.fromkeys(planned.unchanged, "ok"),
        **{name: "unverified" if name in have else "missing" for name in wanted if name not in certain},
    }
    names = {room["extension"]: str(room.get("room") or "") for room in rooms}
    return [
        {
            "extension": extension,
            "room": names.get(extension, ""),
            "state": states[extension],
            "comms_profile_id": (extension in wanted and wanted[extension].comms_profile_id) or "",
            "unit_id": (extension in wanted and wanted[extension].unit_id) or "",
            "mapped_to": have[extension].comms_profile_id if extension in have else "",
        }
        for extension in sorted(states)
    ]
