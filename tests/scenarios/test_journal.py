# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of alexa_siptrunk and alexa_extensions are noted before they are made, or not made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness import Site
from scenario_chains import INTERMEDIATE, LEAF, NAME, ROOT

CHAIN = [LEAF.pem, INTERMEDIATE.pem, ROOT.pem]
OLD, NEW = "amzn1.alexa.unit.did.old1234567", "amzn1.alexa.unit.did.new1234567"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journals" / "run.jsonl"


def noted(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines() if line]


def journal(file: Path) -> dict[str, Any]:
    return {"journal": {"file": str(file), "host": "aurora"}}


def mapped(site: Site, mappings: dict[str, str]) -> str:
    trunk_id = site.add_trunk()
    site.map(trunk_id, **{f"x{extension}": profile for extension, profile in mappings.items()})
    return trunk_id


@pytest.mark.parametrize("returned", [True, False])
def test_a_trunk_from_its_creation_to_its_end(site: Site, file: Path, returned: bool) -> None:
    """With its chain, which only the control node knows where the API keeps it for itself."""
    site.settings(chain_in_get=returned)
    wish = {"tls_name": NAME, "certificate_chain": CHAIN, "peers": [{"ip": "203.0.113.10", "port": 5061}]}
    site.good("alexa_siptrunk", check=True, **wish, **journal(file))
    assert not file.exists()
    trunk_id = site.good("alexa_siptrunk", **wish, **journal(file))["trunk"]["trunk_id"]
    made, done = noted(file)
    assert made["host"] == "aurora" and made["kind"] == "trunk" and made["before"] is None
    assert made["after"]["tls_name"] == NAME and made["after"]["trunk_id"] is None
    assert (done["kind"], done["step"], done["trunk_id"]) == ("done", made["step"], trunk_id)

    site.good("alexa_siptrunk", **wish, **journal(file))
    assert len(noted(file)) == 2
    moved = {**wish, "peers": [{"ip": "203.0.113.10", "port": 5071}]}
    site.good("alexa_siptrunk", trunk_id=trunk_id, **moved, **journal(file))
    changed = noted(file)[2]
    assert changed["before"]["trunk_id"] == trunk_id and changed["before"]["certificate_chain"] == CHAIN
    assert [changed[side]["peers"][0]["port"] for side in ("before", "after")] == [5061, 5071]
    site.good("alexa_siptrunk", state="absent", trunk_id=trunk_id, **journal(file))
    assert noted(file)[-1]["before"]["peers"] == moved["peers"] and noted(file)[-1]["after"] is None


def test_mappings_that_change_and_no_others(site: Site, file: Path) -> None:
    trunk_id = mapped(site, {"7201": OLD, "7202": OLD, "7203": OLD, "7209": OLD})
    wish = {"trunk_id": trunk_id, "prune": True, "prune_limit": "100%", "prune_only": ["7203", "7777"]}
    rows = [("7201", OLD), ("7202", NEW), ("7204", NEW)]
    wish["extensions"] = [{"extension": each, "comms_profile_id": profile} for each, profile in rows]
    site.good("alexa_extensions", check=True, **wish, **journal(file))
    assert not file.exists()
    outcome = site.good("alexa_extensions", **wish, **journal(file))
    assert outcome["deleted"] == ["7203"] and "7209" in site.mappings(trunk_id)
    (step,) = noted(file)
    assert (step["kind"], step["trunk_id"]) == ("mappings", trunk_id)
    assert step["before"] == {"7202": OLD, "7203": OLD} and step["after"] == {"7202": NEW, "7204": NEW}
    site.good("alexa_extensions", **wish, **journal(file))
    assert len(noted(file)) == 1


def test_nothing_is_changed_where_nothing_can_be_noted(site: Site, tmp_path: Path) -> None:
    trunk_id = mapped(site, {"7201": OLD})
    (tmp_path / "file").write_text("")
    rows = {"extensions": [{"extension": "7201", "comms_profile_id": NEW}]}
    for place, words in ((tmp_path / "file" / "run.jsonl", "can't be written"), (Path("run.jsonl"), "absolute path")):
        told = site.failure("alexa_extensions", trunk_id=trunk_id, **rows, **journal(place))
        assert words in told and str(place) in told
        told = site.failure("alexa_siptrunk", state="absent", trunk_id=trunk_id, **journal(place))
        assert words in told
    assert site.mappings(trunk_id) == {"7201": OLD}


def test_it_is_noted_though_the_change_fails(site: Site, file: Path) -> None:
    """Whoever takes it back looks at what there is."""
    trunk_id = mapped(site, {"7201": OLD})
    site.fault("status", "PUT", status=400)
    rows = {"extensions": [{"extension": "7201", "comms_profile_id": NEW}]}
    site.failure("alexa_extensions", trunk_id=trunk_id, **rows, **journal(file))
    assert noted(file)[0]["after"] == {"7201": NEW} and site.mappings(trunk_id) == {"7201": OLD}
