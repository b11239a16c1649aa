# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are the inventory plugin's."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.alexa.smart_properties.plugins.inventory.alexa_units import InventoryModule


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("alexa_units.yml", True),
        ("alexa_units.yaml", True),
        ("20-hotels.alexa_units.yml", True),
        ("alexa_units.json", False),
        ("hosts.yml", False),
        ("alexa_units.yml.bak", False),
    ],
)
def test_a_file_is_known_by_its_name(tmp_path: Path, name: str, is_ours: bool) -> None:
    (tmp_path / name).touch()
    assert InventoryModule().verify_file(str(tmp_path / name)) is is_ours


def test_a_file_that_is_not_there_is_not_ours(tmp_path: Path) -> None:
    assert not InventoryModule().verify_file(str(tmp_path / "alexa_units.yml"))
