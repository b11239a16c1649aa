# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes the simulator's account of a report, for a rehearsal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.alexa.smart_properties.plugins.module_utils._certificates import pems
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._control_node import plain
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rehearsal import account_of
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._report import read_report


def rehearsal_account(
    report: str, rooms: Sequence[Mapping[str, Any]] = (), certificate_chain: str = ""
) -> dict[str, Any]:
    """What C(alexa_simulator --account) takes."""
    try:
        found = read_report(Path(report)) if report else {}
    except InputError as error:
        raise AnsibleFilterError(str(error)) from None
    return account_of(found, plain(rooms), pems(certificate_chain))


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {"rehearsal_account": rehearsal_account}
