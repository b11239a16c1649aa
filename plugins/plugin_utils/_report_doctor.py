# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's findings in a report: read from the file that the playbook C(doctor) wrote.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError

SEVERITIES = ("error", "warning")
_FIELDS = ("id", "severity", "evidence", "remedy")


def read_findings(file: Path) -> dict[str, list[dict[str, str]]]:
    """The findings by property. Raises InputError for a file that is not the doctor's."""
    remedy = "Run the playbook doctor again, or leave it out."
    try:
        content = json.loads(file.read_bytes())
        return {
            str(host): [{name: str(finding[name]) for name in _FIELDS} for finding in told["findings"]]
            for host, told in content["properties"].items()
        }
    except OSError as error:
        raise InputError(f"The doctor's findings {file} can't be read: {error.strerror}.", remedy) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"The doctor's findings {file} are damaged, or something else.", remedy) from None


def with_findings(
    properties: Sequence[Mapping[str, Any]], findings: Mapping[str, list[dict[str, str]]]
) -> list[dict[str, Any]]:
    """The properties, each with its C(findings); an empty list where the doctor found nothing or did not look."""
    return [{**found, "findings": findings.get(found["host"], [])} for found in properties]


def counted(found: Mapping[str, Any]) -> dict[str, int]:
    """How many findings of a property are of which severity. Older reports have none."""
    severities = [finding["severity"] for finding in found.get("findings", [])]
    return {severity: severities.count(severity) for severity in SEVERITIES}
