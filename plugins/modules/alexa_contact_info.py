#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_contact_info
short_description: Read the contacts of an address book
version_added: 0.2.0
description:
  - Lists the contacts of an address book, to the last page.
options:
  address_book_id:
    description:
      - The address book.
    type: str
    required: true
  name:
    description:
      - Only contacts of this name.
    type: str
extends_documentation_fragment:
  - alexa.smart_properties._api
  - alexa.smart_properties._api.management
  - alexa.smart_properties._attributes.info
  - alexa.smart_properties._attributes.api
seealso:
  - module: alexa.smart_properties.alexa_contacts
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Look whom guests can call by name
  alexa.smart_properties.alexa_contact_info:
    address_book_id: amzn1.alexa.addressbook.did.abcdef1234
  register: found
  delegate_to: localhost

- name: Show the names
  ansible.builtin.debug:
    msg: "{{ found.contacts | map(attribute='name') }}"
"""

RETURN = r"""
contacts:
  description: The contacts.
  returned: success
  type: list
  elements: dict
  contains:
    contact_id:
      description: Its id.
      type: str
      sample: amzn1.alexa.contact.did.abcdef1234
    name:
      description: The name that is spoken.
      type: str
      sample: Front desk
    comms_profile_id:
      description: The communication profile that is called; C(null) for a contact with phone numbers.
      type: str
      sample: amzn1.alexa.communications.profile.did.abcdef1234
    phone_numbers:
      description: The phone numbers that are called; empty for a contact with a profile.
      type: list
      elements: str
      sample: ["+12065550100"]
"""

from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._contact_bulk import Contacts
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import (
    Connections,
    Job,
    management_options,
    run_module,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result

OPTIONS = {**management_options(), "address_book_id": {"type": "str", "required": True}, "name": {"type": "str"}}


def read(params: dict[str, Any], connections: Connections, _check_mode: bool) -> Result:
    """The contacts as {contacts: [...]}."""
    contacts = Contacts(connections.management(), params["address_book_id"], connections.concurrency)
    found = [contact for contact in contacts.list() if params["name"] in (None, contact.name)]
    shown = [{**vars(contact), "phone_numbers": list(contact.phone_numbers)} for contact in found]
    return Result(False, {"contacts": shown})


JOB = Job(OPTIONS, read)


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
