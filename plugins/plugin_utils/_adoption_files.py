# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an adopted inventory, in the places where Ansible and the roles look for them.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._adoption import ROOMS_FILE, Adopted
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._files import replace_file
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._spreadsheet import guarded, guarded_extension

_FOLDER_MODE = 0o750
_FILE_MODE = 0o640
_COMMON = """\
---
# What holds for all properties that were adopted.

# Amazon does not know how the PBX is managed. For one that Ansible is to manage: asterisk or kamailio.
alexa_pbx_kind: external
# The certificate that is registered stays, until you name the file that holds it (README.md has its fingerprint),
# or have the collection issue one: pbx_tls_source: private_ca.
pbx_tls_source: given
pbx_tls_given_certificate_file: ""
"""


class Inventory:
    """An inventory to be written into a folder in which it does not lie yet.

    :param left_out: the trunks that are in no file, each with C(trunk_id), C(tls_name) and C(msg).
    """

    def __init__(self, folder: Path, properties: Sequence[Adopted], left_out: Sequence[Mapping[str, str]]) -> None:
        self._folder = folder
        self.contents = {folder / name: text for name, text in _contents(properties, left_out)}

    def missing(self) -> list[Path]:
        """The files that are not there yet. Raises InputError for one that is there and says something else."""
        missing = []
        for path, content in self.contents.items():
            try:
                found = path.read_bytes()
            except FileNotFoundError:
                missing.append(path)
            except OSError as error:
                raise InputError(f"{path} can't be read: {error.strerror}.", "Give another folder.") from None
            else:
                if found != content:
                    raise InputError(
                        f"{path} is there, and is not what would be written. Nothing was written.",
                        "Give a new folder, and compare the two.",
                    )
        return missing

    def write(self, paths: Sequence[Path]) -> None:
        """Write these files; hosts.yml is the last, so that half an inventory has no host."""
        for path in paths:
            try:
                # From the top, as the mode is only that of the last one made.
                for place in reversed(path.relative_to(self._folder).parents):
                    (self._folder / place).mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
                replace_file(path, self.contents[path], _FILE_MODE)
            except OSError as error:
                raise InputError(
                    f"{path} can't be written: {error.strerror}.", "Give a folder that this user may write to."
                ) from None


def _contents(properties: Sequence[Adopted], left_out: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, bytes]]:
    for each in properties:
        place = f"host_vars/{each.host}"
        wanted = "".join(f"# Amazon does not know it: {name}\n" for name in each.missing)
        yield f"{place}/main.yml", f"---\n{_yaml(each.variables)}{wanted}".encode()
        if each.rooms:
            yield f"{place}/{ROOMS_FILE}", _rooms(each)
    yield "group_vars/alexa_pbx/main.yml", _COMMON.encode()
    yield "README.md", _readme(properties, left_out).encode()
    yield "hosts.yml", f"---\n{_yaml({'alexa_pbx': {'hosts': {each.host: None for each in properties}}})}".encode()


def _yaml(value: Any) -> str:
    # Ansible's own kinds of texts and numbers can't be represented.
    plain = json.loads(json.dumps(value))
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=10000).replace(": null\n", ":\n")


def _rooms(found: Adopted) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("extension", "room", "comms_profile_id"))
    for room in found.rooms:
        cells = guarded(room["room"]), guarded(room["comms_profile_id"])
        writer.writerow((guarded_extension(room["extension"]), *cells))
    return text.getvalue().encode("utf-8-sig", "replace")


def _readme(properties: Sequence[Adopted], left_out: Sequence[Mapping[str, str]]) -> str:
    lines = ["# Properties that Alexa Smart Properties knows", ""]
    lines += ["Written from the account's trunks and mappings; the guide to adoption says how to go on.", ""]
    lines += ["| host | trunk | status | rooms | certificate ends | its SHA-256 |", f"|{' --- |' * 6}"]
    for each in properties:
        leaf = (each.trunk.get("certificates") or [{}])[0]
        ends, sha256 = leaf.get("not_after", "not told by Amazon"), leaf.get("sha256", "")
        shown = each.trunk["trunk_id"], each.trunk.get("status") or "", len(each.rooms), ends, sha256
        lines.append(f"| {each.host} | " + " | ".join(str(cell) for cell in shown) + " |")
    asked = [f"* {each.host}: {', '.join(each.missing)}" for each in properties if each.missing]
    lines += ["", "## To be filled in", "", *asked] if asked else []
    out = [f"* {each['trunk_id']!r}, name {each['tls_name']!r}: {each['msg']}" for each in left_out]
    lines += ["", "## Left out", "", "A run would not leave these trunks as they are.", "", *out] if out else []
    return "\n".join(lines) + "\n"
