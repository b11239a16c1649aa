# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module wants to change, and what it reports: one shape for check mode, diff and the real run.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Result:
    """What a module's logic hands back to Ansible.

    :param values: the module's own return values.
    :param before: what there was, of that which changes; a text, or a dictionary.
    :param after: the same afterwards. It comes from the plan, so that check mode shows the same.
    """

    changed: bool
    values: dict[str, Any]
    before: Any = ""
    after: Any = ""
    warnings: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The arguments for C(exit_json)."""
        return {"changed": self.changed, "diff": {"before": self.before, "after": self.after}, **self.values}


@dataclass
class Plan:
    """Changes of things that are told apart by a key, in the order they are written: deletes, changes, creates.

    :param labels_before: what each key to be changed or deleted stands for now, for the diff.
    :param labels_after: what each key to be created or changed will stand for.
    """

    create: list[str] = field(default_factory=list)
    change: list[str] = field(default_factory=list)
    delete: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    labels_before: dict[str, str] = field(default_factory=dict)
    labels_after: dict[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return bool(self.create or self.change or self.delete)

    @property
    def before(self) -> str:
        return self._text(self.labels_before, self.change + self.delete)

    @property
    def after(self) -> str:
        return self._text(self.labels_after, self.change + self.create)

    def content(self, trunk_id: str | None) -> dict[str, Any]:
        """What makes this plan of a trunk's mappings the one it is.

        The trunk is left out where nothing of it is meant: then it may be one that is still to be made.
        """
        return {
            "trunk_id": trunk_id if self.change or self.delete or self.unchanged else None,
            "before": {key: self.labels_before[key] for key in self.change + self.delete},
            "after": {key: self.labels_after[key] for key in self.change + self.create},
        }

    @staticmethod
    def _text(labels: dict[str, str], keys: list[str]) -> str:
        return "".join(f"{key}: {labels[key]}\n" for key in sorted(keys))
