#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: support_bundle
short_description: Pack what is known of a property for a support ticket
version_added: 0.2.0
description:
  - Writes an archive on the control node with texts that somebody outside may read, without keys, tokens and passwords.
  - It is an action, and runs on the control node whatever the host is. Nobody is asked; the playbook C(support_bundle)
    does that.
options:
  dest:
    description:
      - The folder, an absolute path. It is made where it is missing. Each run writes another file.
    type: path
    required: true
  host:
    description: The inventory's name of the property.
    type: str
    required: true
  name:
    description: The PBX's name.
    type: str
    default: ""
  address:
    description: The PBX's address.
    type: str
    default: ""
  port:
    description: The PBX's port for SIP over TLS.
    type: int
    default: 5061
  kind:
    description: What the PBX is.
    type: str
    default: asterisk
  doctor:
    description: What M(alexa.smart_properties.link_doctor) returned.
    type: dict
    default: {}
  trunk:
    description: The trunk as M(alexa.smart_properties.alexa_siptrunk_info) returns it.
    type: dict
    default: {}
  mapped:
    description: How many extensions are mapped.
    type: int
    default: 0
  pbx:
    description:
      - What M(alexa.smart_properties.pbx_info) returned of the PBX, with the commands C(versions), C(log), C(firewall),
        C(handshake) and C(configuration).
    type: dict
    default: {}
  here:
    description: The same of the control node, C(versions) and C(handshake).
    type: dict
    default: {}
  requests:
    description: The text of a request log.
    type: str
    default: ""
  trouble:
    description: Why something could not be had.
    type: list
    elements: str
    default: []
  journal_dir:
    description: A folder with journals of runs.
    type: path
  secrets:
    description: What must not be in the archive.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - alexa.smart_properties._attributes
attributes:
  diff_mode:
    support: none
    description: There is nothing to compare with.
  idempotent:
    support: none
    description: Each run writes another file.
seealso:
  - module: alexa.smart_properties.link_doctor
  - module: alexa.smart_properties.pbx_info
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Examine the property
  alexa.smart_properties.link_doctor:
    name: pbx.example.com
    address: 203.0.113.10
  register: examined

- name: Pack what was found
  alexa.smart_properties.support_bundle:
    dest: "{{ playbook_dir }}/tickets"
    host: aurora
    name: pbx.example.com
    address: 203.0.113.10
    doctor: "{{ examined }}"
"""

RETURN = r"""
file:
  description: The archive.
  returned: success
  type: str
  sample: /srv/tickets/alexa-support-aurora-20261127T080000Z.tar.gz
files:
  description: What is in it.
  returned: success
  type: list
  elements: str
  sample: [README.txt, doctor.txt, doctor.json]
readme:
  description: The text of README.txt.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

OPTIONS = {
    "dest": {"type": "path", "required": True},
    "host": {"type": "str", "required": True},
    "name": {"type": "str", "default": ""},
    "address": {"type": "str", "default": ""},
    "port": {"type": "int", "default": 5061},
    "kind": {"type": "str", "default": "asterisk"},
    "doctor": {"type": "dict", "default": {}},
    "trunk": {"type": "dict", "default": {}},
    "mapped": {"type": "int", "default": 0},
    "pbx": {"type": "dict", "default": {}},
    "here": {"type": "dict", "default": {}},
    "requests": {"type": "str", "default": ""},
    "trouble": {"type": "list", "elements": "str", "default": []},
    "journal_dir": {"type": "path"},
    "secrets": {"type": "list", "elements": "str", "default": [], "no_log": True},
}


def main() -> None:
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    module.fail_json(msg="support_bundle is an action. Name it in full: alexa.smart_properties.support_bundle.")


if __name__ == "__main__":
    main()
