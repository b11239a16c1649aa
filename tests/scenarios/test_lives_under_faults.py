# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A property's whole life under each fault that the simulator knows, and under all of them together."""

from __future__ import annotations

import random
from typing import Any

import pytest

from harness import TRUNKS, Site
from scenario_life import Life, in_haste

pytestmark = pytest.mark.product_pauses

EVERYWHERE: dict[str, dict[str, Any]] = {
    **{f"{status}": {"kind": "status", "status": status} for status in (429, 500, 502, 503, 504)},
    **{f"{status} with Retry-After": {"kind": "status", "status": status, "headers": {"Retry-After": "0"}}
       for status in (429, 500, 502, 503, 504)},
    **{kind: {"kind": kind} for kind in ("garbage", "html-error", "reset", "lost-before", "lost-answer", "truncated")},
    "slow": {"kind": "slow", "seconds": 0.3},
    "revoke-token": {"kind": "revoke-token", "path": TRUNKS},
    "status-failed": {"kind": "status-failed", "method": "POST", "path": "siptrunk$"},
}
# Shares of the requests. A slow answer costs its time, and a trunk that fails is made anew.
SHARES = {"slow": 0.04, "status-failed": 0.6, "429": 0.05}
# Where the list lags, a tenth of a second is three to a clock that is thirty times as fast.
LAG = 0.08


def rule(fault: str, share: float, seed: int) -> dict[str, Any]:
    return {**EVERYWHERE[fault], "probability": share, "seed": seed}


@pytest.mark.parametrize("fault", EVERYWHERE)
def test_a_life_under_one_fault(site: Site, fault: str) -> None:
    site.fault(**rule(fault, SHARES.get(fault, 0.12), seed=1))
    with in_haste():
        Life(site, request_timeout=0.15 if fault == "slow" else 30).live(30)
    assert site.faults_met() > 0


@pytest.mark.parametrize("patience", [0, 300])
@pytest.mark.parametrize("seed", range(2))
def test_a_life_under_all_faults(site: Site, seed: int, patience: float) -> None:
    """Also with lists that lag; a run without patience fails at once, and the next one goes on."""
    chosen = random.Random(seed)
    faults = chosen.sample(sorted(set(EVERYWHERE) - {"status-failed"}), len(EVERYWHERE) - 1)
    for number, fault in enumerate(faults):
        site.fault(**rule(fault, 0.01, seed=100 * seed + number))
    site.settings(list_lag=LAG * seed, page_size=7)
    with in_haste():
        Life(site, attempts=60, retry_timeout=patience, request_timeout=1).live(60 - 25 * seed, concurrency=8)
    assert site.faults_met() > 10
