# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed at any moment, and run again: the same end, and nothing twice."""

from __future__ import annotations

import os
import random
import shutil
import time

import pytest

from playbook_runs import LINK, PROFILE, Site

# ALEXA_LONG_TESTS=1 kills at fifty moments.
MOMENTS = 50 if os.environ.get("ALEXA_LONG_TESTS") else 4
SEED = 20261125
PROPERTIES = ("aurora", "lindenhof")
ROOMS = {str(number): f"{PROFILE}A{number}" for number in range(7201, 7221)}


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    rooms = [{"extension": number, "comms_profile_id": profile} for number, profile in ROOMS.items()]
    site.inventory(
        {
            host: {
                "alexa_pbx_kind": "external",
                "alexa_pbx_name": f"pbx.{host}.example.com",
                "alexa_pbx_address": f"203.0.113.{number}",
                "alexa_rooms": rooms,
            }
            for number, host in enumerate(PROPERTIES, 10)
        },
        alexa_handover_dir=str(site.folder / "handover" / "{{ inventory_hostname }}"),
        alexa_rollout_batches=1,
        # Each mapping is a moment of its own.
        extensions_concurrency=1,
    )
    return site


@pytest.fixture(scope="module")
def whole(site: Site) -> float:
    """How many seconds a run takes that nobody kills."""
    began = time.monotonic()
    site.run(LINK).good()
    return time.monotonic() - began


@pytest.fixture(scope="module")
def killed() -> list[bool]:
    """Of each moment, whether the run was still under way."""
    return []


def forget(site: Site) -> None:
    """An account and a control node as at first, but for what killed runs have left in the shared state."""
    site.api().control("POST", "/reset")
    for place in (site.secrets, site.folder / "handover"):
        shutil.rmtree(place, ignore_errors=True)


@pytest.mark.parametrize("number", range(MOMENTS))
def test_the_next_run_comes_to_the_same_end(site: Site, whole: float, killed: list[bool], number: int) -> None:
    forget(site)
    # One in each part of the run, so that a few moments are spread over it; short of its end, as a run may be quicker.
    part = 0.8 * (number + random.Random(f"{SEED} {number}").random()) / MOMENTS
    killed.append(site.run_killed(LINK, after=part * whole))
    site.run(LINK).good()
    names = sorted(trunk["tls"]["name"] for trunk in site.state()["trunks"])
    assert names == [f"pbx.{host}.example.com" for host in PROPERTIES]
    for host in PROPERTIES:
        assert site.mappings(f"pbx.{host}.example.com") == ROOMS
        assert site.trunk(f"pbx.{host}.example.com")["status"] == "ACTIVE"
    assert not (site.secrets / "link_pbx.retry").exists()


def test_after_all_of_it_a_run_changes_nothing(site: Site, killed: list[bool]) -> None:
    # A run may be quicker than the first one, which took the time.
    assert sum(killed) >= MOMENTS / 2
    run = site.run(LINK).good()
    assert not any(run.changed().values()), [run.changed_tasks(host) for host in PROPERTIES]
