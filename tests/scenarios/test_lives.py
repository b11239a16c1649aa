# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each module manages, from nothing to nothing: each step in check mode, for real, and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from harness import Outcome, Site
from scenario_chains import CHAIN, INTERMEDIATE, LEAF, NAME, RENEWED_CHAIN, ROOT

PROFILE = "amzn1.alexa.unit.did.abcdef1234"
OTHER = "amzn1.alexa.communications.profile.did.other"
PEERS = [{"ip": "203.0.113.10", "port": 5061}, {"ip": "203.0.113.11", "port": 5062}]


@dataclass
class Step:
    """A task, whether it changes something, and what is there afterwards."""

    title: str
    options: Callable[[Site], dict[str, Any]]
    changed: bool
    leaves: Any


def given(**options: Any) -> Callable[[Site], dict[str, Any]]:
    return lambda _site: options


def pinned(**options: Any) -> Callable[[Site], dict[str, Any]]:
    """Options, and the id of the one trunk there is."""
    return lambda site: {"trunk_id": site.state()["trunks"][0]["trunkId"], **options}


def trunks(site: Site) -> list[Any]:
    """(name, certificates of the chain, peers or peer) of each trunk."""
    return [(trunk["tls"]["name"], len(trunk["tls"]["certificateChain"]), trunk.get("peers") or trunk["peer"])
            for trunk in site.state()["trunks"]]


def mappings(site: Site) -> dict[str, str]:
    """{extension: name of its profile, or the profile's id} of the one trunk."""
    state = site.state()
    names = {profile["profileId"]: f"of {profile['unitId']}" for profile in state["profiles"]}
    return {key: names.get(value, value) for held in state["mappings"].values() for key, value in held.items()}


def profiles(site: Site) -> dict[str, str]:
    return {profile["unitId"]: profile["name"] for profile in site.state()["profiles"]}


def rows(**profile_ids: str) -> list[dict[str, str]]:
    """Rows for extensions: x7201=profile, or u7201=unit."""
    kinds = {"x": "comms_profile_id", "u": "unit_id"}
    return [{"extension": name[1:], kinds[name[0]]: value} for name, value in profile_ids.items()]


UNIT, UNIT_2 = "amzn1.alexa.unit.did.room-1", "amzn1.alexa.unit.did.room-2"
WISH = {"tls_name": NAME, "certificate_chain": CHAIN}

TRUNK_LIFE = [
    Step("create", given(**WISH, peers=PEERS), True, [(NAME, 3, PEERS)]),
    Step("in another order", given(
        tls_name=NAME.upper(), certificate_chain=[ROOT.pem, LEAF.pem, INTERMEDIATE.pem], peers=PEERS[::-1]),
        False, [(NAME, 3, PEERS)]),
    Step("rotate the certificate", given(tls_name=NAME, certificate_chain=RENEWED_CHAIN, peers=PEERS),
         True, [(NAME, 3, PEERS)]),
    Step("move", pinned(peers=PEERS[:1]), True, [(NAME, 3, PEERS[:1])]),
    Step("to a name", pinned(fqdn_peer={"name": NAME}), True, [(NAME, 3, {"name": NAME, "port": 5061})]),
    Step("to another port of the name", pinned(fqdn_peer={"name": NAME, "port": 5071}),
         True, [(NAME, 3, {"name": NAME, "port": 5071})]),
    Step("found by name and peer", given(**{**WISH, "certificate_chain": RENEWED_CHAIN},
                                         fqdn_peer={"name": NAME, "port": 5071}),
         False, [(NAME, 3, {"name": NAME, "port": 5071})]),
    Step("delete", given(state="absent", tls_name=NAME), True, []),
]
EXTENSION_LIFE = [
    Step("create", pinned(extension="7201", comms_profile_id=PROFILE), True, {"7201": PROFILE}),
    Step("update", pinned(extension="7201", comms_profile_id=OTHER), True, {"7201": OTHER}),
    Step("to a unit without a profile", pinned(extension="7201", unit_id=UNIT), True, {"7201": f"of {UNIT}"}),
    Step("create for that unit", pinned(extension="*#+1", unit_id=UNIT),
         True, {"7201": f"of {UNIT}", "*#+1": f"of {UNIT}"}),
    Step("delete the odd one", pinned(extension="*#+1", state="absent"), True, {"7201": f"of {UNIT}"}),
    Step("delete", pinned(extension="7201", state="absent"), True, {}),
]
EXTENSIONS_LIFE = [
    Step("create", pinned(extensions=rows(x7201=PROFILE, x7202=PROFILE, u7203=UNIT)),
         True, {"7201": PROFILE, "7202": PROFILE, "7203": f"of {UNIT}"}),
    Step("in another order", pinned(extensions=rows(u7203=UNIT, x7202=PROFILE, x7201=PROFILE), concurrency=1),
         False, {"7201": PROFILE, "7202": PROFILE, "7203": f"of {UNIT}"}),
    Step("update, create, leave alone", pinned(extensions=rows(x7201=OTHER, u7204=UNIT_2)),
         True, {"7201": OTHER, "7202": PROFILE, "7203": f"of {UNIT}", "7204": f"of {UNIT_2}"}),
    Step("prune", pinned(extensions=rows(x7201=PROFILE, u7204=UNIT_2, x7205=OTHER), prune=True, prune_limit="2"),
         True, {"7201": PROFILE, "7204": f"of {UNIT_2}", "7205": OTHER}),
    Step("prune all", pinned(extensions=[], prune=True, prune_limit="100%"), True, {}),
]
PROFILES_LIFE = [
    Step("create", given(units=[{"unit_id": UNIT, "name": "Zimmer 1 ü"}, {"unit_id": UNIT_2}]),
         True, {UNIT: "Zimmer 1 ü", UNIT_2: "Guest"}),
    Step("in another order", given(units=[{"unit_id": UNIT_2}, {"unit_id": UNIT}]),
         False, {UNIT: "Zimmer 1 ü", UNIT_2: "Guest"}),
    Step("rename", given(units=[{"unit_id": UNIT_2, "name": "Room 2"}]), True, {UNIT: "Zimmer 1 ü", UNIT_2: "Room 2"}),
    Step("delete one", given(units=[{"unit_id": UNIT}], state="absent"), True, {UNIT_2: "Room 2"}),
    Step("delete both", given(units=[{"unit_id": UNIT}, {"unit_id": UNIT_2}], state="absent"), True, {}),
]


def live(site: Site, module: str, life: list[Step], view: Callable[[Site], Any]) -> None:
    for step in life:
        take(site, module, step)
        assert view(site) == step.leaves, step.title


def take(site: Site, module: str, step: Step) -> None:
    """The step in check mode, for real, and twice more."""
    options, before = step.options(site), site.state()
    site.forget_requests()
    predicted = site.good(module, check=True, **options)
    assert (site.writes(), site.state()) == ({}, before), f"{step.title}: check mode has written"
    real = site.good(module, **options)
    assert (predicted["changed"], real["changed"]) == (step.changed, step.changed), step.title
    assert predicted["diff"] == real["diff"], step.title
    assert (real["diff"]["before"] != real["diff"]["after"]) is step.changed, step.title
    after = site.state()
    site.forget_requests()
    for check in (False, True):
        again = site.good(module, check=check, **options)
        assert not again["changed"], step.title
        assert again["diff"]["before"] == again["diff"]["after"], step.title
    assert (site.writes(), site.state()) == ({}, after), f"{step.title}: a run without changes has written"


def test_the_life_of_a_trunk(site: Site) -> None:
    live(site, "alexa_siptrunk", TRUNK_LIFE, trunks)


@pytest.mark.parametrize(("module", "life"), [
    ("alexa_extension", EXTENSION_LIFE), ("alexa_extensions", EXTENSIONS_LIFE)])
def test_the_life_of_mappings(site: Site, module: str, life: list[Step]) -> None:
    site.add_units("room-1", "room-2")
    site.add_trunk()
    live(site, module, life, mappings)


def test_the_life_of_profiles(site: Site) -> None:
    site.add_units("room-1", "room-2")
    live(site, "alexa_comms_profiles", PROFILES_LIFE, profiles)


def test_what_a_trunk_returns(site: Site) -> None:
    predicted = site.good("alexa_siptrunk", check=True, **WISH, peers=PEERS[::-1])["trunk"]
    made = site.good("alexa_siptrunk", **WISH, peers=PEERS[::-1], wait=True)["trunk"]
    (trunk,) = site.state()["trunks"]
    certificates = [certificate["sha256"] for certificate in made["certificates"]]
    assert certificates == [LEAF.sha256, INTERMEDIATE.sha256, ROOT.sha256]
    assert made == {**predicted, "trunk_id": trunk["trunkId"], "status": "ACTIVE"}
    assert (predicted["trunk_id"], predicted["status"]) == (None, None)
    assert (made["tls_name"], made["peers"], made["fqdn_peer"]) == (NAME, PEERS, None)
    assert site.good("alexa_siptrunk", state="absent", trunk_id=made["trunk_id"])["trunk"] is None


def test_a_trunk_without_certificate(site: Site) -> None:
    made = site.good("alexa_siptrunk", peers=PEERS[:1])
    (trunk,) = site.state()["trunks"]
    assert trunk == {"trunkId": made["trunk"]["trunk_id"], "status": "ACTIVE", "peers": PEERS[:1]}
    assert not site.good("alexa_siptrunk", peers=PEERS[:1])["changed"]


def test_check_mode_before_the_certificate_is_made(site: Site) -> None:
    outcome = site.good("alexa_siptrunk", check=True, tls_name=NAME, peers=PEERS)
    assert outcome["changed"] and outcome["trunk"]["trunk_id"] is None
    assert site.state()["trunks"] == []


@pytest.mark.parametrize("trunk_id", [None, "", "amzn1.comms.network.siptrunk.unknown"])
@pytest.mark.parametrize(("module", "options"), [
    ("alexa_extensions", {"extensions": rows(x7201=PROFILE)}),
    ("alexa_extension", {"extension": "7201", "comms_profile_id": PROFILE})])
def test_check_mode_before_the_trunk_is_made(site: Site, module: str, options: Any, trunk_id: str | None) -> None:
    outcome = site.good(module, check=True, trunk_id=trunk_id, **options)
    assert outcome["changed"] and outcome["diff"] == {"before": "", "after": f"7201: {PROFILE}\n"}


def test_what_extensions_returns(site: Site) -> None:
    trunk_id = site.add_trunk()
    site.map(trunk_id, x7201=PROFILE, x7202=PROFILE, x7203=PROFILE)
    options = {"trunk_id": trunk_id, "extensions": rows(x7204=PROFILE, x7202=OTHER, x7201=PROFILE),
               "prune": True, "prune_limit": "34%"}
    expected = {"created": ["7204"], "updated": ["7202"], "deleted": ["7203"], "unchanged": ["7201"],
                "failures": [], "not_tried": []}

    def returned(outcome: Outcome) -> dict[str, Any]:
        return {name: outcome[name] for name in expected}

    assert returned(site.good("alexa_extensions", check=True, **options)) == expected
    assert returned(site.good("alexa_extensions", **options)) == expected


def test_what_one_extension_returns(site: Site) -> None:
    trunk_id, (unit_id,) = site.add_trunk(), site.add_units("room-1")
    options = {"trunk_id": trunk_id, "extension": "7201", "unit_id": unit_id}
    predicted = site.good("alexa_extension", check=True, **options)["mapping"]
    made = site.good("alexa_extension", **options)["mapping"]
    assert predicted == {"extension": "7201", "comms_profile_id": None, "routing_type": "communication-profile"}
    assert made == {**predicted, "comms_profile_id": site.state()["profiles"][0]["profileId"]}
    assert site.good("alexa_extension", trunk_id=trunk_id, extension="7201", state="absent")["mapping"] is None


def test_what_profiles_returns(site: Site) -> None:
    with_profile, without = site.add_units("room-1", "room-2")
    site.add_profile(with_profile, PROFILE)
    units = [{"unit_id": without}, {"unit_id": with_profile}]
    predicted = site.good("alexa_comms_profiles", check=True, units=units)["profiles"]
    made = site.good("alexa_comms_profiles", units=units)["profiles"]
    ids = {profile["unitId"]: profile["profileId"] for profile in site.state()["profiles"]}
    assert predicted == [{"unit_id": without, "comms_profile_id": None},
                         {"unit_id": with_profile, "comms_profile_id": PROFILE}]
    assert made == [{"unit_id": unit["unit_id"], "comms_profile_id": ids[unit["unit_id"]]} for unit in units]


def test_profiles_of_a_big_property_are_made_in_bulk(site: Site) -> None:
    ids = site.add_units(*(f"room-{number}" for number in range(201)))
    site.forget_requests()
    made = site.good("alexa_comms_profiles", units=[{"unit_id": unit_id} for unit_id in ids])["profiles"]
    assert site.requests("POST /v1/communications/profiles/batch") == 3
    held = {profile["unitId"]: profile["profileId"] for profile in site.state()["profiles"]}
    assert {row["unit_id"]: row["comms_profile_id"] for row in made} == held and len(held) == 201
