# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of a property on their way through Ansible, which looks at every value in a result, many times over.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError


def packed(found: Mapping[str, Any]) -> str:
    """The data of a property as one short text."""
    return base64.b64encode(zlib.compress(json.dumps(found).encode())).decode()


def unpacked(text: str) -> dict[str, Any]:
    """The data of a text that C(packed) made. Raises InputError for another text."""
    try:
        return dict(json.loads(zlib.decompress(base64.b64decode(text, validate=True))))
    except (binascii.Error, zlib.error, ValueError, TypeError):
        raise InputError(
            "A property is a text that the filter property_report or property_plan did not make.",
            "Hand on what the filter returns, unchanged.",
        ) from None
