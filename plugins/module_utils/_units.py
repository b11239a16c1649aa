# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units: properties, floors and rooms below a parent.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from ansible_collections.alexa.smart_properties.plugins.module_utils import _wire
from ansible_collections.alexa.smart_properties.plugins.module_utils._client import Client
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Unit


def units_below(client: Client, parent_id: str, depth: int | None) -> list[Unit]:
    """Every unit below the parent once, in the API's order.

    :param client: with a token of the management scope.
    :param depth: how many levels; None for all.
    """
    found: dict[str, Unit] = {}
    for item in client.pages(f"list the units below {parent_id}", _wire.units_path(parent_id, depth)):
        unit = _wire.unit(item)
        if unit.unit_id:
            found.setdefault(unit.unit_id, unit)
    return list(found.values())
