# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the simulator for a test, a demo or a benchmark, and always stops it. Needs the standard library only."""

from __future__ import annotations

import json
import os
import selectors
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

START_TIMEOUT = 30.0
STOP_TIMEOUT = 5.0


def _environment() -> dict[str, str]:
    package_parent = str(Path(__file__).resolve().parent.parent)
    others = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": package_parent + (os.pathsep + others if others else "")}


class ControlError(Exception):
    """The control address refused: HTTP status and message."""


class Simulator:
    """A simulator in a process of its own::

        with Simulator(["--latency", "0.04"]) as simulator:
            run(environment=simulator.environment)
            assert simulator.control("GET", "/stats")["lwa_requests"] == 1

    `args` are command-line options; `python` must have aiohttp and cryptography. The state directory is a
    temporary one unless `state_dir` says otherwise. Attributes once started: api_url, token_url, control_url,
    ca_path, client_id, client_secret, refresh_token, pid, and `environment`, the ALEXA_* variables.
    """

    def __init__(self, args: Sequence[str] = (), *, state_dir: str | os.PathLike[str] | None = None,
                 python: str = sys.executable) -> None:
        self._temporary = None if state_dir else tempfile.TemporaryDirectory(prefix="alexa-simulator-")
        self.state_dir = Path(state_dir or self._temporary.name)  # type: ignore[union-attr]
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self._log_path = self.state_dir / "simulator.log"
        with open(self._log_path, "wb") as log:
            self._process = subprocess.Popen(
                [python, "-m", "alexa_simulator", "--state-dir", str(self.state_dir),
                 "--exit-with-parent", str(os.getpid()), *args],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=_environment(),
                # Ctrl-C is for the caller, who then stops the simulator.
                start_new_session=True)
        try:
            self._await_ready_line()
            facts = json.loads((self.state_dir / "simulator.json").read_text())
        except BaseException:
            self.stop()
            raise
        self.api_url: str = facts["api_url"]
        self.token_url: str = facts["token_url"]
        self.control_url: str = facts["control_url"]
        self.ca_path: str = facts["ca_path"]
        self.client_id: str = facts["client_id"]
        self.client_secret: str = facts["client_secret"]
        self.refresh_token: str = facts["refresh_token"]
        self.pid: int = facts["pid"]
        self.environment = {
            "ALEXA_" + name.upper(): facts[name]
            for name in ("api_url", "token_url", "ca_path", "client_id", "client_secret", "refresh_token")}
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.ca_path)))

    @classmethod
    def start(cls, args: Sequence[str] = (), **options: Any) -> Simulator:
        """Starts a simulator that lives until stop()."""
        return cls(args, **options)

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.stop()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the control address, e.g. control("PUT", "/settings", {"page_size": 1}).

        Returns the parsed answer; raises ControlError with Amazon-style message for any status but 2xx.
        """
        request = urllib.request.Request(
            self.control_url + path, method=method, headers={"Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        try:
            with self._opener.open(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise ControlError(f"{method} {path}: {error.code} {error.read().decode()}") from None

    def log(self) -> str:
        """What the simulator wrote to standard error so far: empty unless something went wrong in it."""
        return self._log_path.read_text()

    def stop(self) -> None:
        """Ends the process and removes the temporary state directory; may be called again."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _await_ready_line(self) -> None:
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            ready = selector.select(START_TIMEOUT)
        if not ready or not self._process.stdout.readline():
            raise RuntimeError(f"The simulator did not start: {self._log_path.read_text()[-2000:]}")
