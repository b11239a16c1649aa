# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's look at what Amazon has: the trunk and its mappings, compared with the property.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.alexa.smart_properties.plugins.module_utils._model import ACTIVE
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_case import (
    Case,
    Finding,
    Unseen,
    some,
)

_FAILED = re.compile("FAIL|ERROR|REJECT", re.IGNORECASE)


def look(case: Case) -> Iterator[Finding | Unseen]:
    """What differs at Amazon."""
    if case.account_error:
        yield Finding("account-refused", case.account_error)
    elif case.trunk is None:
        yield Unseen("trunk-missing", "Amazon was not asked.")
    if case.trunk is None:
        return
    if not case.trunk.get("trunk_id"):
        yield Finding("trunk-missing", f"There is no trunk for {case.wish.name}:{case.wish.port}.")
        return
    status = str(case.trunk.get("status") or "")
    if _FAILED.search(status):
        yield Finding("trunk-failed", f"The status of the trunk {case.trunk['trunk_id']} is {status}.")
    elif status != ACTIVE:
        yield Finding("trunk-waiting", f"The status of the trunk {case.trunk['trunk_id']} is {status or 'not told'}.")
    yield from _peers(case)
    yield from _mappings(case)


def _peers(case: Case) -> Iterator[Finding]:
    trunk = case.trunk or {}
    peers = [(peer["ip"], peer["port"]) for peer in trunk.get("peers") or []]
    name = trunk.get("fqdn_peer") or {}
    wished = (case.wish.name.lower() if case.wish.peer_type == "fqdn" else case.wish.address, case.wish.port)
    found = [(str(name.get("name")).lower(), name.get("port"))] if name else peers
    if found and wished not in found:
        known = ", ".join(f"{host}:{port}" for host, port in found)
        yield Finding("trunk-elsewhere", f"Amazon calls {known}, the property is {wished[0]}:{wished[1]}.")


def _mappings(case: Case) -> Iterator[Finding]:
    if case.mappings is None:
        return
    known = case.mappings
    wished = {str(room["extension"]): str(room.get("comms_profile_id") or "") for room in case.rooms}
    unmapped = [extension for extension in wished if extension not in known]
    # A room that is listed by its unit has a profile that nobody looked up.
    elsewhere = [each for each, profile in wished.items() if profile and known.get(each, profile) != profile]
    unlisted = [extension for extension in known if extension not in wished]
    if unmapped:
        yield Finding("room-unmapped", f"{len(unmapped)} of {len(wished)} rooms are not mapped: {some(unmapped)}.")
    if elsewhere:
        yield Finding("room-elsewhere", f"{some(elsewhere)} ring another room's device than the inventory says.")
    if unlisted:
        yield Finding("mapping-unlisted", f"{some(unlisted)} are mapped, and no room in the inventory.")
