# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only file that knows the API's paths and JSON names.

Sources, as marks behind each fact: S Amazon's page "Link a Private Branch Exchange (PBX) to Alexa Smart Properties",
R Amazon's PBX REST API reference, C Amazon's open-source command-line client, A assumed. What is assumed is read
tolerantly, so that a correction stays in this file. Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Mapping, Peer, Profile, Trunk, Unit

TRUNKS = "/v1/communications/network/siptrunk"  # S
PROFILE = "/v1/communications/profile"  # C
PROFILE_BATCH = "/v1/communications/profiles/batch"  # C
UNITS = "/v2/units"  # C
PROFILES_A_CALL = 100  # C
UNITS_A_PAGE = 50  # C

NEXT_TOKEN = "nextToken"  # C


def _quoted(part: str) -> str:
    return quote(part, safe="")


def trunk_path(trunk_id: str) -> str:
    return f"{TRUNKS}/{_quoted(trunk_id)}"  # S


def extension_path(trunk_id: str, extension: str) -> str:
    return f"{trunk_path(trunk_id)}/extension/{_quoted(extension)}"  # S


def extensions_path(trunk_id: str) -> str:
    return f"{trunk_path(trunk_id)}/extensions"  # R


def profile_path(profile_id: str) -> str:
    return f"{PROFILE}/{_quoted(profile_id)}"  # C


def profile_of_unit_path(unit_id: str) -> str:
    return f"{PROFILE}?{urlencode({'entity.type': 'UNIT', 'entity.id': unit_id})}"  # C


def units_path(parent_id: str, depth: int | None) -> str:
    """C(depth): how many levels below the parent; None for all."""
    query = {"parentId": parent_id, "expand": "all", "queryDepth": depth or "all", "maxResults": UNITS_A_PAGE}
    return f"{UNITS}?{urlencode(query)}"  # C


def page_path(path: str, token: str | None) -> str:
    """The path of the page that a token leads to."""
    if not token:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode({NEXT_TOKEN: token})}"


def page(body: Any) -> tuple[list[dict[str, Any]], str | None]:
    """The items of a list's page, and the token of the next page (C; the envelope of the PBX lists is A)."""
    if isinstance(body, list):
        return _objects(body), None
    if not isinstance(body, dict):
        raise ValueError("neither a list nor an object")
    lists = [value for name, value in body.items() if name == "results" or isinstance(value, list)]
    items = body["results"] if "results" in body else lists[0] if len(lists) == 1 else None
    context = body.get("paginationContext") or body
    # An empty page may leave its list out; anything else must not pass for an empty list.
    if items is None and set(body) <= {"paginationContext", NEXT_TOKEN}:
        items = []
    if not isinstance(items, list) or not isinstance(context, dict):
        raise ValueError(f"no list of results among {', '.join(sorted(body)) or 'no names at all'}")
    return _objects(items), context.get(NEXT_TOKEN) or None


def _objects(items: list[Any]) -> list[dict[str, Any]]:
    if not all(isinstance(item, dict) for item in items):
        raise ValueError("a list of something else than objects")
    return items


def _object(body: Any) -> dict[str, Any]:
    return body if isinstance(body, dict) else {}


def trunk_body(trunk: Trunk) -> dict[str, Any]:
    """The body of create and update (S; an FQDN peer C; no tls at all R)."""
    body: dict[str, Any] = {}
    if trunk.tls_name:
        body["tls"] = {"certificateChain": list(trunk.chain or ()), "name": trunk.tls_name}
    if trunk.fqdn_peer:
        body["peer"] = {"name": trunk.fqdn_peer.host, "port": trunk.fqdn_peer.port}
    else:
        body["peers"] = [{"ip": peer.host, "port": peer.port} for peer in trunk.peers]
    return body


def trunk_item(trunk: Trunk) -> dict[str, Any]:
    """A trunk as an answer has it (S), for the simulator."""
    return {"trunkId": trunk.trunk_id, "status": trunk.status, **trunk_body(trunk)}


def trunk(body: Any, trunk_id: str | None = None) -> Trunk:
    """A trunk of an answer (S; whether the chain is returned is A; tls as a list and ports as texts C)."""
    fields = _object(body)
    tls = fields.get("tls")
    tls = _object(tls[0] if isinstance(tls, list) and tls else tls)
    chain = tls.get("certificateChain") or fields.get("certificateChain") or []
    chain = [chain] if isinstance(chain, str) else [pem for pem in chain if isinstance(pem, str)]
    return Trunk(
        trunk_id=fields.get("trunkId") or fields.get("id") or trunk_id,
        status=fields.get("status"),
        tls_name=tls.get("name"),
        chain=tuple(chain) if chain else None,
        peers=tuple(sorted(peer for peer in (_peer(item, "ip") for item in fields.get("peers") or []) if peer)),
        fqdn_peer=_peer(fields.get("peer"), "name"),
    )


def _peer(body: Any, host_name: str) -> Peer | None:
    """A peer of an answer; None for one that names no host or no port."""
    fields = _object(body)
    host, port = fields.get(host_name), str(fields.get("port", ""))
    return Peer(str(host), int(port)) if host and port.isdecimal() else None


def trunk_is_complete(body: dict[str, Any]) -> bool:
    """Whether a list's item tells what the trunk is recognised by (A)."""
    return "tls" in body and ("peers" in body or "peer" in body)


def mapping_body(mapping: Mapping) -> dict[str, Any]:
    return {"routingType": mapping.routing_type, "commsProfileId": mapping.comms_profile_id}  # S


def mapping(body: Any, extension: str | None = None) -> Mapping:
    """A mapping of an answer (R; the names are those of the request, A)."""
    fields = _object(body)
    return Mapping(
        extension=str(fields.get("extension") or fields.get("extensionId") or extension or ""),
        comms_profile_id=_profile_id(fields.get("commsProfileId") or fields.get("profileId")) or "",
        routing_type=fields.get("routingType") or Mapping.routing_type,
    )


def profile_body(unit_id: str, name: str | None) -> dict[str, Any]:
    entity = {"entity": {"type": "UNIT", "id": unit_id}}  # C
    return entity | ({"name": name} if name else {})


def profile_batch_body(units: list[tuple[str, str | None]]) -> dict[str, Any]:
    """Profiles for (unit_id, name), numbered from 1 in that order (C)."""
    return {"items": [{"itemId": number, **profile_body(*unit)} for number, unit in enumerate(units, start=1)]}


def profile_batch(body: Any) -> dict[int, str]:
    """The profile ids of a bulk answer by the item's number; items that can't be read are left out (A)."""
    ids: dict[int, str] = {}
    try:
        items = page(body)[0]
    except ValueError:
        return ids
    for item in items:
        profile_id = _profile_id(item.get("profileId") or item.get("profile"))
        if profile_id and str(item.get("itemId", "")).isdecimal():
            ids[int(item["itemId"])] = profile_id
    return ids


def profile_name_body(name: str) -> dict[str, Any]:
    return {"name": name}  # C


def profile(body: Any) -> Profile | None:
    """A unit's profile (C; nested as Amazon's client reads it, or a plain text)."""
    fields = _object(body)
    profile_id = _profile_id(fields.get("profileId"))
    return Profile(profile_id, fields.get("name")) if profile_id else None


def profile_item(profile: Profile, unit_id: str) -> dict[str, Any]:
    """A unit's profile with the names of an answer (C), for the simulator."""
    return {"profileId": profile.profile_id, "unitId": unit_id, **({"name": profile.name} if profile.name else {})}


def _profile_id(value: Any) -> str | None:
    while isinstance(value, dict):
        value = value.get("profileId")
    return str(value) if value else None


def unit(body: dict[str, Any]) -> Unit:
    """A unit of the list (C)."""
    name: Any = body.get("name")
    while isinstance(name, dict):
        name = name.get("value", name.get("text"))
    return Unit(str(body.get("id") or ""), name, body.get("parentId"))


def error_message(body: Any) -> str | None:
    """What an error answer says (A: any of the usual names)."""
    if not isinstance(body, dict):
        return None
    for name in ("message", "Message", "error_description", "errorMessage", "error", "code"):
        value = body.get(name)
        if isinstance(value, dict):
            return error_message(value)
        if value:
            return str(value)
    return None
