# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan file: made of what the modules tell in check mode, and read back for the run that does it.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan_digest import digest_of, in_words

KIND = "plan of alexa.smart_properties"
SCHEMA = 1
#: Of a certificate: the plan binds it, or it is made on the way, and nobody can know it yet.
KNOWN, MADE_THEN = "bound", "made by the run"
ANEW = "Make the plan anew with the playbook plan, and have it reviewed."
_NAMED = 5


def property_of(
    inventory: Mapping[str, Any],
    trunk: Mapping[str, Any],
    extensions: Mapping[str, Any],
    profiles: Mapping[str, Any],
) -> dict[str, Any]:
    """The parts of a property's plan, of the stages that were looked at.

    :param inventory: what the inventory says: C(trunk), C(rooms) as the lookup C(rooms) returns them, C(prune).
    :param trunk: the result of C(alexa_siptrunk) in check mode; empty where that stage was left out.
    :param extensions: the same of C(alexa_extensions); skipped where there are no rooms.
    :param profiles: the same of C(alexa_comms_profiles); empty where no room is listed by its unit.
    """
    parts = {}
    if trunk:
        parts["trunk"] = _trunk_part(trunk, digest_of({"trunk": inventory["trunk"]}))
    if extensions:
        content = extensions.get("plan") or {"trunk_id": None, "before": {}, "after": {}}
        parts["extensions"] = {**_changes(content), "inventory": _rooms_digest(inventory)}
        parts["profiles"] = {"after": _by_key((profiles.get("diff") or {}).get("after") or "")}
    return parts


def _trunk_part(result: Mapping[str, Any], inventory: str) -> dict[str, Any]:
    content = result["plan"]
    bound = "certificates" in content["after"]
    unchanged = not result["changed"] and bound
    return {
        "action": "create" if content["before"] is None else "none" if unchanged else "update",
        "certificate": KNOWN if bound else MADE_THEN,
        **content,
        "digest": result["plan_digest"],
        "inventory": inventory,
    }


def _rooms_digest(inventory: Mapping[str, Any]) -> str:
    """Of what decides: a room's name only where a communication profile is named after it."""
    rooms = {
        room["extension"]: [room["unit_id"], room.get("room")] if room.get("unit_id") else room.get("comms_profile_id")
        for room in inventory["rooms"]
    }
    return digest_of({"rooms": rooms, "prune": inventory["prune"]})


def _changes(content: Mapping[str, Any]) -> dict[str, Any]:
    """What C(alexa_extensions) plans, as somebody reads it."""
    before, after = content["before"], content["after"]
    return {
        "trunk_id": content["trunk_id"],
        "created": {key: after[key] for key in after if key not in before},
        "updated": {key: {"before": before[key], "after": after[key]} for key in after if key in before},
        "deleted": {key: before[key] for key in before if key not in after},
        "digest": digest_of(content),
    }


def _content(part: Mapping[str, Any]) -> dict[str, Any]:
    """The content that the digest of a part is of."""
    if "created" not in part:
        return {key: part[key] for key in ("trunk_id", "before", "after")}
    updated = part["updated"]
    return {
        "trunk_id": part["trunk_id"],
        "before": {**part["deleted"], **{key: each["before"] for key, each in updated.items()}},
        "after": {**part["created"], **{key: each["after"] for key, each in updated.items()}},
    }


def _by_key(diff: str) -> dict[str, str]:
    """What a diff of lines says, each with its key before a colon."""
    return {key: label for key, mark, label in (line.partition(": ") for line in diff.splitlines()) if mark}


def document_of(properties: Mapping[str, Mapping[str, Any]], made: str) -> dict[str, Any]:
    """The plan file's content. A property with an C(error) is not planned.

    :param made: when, as 2026-11-27T08:00:00Z.
    """
    failed = {host: parts["error"] for host, parts in properties.items() if "error" in parts}
    planned = {host: dict(parts) for host, parts in properties.items() if "error" not in parts}
    return {"kind": KIND, "schema": SCHEMA, "made": made, "properties": planned, "failed": failed}


def read_plan(path: str) -> dict[str, Any]:
    """The document of a plan file. Raises InputError for what is none."""
    try:
        document = json.loads(Path(path).read_bytes())
        whole = isinstance(document["properties"], dict) and isinstance(document["failed"], dict)
        known = document["kind"] == KIND and whole
        schema = document["schema"]
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.", "Give a plan that this user may read.") from None
    except (ValueError, TypeError, KeyError):
        known = False
    if not known:
        raise InputError(f"{path} is no plan, or only a part of one.", ANEW)
    if schema != SCHEMA:
        raise InputError(f"{path} is a plan of another version of the collection (schema {schema!r}).", ANEW)
    return dict(document)


def plan_for(document: Mapping[str, Any], host: str, path: str) -> dict[str, Any]:
    """What a plan says of a property. Raises InputError where it says nothing, or not what its digests are of."""
    if host in document["failed"]:
        raise InputError(f"{host} is not in the plan {path}: it could not be planned.", ANEW)
    if host not in document["properties"]:
        raise InputError(
            f"{host} is not in the plan {path}.", "Make a plan that it is in, or leave it out with --limit."
        )
    parts = document["properties"][host]
    try:
        edited = [name for name in ("trunk", "extensions") if name in parts and not _is_whole(parts[name])]
    except (TypeError, KeyError, AttributeError):
        edited = ["property"]
    if edited:
        raise InputError(f"{path} was edited: its {edited[0]} of {host} does not fit the digest.", ANEW)
    return dict(parts)


def _is_whole(part: Mapping[str, Any]) -> bool:
    return bool(digest_of(_content(part)) == part["digest"] and part["inventory"])


def differences(now: Mapping[str, Any], plan: Mapping[str, Any]) -> list[str]:
    """What a run would do that is not in the plan, a sentence each; none where it would do what is left of the plan.

    :param now: the property as it would be planned now, of the stages that are run.
    """
    told = []
    for name in ("trunk", "extensions"):
        if name not in now:
            continue
        if name not in plan:
            told.append(f"the stage {name} is not in the plan, which was made with other --tags")
        elif now[name]["inventory"] != plan[name]["inventory"]:
            things = "trunk" if name == "trunk" else "rooms"
            told.append(f"what the inventory says of the {things} has changed since the plan was made")
        else:
            told += (_trunk_differs if name == "trunk" else _extensions_differ)(now[name], plan[name])
    if not told and "profiles" in now:
        told += _profiles_differ(now["profiles"]["after"], plan["profiles"]["after"])
    return told


def _trunk_differs(now: Mapping[str, Any], plan: Mapping[str, Any]) -> list[str]:
    if now["action"] == "none" or plan["digest"] in (now["digest"], digest_of(_without_chain(now))):
        return []
    if now["trunk_id"] != plan["trunk_id"]:
        there, was = (part["trunk_id"] or "no trunk of it" for part in (now, plan))
        return [f"at Amazon there is {there}, and when the plan was made there was {was}"]
    if _without_chain(now) != _without_chain(plan):
        return [f"at Amazon the trunk is not as it was: this run would {in_words(_content(now))}"]
    return ["the certificate, at Amazon or on the PBX, is not the one of the plan"]


def _without_chain(part: Mapping[str, Any]) -> dict[str, Any]:
    """The content as it is of a plan that was made before the certificate."""
    return {
        key: {name: part[key][name] for name in part[key] if name != "certificates"}
        if isinstance(part[key], Mapping)
        else part[key]
        for key in ("trunk_id", "before", "after")
    }


def _extensions_differ(now: Mapping[str, Any], plan: Mapping[str, Any]) -> list[str]:
    """Of a plan that was broken off a part is done already: what is left must be in it, each change as it is there."""
    mine, reviewed = _content(now), _content(plan)
    if None not in (mine["trunk_id"], reviewed["trunk_id"]) and mine["trunk_id"] != reviewed["trunk_id"]:
        return [f"the trunk is {mine['trunk_id']}, and that of the plan {reviewed['trunk_id']}"]
    wrong = [
        key
        for key in sorted(mine["before"].keys() | mine["after"].keys())
        if any(mine[side].get(key) != reviewed[side].get(key) for side in ("before", "after"))
    ]
    return [f"the plan does not have these changes of extensions, or has others: {_few(wrong)}"] if wrong else []


def _profiles_differ(now: Mapping[str, str], plan: Mapping[str, str]) -> list[str]:
    wrong = sorted(unit for unit in now if plan.get(unit) != now[unit])
    return [f"the plan does not make or name the communication profiles of {_few(wrong)} like that"] if wrong else []


def _few(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return ", ".join(keys[:_NAMED]) + more
