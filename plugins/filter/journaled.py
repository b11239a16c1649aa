# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that reads what a run has noted of a property."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._journal import steps_of
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rollback import whole_of


def journaled(journal: str, host: str) -> dict[str, Any]:
    """The steps of a run for a property, as one."""
    try:
        return whole_of(steps_of(Path(journal), host), host)
    except InputError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        """The filters by name."""
        return {"journaled": journaled}
