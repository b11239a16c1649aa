# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback that says how far a rollout has come."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: aggregate
short_description: Say how far a rollout over many properties has come
version_added: 0.2.0
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
description:
  - Adds a line to Ansible's own output now and then, which tells how many properties are done, how many failed, how
    many wait for their trunks, and about how long the rest takes.
  - The line comes when a batch begins, when its trunks are waited for, and when it has ended; on a terminal also in
    between. In logs, as of CI and AWX, it stays at these few.
  - It is for the playbook C(alexa.smart_properties.link_pbx) and takes no notice of others.
options:
  interval:
    description: Seconds that lie between two lines on a terminal, at least.
    type: float
    default: 10.0
    env:
      - name: ALEXA_PROGRESS_INTERVAL
    ini:
      - section: callback_alexa_progress
        key: interval
requirements:
  - to be named in C(callbacks_enabled) of C(ansible.cfg), or in E(ANSIBLE_CALLBACKS_ENABLED)
"""

import sys
from typing import Any

from ansible.plugins.callback import CallbackBase

from ansible_collections.alexa.smart_properties.plugins.module_utils._clock import Clock
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._progress import Rollout, batch_sizes

# What the playbook and the role trunk call them.
PLAY = "Link the properties"
WAIT = "Wait until the trunks are active"


class CallbackModule(CallbackBase):
    """Turns Ansible's events into those of a rollout, and shows its line."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "alexa.smart_properties.progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, display: Any = None, clock: Clock | None = None) -> None:
        super().__init__(display=display)
        self._clock = clock or Clock()
        self._rollout: Rollout | None = None
        self._shown_at = float("-inf")
        self._linking = False

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._end_batch()
        self._linking = play.get_name() == PLAY
        if not self._linking:
            return
        variables = play.get_variable_manager().get_vars(play=play)
        everybody = variables.get("ansible_play_hosts_all", [])
        if self._rollout is None:
            self._rollout = Rollout(len(everybody), batch_sizes(play.serial, len(everybody)), self._clock.now())
        refused = set(everybody) - set(variables.get("ansible_play_hosts", everybody))
        self._rollout.begin_batch(variables.get("ansible_play_batch", []), refused, self._clock.now())
        self._show()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        if not self._linking or self._rollout is None:
            return
        waits = task.get_name().rpartition(" : ")[2] == WAIT
        if self._rollout.wait(waits, self._clock.now()) or self._is_due():
            self._show()

    def v2_runner_on_ok(self, result: Any) -> None:
        if not self._linking or self._rollout is None:
            return
        facts = result._result.get("ansible_facts") or {}
        host = result._host.get_name()
        if "alexa_failure" in facts:
            self._rollout.fail(host)
        if "alexa_rollout_tried" in facts:
            self._rollout.tried(facts["alexa_rollout_tried"])
        if "trunk_awaits" in facts:
            self._rollout.await_trunk(host, bool(facts["trunk_awaits"]))

    def v2_runner_on_unreachable(self, result: Any) -> None:
        if self._linking and self._rollout is not None:
            self._rollout.fail(result._host.get_name())

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._end_batch()

    def _end_batch(self) -> None:
        if self._linking and self._rollout is not None:
            self._rollout.end_batch(self._clock.now())
            self._show()
        self._linking = False

    def _is_due(self) -> bool:
        return sys.stdout.isatty() and self._clock.now() - self._shown_at >= self.get_option("interval")

    def _show(self) -> None:
        if self._rollout is not None:
            self._shown_at = self._clock.now()
            self._display.display(self._rollout.line(self._shown_at), color="bright blue")
