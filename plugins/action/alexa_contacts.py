# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module of the same name, on the control node without a process of its own."""

from __future__ import annotations

from ansible_collections.alexa.smart_properties.plugins.modules import alexa_contacts
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._control_node import ControlNodeAction


class ActionModule(ControlNodeAction):
    job = alexa_contacts.JOB
