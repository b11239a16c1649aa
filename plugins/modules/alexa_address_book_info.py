#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_address_book_info
short_description: Read address books
version_added: 0.2.0
description:
  - Lists the address books of the organization, to the last page.
options:
  address_book_id:
    description:
      - Only this book. If there is none of this id, the list is empty.
    type: str
  name:
    description:
      - Only books of this name.
    type: str
extends_documentation_fragment:
  - alexa.smart_properties._api
  - alexa.smart_properties._api.management
  - alexa.smart_properties._attributes.info
  - alexa.smart_properties._attributes.api
seealso:
  - module: alexa.smart_properties.alexa_address_book
  - module: alexa.smart_properties.alexa_contact_info
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Look for the property's address book
  alexa.smart_properties.alexa_address_book_info:
    name: Aurora
  register: found
  delegate_to: localhost

- name: Show its id
  ansible.builtin.debug:
    msg: "{{ found.address_books | map(attribute='address_book_id') }}"
"""

RETURN = r"""
address_books:
  description: The address books.
  returned: success
  type: list
  elements: dict
  contains:
    address_book_id:
      description: Its id.
      type: str
      sample: amzn1.alexa.addressbook.did.abcdef1234
    name:
      description: Its name.
      type: str
      sample: Aurora
"""

from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._address_books import AddressBooks
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import (
    Connections,
    Job,
    management_options,
    run_module,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result

OPTIONS = {**management_options(), "address_book_id": {"type": "str"}, "name": {"type": "str"}}


def read(params: dict[str, Any], connections: Connections, _check_mode: bool) -> Result:
    """The books as {address_books: [...]}."""
    books = AddressBooks(connections.management(), connections.concurrency)
    book_id, name = params["address_book_id"], params["name"]
    found = [books.get(book_id)] if book_id else list(books.list())
    return Result(
        False, {"address_books": [vars(book) for book in found if book and name in (None, book.name)]}
    )


JOB = Job(OPTIONS, read)


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
