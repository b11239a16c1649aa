# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests were sent, when, and what Amazon calls them: for its support. No bodies, no headers, no tokens.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import json
import os
import time
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit


class RequestLog:
    """A file of JSON lines, or none. Where it can't be written the work goes on, and C(trouble) says why."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self.trouble: str | None = None

    def note(self, method: str, url: str, began: float, **outcome: Any) -> None:
        """Add a request that has ended.

        :param began: by C(time.time).
        :param outcome: C(status) and C(request_id), or C(error).
        """
        if not self._path or self.trouble:
            return
        parts = urlsplit(url)
        record = {
            "at": datetime.fromtimestamp(began, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "method": method,
            "host": parts.netloc,
            "path": parts.path + (f"?{parts.query}" if parts.query else ""),
            "seconds": round(time.time() - began, 3),
            **outcome,
        }
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                # One write, so that several processes may append.
                os.write(file, f"{json.dumps(record, sort_keys=True)}\n".encode())
            finally:
                os.close(file)
        except OSError as error:
            self.trouble = f"request_log {self._path} can't be written: {error.strerror}."
