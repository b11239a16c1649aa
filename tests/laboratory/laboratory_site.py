# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs playbooks against the laboratory's PBX, over SSH."""

from __future__ import annotations

from pathlib import Path

from alexa_laboratory.laboratory import Laboratory
from alexa_simulator.launcher import Simulator
from playbook_runs import Site


class LaboratorySite(Site):
    """A control node whose inventory is the laboratory's: the host `aurora`, all stages."""

    always = ()

    def __init__(self, folder: Path, simulator: Simulator, laboratory: Laboratory) -> None:
        super().__init__(folder, simulator)
        self.laboratory = laboratory
        self.inventory_path = laboratory.inventory
        self.secrets = laboratory.inventory / ".alexa"
