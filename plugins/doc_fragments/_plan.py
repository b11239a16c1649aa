# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option of modules that a reviewed plan binds. Private to alexa.smart_properties."""

from __future__ import annotations


class ModuleDocFragment:
    """C(_plan)."""

    DOCUMENTATION = r"""
options:
  plan_digest:
    description:
      - The digest of a plan that was reviewed, as RV(plan_digest) of an earlier run in check mode. Where this run's
        own plan is another one, the task fails before anything is written. In check mode too.
      - A run that has nothing to change passes, so that what was done already is no error.
    type: str
    version_added: 0.2.0
"""
