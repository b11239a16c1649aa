# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties as hosts with rooms, and all that can be wrong with them."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import Environment

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Unit
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._expressions import Expressions
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._properties import (
    Property,
    give_profiles,
    properties_with_rooms,
)
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._unit_tree import tree_of

PLAIN = {"properties": "level == 1", "rooms": "leaf", "hostname": "name", "extension": "name[5:]"}


def unit(path: str) -> Unit:
    """A unit whose id is its path."""
    above, _slash, name = path.rpartition("/")
    return Unit(
        f"amzn1.{path.replace('/', '.')}",
        name.replace("_", " "),
        f"amzn1.{above.replace('/', '.')}" if above else "top",
    )


def found(*paths: str, **expressions: str) -> list[Property]:
    def evaluate(expression: str, known: dict[str, Any]) -> Any:
        return Environment().compile_expression(expression)(**known)

    return properties_with_rooms(
        tree_of([unit(path) for path in paths], "top"), Expressions(evaluate, PLAIN | expressions)
    )


def problem(*paths: str, **expressions: str) -> str:
    with pytest.raises(InputError) as error:
        found(*paths, **expressions)
    return str(error.value)


def test_a_property_is_a_host_with_rooms() -> None:
    hotel, inn = found(
        "Hotel_A", "Hotel_A/1", "Hotel_A/1/Room_101", "Hotel_A/Room_102", "Inn", "Inn/Room_101", "Inn/Bar"
    )
    assert hotel.variables() == {
        "alexa_unit_id": "amzn1.Hotel_A",
        "alexa_unit_name": "Hotel A",
        "alexa_unit_path": [],
        "alexa_rooms": [
            {"extension": "101", "room": "Room 101", "unit_id": "amzn1.Hotel_A.1.Room_101"},
            {"extension": "102", "room": "Room 102", "unit_id": "amzn1.Hotel_A.Room_102"},
        ],
    }
    assert (hotel.host, hotel.told()) == ("Hotel-A", None)
    assert inn.told() == "Inn: rooms without an extension are left out (1): Inn / Bar (amzn1.Inn.Bar)"


def test_many_rooms_that_are_left_out_are_not_all_named() -> None:
    (hotel,) = found("Hotel", *(f"Hotel/{number}" for number in range(23)))
    told = str(hotel.told())
    assert "(23)" in told and told.endswith("Hotel / 19 (amzn1.Hotel.19) and 3 more")


def test_no_property_is_an_error() -> None:
    assert problem("Hotel", properties="false").startswith(
        "None of the units is a property. Change the condition properties"
    )


def test_rooms_of_one_extension_are_named_both() -> None:
    told = problem("Hotel", "Hotel/Main", "Hotel/Main/Room_201", "Hotel/Annex", "Hotel/Annex/Room_201")
    assert "Hotel / Main / Room 201 (amzn1.Hotel.Main.Room_201)" in told
    assert "extension '201' is already given by" in told and "Hotel / Annex / Room 201" in told


def test_two_properties_may_have_the_same_extension() -> None:
    assert len(found("A", "A/Room_201", "B", "B/Room_201")) == 2


def test_two_hosts_of_one_name_are_named_both() -> None:
    told = problem("Hotel_A", "Hotel+A", "Hotel_A/Room_1")
    assert (
        "Hotel+A (amzn1.Hotel+A): it would be the host 'Hotel-A', and so would Hotel A (amzn1.Hotel_A): rename" in told
    )


def test_everything_that_is_wrong_is_told_together() -> None:
    told = problem("東京", "Hotel", "Hotel/Room_abc", "Inn", "Inn/Room_" + "1" * 33)
    assert "has no letter or digit" in told
    assert "Hotel / Room abc (amzn1.Hotel.Room_abc): extension 'abc' is not 1 to 32 of the characters" in told
    assert "Inn / Room 111" in told


def test_profiles_take_the_place_of_units() -> None:
    (hotel,) = found("Hotel", "Hotel/Room_1", "Hotel/Room_2")
    give_profiles([hotel], {"amzn1.Hotel.Room_1": "p1", "amzn1.Hotel.Room_2": "p2"})
    assert hotel.rooms == [
        {"extension": "1", "room": "Room 1", "comms_profile_id": "p1"},
        {"extension": "2", "room": "Room 2", "comms_profile_id": "p2"},
    ]


def test_rooms_without_a_profile_are_named() -> None:
    (hotel,) = found("Hotel", "Hotel/Room_1", "Hotel/Room_2")
    with pytest.raises(InputError) as error:
        give_profiles([hotel], {"amzn1.Hotel.Room_1": "p1"})
    assert "alexa_comms_profiles" in str(error.value)
    assert str(error.value).endswith("\nHotel: Room 2 (extension 2, amzn1.Hotel.Room_2) has no communication profile")
