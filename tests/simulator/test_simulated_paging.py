# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists in pages, as they should be and as they should not."""

from __future__ import annotations

from typing import Any

import pytest

from alexa_simulator.launcher import Simulator
from simulator_client import PROFILE, TRUNKS, Api, refused

EXTENSIONS = [str(7200 + number) for number in range(7)]


@pytest.fixture
def mappings(simulator: Simulator) -> str:
    """The path of the list of seven mappings."""
    trunk_id = simulator.control("POST", "/trunks", {})["trunkId"]
    simulator.control("PUT", f"/trunks/{trunk_id}/extensions",
                      [{"extension": extension, "commsProfileId": PROFILE} for extension in EXTENSIONS])
    return f"{TRUNKS}/{trunk_id}/extensions"


def extensions(pages: list[list[dict[str, Any]]]) -> list[list[str]]:
    return [[item["extension"] for item in page] for page in pages]


@pytest.mark.parametrize(("size", "lengths"), [(50, [7]), (7, [7]), (6, [6, 1]), (3, [3, 3, 1]), (1, [1] * 7)])
def test_a_list_comes_in_pages(simulator: Simulator, pbx: Api, mappings: str, size: int, lengths: list[int]) -> None:
    simulator.control("PUT", "/settings", {"page_size": size})
    pages = extensions(pbx.pages(mappings))
    assert [len(page) for page in pages] == lengths
    assert sum(pages, []) == EXTENSIONS
    assert simulator.control("GET", "/stats")["api_requests"] == len(lengths)


def test_max_results_is_honoured_up_to_the_page_size(simulator: Simulator, pbx: Api, mappings: str) -> None:
    simulator.control("PUT", "/settings", {"page_size": 4})
    assert [len(page) for page in pbx.pages(mappings, maxResults=2)] == [2, 2, 2, 1]
    assert [len(page) for page in pbx.pages(mappings, maxResults=1000)] == [4, 3]


@pytest.mark.parametrize("value", ["0", "-1", "ten", "1.5", "", "1" * 20])
def test_max_results_must_be_a_number(pbx: Api, mappings: str, value: str) -> None:
    refused(pbx.get(mappings, params={"maxResults": value}), 400, "maxResults")


@pytest.mark.parametrize("token", ["nonsense", "bm9uc2Vuc2U=", "WzFd", "é", "e30="])
def test_a_token_that_was_never_given_out_is_refused(pbx: Api, mappings: str, token: str) -> None:
    refused(pbx.get(mappings, params={"nextToken": token}), 400, "nextToken")


@pytest.mark.parametrize(("kind", "second"), [
    ("key", ["7203", "7204", "7205"]), ("position", ["7204", "7205", "7206"])])
def test_what_goes_between_two_pages(
    simulator: Simulator, pbx: Api, mappings: str, kind: str, second: list[str],
) -> None:
    """A token that names a position skips an item then; one that names the last item does not."""
    simulator.control("PUT", "/settings", {"page_size": 3, "page_token": kind})
    assert sum(extensions(pbx.pages(mappings)), []) == EXTENSIONS
    token = pbx.get(mappings).json()["paginationContext"]["nextToken"]
    simulator.control("DELETE", mappings.replace(TRUNKS, "/trunks") + "/7200")
    (page,) = extensions([pbx.get(mappings, params={"nextToken": token}).json()["results"]])
    assert page == second


def test_a_token_belongs_to_its_list(simulator: Simulator, pbx: Api, mappings: str) -> None:
    simulator.control("PUT", "/settings", {"page_size": 2})
    token = pbx.get(mappings).json()["paginationContext"]["nextToken"]
    refused(pbx.get(TRUNKS, params={"nextToken": token}), 400, "nextToken")


@pytest.mark.parametrize(("way", "context"), [
    ("empty-context", {"paginationContext": {}}), ("null-token", {"paginationContext": {"nextToken": None}}),
    ("no-context", {})])
def test_the_last_page_says_so(simulator: Simulator, pbx: Api, mappings: str, way: str, context: Any) -> None:
    simulator.control("PUT", "/settings", {"last_page": way})
    answer = pbx.get(mappings).json()
    answer.pop("results")
    assert answer == context


@pytest.mark.parametrize(("size", "pages"), [
    (4, ["0123", "3456"]), (3, ["012", "234", "456"]), (2, ["01", "12", "23", "34", "45", "56"]),
    (1, ["0", "0", "1", "1", "2", "2", "3", "3", "4", "4", "5", "5", "6"])])
def test_an_item_may_come_on_two_pages(simulator: Simulator, pbx: Api, mappings: str, size: int,
                                       pages: list[str]) -> None:
    simulator.control("PUT", "/settings", {"page_size": size, "duplicate_across_pages": True})
    expected = [[EXTENSIONS[int(digit)] for digit in page] for page in pages]
    assert extensions(pbx.pages(mappings)) == expected


@pytest.mark.parametrize("size", [2, 50])
def test_a_token_may_lead_to_itself(simulator: Simulator, pbx: Api, mappings: str, size: int) -> None:
    simulator.control("PUT", "/settings", {"page_size": size, "repeat_page_token": True})
    token = pbx.get(mappings).json()["paginationContext"]["nextToken"]
    for _turn in range(3):
        page = pbx.get(mappings, params={"nextToken": token}).json()
        assert page["paginationContext"]["nextToken"] == token


def test_deletions_between_two_pages_hide_nothing(simulator: Simulator, pbx: Api, mappings: str) -> None:
    simulator.control("PUT", "/settings", {"page_size": 3})
    first = pbx.get(mappings).json()
    for extension in ("7200", "7202"):
        simulator.control("DELETE", f"/trunks/{mappings.split('/')[-2]}/extensions/{extension}")
    second = pbx.get(mappings, params={"nextToken": first["paginationContext"]["nextToken"]}).json()
    assert [item["extension"] for item in second["results"]] == ["7203", "7204", "7205"]


def test_trunks_and_units_come_in_pages_too(simulator: Simulator, pbx: Api, management: Api) -> None:
    for number in range(3):
        simulator.control("POST", "/trunks", {"trunkId": f"T{number}"})
    simulator.control("POST", "/units", [{"id": f"U{number}", "name": "Room"} for number in range(3)])
    simulator.control("PUT", "/settings", {"page_size": 2})
    assert [[item["trunkId"] for item in page] for page in pbx.pages(TRUNKS)] == [["T0", "T1"], ["T2"]]
    assert [[item["id"] for item in page] for page in management.pages("/v2/units")] == [["U0", "U1"], ["U2"]]


def test_a_page_of_ten_thousand_costs_a_page(simulator: Simulator, pbx: Api) -> None:
    trunk_id = simulator.control("POST", "/trunks", {})["trunkId"]
    simulator.control("PUT", f"/trunks/{trunk_id}/extensions", [
        {"extension": str(number), "commsProfileId": PROFILE} for number in range(10_000)])
    pages = pbx.pages(f"{TRUNKS}/{trunk_id}/extensions")
    assert [len(page) for page in pages] == [50] * 200
    assert len({item["extension"] for page in pages for item in page}) == 10_000
