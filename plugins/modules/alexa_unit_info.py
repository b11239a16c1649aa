#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_unit_info
short_description: Read properties, floors and rooms
version_added: 0.1.0
description:
  - Lists the units below a parent, to the last page, so that rooms can be matched with extensions.
options:
  parent_id:
    description:
      - The organization or unit whose units are wanted.
    type: str
    required: true
  depth:
    description:
      - How many levels below the parent. If unset, all.
    type: int
extends_documentation_fragment:
  - alexa.smart_properties._api
  - alexa.smart_properties._api.management
  - alexa.smart_properties._attributes.info
  - alexa.smart_properties._attributes.api
seealso:
  - module: alexa.smart_properties.alexa_comms_profiles
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Read the rooms of a property
  alexa.smart_properties.alexa_unit_info:
    parent_id: amzn1.alexa.unit.did.abcdef0001
  register: property
  delegate_to: localhost

- name: Show them
  ansible.builtin.debug:
    msg: "{{ property.units | map(attribute='name') }}"
"""

RETURN = r"""
units:
  description: The units.
  returned: success
  type: list
  elements: dict
  contains:
    unit_id:
      description: Its id. The console shows another spelling of the same unit's id.
      type: str
      sample: amzn1.alexa.unit.did.abcdef1234
    name:
      description: Its name.
      type: str
      sample: Room 101
    parent_id:
      description: The unit it belongs to.
      type: str
      sample: amzn1.alexa.unit.did.abcdef0001
"""

from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import (
    Connections,
    Job,
    management_options,
    run_module,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._units import units_below

OPTIONS = {**management_options(), "parent_id": {"type": "str", "required": True}, "depth": {"type": "int"}}


def read(params: dict[str, Any], connections: Connections, _check_mode: bool) -> Result:
    """The units as {units: [...]}."""
    depth = params["depth"]
    if depth is not None and depth < 1:
        raise InputError(f"depth {depth} can't be used.", "Give 1 or more, or leave it out for all levels.")
    units = units_below(connections.management(), params["parent_id"], depth)
    return Result(False, {"units": [vars(unit) for unit in units]})


JOB = Job(OPTIONS, read)


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
