# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Address books, the units that have them, and their contacts."""

from __future__ import annotations

from typing import Any

import pytest

from alexa_simulator.launcher import Simulator
from simulator_client import Api, refused

BOOKS = "/v1/addressBooks"
DESK = "amzn1.alexa.communications.profile.did.desk"
NUMBER = {"number": "+12065550100"}
DOCTOR = {"contact": {"name": "Doctor", "phoneNumbers": [NUMBER]}}


@pytest.fixture(autouse=True)
def units(simulator: Simulator) -> None:
    """Units U0 to U100, and a profile."""
    simulator.control("POST", "/units", [{"id": f"U{number}", "name": f"Room {number}"} for number in range(101)])
    simulator.control("POST", "/profiles", [{"unitId": "U0", "profileId": DESK}])


@pytest.fixture
def book(simulator: Simulator) -> str:
    """The path of an empty address book."""
    return f"{BOOKS}/{simulator.control('POST', '/address-books', {'name': 'Aurora'})['addressBookId']}"


def units_batch(*unit_ids: str) -> dict[str, Any]:
    return {"items": [{"itemId": str(n), "unitId": unit_id} for n, unit_id in enumerate(unit_ids, start=1)]}


def contacts_batch(*contacts: dict[str, Any]) -> dict[str, Any]:
    return {"items": [{"itemId": str(n), **contact} for n, contact in enumerate(contacts, start=1)]}


def test_a_book_is_made_read_renamed_and_deleted(management: Api) -> None:
    answer = management.post(BOOKS, json={"name": "Aurora"})
    assert answer.status_code == 201 and list(answer.json()) == ["addressBookId"]
    book_id = answer.json()["addressBookId"]
    assert book_id.startswith("amzn1.alexa.addressbook.did.")
    path = f"{BOOKS}/{book_id}"
    assert management.get(path).json() == {"addressBookId": book_id, "name": "Aurora"}
    assert management.put(path, json={"name": "Boreal"}).status_code == 200
    assert management.pages(BOOKS) == [[{"addressBookId": book_id, "name": "Boreal"}]]
    assert management.delete(path).status_code == 204
    for method in ("GET", "PUT", "DELETE"):
        refused(management.request(method, path, json={"name": "x"}), 404)
    for name in ("contacts", "unitAssociations?unitId=U1"):
        refused(management.get(f"{path}/{name}"), 404)


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": " "}, {"name": "x" * 51}, {"name": 1},
                                  {"name": "A", "units": []}])
def test_wrong_names_are_refused(management: Api, book: str, body: Any) -> None:
    refused(management.post(BOOKS, json=body), 400)
    refused(management.put(book, json=body), 400)


def test_the_pbx_tokens_scope_does_not_do(pbx: Api) -> None:
    refused(pbx.get(BOOKS), 403)


def test_books_and_contacts_come_in_pages(simulator: Simulator, management: Api, book: str) -> None:
    simulator.control("PUT", "/settings", {"page_size": 2})
    for _number in range(4):
        management.post(BOOKS, json={"name": "Same"})
        management.post(f"{book}/contacts", json=DOCTOR)
    assert [len(page) for page in management.pages(BOOKS, maxResults=100)] == [2, 2, 1]
    assert [len(page) for page in management.pages(f"{book}/contacts")] == [2, 2]


def test_a_contact_is_made_read_replaced_and_deleted(management: Api, book: str) -> None:
    answer = management.post(f"{book}/contacts", json=DOCTOR)
    assert answer.status_code == 201
    contact_id = answer.json()["contactId"]
    path = f"{book}/contacts/{contact_id}"
    assert management.get(path).json() == {"contactId": contact_id, **DOCTOR["contact"]}
    desk = {"name": "Desk", "alexaCommunicationProfileId": DESK}
    assert management.put(path, json={"contact": desk}).json() == {"contactId": contact_id, **desk}
    assert management.pages(f"{book}/contacts") == [[{"contactId": contact_id, **desk}]]
    assert management.delete(path).status_code == 204
    for method in ("GET", "PUT", "DELETE"):
        refused(management.request(method, path, json=DOCTOR), 404)


@pytest.mark.parametrize(("contact", "status"), [
    ({}, 400), ({"name": "A"}, 400), ({"name": "", "phoneNumbers": [NUMBER]}, 400),
    ({"name": "A", "phoneNumbers": []}, 400), ({"name": "A", "phoneNumbers": [NUMBER] * 4}, 400),
    ({"name": "A", "phoneNumbers": ["+12065550100"]}, 400), ({"name": "A", "phoneNumbers": [{"number": "911"}]}, 400),
    ({"name": "A", "phoneNumbers": [NUMBER], "alexaCommunicationProfileId": DESK}, 400),
    ({"name": "A", "phoneNumbers": None, "alexaCommunicationProfileId": DESK}, 400),
    ({"name": "A", "alexaCommunicationProfileId": "desk"}, 400),
    ({"name": "A", "alexaCommunicationProfileId": DESK + "0"}, 404),
])
def test_wrong_contacts_are_refused(management: Api, book: str, contact: Any, status: int) -> None:
    refused(management.post(f"{book}/contacts", json={"contact": contact}), status)
    contact_id = management.post(f"{book}/contacts", json=DOCTOR).json()["contactId"]
    refused(management.put(f"{book}/contacts/{contact_id}", json={"contact": contact}), status)
    assert management.get(f"{book}/contacts/{contact_id}").json()["name"] == "Doctor"


def test_a_batch_of_contacts(management: Api, book: str) -> None:
    path = f"{book}/contacts/batch"
    unknown = {"contact": {"name": "A", "alexaCommunicationProfileId": DESK + "0"}}
    answer = management.post(path, json=contacts_batch(DOCTOR, unknown, DOCTOR))
    assert answer.status_code == 200
    assert [item["itemId"] for item in answer.json()["results"]] == ["1", "3"]
    assert [(item["itemId"], "profile" in item["message"]) for item in answer.json()["errors"]] == [("2", True)]
    assert len(management.post(path, json=contacts_batch(*[DOCTOR] * 100)).json()["results"]) == 100
    refused(management.post(path, json=contacts_batch(*[DOCTOR] * 101)), 400, "100")
    for body in ({}, {"items": []}, {"items": [DOCTOR]}, {"items": [{"itemId": "1", **DOCTOR}] * 2},
                 {"items": [{"itemId": "1", "contact": {"name": "A"}}]}):
        refused(management.post(path, json=body), 400)
    assert sum(map(len, management.pages(f"{book}/contacts"))) == 102


def test_a_book_has_two_thousand_contacts_and_no_more(simulator: Simulator, management: Api, book: str) -> None:
    simulator.control("POST", "/address-books", {
        "name": "Aurora", "addressBookId": book.rpartition("/")[2], "contacts": [DOCTOR["contact"]] * 1999})
    answer = management.post(f"{book}/contacts/batch", json=contacts_batch(DOCTOR, DOCTOR)).json()
    assert len(answer["results"]) == 1
    words = "You have reached the maximum number of contacts that can be created per address book: 2000."
    assert answer["errors"] == [{"itemId": "2", "message": words}]
    refused(management.post(f"{book}/contacts", json=DOCTOR), 403, words)


def test_a_deleted_profile_takes_its_contacts_along(management: Api, book: str) -> None:
    desk = {"contact": {"name": "Desk", "alexaCommunicationProfileId": DESK}}
    management.post(f"{book}/contacts/batch", json=contacts_batch(DOCTOR, desk))
    assert management.delete(f"/v1/communications/profile/{DESK}").status_code == 204
    assert [contact["name"] for contact in management.pages(f"{book}/contacts")[0]] == ["Doctor"]


def test_units_get_and_lose_a_book(simulator: Simulator, management: Api, book: str) -> None:
    path, book_id = f"{book}/unitAssociations", book.rpartition("/")[2]
    both = {"addressBookId": book_id, "unitId": "U1"}
    assert management.post(path, json={"unitId": "U1"}).status_code == 201
    refused(management.post(path, json={"unitId": "U1"}), 409)
    refused(management.post(path, json={"unitId": "unknown"}), 404)
    refused(management.post(path, json={}), 400)
    assert management.pages(path, unitId="U1") == [[both]]
    assert management.pages(f"{BOOKS}/unitAssociations", unitId="U1") == [[both]]
    assert management.pages(path, unitId="U2") == management.pages(f"{BOOKS}/unitAssociations", unitId="U2") == [[]]
    refused(management.get(path), 400)
    refused(management.get(f"{BOOKS}/unitAssociations"), 400)
    assert management.delete(path, params={"unitId": "U1"}).status_code == 204
    refused(management.delete(path, params={"unitId": "U1"}), 404)
    refused(management.delete(path), 400)
    answer = management.post(path + "/batch", json=units_batch("U1", "unknown", "U2", "U1")).json()
    assert [item["itemId"] for item in answer["results"]] == ["1", "3"]
    assert [item["itemId"] for item in answer["errors"]] == ["2", "4"]
    refused(management.post(path + "/batch", json=units_batch(*(f"U{number}" for number in range(101)))), 400, "100")
    assert simulator.control("GET", "/state")["addressBooks"] == [
        {"addressBookId": book_id, "name": "Aurora", "contacts": [], "units": ["U1", "U2"]}]


def test_a_unit_has_ten_books_and_no_more(simulator: Simulator, management: Api, book: str) -> None:
    for number in range(10):
        simulator.control("POST", "/address-books", {"name": f"Book {number}", "units": ["U1"]})
    refused(management.post(f"{book}/unitAssociations", json={"unitId": "U1"}), 403, "unit: 10.")


def test_lists_lag_and_single_reads_do_not(simulator: Simulator, management: Api, book: str) -> None:
    simulator.control("PUT", "/settings", {"list_lag": 60})
    contact_id = management.post(f"{book}/contacts", json=DOCTOR).json()["contactId"]
    management.post(f"{book}/unitAssociations", json={"unitId": "U1"})
    assert management.pages(f"{book}/contacts") == management.pages(f"{BOOKS}/unitAssociations", unitId="U1") == [[]]
    assert management.get(f"{book}/contacts/{contact_id}").status_code == 200
    assert len(management.pages(f"{book}/unitAssociations", unitId="U1")[0]) == 1
