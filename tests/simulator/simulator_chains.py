# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain of the simulator's tests, made once a process, and trunks that bear it."""

from __future__ import annotations

from typing import Any

from issuing import issue

NAME = "pbx.example.com"
ROOT = issue("Test root")
INTERMEDIATE = issue("Test intermediate", ROOT, authority=True)
LEAF = issue(NAME, INTERMEDIATE)


def tls(*chain: str, name: str = NAME) -> dict[str, Any]:
    """A trunk's body with this chain."""
    return {"tls": {"certificateChain": list(chain), "name": name}, "peers": [{"ip": "203.0.113.10", "port": 5061}]}
