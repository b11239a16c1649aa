# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole rollouts while the API fails at random: run again until it is done, and the end is what was wished for."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from playbook_runs import LINK, PROFILE, Site, writes

# ALEXA_LONG_TESTS=1 rolls out twenty times.
SEEDS = 20 if os.environ.get("ALEXA_LONG_TESTS") else 2
HOSTS = ("aurora", "lindenhof", "seaview")
NUMBERS = range(7201, 7221)
RUNS = 4
# Somebody else's, which no run may touch.
BYSTANDER = "amzn1.comms.network.siptrunk.bystander"
EVERYWHERE: list[dict[str, Any]] = [
    *({"kind": "status", "status": status, "probability": 0.02} for status in (429, 500, 502, 503, 504)),
    *({"kind": kind, "probability": 0.02} for kind in ("garbage", "html-error", "truncated")),
    *({"kind": kind, "probability": 0.05} for kind in ("reset", "lost-answer")),
    {"kind": "lost-before", "probability": 0.02},
    {"kind": "slow", "seconds": 0.3, "probability": 0.02},
    {"kind": "revoke-token", "probability": 0.01, "match": {"path": "siptrunk"}},
]


def name_of(host: str) -> str:
    return f"pbx.{host}.example.com"


def rooms(host: str) -> dict[str, str]:
    return {str(number): f"{PROFILE}{host}{number}" for number in NUMBERS}


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    """Three properties, a canary first."""
    hosts = {
        host: {
            "alexa_pbx_kind": "external",
            "alexa_pbx_name": name_of(host),
            "alexa_pbx_address": f"203.0.113.{number}",
            "alexa_rooms": [{"extension": one, "comms_profile_id": profile} for one, profile in rooms(host).items()],
        }
        for number, host in enumerate(HOSTS, 10)
    }
    folder = str(site.folder / "handover" / "{{ inventory_hostname }}")
    site.inventory(hosts, alexa_handover_dir=folder, alexa_rollout_batches=[1, "100%"], alexa_prune=True)
    return site


@pytest.fixture
def account(site: Site) -> Iterator[Site]:
    """An account with a trunk of somebody else's."""
    api = site.api()
    api.control("POST", "/reset")
    peers = [{"ip": "198.51.100.7", "port": 5061}]
    body = {"trunkId": BYSTANDER, "tls": {"name": "pbx.other.example.com"}, "peers": peers}
    api.control("POST", "/trunks", body)
    api.control("PUT", f"/trunks/{BYSTANDER}/extensions/7201", {"commsProfileId": PROFILE + "other"})
    yield site
    api.control("POST", "/reset")


def roll_out(site: Site) -> None:
    """Run until a run succeeds."""
    said = []
    for _run in range(RUNS):
        run = site.run(LINK)
        if run.code == 0:
            return
        said += [run.message(host) for host in run.failed()]
        names = [trunk["tls"]["name"] for trunk in site.state()["trunks"] if trunk["status"] != "FAILED"]
        assert len(names) == len(set(names)), "two trunks of one name"
    raise AssertionError("\n".join(said))


def assert_as_wished(site: Site) -> None:
    state = site.state()
    names = sorted(trunk["tls"]["name"] for trunk in state["trunks"])
    assert names == sorted([*map(name_of, HOSTS), "pbx.other.example.com"])
    for host in HOSTS:
        assert site.trunk(name_of(host))["status"] == "ACTIVE"
        assert site.mappings(name_of(host)) == rooms(host)
    assert state["mappings"][BYSTANDER] == {"7201": PROFILE + "other"}
    assert not (site.secrets / "link_pbx.retry").exists()


def drift(site: Site, host: str) -> None:
    """Somebody else takes a room away, points one elsewhere and adds one."""
    mappings = f"/trunks/{site.trunk(name_of(host))['trunkId']}/extensions/"
    api = site.api()
    api.control("DELETE", mappings + "7203")
    api.control("PUT", mappings + "7204", {"commsProfileId": PROFILE + "wrong"})
    api.control("PUT", mappings + "7300", {"commsProfileId": PROFILE + "more"})


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_rollout_comes_to_the_end_that_was_wished_for(account: Site, seed: int) -> None:
    faults = [{**fault, "seed": 100 * seed + number} for number, fault in enumerate(EVERYWHERE)]
    random.Random(seed).shuffle(faults)
    api = account.api()
    api.control("POST", "/faults", faults)
    account.counted()
    account.run(LINK, "--check")
    assert writes(account.counted()) == {}
    roll_out(account)
    assert_as_wished(account)
    drift(account, HOSTS[seed % len(HOSTS)])
    roll_out(account)
    assert_as_wished(account)
    assert sum(fault["met"] for fault in api.control("GET", "/faults")) > 10

    api.control("DELETE", "/faults")
    account.counted()
    run = account.run(LINK).good()
    assert not any(run.changed().values()) and writes(account.counted()) == {}
