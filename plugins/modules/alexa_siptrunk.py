#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_siptrunk
short_description: Manage a SIP trunk between a PBX and Alexa
version_added: 0.1.0
description:
  - Creates, changes, deletes the SIP trunk of one PBX, and waits for it to become C(ACTIVE).
  - A trunk has no name of its own. It is recognised by O(trunk_id), else by O(tls_name) together with O(peers) or
    O(fqdn_peer). Another address or port is therefore another trunk, unless O(trunk_id) pins the one to change.
  - The certificate chain is checked before anything is sent; one in the wrong order is put in order.
  - Before a trunk is created the list is read twice, a few seconds apart, since it may lag behind writes. Meanwhile
    other runs on this control node that want the same trunk wait.
  - Where two control nodes create the same trunk at the same moment, one of them removes its own again at once and
    goes on with the other's. Where it can't tell that this is safe, the task fails and names both.
options:
  state:
    description:
      - Whether the trunk shall exist.
    type: str
    choices: [present, absent]
    default: present
  trunk_id:
    description:
      - The trunk that is meant, like V(amzn1.comms.network.siptrunk.12345). It must exist for O(state=present).
    type: str
  tls_name:
    description:
      - Common Name or a Subject Alternative Name of the PBX's certificate. It must resolve to the PBX.
    type: str
  certificate_chain:
    description:
      - The PBX's certificate and those that lead to its root, as PEM text or a list of PEM texts. Never the key.
      - Needed with O(tls_name) to create a trunk, except in check mode, where the certificate may not be made yet.
    type: raw
  peers:
    description:
      - Where Alexa reaches the PBX, by address. Calls from Alexa then carry the address as SIP domain.
    type: list
    elements: dict
    suboptions:
      ip:
        description: Public static IPv4 address of the PBX.
        type: str
        required: true
      port:
        description: TCP port for SIP over TLS.
        type: int
        default: 5061
  fqdn_peer:
    description:
      - Where Alexa reaches the PBX, by name. Calls from Alexa then carry the name as SIP domain.
    type: dict
    suboptions:
      name:
        description: Host name of the PBX.
        type: str
        required: true
      port:
        description: TCP port for SIP over TLS.
        type: int
        default: 5061
  wait:
    description:
      - Whether to wait until the trunk is C(ACTIVE), which takes Amazon about ten minutes.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait at most.
    type: float
    default: 1200.0
  wait_interval:
    description:
      - Seconds between two looks at the trunk.
    type: float
    default: 15.0
requirements:
  - cryptography >= 40
extends_documentation_fragment:
  - alexa.smart_properties._api
  - alexa.smart_properties._journal
  - alexa.smart_properties._plan
  - alexa.smart_properties._attributes
  - alexa.smart_properties._attributes.api
seealso:
  - module: alexa.smart_properties.alexa_siptrunk_info
  - module: alexa.smart_properties.alexa_extensions
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Make the trunk and wait until it is active
  alexa.smart_properties.alexa_siptrunk:
    tls_name: pbx.example.com
    certificate_chain: "{{ lookup('ansible.builtin.file', 'pbx-chain.pem') }}"
    peers:
      - ip: 203.0.113.10
        port: 5061
    wait: true
  delegate_to: localhost
  register: linked

- name: Remove it again
  alexa.smart_properties.alexa_siptrunk:
    state: absent
    trunk_id: "{{ linked.trunk.trunk_id }}"
  delegate_to: localhost
"""

RETURN = r"""
trunk:
  description: The trunk; C(null) after O(state=absent).
  returned: always
  type: dict
  contains:
    trunk_id:
      description: Its id; C(null) in check mode for a trunk that would be created.
      type: str
      sample: amzn1.comms.network.siptrunk.12345
    status:
      description: Its status as far as this run has seen it; only C(ACTIVE) is documented.
      type: str
      sample: ACTIVE
    tls_name:
      description: The name in the certificate.
      type: str
      sample: pbx.example.com
    peers:
      description: The peers by address, sorted.
      type: list
      elements: dict
      sample: [{ip: 203.0.113.10, port: 5061}]
    fqdn_peer:
      description: The peer by name.
      type: dict
      sample: {name: pbx.example.com, port: 5061}
    certificates:
      description: The registered chain, leaf first, as C(subject), C(not_after) and C(sha256).
      type: list
      elements: dict
plan:
  description:
    - What makes the plan the one it is, C(trunk_id), C(before) and C(after), with certificates by their fingerprints.
    - Certificates are left out where O(certificate_chain) is not given. So a plan that was made before the certificate
      binds all but the certificate.
  returned: always
  type: dict
  version_added: 0.2.0
plan_digest:
  description: The digest of RV(plan), for O(plan_digest) of a later run. The same in check mode and in a real run.
  returned: always
  type: str
  version_added: 0.2.0
"""

from contextlib import nullcontext
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._activation import Patience, wait_for_active
from ansible_collections.alexa.smart_properties.plugins.module_utils._chain import CRYPTOGRAPHY_IMPORT_ERROR
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import AlexaError
from ansible_collections.alexa.smart_properties.plugins.module_utils._journal import journal_options
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import ACTIVE
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import Connections, Job, run_module
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan_digest import plan_options, reviewed
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunk_input import checked_wish
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunk_plan import (
    described,
    plan_absent,
    plan_present,
    shown,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._trunks import Trunks

_PORT = {"type": "int", "default": 5061}
OPTIONS = {
    **journal_options(),
    **plan_options(),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "trunk_id": {"type": "str"},
    "tls_name": {"type": "str"},
    # Certificates are no secret, but a key that was pasted with them must not be shown or logged either.
    "certificate_chain": {"type": "raw", "no_log": True},
    "peers": {
        "type": "list",
        "elements": "dict",
        "options": {"ip": {"type": "str", "required": True}, "port": _PORT},
    },
    "fqdn_peer": {"type": "dict", "options": {"name": {"type": "str", "required": True}, "port": _PORT}},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "float", "default": 1200.0},
    "wait_interval": {"type": "float", "default": 15.0},
}


def present(params: dict[str, Any], connections: Connections, check_mode: bool) -> Result:
    """Make the trunk what the user gave, and wait for it if asked to."""
    trunks = Trunks(connections.trunks())
    wish, warnings = checked_wish(params, check_mode)
    look = nullcontext(trunks.find(wish)) if check_mode else trunks.find_before_creating(wish)
    with look as (current, namesakes):
        plan = plan_present(current, namesakes, wish)
        told = reviewed(params["plan_digest"], plan.changed, *plan.contents(with_chain=bool(wish.chain)))
        trunk = plan.wanted
        if plan.changed and not check_mode:
            step = connections.journal.begin_trunk(plan.current, trunk)
            trunk = trunks.update(trunk) if current else trunks.create(trunk)
            connections.journal.end_trunk(step, trunk.trunk_id)
    if params["wait"] and trunk.status != ACTIVE and not check_mode:
        patience = Patience(params["wait_timeout"], params["wait_interval"], connections.tell)
        try:
            trunk = wait_for_active(trunks, trunk, patience)
        except AlexaError as error:
            error.details = {"trunk": shown(trunk), **error.details, "changed": plan.changed}
            raise
    warnings += plan.warnings + trunks.warnings
    return Result(plan.changed, {"trunk": shown(trunk), **told}, plan.before, plan.after, warnings)


def absent(params: dict[str, Any], connections: Connections, check_mode: bool) -> Result:
    """Delete the trunk if it is there."""
    trunks = Trunks(connections.trunks())
    current, _namesakes = trunks.find(checked_wish(params, check_mode)[0])
    told = reviewed(params["plan_digest"], current is not None, plan_absent(current))
    if current and not check_mode:
        connections.journal.begin_trunk(current, None)
        trunks.delete(str(current.trunk_id))
    return Result(current is not None, {"trunk": None, **told}, described(current) if current else {}, {})


def manage(params: dict[str, Any], connections: Connections, check_mode: bool) -> Result:
    return (present if params["state"] == "present" else absent)(params, connections, check_mode)


RULES = {
    "mutually_exclusive": [("peers", "fqdn_peer")],
    "required_one_of": [("trunk_id", "tls_name", "peers", "fqdn_peer")],
}
JOB = Job(OPTIONS, manage, {"cryptography": CRYPTOGRAPHY_IMPORT_ERROR}, RULES)


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
