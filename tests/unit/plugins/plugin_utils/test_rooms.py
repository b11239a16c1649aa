# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms of lists and CSV files: what is read, and what is refused with its row."""

from __future__ import annotations

import pytest

from ansible_collections.alexa.smart_properties.plugins.plugin_utils._rooms import (
    RoomsError,
    rooms_of_rows,
    rows_of_csv,
    rows_of_list,
)

PROFILE = "amzn1.alexa.communications.profile.did.A1"
UNIT = "amzn1.alexa.unit.did.B2"
FILE = "rooms.csv"


def rooms_of_csv(text: str, encoding: str = "utf-8") -> list[dict[str, str]]:
    return rooms_of_rows(rows_of_csv(FILE, text.encode(encoding)))


def problems(error: pytest.ExceptionInfo[RoomsError]) -> list[str]:
    return error.value.problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_reads_what_spreadsheets_write(encoding: str, newline: str, delimiter: str) -> None:
    lines = [["extension", "room", "unit_id"], ["7201", "Küche Süd", UNIT], ["0712", "", UNIT]]
    text = newline.join(delimiter.join(line) for line in lines) + newline
    assert rooms_of_csv(text, encoding) == [
        {"extension": "7201", "room": "Küche Süd", "unit_id": UNIT},
        {"extension": "0712", "room": "", "unit_id": UNIT},
    ]


def test_reads_columns_in_any_order_and_case_and_ignores_others() -> None:
    text = f" Unit_ID ;Floor;EXTENSION;Room\n {UNIT} ;2; 7201 ; Suite \n"
    assert rooms_of_csv(text) == [{"extension": "7201", "room": "Suite", "unit_id": UNIT}]


def test_reads_quotes_with_delimiters_quotes_and_line_ends() -> None:
    text = f'extension,room,unit_id\n7201,"Bar, ""Blue""\nTerrace",{UNIT}\n7202,Salon,{UNIT}\n'
    assert [room["room"] for room in rooms_of_csv(text)] == ['Bar, "Blue"\nTerrace', "Salon"]


def test_skips_blank_rows_and_counts_them() -> None:
    with pytest.raises(RoomsError) as error:
        rooms_of_csv(f"\n,,\nextension,room,unit_id\n\n , ,\n7201,A,{UNIT}\n72 01,B,{UNIT}\n")
    assert len(problems(error)) == 1
    assert problems(error)[0].startswith("rooms.csv row 7: extension '72 01'")


def test_takes_either_id_from_a_file_with_both_columns() -> None:
    text = f"extension,comms_profile_id,unit_id\n1,{PROFILE},\n2,,{UNIT}\n"
    assert rooms_of_csv(text) == [
        {"extension": "1", "room": "", "comms_profile_id": PROFILE},
        {"extension": "2", "room": "", "unit_id": UNIT},
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"room,unit_id\nA,{UNIT}\n", "row 1: column extension is missing"),
        ("extension,room\n7201,A\n", "row 1: column comms_profile_id or unit_id is missing"),
        (f"extension,unit_id,Extension\n1,{UNIT},2\n", "row 1: column extension stands twice"),
        ("", "rooms.csv: is empty"),
        ("\n;;\n", "rooms.csv: is empty"),
        ("extension,unit_id\n", "rooms.csv: no rows below the header"),
        ("extension,unit_id\n\n,\n", "rooms.csv: no rows below the header"),
        (f"extension,room,unit_id\n7201,Bar, Terrace,{UNIT}\n", "row 2: 4 fields, but the header has 3"),
        ("extension,room,unit_id\n7201,Bar\n", "row 2: 2 fields, but the header has 3"),
        (f'extension,room,unit_id\n1,A,{UNIT}\n7201,"Bar,{UNIT}\n', "row 3: unexpected end of data"),
        (f"extension,unit_id\n../7201,{UNIT}\n", "row 2: extension '../7201' is not"),
        (f"extension,unit_id\n,{UNIT}\n", "row 2: extension '' is not"),
        (f"extension,unit_id\n{'1' * 33},{UNIT}\n", "is not 1 to 32"),
        ("extension,unit_id\n7201,\n", "row 2: neither comms_profile_id nor unit_id"),
        (f"extension,unit_id,comms_profile_id\n1,{UNIT},{PROFILE}\n", "row 2: both comms_profile_id and unit_id"),
        ("extension,unit_id\n7201,unit-5\n", "row 2: unit_id 'unit-5' is no Amazon id"),
        ("extension,unit_id\n72\x0001,x\n", "rooms.csv: holds NUL bytes"),
    ],
)
def test_refuses_with_the_row(text: str, expected: str) -> None:
    with pytest.raises(RoomsError) as error:
        rooms_of_csv(text)
    assert len(problems(error)) == 1
    assert expected in problems(error)[0]


def test_names_both_rows_of_a_duplicate_across_list_and_file() -> None:
    rows = rows_of_list("alexa_rooms", [{"extension": "7201", "unit_id": UNIT}])
    rows += rows_of_csv(FILE, f"extension,unit_id\n7202,{UNIT}\n7201,{UNIT}\n".encode())
    with pytest.raises(RoomsError) as error:
        rooms_of_rows(rows)
    assert problems(error) == [
        "rooms.csv row 3: extension '7201' is already given by alexa_rooms[0]: remove one of the two"
    ]


def test_reports_all_problems_together_but_shows_twenty() -> None:
    text = "extension,unit_id\n" + "".join(f"x{number},{UNIT}\n" for number in range(25))
    with pytest.raises(RoomsError) as error:
        rooms_of_csv(text)
    assert len(problems(error)) == 25
    lines = str(error.value).splitlines()
    assert len(lines) == 21
    assert lines[-1] == "… and 5 more"


@pytest.mark.parametrize(
    ("rooms", "expected"),
    [
        ("rooms.csv", "alexa_rooms is no list"),
        ([{"extension": "1", "unit_id": UNIT}, "7201"], "alexa_rooms[1]: '7201' is no dictionary"),
        ([{"extension": "1", "profile": PROFILE}], "alexa_rooms[0]: unknown profile"),
    ],
)
def test_refuses_a_malformed_list(rooms: object, expected: str) -> None:
    with pytest.raises(RoomsError) as error:
        rows_of_list("alexa_rooms", rooms)
    assert problems(error)[0].startswith(expected)


def test_refuses_a_number_since_yaml_may_have_changed_it() -> None:
    with pytest.raises(RoomsError) as error:
        rooms_of_rows(rows_of_list("alexa_rooms", [{"extension": 0o712, "unit_id": UNIT}]))
    assert problems(error) == ["alexa_rooms[0]: extension 458 is a number: write it in quotes"]


def test_an_empty_list_has_no_rooms() -> None:
    assert rooms_of_rows(rows_of_list("alexa_rooms", [])) == []


def test_room_may_be_a_number_or_missing() -> None:
    rooms = [{"extension": "1", "room": 101, "unit_id": UNIT}, {"extension": "2", "room": None, "unit_id": UNIT}]
    assert [room["room"] for room in rooms_of_rows(rows_of_list("alexa_rooms", rooms))] == ["101", ""]
