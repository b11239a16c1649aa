# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor: asks every part, and puts what they say into a result.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.plugin_utils import (
    _doctor_account,
    _doctor_asterisk,
    _doctor_certificates,
    _doctor_network,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_case import Case, Finding
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_catalogue import CATALOGUE, GUIDE
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_seen import seen

_PARTS = (_doctor_network, _doctor_certificates, _doctor_asterisk, _doctor_account)


def examined(case: Case, mended: Collection[str]) -> dict[str, Any]:
    """The findings, errors first, what could not be looked at, and what was measured.

    :param mended: stages of C(link_pbx) that are about to run: what they put right is no finding.
    """
    # Before the first link most of what it will make is missing.
    is_new = case.trunk is not None and not case.trunk.get("trunk_id")
    findings, unseen = [], []
    for part in _PARTS:
        for each in part.look(case):
            if isinstance(each, Finding):
                if CATALOGUE[each.about].mended_by not in mended or not CATALOGUE[each.about].mended_by:
                    findings.append(_told(each, is_new))
            else:
                unseen.append({"id": each.what, "why": each.why})
    findings.sort(key=lambda finding: finding["severity"])
    return {
        "findings": findings,
        "totals": {kind: sum(each["severity"] == kind for each in findings) for kind in ("error", "warning")},
        "unseen": unseen,
        "seen": seen(case),
    }


def _told(finding: Finding, is_new: bool) -> dict[str, str]:
    entry = CATALOGUE[finding.about]
    return {
        "id": finding.about,
        "severity": "warning" if is_new and entry.mended_by else entry.severity,
        "evidence": finding.evidence,
        "remedy": entry.remedy,
        "guide": f"{GUIDE}#{finding.about}",
    }
