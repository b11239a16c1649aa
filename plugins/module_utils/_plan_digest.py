# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digest of a plan: what was reviewed is what is done, or nothing is.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping as Dictionary
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAMED = 5


def plan_options() -> dict[str, dict[str, Any]]:
    """The option of modules that a reviewed plan binds; described in the doc fragment C(_plan)."""
    return {"plan_digest": {"type": "str"}}


def digest_of(content: Dictionary[str, Any]) -> str:
    """The SHA-256 of a plan's content, in whatever order its keys came."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def reviewed(
    wished: str | None, changed: bool, content: Dictionary[str, Any], *less_known: Dictionary[str, Any]
) -> dict[str, Any]:
    """The return values that tell of the plan. Raises InputError if it is another one than was reviewed.

    A plan that changes nothing passes: what was reviewed is done already.

    :param wished: the digest of the plan that was reviewed, if there was one.
    :param content: C(before) and C(after) by name, and whatever else makes the plan this one.
    :param less_known: the same as a plan holds it that was made when not all was known yet.
    """
    digest = digest_of(content)
    if wished is not None and not _DIGEST.fullmatch(wished):
        raise InputError(
            f"plan_digest {wished!r} is not 64 of the characters 0-9a-f.", "Give what a run in check mode returned."
        )
    if changed and wished is not None and wished not in map(digest_of, (content, *less_known)):
        raise InputError(
            f"This is not the plan that was reviewed: it would {in_words(content)}. Nothing was changed."
            f" Its digest is {digest}, not {wished}: since the plan was made somebody has changed what is there, or"
            " what is wished.",
            "Make the plan anew, and look at it again.",
            plan=content,
            plan_digest=digest,
        )
    return {"plan": content, "plan_digest": digest}


def in_words(content: Dictionary[str, Any]) -> str:
    """What a plan would do, short."""
    before, after = content["before"], content["after"]
    if before is None or after is None:
        return f"delete {content['trunk_id']}" if after is None else "create a trunk"
    deeds = {
        "add": sorted(after.keys() - before.keys()),
        "change": sorted(key for key in after.keys() & before.keys() if after[key] != before[key]),
        "remove": sorted(before.keys() - after.keys()),
    }
    return ", ".join(f"{deed} {_few(keys)}" for deed, keys in deeds.items() if keys) or "change nothing"


def _few(keys: list[str]) -> str:
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return " ".join(keys[:_NAMED]) + more
