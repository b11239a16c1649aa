# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of units in the cache: kept for one account, and never taken from another."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import ThrottledError
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Profile, Unit
from ansible_collections.alexa.smart_properties.plugins.plugin_utils import _known_units
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._known_units import Known, UnitsCache

UNITS = [Unit("amzn1.a", "Hotel", "amzn1.top"), Unit("amzn1.b", None, None)]
KNOWN = Known(UNITS, {"amzn1.b": "amzn1.p"})
MARK = "0123456789abcdef" * 4


class Store(dict[str, Any]):
    """Ansible's cache: C(fault) is raised by what reads or writes."""

    fault: Exception | None = None
    written = 0

    def __getitem__(self, key: str) -> Any:
        if self.fault:
            raise self.fault
        return super().__getitem__(key)

    def update_cache_if_changed(self) -> None:
        if self.fault:
            raise self.fault
        self.written += 1


@pytest.fixture(name="told")
def told_to_the_user() -> list[str]:
    return []


def test_what_is_kept_is_found_again(told: list[str]) -> None:
    store = Store()
    UnitsCache(store, MARK, told.append).save(KNOWN)
    assert list(store) == ["alexa_units_0123456789abcdef"] and store.written == 1
    assert UnitsCache(store, MARK, told.append).load() == KNOWN
    assert not told


def test_nothing_is_kept_and_found_without_a_cache(told: list[str]) -> None:
    cache = UnitsCache(None, MARK, told.append)
    cache.save(KNOWN)
    assert cache.load() is None and UnitsCache(Store(), MARK, told.append).load() is None
    assert not told


def test_an_entry_of_another_account_is_ignored(told: list[str]) -> None:
    store = Store()
    UnitsCache(store, "f" * 64, told.append).save(KNOWN)
    store["alexa_units_0123456789abcdef"] = store["alexa_units_ffffffffffffffff"]
    assert UnitsCache(store, MARK, told.append).load() is None
    assert told == [
        "The cache's entry alexa_units_0123456789abcdef is of another account or organization: it is ignored, and the"
        " units are read anew."
    ]


@pytest.mark.parametrize(
    "entry",
    [
        [],
        "text",
        {},
        {"mark": MARK},
        {"mark": MARK, "units": [["amzn1.a"]], "profiles": {}},
        {"mark": MARK, "units": [["amzn1.a", 1, None]], "profiles": {}},
        {"mark": MARK, "units": [[None, "a", None]], "profiles": {}},
        {"mark": MARK, "units": [], "profiles": {"amzn1.a": None}},
        {"mark": MARK, "units": None, "profiles": {}},
    ],
)
def test_an_entry_of_another_form_is_ignored(entry: Any, told: list[str]) -> None:
    assert UnitsCache(Store(alexa_units_0123456789abcdef=entry), MARK, told.append).load() is None
    assert "holds something else than units" in told[0]


def test_an_entry_that_cannot_be_read_is_ignored(told: list[str]) -> None:
    store = Store()
    store.fault = RuntimeError("with a secret")
    assert UnitsCache(store, MARK, told.append).load() is None
    assert "can't be read (RuntimeError)" in told[0] and "secret" not in told[0]


def test_a_cache_that_cannot_be_written_is_told(told: list[str]) -> None:
    store = Store()
    store.fault = OSError(28, "No space left on device")
    UnitsCache(store, MARK, told.append).save(KNOWN)
    assert told == ["The units can't be kept in the cache: No space left on device. See cache_connection."]


class Profiles:
    """Profiles of all units but those that end in 0; the fifth call fails."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def of_units(self, unit_ids: list[str]) -> dict[str, Profile | None]:
        self.asked.append(unit_ids)
        if len(self.asked) == 5:
            raise ThrottledError("too many")
        return {unit_id: None if unit_id.endswith("0") else Profile(f"p{unit_id}") for unit_id in unit_ids}


def test_only_unknown_profiles_are_read_and_absent_ones_not_noted() -> None:
    known, profiles = Known([], {"1": "kept"}), Profiles()
    known.read_profiles(profiles, ["1", "2", "10"])  # type: ignore[arg-type]
    assert known.profiles == {"1": "kept", "2": "p2"} and profiles.asked == [["2", "10"]]


def test_what_was_read_before_a_failure_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_known_units, "_PROFILES_AT_A_TIME", 2)
    known = Known([])
    with pytest.raises(ThrottledError):
        known.read_profiles(Profiles(), [str(number) for number in range(1, 12)])  # type: ignore[arg-type]
    assert list(known.profiles) == [str(number) for number in range(1, 9)]
