# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the control node keeps what its processes share. No secret is ever written there.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import os
from pathlib import Path


def state_directory() -> Path:
    """The folder, made if need be and readable by its owner only. Raises OSError where that can't be.

    C(ALEXA_STATE_DIR) in the environment, else a folder below C(ANSIBLE_HOME), else below C(~/.ansible).
    """
    chosen = os.environ.get("ALEXA_STATE_DIR")
    ansible_home = os.environ.get("ANSIBLE_HOME") or "~/.ansible"
    folder = Path(chosen or os.path.join(ansible_home, "alexa_smart_properties")).expanduser()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
