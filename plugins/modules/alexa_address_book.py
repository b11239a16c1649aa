#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_address_book
short_description: Manage an address book and the rooms that have it
version_added: 0.2.0
description:
  - Makes, renames and deletes an address book, and gives it to units. What is in it,
    M(alexa.smart_properties.alexa_contacts) says. Only in a unit that has the book can its contacts be called by name.
  - Amazon's API has no call that lists the units of a book, so each unit is asked for, one request a unit, several at a
    time. What is to be added then goes 100 a request.
options:
  state:
    description:
      - Whether there shall be a book. Deleting it deletes its contacts too, and takes it from all units.
    type: str
    choices: [present, absent]
    default: present
  address_book_id:
    description:
      - Pins the book, where its name is to be changed, or where two have the same name.
    type: str
  name:
    description:
      - Its name, 1 to 50 characters. Without O(address_book_id) the book is recognised by it. Two books of the name are
        an error that names both.
    type: str
  units:
    description:
      - The units that shall have the book, at most 2,500. If unset, its units are left alone.
    type: list
    elements: str
  prune:
    description:
      - Whether units below O(parent_id) that are not listed lose the book.
      - An empty list is refused with O(prune=true), unless O(prune_limit=100%) asks for it outright.
    type: bool
    default: false
  prune_limit:
    description:
      - The most units that one run may take the book from, as a number or as a percentage of those that have it. A plan
        that would take it from more is refused, and nothing is changed.
    type: str
    default: 10%
  parent_id:
    description:
      - The property whose units are looked at for O(prune). Each of them is asked for, at every run.
    type: str
  concurrency:
    description:
      - How many requests may be under way at a time, 1 to 64.
    type: int
    default: 16
extends_documentation_fragment:
  - alexa.smart_properties._api
  - alexa.smart_properties._api.management
  - alexa.smart_properties._attributes
  - alexa.smart_properties._attributes.api
seealso:
  - module: alexa.smart_properties.alexa_address_book_info
  - module: alexa.smart_properties.alexa_contacts
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: See that two rooms have the property's address book
  alexa.smart_properties.alexa_address_book:
    name: Aurora
    units:
      - amzn1.alexa.unit.did.abcdef1234
      - amzn1.alexa.unit.did.abcdef5678
  delegate_to: localhost
"""

RETURN = r"""
address_book:
  description: The book; C(null) after O(state=absent).
  returned: success
  type: dict
  contains:
    address_book_id:
      description: Its id; C(null) in check mode for one that would be made.
      type: str
      sample: amzn1.alexa.addressbook.did.abcdef1234
    name:
      description: Its name.
      type: str
      sample: Aurora
associated:
  description: Units that got the book.
  returned: success
  type: list
  elements: str
dissociated:
  description: Units that lost it.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._address_books import (
    AddressBooks,
    checked_name,
    checked_units,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._book_plan import applied, planned
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import checked_concurrency
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import (
    Connections,
    Job,
    management_options,
    run_module,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._units import units_below

OPTIONS = {
    **management_options(),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "address_book_id": {"type": "str"},
    "name": {"type": "str"},
    "units": {"type": "list", "elements": "str"},
    "prune": {"type": "bool", "default": False},
    "prune_limit": {"type": "str", "default": "10%"},
    "parent_id": {"type": "str"},
    "concurrency": {"type": "int", "default": 16},
}


def manage(params: dict[str, Any], connections: Connections, check_mode: bool) -> Result:
    """Find the book and its units, plan, apply."""
    concurrency = checked_concurrency(params["concurrency"])
    name, book_id = checked_name(params["name"]), params["address_book_id"] or None
    if not book_id and name is None:
        raise InputError("name is missing, and address_book_id is empty.", "Give the name of the address book.")
    units = None if params["units"] is None else checked_units(params["units"])
    if params["prune"] and not (params["parent_id"] and units is not None):
        raise InputError(
            "prune needs units and parent_id: no call lists the units of a book, so those below it are looked at.",
            "Give both, or leave prune out.",
        )
    client = connections.management()
    books = AddressBooks(client, concurrency)
    if params["state"] == "absent":
        return removed(books, books.find(book_id, name), check_mode)
    below = [unit.unit_id for unit in units_below(client, params["parent_id"], None)] if params["prune"] else []
    prune_limit = params["prune_limit"] if params["prune"] else None
    if book_id or check_mode:
        todo = planned(books, books.find(book_id, name), book_id, name, units, below, prune_limit)
        return todo.result() if check_mode else applied(books, todo)
    with books.find_before_creating(str(name)) as book:
        return applied(books, planned(books, book, None, name, units, below, prune_limit))


def removed(books: AddressBooks, book: Any, check_mode: bool) -> Result:
    """Delete the book if it is there."""
    if book and not check_mode:
        books.delete(book.address_book_id)
    values = {"address_book": None, "associated": [], "dissociated": []}
    return Result(bool(book), values, {"name": book.name} if book else {}, {})


JOB = Job(OPTIONS, manage, rules={"required_one_of": [["address_book_id", "name"]]})


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
