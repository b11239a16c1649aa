# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report of many properties as one document: made, read, joined with others, and told in lines.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._property_report import (
    PROPERTY_STATES,
    ROOM_STATES,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report_doctor import SEVERITIES, counted

#: Grows when a field is renamed, removed or means something else.
SCHEMA = 1
DATA_FILE = "report.json"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

_PROPERTY = {
    "host": str, "seen": str, "state": str, "error": str, "pbx": dict, "trunk": (dict, type(None)), "counts": dict,
    "certificates": list, "rooms": list,
}  # fmt: skip
_ACCOUNT = {"account": str, "seen": str, "trunks": int, "orphans": list}
_CERTIFICATE = {"subject": str, "not_after": str}
_TRUNK = {"trunk_id": str}
_FINDING = {name: str for name in ("id", "severity", "evidence", "remedy")}
_ROOM = {name: str for name in ("extension", "room", "state", "comms_profile_id", "unit_id", "mapped_to")}


def report_of(
    properties: Sequence[Mapping[str, Any]],
    listings: Mapping[str, Sequence[Mapping[str, Any]]],
    stamp: Mapping[str, Any],
) -> dict[str, Any]:
    """The document of one run.

    :param listings: of each account, all its trunks. Empty where only a part of the inventory was looked at: then
        nobody knows which trunks are orphans.
    :param stamp: C(generated), the time as 2026-11-26T08:00:00Z, and C(certificate_days): a certificate that ends
        within so many days is marked.
    """
    # Whose trunk it is nobody knows where a property could not be looked at; its name tells.
    names = {str(found["pbx"].get("name", "")).lower() for found in properties if found["state"] == "failed"}
    accounts = [
        {
            "account": account,
            "seen": stamp["generated"],
            "trunks": len(trunks),
            "orphans": [dict(trunk) for trunk in trunks if (trunk["tls_name"] or "").lower() not in names],
        }
        for account, trunks in sorted(listings.items())
    ]
    return _document(properties, accounts, stamp)


def joined(documents: Iterable[Mapping[str, Any]], stamp: Mapping[str, Any]) -> dict[str, Any]:
    """One document of several: of each property and of each account what was seen last."""
    properties: dict[str, Mapping[str, Any]] = {}
    accounts: dict[str, Mapping[str, Any]] = {}
    for document in documents:
        for entries, key, kept in (
            (document["properties"], "host", properties),
            (document["accounts"], "account", accounts),
        ):
            for entry in entries:
                if entry[key] not in kept or entry["seen"] >= kept[entry[key]]["seen"]:
                    kept[entry[key]] = entry
    return _document(list(properties.values()), [dict(account) for account in accounts.values()], stamp)


def _document(
    properties: Sequence[Mapping[str, Any]], accounts: list[dict[str, Any]], stamp: Mapping[str, Any]
) -> dict[str, Any]:
    claimed = {found["trunk"]["trunk_id"] for found in properties if found["trunk"]}
    for account in accounts:
        account["orphans"] = [trunk for trunk in account["orphans"] if trunk["trunk_id"] not in claimed]
    return {
        "schema": SCHEMA,
        **stamp,
        "totals": {
            "properties": {state: sum(found["state"] == state for found in properties) for state in PROPERTY_STATES},
            "rooms": {state: sum(found["counts"][state] for found in properties) for state in ROOM_STATES},
            "findings": {kind: sum(counted(found)[kind] for found in properties) for kind in SEVERITIES},
            "orphan_trunks": sum(len(account["orphans"]) for account in accounts),
        },
        "properties": sorted(properties, key=lambda found: found["host"]),
        "accounts": sorted(accounts, key=lambda account: account["account"]),
    }


def files_of(places: Iterable[Path], own: Path) -> Iterator[Path]:
    """The files that a list of files and folders stands for: of a folder, each report.json in it and below.

    :param own: the report that is to be written. It is no source, unless it is named itself.
    """
    for place in places:
        found = sorted(place.rglob(DATA_FILE)) if place.is_dir() else [place]
        yield from (file for file in found if file == place or file.resolve() != own.resolve())


def read_report(file: Path) -> dict[str, Any]:
    """The document in a file. Raises InputError where there is none that this version can read."""
    try:
        content = json.loads(file.read_bytes())
    except OSError as error:
        raise InputError(f"The report {file} can't be read: {error.strerror}.", "Name a file that is there.") from None
    except ValueError as error:
        raise InputError(f"The report {file} is no JSON: {error}.", "Name a report.json.") from None
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != SCHEMA:
        raise InputError(
            f"The report {file} has the schema {schema!r}, and this version reads {SCHEMA}.",
            "Make the report again with the version of the collection that is to join it.",
        )
    whole = _are(content, "properties", _PROPERTY) and _are(content, "accounts", _ACCOUNT)
    if not whole or not _is_sound(content):
        raise InputError(f"The report {file} is damaged: fields are missing or mean nothing.", "Make the report again.")
    return content


def seconds_of(time: str) -> int:
    """Seconds since 1970 of a time like 2026-11-26T08:00:00Z. Raises ValueError for another text."""
    return int(datetime.strptime(time, TIME_FORMAT).replace(tzinfo=timezone.utc).timestamp())


def _is_sound(content: Mapping[str, Any]) -> bool:
    """Whether the parts of a document's properties and accounts are what they must be."""
    try:
        seconds_of(content["generated"])
        int(content["certificate_days"])
        for found in content["properties"]:
            seconds_of(found["seen"])
            for certificate in found["certificates"]:
                seconds_of(certificate["not_after"])
    except (KeyError, TypeError, ValueError):
        return False
    return all(_are(account, "orphans", _TRUNK) for account in content["accounts"]) and all(
        all(isinstance(found["counts"].get(state), int) for state in ROOM_STATES)
        and found["state"] in PROPERTY_STATES
        and _are(found, "rooms", _ROOM)
        and all(room["state"] in ROOM_STATES for room in found["rooms"])
        and _are(found, "certificates", _CERTIFICATE)
        and ("findings" not in found or _are(found, "findings", _FINDING))
        and (found["trunk"] is None or _has(found["trunk"], _TRUNK))
        for found in content["properties"]
    )


def _are(content: Mapping[str, Any], name: str, fields: Mapping[str, Any]) -> bool:
    """Whether the list of this name holds nothing but dictionaries with these fields."""
    entries = content.get(name)
    return isinstance(entries, list) and all(isinstance(entry, dict) and _has(entry, fields) for entry in entries)


def _has(entry: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    return all(name in entry and isinstance(entry[name], kind) for name, kind in fields.items())


def described(document: Mapping[str, Any]) -> str:
    """What the document says without its times, a line for each property, room that is not ok, and orphan.

    Two documents with the same lines say the same: a digest stands for what no line shows.
    """
    lines = [f"certificates are marked {document['certificate_days']} days before their end"]
    lines += [line for found in document["properties"] for line in _lines_of(found)]
    lines += [
        f"orphan trunk {trunk['trunk_id']} ({trunk['tls_name']}), {trunk['status']}"
        for account in document["accounts"]
        for trunk in account["orphans"]
    ]
    return "".join(f"{json.dumps(line)[1:-1]}\n" for line in lines)


def _lines_of(found: Mapping[str, Any]) -> Iterator[str]:
    timeless = {key: value for key, value in found.items() if key != "seen"}
    digest = hashlib.sha256(json.dumps(timeless, sort_keys=True).encode()).hexdigest()[:12]
    counts = ", ".join(f"{found['counts'][state]} {state}" for state in ROOM_STATES if found["counts"][state])
    yield f"{found['host']}: {found['state']}; rooms: {counts or 'none'}; {digest}"
    for room in found["rooms"]:
        if room["state"] not in ("ok", "unverified"):
            wished = room["comms_profile_id"] or room["unit_id"] or "nothing"
            yield f"{found['host']} {room['extension']}: {room['state']}, {room['mapped_to'] or 'nothing'} for {wished}"
