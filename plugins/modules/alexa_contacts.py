#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_contacts
short_description: Manage all contacts of an address book
version_added: 0.2.0
description:
  - Brings the contacts of an address book to a list, in one task, so that they can be called by their names.
  - The present contacts are read, to the last page; then only what differs is written. Deletions go first, then
    changes, then creations, 100 a request. Before anything is created the list is read a second time, some seconds
    later, since lists may lag behind writes.
  - Where some changes fail the module fails, with everything that succeeded in its result. The next run goes on from
    there.
options:
  address_book_id:
    description:
      - The address book. In check mode it may be missing or unknown, for a book that is not made yet.
    type: str
  contacts:
    description:
      - The contacts that shall be in the book, at most 2,000. They are recognised by their names, whatever the
        capitals. A contact of the book that is spelled otherwise is given the listed spelling, and a name that occurs
        twice is an error.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name that is spoken to call the contact.
        type: str
        required: true
      comms_profile_id:
        description: The communication profile that is called.
        type: str
      unit_id:
        description: The unit whose communication profile is called. A unit that has none gets one.
        type: str
      phone_numbers:
        description: The phone numbers that are called, 1 to 3, like V(+12065550100). Their order is not compared.
        type: list
        elements: str
  prune:
    description:
      - Whether contacts that are not listed are removed.
      - An empty list is refused with O(prune=true), unless O(prune_limit=100%) asks for it outright.
    type: bool
    default: false
  prune_limit:
    description:
      - The most contacts that one run may remove, as a number or as a percentage of the present contacts. A plan that
        would remove more is refused, and nothing is changed.
    type: str
    default: 10%
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
  - module: alexa.smart_properties.alexa_address_book
  - module: alexa.smart_properties.alexa_contact_info
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Let guests call the front desk, the spa and a doctor by name, and remove what is not listed
  alexa.smart_properties.alexa_contacts:
    address_book_id: amzn1.alexa.addressbook.did.abcdef1234
    contacts:
      - name: Front desk
        comms_profile_id: amzn1.alexa.communications.profile.did.abcdef1234
      - name: Spa
        unit_id: amzn1.alexa.unit.did.abcdef5678
      - name: Doctor
        phone_numbers: ["+12065550100"]
    prune: true
    prune_limit: 5%
  delegate_to: localhost
"""

RETURN = r"""
created:
  description: Names that were added.
  returned: always
  type: list
  elements: str
  sample: [Front desk]
updated:
  description: Names that were let stand for something else.
  returned: always
  type: list
  elements: str
deleted:
  description:
    - Names that were removed. Where a removed contact shared its name with another, its id stands behind the name.
  returned: always
  type: list
  elements: str
unchanged:
  description: Names that stood for what is wished already.
  returned: always
  type: list
  elements: str
failures:
  description: Contacts that could not be changed. A list that is not empty fails the task.
  returned: always
  type: list
  elements: dict
  contains:
    contact:
      description: The contact's name.
      type: str
    msg:
      description: What went wrong.
      type: str
    request_id:
      description: Amazon's id of the request.
      type: str
not_tried:
  description: Names that were left as they are, because going on was useless. All of them where reading failed.
  returned: always
  type: list
  elements: str
"""

from contextlib import nullcontext
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._bulk import accounted, predicted, raise_if_partial
from ansible_collections.alexa.smart_properties.plugins.module_utils._contact_bulk import (
    KEY,
    Contacts,
    applied,
    looked_up,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._contacts import Wish, wishes
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import checked_concurrency
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Profile
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import (
    Connections,
    Job,
    management_options,
    run_module,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._profiles import Profiles

OPTIONS = {
    **management_options(),
    "address_book_id": {"type": "str"},
    "contacts": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "comms_profile_id": {"type": "str"},
            "unit_id": {"type": "str"},
            "phone_numbers": {"type": "list", "elements": "str"},
        },
    },
    "prune": {"type": "bool", "default": False},
    "prune_limit": {"type": "str", "default": "10%"},
    "concurrency": {"type": "int", "default": 16},
}


def manage(params: dict[str, Any], connections: Connections, check_mode: bool) -> Result:
    """Read once, plan, apply; the account of every contact as return values, however it ends."""
    wanted = wishes(params["contacts"])
    made: dict[str, str] = {}
    with accounted(wanted, made, KEY):
        return managed(params, connections, check_mode, wanted, made)


def managed(
    params: dict[str, Any], connections: Connections, check_mode: bool, wanted: dict[str, Wish], made: dict[str, str]
) -> Result:
    """C(made) gets the communication profiles that are made, by unit."""
    book_id, concurrency = params["address_book_id"], checked_concurrency(params["concurrency"])
    if not book_id and not check_mode:
        raise InputError("address_book_id is missing.", "Give the id that alexa_address_book returns.")
    client = connections.management()
    profiles = Profiles(client, concurrency)
    of_units = profiles.of_units(wish.unit_id for wish in wanted.values() if wish.unit_id)
    how: dict[str, Any] = {name: params[name] for name in ("prune", "prune_limit")}
    how["may_be_missing"] = check_mode or not wanted
    contacts = Contacts(client, book_id, concurrency)
    have, todo = looked_up(contacts if book_id else None, wanted, of_units, **how)
    if check_mode:
        return Result(todo.changed, predicted(todo, KEY).values(), todo.before, todo.after)
    with contacts.alone() if todo.create else nullcontext():
        if todo.create:
            contacts.wait_for_list()
            have, todo = looked_up(contacts, wanted, of_units, **how)
        profiles.create([(unit_id, None) for unit_id, profile in of_units.items() if profile is None], made)
        of_units.update({unit_id: Profile(profile_id) for unit_id, profile_id in made.items()})
        account = applied(contacts, todo, have, {name: wish.contact(of_units) for name, wish in wanted.items()})
    result = Result(account.changed or bool(made), account.values(), todo.before, todo.after)
    raise_if_partial(account, book_id, result.to_dict())
    return result


JOB = Job(OPTIONS, manage)


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
