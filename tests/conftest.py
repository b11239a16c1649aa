# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of the test files: the larger ones first, so that the workers of a suite end at about the same time."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files only: within one the tests go on from each other."""
    items.sort(key=lambda item: item.path.stat().st_size, reverse=True)
