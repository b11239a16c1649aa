# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option of modules whose changes can be taken back. Private to alexa.smart_properties."""

from __future__ import annotations


class ModuleDocFragment:
    """C(_journal)."""

    DOCUMENTATION = r"""
options:
  journal:
    description:
      - Where each change is noted before it is made, with what there was, so that the playbook C(rollback) can take it
        back. Nothing is noted in check mode, and where nothing changes.
      - A file that can't be written fails the task before anything is changed.
    type: dict
    version_added: 0.2.0
    suboptions:
      file:
        description:
          - Absolute path on the control node, or empty for no journal. The file is added to; it and its folder are made
            where they are missing, for their owner alone. It holds no secret, but the trunk's certificates and the
            profiles of the rooms.
        type: path
        required: true
      host:
        description: The inventory's name of the property, which the rollback asks for.
        type: str
        required: true
"""
