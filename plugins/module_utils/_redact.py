# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps secrets out of everything that is shown.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "********"

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
# Tokens of Login with Amazon that nobody registered, such as one that an answer repeats.
_TOKEN = re.compile(r"\bAt[a-z]{1,2}(?:\||%7[Cc]|\\u007[cC])[^\s\"'&<>]+")


class Redactor:
    """Replaces known secrets, in every spelling a request or an error may hold them in."""

    def __init__(self) -> None:
        self._spellings: set[str] = set()

    def add(self, secret: str | None) -> None:
        """Remember a secret. Empty ones are ignored, since they would match everywhere."""
        if secret:
            encoded = {quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
            self._spellings |= {secret, *encoded}

    def text(self, text: str) -> str:
        """The text without secrets."""
        for spelling in sorted(self._spellings, key=len, reverse=True):
            text = text.replace(spelling, MASK)
        return _TOKEN.sub(MASK, _PRIVATE_KEY.sub(MASK, text))

    def value(self, value: Any) -> Any:
        """The same for lists and dictionaries of texts."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value
