# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup finds the files, and tells whose rooms can't be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.alexa.smart_properties.plugins.lookup.rooms import LookupModule

UNIT = "amzn1.alexa.unit.did.B2"
LISTED = {"extension": "7201", "room": "A", "unit_id": UNIT}


class Lookup(LookupModule):  # type: ignore[misc]
    """The lookup with its options as given, since no plugin loader reads their documentation here."""

    def set_options(self, var_options: Any = None, direct: Any = None) -> None:
        self.given = {"name": "alexa_rooms", "rooms": None, **direct}

    def get_option(self, option: str) -> Any:
        return self.given[option]


def look_up(*terms: str, folder: Path, **options: Any) -> list[Any]:
    variables = {"inventory_hostname": "aurora", "inventory_dir": str(folder)}
    return list(Lookup().run(list(terms), variables, **options))


@pytest.fixture(name="folder")
def folder_of_inventory(tmp_path: Path) -> Path:
    (tmp_path / "rooms.csv").write_text(f"extension,room,unit_id\n7202,B,{UNIT}\n", encoding="utf-8")
    return tmp_path


def test_gives_one_list_for_one_room_and_for_none(folder: Path) -> None:
    assert look_up(folder=folder, rooms=[LISTED]) == [[LISTED]]
    assert look_up("", folder=folder, rooms=[]) == [[]]


def test_reads_list_and_files_relative_to_the_inventory(folder: Path) -> None:
    found = [LISTED, {"extension": "7202", "room": "B", "unit_id": UNIT}]
    assert look_up("rooms.csv", folder=folder, rooms=[LISTED]) == [found]
    assert look_up(str(folder / "rooms.csv"), folder=Path("/nowhere"), rooms=[LISTED]) == [found]


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_names_host_file_and_remedy_for_an_unreadable_file(folder: Path, name: str) -> None:
    with pytest.raises(AnsibleError, match=r"The rooms of aurora can't be used:\n.*give alexa_rooms_file a file"):
        look_up(name, folder=folder)


def test_names_the_list_as_the_caller_does(folder: Path) -> None:
    with pytest.raises(AnsibleError, match=r"other\[0\]: unknown floor"):
        look_up(folder=folder, rooms=[{"floor": 1}], name="other")
