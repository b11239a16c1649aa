# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all modules promise. Private to alexa.smart_properties."""

from __future__ import annotations


class ModuleDocFragment:
    """C(_attributes) for modules that change something, C(_attributes.info) for those that only look.

    Beside one of them C(_attributes.api) for Amazon's account, or C(_attributes.host) for a host.
    """

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Only looks, and does so in C(check_mode) too.
    support: full
  diff_mode:
    description: Changes nothing, so there is never a difference to show.
    support: N/A
  idempotent:
    description: Changes nothing.
    support: full
"""

    # Those that speak with Amazon.
    API = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/alexa.smart_properties.alexa) in C(module_defaults) to set options for all modules.
    support: full
    membership:
      - alexa.smart_properties.alexa
"""

    # Those that look at a host.
    HOST = r"""
options: {}
attributes:
  platform:
    description: The hosts that it can look at.
    support: full
    platforms: posix
"""
