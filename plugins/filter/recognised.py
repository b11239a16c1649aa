# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that finds a property's trunk among those of its account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def recognised(
    trunks: Sequence[Mapping[str, Any]], name: str, port: int | str, address: str = "", trunk_id: str = ""
) -> dict[str, list[Any]]:
    """C(alike): the trunks that are meant; C(namesakes): the ids of others with the same name.

    :param address: of a PBX that Alexa calls by its address; empty for one that it calls by its name.
    """
    name, port = name.lower(), int(port)
    of_the_name = [trunk for trunk in trunks if (trunk["tls_name"] or "").lower() == name]
    if trunk_id:
        alike = [trunk for trunk in trunks if trunk["trunk_id"] == trunk_id]
    elif address:
        alike = [trunk for trunk in of_the_name if trunk["peers"] == [{"ip": address, "port": port}]]
        alike = [trunk for trunk in alike if not trunk["fqdn_peer"]]
    else:
        named = [trunk for trunk in of_the_name if trunk["fqdn_peer"] and not trunk["peers"]]
        alike = [trunk for trunk in named if _end(trunk["fqdn_peer"]) == (name, port)]
    ids = {trunk["trunk_id"] for trunk in alike}
    others = [trunk["trunk_id"] for trunk in of_the_name if trunk["trunk_id"] not in ids]
    return {"alike": [dict(trunk) for trunk in alike], "namesakes": others}


def _end(peer: Mapping[str, Any]) -> tuple[str, int]:
    return peer["name"].lower(), peer["port"]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {"recognised": recognised}
