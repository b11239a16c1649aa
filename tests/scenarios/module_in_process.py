# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module runs in processes of their own: operators who work at the same time, and one who is killed."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from harness import Outcome, Site, run
from scenario_life import in_haste

LONGEST = 60


class Operator:
    """Somebody at a control node. The process waits for its task, so that many can begin at the same moment.

    :param state_dir: the folder of the control node; the site's own unless given.
    :param haste: whether pauses are shortened.
    """

    def __init__(self, site: Site, state_dir: str | None = None, haste: bool = True) -> None:
        self._site = site
        self._haste = haste
        self._environment = {**site.environment, **({"ALEXA_STATE_DIR": state_dir} if state_dir else {})}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def begin(self, module: str, **options: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([module, self._environment, self._haste, options]) + "\n")
        self._process.stdin.flush()

    def result(self) -> Outcome:
        """What the module answered, once it has ended."""
        text, _nothing = self._process.communicate(timeout=LONGEST)
        self._site.assert_no_secret(text)
        outcome = Outcome(json.loads(text))
        outcome.ok, outcome.raw = not outcome.get("failed"), text
        return outcome

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=LONGEST)


def together(operators: Sequence[Operator], module: str, **options: Any) -> list[Outcome]:
    """The same task by all of them at the same moment."""
    for operator in operators:
        operator.begin(module, **options)
    return [operator.result() for operator in operators]


def main() -> None:
    print("ready", flush=True)
    module, environment, haste, options = json.loads(sys.stdin.readline())
    with in_haste() if haste else contextlib.nullcontext():
        print(run(module, environment, **options).raw)


if __name__ == "__main__":
    main()
