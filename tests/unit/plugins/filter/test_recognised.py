# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of an account's trunks is a property's."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.filter.recognised import FilterModule

recognised = FilterModule().filters()["recognised"]
NAME, ADDRESS = "pbx.example.com", "203.0.113.10"


def trunk(trunk_id: str, name: str | None = NAME, *peers: tuple[str, int], fqdn: tuple[str, int] | None = None) -> Any:
    return {
        "trunk_id": trunk_id,
        "tls_name": name,
        "peers": [{"ip": ip, "port": port} for ip, port in peers],
        "fqdn_peer": {"name": fqdn[0], "port": fqdn[1]} if fqdn else None,
    }


TRUNKS = [
    trunk("ours", "PBX.example.com", (ADDRESS, 5061)),
    trunk("elsewhere", NAME, ("203.0.113.11", 5061)),
    trunk("other port", NAME, (ADDRESS, 5062)),
    trunk("two peers", NAME, (ADDRESS, 5061), ("203.0.113.11", 5061)),
    trunk("both", NAME, (ADDRESS, 5061), fqdn=(NAME, 5061)),
    trunk("by name", NAME, fqdn=("Pbx.Example.Com", 5061)),
    trunk("by another name", NAME, fqdn=("sbc.example.com", 5061)),
    trunk("similar", "pbxxexample.com", (ADDRESS, 5061)),
    trunk("nameless", None, (ADDRESS, 5061)),
]
OF_THE_NAME = [one["trunk_id"] for one in TRUNKS[:-2]]


@pytest.mark.parametrize(
    ("wish", "ids"),
    [
        ({"address": ADDRESS}, ["ours"]),
        ({"address": ADDRESS, "port": "5062"}, ["other port"]),
        ({"address": "203.0.113.12"}, []),
        ({}, ["by name"]),
        ({"port": 5062}, []),
        ({"address": ADDRESS, "trunk_id": "by name"}, ["by name"]),
        ({"address": ADDRESS, "trunk_id": "unknown"}, []),
        ({"address": ADDRESS, "trunk_id": "nameless"}, ["nameless"]),
    ],
)
def test_a_trunk_is_known_by_its_id_or_its_name_and_peer(wish: dict[str, Any], ids: list[str]) -> None:
    found = recognised(TRUNKS, **{"name": NAME, "port": 5061, **wish})
    assert [one["trunk_id"] for one in found["alike"]] == ids
    assert found["namesakes"] == [trunk_id for trunk_id in OF_THE_NAME if trunk_id not in ids]


def test_twins_are_both_named() -> None:
    found = recognised([*TRUNKS, trunk("twin", NAME, (ADDRESS, 5061))], NAME, 5061, address=ADDRESS)
    assert [one["trunk_id"] for one in found["alike"]] == ["ours", "twin"]


def test_no_trunks() -> None:
    assert recognised([], NAME, 5061) == {"alike": [], "namesakes": []}
