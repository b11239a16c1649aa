# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists in pages: maxResults, opaque tokens, and the ways in which a page may go wrong."""

from __future__ import annotations

import base64
import bisect
import json
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from .answers import Refusal, json_answer
from .settings import Settings


def page_answer(request: web.Request, settings: Settings, keys: Sequence[str],
                item: Callable[[str], Any]) -> web.Response:
    """One page of the sorted `keys`, each shown by `item`, in the envelope of Amazon's lists.

    A token holds the last key of the page before, so that deletions between two pages hide nothing; or else the
    position of the next item, which moves when something before it comes or goes.
    """
    size = _page_size(request, settings)
    token = request.query.get("nextToken")
    after, again, position = _opened(token, request.path) if token else (None, False, 0)
    start = bisect.bisect_right(keys, after) if after is not None else 0
    if settings.page_token == "position":
        start = min(position, len(keys))
    repeated = [after] if again and start and keys[start - 1] == after else []
    shown = repeated + keys[start:start + size - len(repeated)]
    end = start + len(shown) - len(repeated)
    more = end < len(keys)
    following = None
    if settings.repeat_page_token and (token or shown):
        following = token or _sealed(shown[-1], False, end, request.path)
    elif more:
        # A page of one item that has just been repeated must move on, or the list would never end.
        repeat = settings.duplicate_across_pages and not (again and size == 1)
        following = _sealed(shown[-1], repeat, end, request.path)
    return json_answer({"results": [item(key) for key in shown], **_context(following, settings)})


def _page_size(request: web.Request, settings: Settings) -> int:
    text = request.query.get("maxResults", str(settings.page_size))
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 10 ** 6):
        raise Refusal(400, "maxResults must be a whole number of at least 1.")
    return min(int(text), settings.page_size)


def _context(following: str | None, settings: Settings) -> dict[str, Any]:
    if following is not None:
        return {"paginationContext": {"nextToken": following}}
    endings: dict[str, dict[str, Any]] = {
        "empty-context": {"paginationContext": {}},
        "null-token": {"paginationContext": {"nextToken": None}},
        "no-context": {}}
    return endings[settings.last_page]


def _sealed(last: str, again: bool, position: int, path: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([path, last, again, position]).encode()).decode()


def _opened(token: str, path: str) -> tuple[str, bool, int]:
    try:
        of_path, last, again, position = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        of_path = None
    if of_path != path:
        raise Refusal(400, "nextToken is not a token of this list.")
    return last, again, position
