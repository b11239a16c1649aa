# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes a run back: what its journal says of a property, compared with what there is now.

Only what still is as the run left it is taken back. Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._certificates import fingerprints
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._journal import MAPPINGS, TRUNK

#: What becomes of the trunk.
STAYS, REMOVE, RESTORE, CREATE = "stays", "remove", "restore", "create"

Trunk = Mapping[str, Any]


def whole_of(steps: Iterable[Mapping[str, Any]], host: str) -> dict[str, Any]:
    """The steps of a run for a property as one: what there was before the first, and what shall be after the last.

    Raises InputError where they are about several trunks.

    :returns: C(noted), whether there is any; C(trunk) with C(trunk_id), C(before) and C(after), or None where the trunk
        was not touched; C(mappings) with C(trunk_id), C(before) and C(after), profiles by extension, of those touched.
    """
    trunk: dict[str, Any] | None = None
    before: dict[str, str | None] = {}
    after: dict[str, str | None] = {}
    ids: set[str] = set()
    for step in steps:
        if step["kind"] == TRUNK:
            trunk_id = (step["before"] or {}).get("trunk_id") or step["made"]
            former = trunk["before"] if trunk else step["before"]
            trunk = {"trunk_id": trunk_id, "before": former, "after": step["after"]}
            ids |= {trunk_id} - {None}
        elif step["kind"] == MAPPINGS:
            ids.add(step["trunk_id"])
            for extension in {**step["before"], **step["after"]}:
                before.setdefault(extension, step["before"].get(extension))
                after[extension] = step["after"].get(extension)
    if len(ids) > 1:
        raise InputError(
            f"The journal tells of several trunks of {host}: {', '.join(sorted(ids))}.",
            "Take this property back by hand: each line of the journal says what there was.",
        )
    mappings = {"trunk_id": next(iter(ids), None), "before": before, "after": after}
    return {"noted": bool(trunk or before), "trunk": trunk, "mappings": mappings}


def plan_of(whole: Mapping[str, Any], trunks: Sequence[Trunk], mappings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is to be done.

    :param whole: of C(whole_of).
    :param trunks: all trunks of the account, as C(alexa_siptrunk_info) returns them.
    :param mappings: those of the trunk, as C(alexa_extension_info) returns them; empty where there is none.
    :returns: C(trunk_id) of the trunk that is there now, or None; C(action), what becomes of it, and C(former), what
        it is to be; C(mapped), the mappings to make or change, as the option C(extensions); C(unmapped), the
        extensions whose mapping goes; C(left), a line for each thing that is no longer as the run left it.
    """
    left: list[str] = []
    former_trunk = (whole["trunk"] or {}).get("before")
    now, action = _trunk_now(whole, trunks, left)
    # A trunk is written as a whole, so not without its certificates.
    if action in (CREATE, RESTORE) and former_trunk["tls_name"] and not former_trunk["certificate_chain"]:
        trunk_id = whole["mappings"]["trunk_id"]
        left.append(
            f"the API did not tell the certificates that the trunk {trunk_id} had; link_pbx registers those of its PBX"
        )
        action = STAYS
    have = {mapping["extension"]: mapping["comms_profile_id"] for mapping in mappings} if now else {}
    before, after = whole["mappings"]["before"], whole["mappings"]["after"]
    mapped, unmapped = [], []
    for extension in sorted(before) if now or action == CREATE else ():
        there, former, made = have.get(extension), before[extension], after[extension]
        if there == former:
            continue
        if there != made:
            left.append(f"extension {extension} is mapped to {there or 'nothing'} by now, not to {made or 'nothing'}")
        elif former:
            mapped.append({"extension": extension, "comms_profile_id": former})
        else:
            unmapped.append(extension)
    others = sorted(set(have) - set(unmapped))
    if action == REMOVE and others:
        left.append(f"the trunk {now} has mappings that the run did not make: {', '.join(others[:10])}")
        action = STAYS
    todo = {"trunk_id": now, "action": action, "former": former_trunk}
    return {**todo, "mapped": mapped, "unmapped": unmapped, "left": left}


def _trunk_now(whole: Mapping[str, Any], trunks: Sequence[Trunk], left: list[str]) -> tuple[str | None, str]:
    """The id of the trunk that is there, and what becomes of it."""
    step = whole["trunk"]
    by_id = {trunk["trunk_id"]: trunk for trunk in trunks}
    trunk_id = whole["mappings"]["trunk_id"]
    if step is None:
        if trunk_id not in by_id and whole["noted"]:
            left.append(f"the trunk {trunk_id} is gone")
        return (trunk_id if trunk_id in by_id else None), STAYS
    former, made = step["before"], step["after"]
    now = by_id.get(trunk_id) or next((trunk for trunk in trunks if _where(trunk) == _where(former or made)), None)
    if former is None or made is None:
        # It was made, or removed, or neither came to pass.
        if now is None:
            return None, STAYS if former is None else CREATE
        if former is None and not _same(now, made):
            left.append(f"the trunk {now['trunk_id']} has been changed since it was made")
            return now["trunk_id"], STAYS
        return now["trunk_id"], REMOVE if former is None else STAYS
    if now is None:
        left.append(f"the trunk {trunk_id} is gone")
        return None, STAYS
    if not _same(now, made):
        if not _same(now, former):
            left.append(f"the trunk {now['trunk_id']} has been changed since")
        return now["trunk_id"], STAYS
    return now["trunk_id"], RESTORE


def _same(trunk: Trunk, noted: Mapping[str, Any]) -> bool:
    """Whether a trunk is as it is noted, as far as the API tells."""
    registered = {certificate["sha256"] for certificate in trunk["certificates"] or ()}
    chain = set(fingerprints(noted["certificate_chain"] or ()))
    # An API may return a part of the chain, or nothing of it.
    return _where(trunk) == _where(noted) and (not chain or registered <= chain)


def _where(trunk: Mapping[str, Any]) -> tuple[Any, ...]:
    fqdn = trunk["fqdn_peer"]
    peers = sorted((peer["ip"], peer["port"]) for peer in trunk["peers"])
    return (trunk["tls_name"] or "").lower(), peers, (fqdn["name"].lower(), fqdn["port"]) if fqdn else None
