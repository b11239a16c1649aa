# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that the doctor can find: how bad it is, who mends it, and how.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

#: Where each finding has a section of its name.
GUIDE = "docs/docsite/rst/guide_doctor.rst"

_FILE = Path(__file__).parent / "doctor" / "findings.yml"


@dataclass(frozen=True)
class Entry:
    """What is known of a finding before it is met.

    :param severity: C(error) or C(warning).
    :param mended_by: the stage of C(link_pbx) that puts it right; nothing where only a person can.
    """

    severity: str
    remedy: str
    mended_by: str = ""


CATALOGUE = {name: Entry(**fields) for name, fields in yaml.safe_load(_FILE.read_text(encoding="utf-8")).items()}
