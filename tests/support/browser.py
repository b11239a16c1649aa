# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real browser without a screen: Chromium, driven by the WebDriver protocol of chromedriver."""

from __future__ import annotations

import base64
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

DRIVER = shutil.which("chromedriver")
LONGEST_START = 30  # seconds


class Browser:
    """One window; use it in a C(with) block.

    :param folder: where it keeps its profile.
    :param size: of the window, width and height.
    """

    def __init__(self, folder: Path, size: tuple[int, int] = (1300, 900)) -> None:
        # In a container, and as root, Chromium can't make a sandbox of its own.
        arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        arguments += [f"--window-size={size[0]},{size[1]}", f"--user-data-dir={folder}"]
        options = {"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}
        self._wish = {"capabilities": {"alwaysMatch": options}}

    def __enter__(self) -> Browser:
        command = [str(DRIVER), "--port=0"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert self._process.stdout is not None
            # It says at which port it listens, and ends its output when it can't start.
            line = next(line for line in self._process.stdout if "started successfully on port" in line)
            self._address = f"http://127.0.0.1:{line.rstrip().rstrip('.').rpartition(' ')[2]}/session"
            self._address += "/" + self._ask("", self._wish)["sessionId"]
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            requests.delete(self._address, timeout=LONGEST_START)
        finally:
            self._end()

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(LONGEST_START)

    def open(self, file: Path) -> float:
        """Open a file; returns the seconds until it was loaded and its scripts had run."""
        start = time.monotonic()
        self._ask("/url", {"url": file.as_uri()})
        return time.monotonic() - start

    def run(self, script: str, *arguments: Any) -> Any:
        """What a function's body returns, run in the page."""
        return self._ask("/execute/sync", {"script": script, "args": list(arguments)})

    def look(self, scheme: str, medium: str = "screen") -> None:
        """As if the user wished the scheme light or dark, on a screen or in print."""
        wish = {"media": medium, "features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self._ask("/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": wish})

    def picture(self) -> bytes:
        """The window as a PNG."""
        return base64.b64decode(
            self._ask("/goog/cdp/execute", {"cmd": "Page.captureScreenshot", "params": {"format": "png"}})["data"]
        )

    def log(self) -> list[str]:
        """What the page said on its console since the last call, such as what its policy refused."""
        return [entry["message"] for entry in self._ask("/se/log", {"type": "browser"})]

    def _ask(self, path: str, body: Any) -> Any:
        answer = requests.post(self._address + path, json=body, timeout=LONGEST_START)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]
