#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: adopted_inventory
short_description: Write an inventory of the SIP trunks and mappings that are there already
version_added: 0.2.0
description:
  - Writes into a folder on the control node C(hosts.yml) with a host for each trunk in the group C(alexa_pbx), the
    host's variables, its rooms as CSV, and C(README.md), which tells what Amazon does not know. From then on
    C(link_pbx) finds these trunks and mappings as they are wished.
  - A trunk that C(link_pbx) would not leave as it is, such as one with two peers, is left out and told of.
  - It is an action, and runs on the control node whatever the host is. Amazon is not asked; the playbook C(adopt) does
    that.
options:
  dest:
    description:
      - The folder, an absolute path. It is made where it is missing. No file in it is overwritten. If one is there that
        says something else, nothing is written.
    type: path
    required: true
  trunks:
    description:
      - The trunks as M(alexa.smart_properties.alexa_siptrunk_info) returns them.
    type: list
    elements: dict
    required: true
  mappings:
    description:
      - By the trunk's id, its mappings as M(alexa.smart_properties.alexa_extension_info) returns them.
    type: dict
    default: {}
  profiles:
    description:
      - The communication profiles of units, as M(alexa.smart_properties.alexa_comms_profiles) returns them. With
        O(units) they tell the names of the rooms.
    type: list
    elements: dict
    default: []
  units:
    description:
      - The units as M(alexa.smart_properties.alexa_unit_info) returns them.
    type: list
    elements: dict
    default: []
extends_documentation_fragment:
  - alexa.smart_properties._attributes
attributes:
  idempotent:
    description: A second run over the same trunks finds the files as they would be written, and changes nothing.
seealso:
  - module: alexa.smart_properties.alexa_siptrunk_info
  - module: alexa.smart_properties.alexa_extension_info
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: List the trunks
  alexa.smart_properties.alexa_siptrunk_info:
  register: listed

- name: Write an inventory of the trunks, without rooms
  alexa.smart_properties.adopted_inventory:
    dest: "{{ playbook_dir }}/adopted"
    trunks: "{{ listed.trunks }}"
"""

RETURN = r"""
hosts:
  description: The hosts, each with C(host), C(trunk_id), C(status), how many C(rooms), and the variables C(missing).
  returned: success
  type: list
  elements: dict
left_out:
  description: The trunks that are in no file, each with C(trunk_id), C(tls_name), and C(msg), the reason.
  returned: success
  type: list
  elements: dict
files:
  description: The paths of all files, those that were there too.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

OPTIONS = {
    "dest": {"type": "path", "required": True},
    "trunks": {"type": "list", "elements": "dict", "required": True},
    "mappings": {"type": "dict", "default": {}},
    "profiles": {"type": "list", "elements": "dict", "default": []},
    "units": {"type": "list", "elements": "dict", "default": []},
}


def main() -> None:
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    module.fail_json(msg="adopted_inventory is an action. Name it in full: alexa.smart_properties.adopted_inventory.")


if __name__ == "__main__":
    main()
