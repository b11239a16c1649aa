# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lives under random faults, each seed a life: ALEXA_LONG_TESTS=1 lives all five hundred."""

from __future__ import annotations

import os

import pytest

from harness import Site
from scenario_life import Life, in_haste

pytestmark = pytest.mark.product_pauses

SEEDS = 500 if os.environ.get("ALEXA_LONG_TESTS") else 40


def bad_day(site: Site, seed: int) -> None:
    """Of all requests, those for tokens too, a tenth is answered with 5xx, and a tenth is cut before or after."""
    site.fault("status", probability=0.1, seed=3 * seed, status=(500, 502, 503, 504)[seed % 4])
    site.fault("reset", probability=0.05, seed=3 * seed + 1)
    site.fault("lost-answer", probability=0.05, seed=3 * seed + 2)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_life_on_a_bad_day(site: Site, seed: int) -> None:
    """With patience nobody notices; each fourth life is without, and gets there by running again."""
    bad_day(site, seed)
    impatient = seed % 4 == 3
    life = Life(site, attempts=60, retry_timeout=0) if impatient else Life(site, attempts=2)
    with in_haste():
        life.live(12)
    assert site.faults_met() > 0 and (life.failed_runs > 0 or not impatient)
