# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has changed at Amazon, so that it can be taken back: a file of JSON lines without secrets.

A step is on the disk before its first request is sent, with what there is and what shall be. Whoever takes it back
compares both with what there is then, so a run may be killed at any moment. Private to alexa.smart_properties; may
change at any release.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Mapping, Trunk
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Plan

#: Grows when a field is renamed, removed or means something else.
SCHEMA = 1
TRUNK, MAPPINGS, DONE = "trunk", "mappings", "done"
OPTIONS = {"file": {"type": "path", "required": True}, "host": {"type": "str", "required": True}}


def journal_options() -> dict[str, dict[str, Any]]:
    """The option of modules whose changes can be taken back; described in the doc fragment C(journal)."""
    return {"journal": {"type": "dict", "options": OPTIONS}}


class Journal:
    """The journal of a run, or none.

    :param wish: the option C(journal).
    """

    def __init__(self, wish: Dictionary[str, str] | None) -> None:
        self._wish = wish if wish and wish["file"] else None
        if self._wish and not os.path.isabs(self._wish["file"]):
            raise InputError(f"The journal {self._wish['file']} is no absolute path.", "Give one on the control node.")

    def begin_trunk(self, before: Trunk | None, after: Trunk | None) -> str:
        """Note that a trunk is about to be made, changed or removed; returns the step's id."""
        return self._write(TRUNK, before=trunk_values(before), after=trunk_values(after))

    def end_trunk(self, step: str, trunk_id: str | None) -> None:
        """Note the id of what was made. Where that fails it is recognised by its name and peers."""
        with suppress(InputError):
            self._write(DONE, step=step, trunk_id=trunk_id)

    def begin_mappings(
        self, trunk_id: str, plan: Plan, have: Dictionary[str, Mapping], profile_ids: Dictionary[str, str]
    ) -> None:
        """Note what mappings are about to become: profiles by extension, only of those that change."""
        before = {extension: have[extension].comms_profile_id for extension in plan.change + plan.delete}
        after = {extension: profile_ids[extension] for extension in plan.change + plan.create}
        if plan.changed:
            self._write(MAPPINGS, trunk_id=trunk_id, before=before, after=after)

    def open(self, plan: Plan) -> None:
        """Make the file for changes, so that one that can't be written is told before anything is changed."""
        if self._wish and plan.changed:
            self._append(self._wish["file"], b"")

    def _write(self, kind: str, **facts: Any) -> str:
        if not self._wish:
            return ""
        at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = {"schema": SCHEMA, "step": uuid.uuid4().hex, "at": at, "host": self._wish["host"], "kind": kind}
        record = {**told, **facts}
        # The line before may be torn, by a disk that was full.
        self._append(self._wish["file"], f"\n{json.dumps(record, sort_keys=True)}\n".encode())
        return str(record["step"])

    @staticmethod
    def _append(path: str, content: bytes) -> None:
        """One write, so that several processes may append; on the disk when it returns."""
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                if os.write(file, content) < len(content):
                    raise OSError(0, "the disk is full")
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise InputError(
                f"The journal {path} can't be written: {error.strerror}.",
                "Nothing was changed. Give another folder as alexa_journal_dir, or an empty one for no journal.",
            ) from None


def trunk_values(trunk: Trunk | None) -> dict[str, Any] | None:
    """A trunk in the words of the options of C(alexa_siptrunk), the whole chain too."""
    if trunk is None:
        return None
    fqdn = trunk.fqdn_peer
    return {
        "trunk_id": trunk.trunk_id,
        "tls_name": trunk.tls_name,
        "peers": [{"ip": peer.host, "port": peer.port} for peer in sorted(trunk.peers)],
        "fqdn_peer": {"name": fqdn.host, "port": fqdn.port} if fqdn else None,
        "certificate_chain": list(trunk.chain) if trunk.chain else None,
    }


def steps_of(path: Path, host: str) -> Iterator[dict[str, Any]]:
    """What a run has begun to do for a host, in order; of a trunk that it made C(made) has the id.

    A line that a crash has torn is left out: nothing was sent for it. Raises InputError where there is no journal.
    """
    records = list(_records(path))
    ids = {record["step"]: record["trunk_id"] for record in records if record["kind"] == DONE}
    for record in records:
        if record["host"] == host and record["kind"] in (TRUNK, MAPPINGS):
            yield {**record, "made": ids.get(record["step"])}


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"The journal {path} can't be read: {error.strerror}.", "Name a file that is there.") from None
    whole = 0
    for line in filter(None, lines):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        whole += 1
        if not isinstance(record, dict) or record.get("schema") != SCHEMA:
            raise InputError(
                f"{path} is no journal that this version reads.",
                f"Name one that link_pbx or unlink_pbx has written (schema {SCHEMA}).",
            )
        yield record
    if lines and not whole:
        raise InputError(f"{path} is no journal.", "Name one that link_pbx or unlink_pbx has written.")
