# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators who do the same at the same moment, from one control node and from several: never two trunks alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import TRUNKS, Site
from module_in_process import Operator, together
from scenario_life import GUEST, OTHER, TRUNK, in_haste, rooms, rows, until

# The processes are not reached by a patch.
pytestmark = pytest.mark.product_pauses

# Seconds that each answer takes: all have looked before the first one could have made anything.
LATENCY = 0.2


@pytest.mark.parametrize("many", [2, 4])
def test_one_control_node_makes_a_trunk_once(site: Site, many: int) -> None:
    operators = [Operator(site) for _number in range(many)]
    site.settings(latency=LATENCY)
    outcomes = together(operators, "alexa_siptrunk", **TRUNK)
    (trunk,) = site.state()["trunks"]
    assert [outcome["trunk"]["trunk_id"] for outcome in outcomes] == [trunk["trunkId"]] * many
    assert sorted(outcome["changed"] for outcome in outcomes) == [False] * (many - 1) + [True]
    assert site.requests(f"POST {TRUNKS}") == 1


def test_other_trunks_are_not_kept_waiting(site: Site) -> None:
    """Both are in the middle of their creation at the same moment."""
    operators = [Operator(site) for _number in range(2)]
    site.fault("slow", "POST", seconds=1.0, times=2, path="siptrunk$")
    for number, operator in enumerate(operators):
        operator.begin("alexa_siptrunk", peers=[{"ip": f"203.0.113.{number + 20}"}])
    outcomes = [operator.result() for operator in operators]
    assert all(outcome["changed"] for outcome in outcomes) and len(site.state()["trunks"]) == 2
    assert site.stats()["in_flight_peak"] == 2


def test_two_control_nodes_end_with_one_trunk(site: Site, tmp_path: Path) -> None:
    """Nothing keeps both from creating it; one of the two sees the other's, and removes its own at once."""
    operators = [Operator(site, str(tmp_path / f"node-{number}"), haste=False) for number in range(2)]
    # No list shows anything before both have created theirs.
    site.settings(list_lag=60)
    for operator in operators:
        operator.begin("alexa_siptrunk", **TRUNK)
    until(lambda: site.requests(f"POST {TRUNKS}") == 2, seconds=30)
    site.settings(list_lag=0)
    outcomes = [operator.result() for operator in operators]
    (trunk,) = site.state()["trunks"]
    assert site.requests(f"POST {TRUNKS}") == 2 and site.requests(f"DELETE {TRUNKS}") == 1
    kept, gone = sorted(outcomes, key=lambda outcome: len(outcome.get("warnings", [])))
    assert kept["trunk"]["trunk_id"] == gone["trunk"]["trunk_id"] == trunk["trunkId"]
    assert "made twice at once, by two control nodes" in gone.raw
    assert kept.ok and gone.ok
    with in_haste():
        assert not site.good("alexa_siptrunk", **TRUNK)["changed"]


def test_two_operators_map_the_same_rooms(site: Site) -> None:
    trunk_id = site.add_trunk()
    site.map(trunk_id, x7003=OTHER, x7999=OTHER)
    operators = [Operator(site) for _number in range(2)]
    site.settings(latency=LATENCY / 4)
    wish = rooms(30)
    outcomes = together(operators, "alexa_extensions", trunk_id=trunk_id, extensions=rows(wish), prune=True,
                        prune_limit="100%", concurrency=4)
    assert [outcome.ok for outcome in outcomes] == [True, True] and site.mappings(trunk_id) == wish
    for outcome in outcomes:
        accounted = outcome["created"] + outcome["updated"] + outcome["unchanged"]
        assert sorted(accounted) == sorted(wish) and outcome["deleted"] in ([], ["7999"])
    with in_haste():
        again = site.good("alexa_extensions", trunk_id=trunk_id, extensions=rows(wish), prune=True)
    assert not again["changed"]


def test_one_deletes_what_the_other_makes(site: Site) -> None:
    """Whoever comes last decides; neither trips over the other."""
    trunk_id = site.add_trunk()
    site.map(trunk_id, **{f"x{extension}": GUEST for extension in rooms(20)})
    removing, mapping = Operator(site), Operator(site)
    site.settings(latency=LATENCY / 4)
    removing.begin("alexa_extensions", trunk_id=trunk_id, extensions=[], prune=True, prune_limit="100%")
    mapping.begin("alexa_extensions", trunk_id=trunk_id, extensions=rows(rooms(20, OTHER)))
    assert removing.result().ok and mapping.result().ok
    assert set(site.mappings(trunk_id).values()) <= {OTHER}
    with in_haste():
        site.good("alexa_extensions", trunk_id=trunk_id, extensions=rows(rooms(20, OTHER)))
    assert site.mappings(trunk_id) == rooms(20, OTHER)


def test_one_who_is_killed_while_looking_leaves_no_lock(site: Site) -> None:
    operator = Operator(site)
    # The second look, which no other process may make at the same time.
    site.fault("slow", "GET", path="siptrunk$", seconds=30, after=1)
    site.forget_requests()
    operator.begin("alexa_siptrunk", **TRUNK)
    until(lambda: site.faults_met() == 1)
    operator.kill()
    with in_haste():
        assert site.good("alexa_siptrunk", **TRUNK)["changed"]
    assert len(site.state()["trunks"]) == 1
