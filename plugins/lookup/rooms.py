# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup for a property's rooms."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rooms
short_description: Read and check the rooms of a property
version_added: 0.1.0
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
description:
  - Reads the rooms of a property from a list, from CSV files on the control node, or from both, and checks them all
    before anything is sent.
  - A CSV file has a header that names its columns, in any order and case. The columns C(extension), C(room),
    C(comms_profile_id) and C(unit_id) are read, others are ignored. Comma, semicolon and tab are told apart by the
    header. UTF-8, UTF-16 (with a byte order mark) and Windows-1252 are read, with any line ends. Blank rows are
    skipped.
  - An apostrophe before = + - @, a tab or a carriage return, and before an extension, is no part of the text. It keeps
    spreadsheets from running the cell as a formula, or from making 712 of 0712.
  - What is wrong is reported together, the first 20 problems, each with its host, file, row and remedy.
options:
  _terms:
    description:
      - CSV files. A relative path starts at the inventory's folder. Empty texts are skipped.
    type: list
    elements: str
  rooms:
    description:
      - The rooms as a list of dictionaries with the keys C(extension), C(room), and C(comms_profile_id) or C(unit_id).
      - Extensions must be texts. YAML reads an unquoted C(0712) as another number.
    type: raw
  name:
    description: What messages call the list of O(rooms).
    type: str
    default: alexa_rooms
seealso:
  - module: alexa.smart_properties.alexa_extensions
"""

EXAMPLES = r"""
- name: Show how many rooms the property has
  ansible.builtin.debug:
    msg: "{{ rooms | length }}"
  vars:
    rooms: "{{ lookup('alexa.smart_properties.rooms', alexa_rooms_file, rooms=alexa_rooms) }}"
    alexa_rooms_file: host_vars/aurora/rooms.csv
    alexa_rooms:
      - {extension: "7999", room: Lobby, unit_id: amzn1.alexa.unit.did.EXAMPLE}
"""

RETURN = r"""
_raw:
  description:
    - One list with all rooms, first those of O(rooms), then those of the files, so that C(lookup) gives the same type
      for one room and for many.
    - Each room has C(extension), C(room) (may be empty) and one of C(comms_profile_id) and C(unit_id).
  type: list
  elements: list
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rooms import (
    RoomsError,
    Row,
    rooms_of_rows,
    rows_of_csv,
    rows_of_list,
)


class LookupModule(LookupBase):  # type: ignore[misc]
    """Finds the files; what their content means is told by C(_rooms)."""

    def run(
        self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any
    ) -> list[list[dict[str, str]]]:
        """One list of rooms, wrapped in a list as lookups have it.

        :raises AnsibleError: the rooms can't be used; names the host and every problem.
        """
        self.set_options(var_options=variables, direct=kwargs)
        variables = variables or {}
        try:
            rows = rows_of_list(self.get_option("name"), self.get_option("rooms") or [])
            for term in terms:
                if term:
                    rows += self._rows_of_file(str(term), str(variables.get("inventory_dir") or ""))
            return [rooms_of_rows(rows)]
        except RoomsError as error:
            host = variables.get("inventory_hostname", "localhost")
            raise AnsibleError(f"The rooms of {host} can't be used:\n{error}") from None

    @staticmethod
    def _rows_of_file(path: str, inventory_folder: str) -> list[Row]:
        file = Path(inventory_folder, Path(path).expanduser())
        try:
            content = file.read_bytes()
        except OSError as error:
            problem = f"{path}: {error.strerror} ({file}): give alexa_rooms_file a file that the control node can read"
            raise RoomsError([problem]) from None
        return rows_of_csv(path, content)
