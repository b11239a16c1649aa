#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: link_doctor
short_description: Find out why the link of a PBX to Alexa does not work, or soon will not
version_added: 0.2.0
description:
  - Looks at the PBX, at its name and its certificate, and compares that with the property's values and with what Amazon
    has. Nothing is changed, on the PBX or at Amazon.
  - Everything is read in one look. Python's standard library is enough on the PBX; the control node needs
    C(cryptography).
  - Every finding has a section in the guide.
  - It is an action. The playbook C(doctor) calls it for all properties.
options:
  kind:
    description:
      - What the PBX is. Of V(external) only that is seen which the control node sees, which is then the host to run on.
    type: str
    choices: [asterisk, kamailio, external]
    default: asterisk
  name:
    description: The PBX's name in the certificate.
    type: str
    required: true
  address:
    description: The PBX's public IPv4 address.
    type: str
    default: ""
  sip_port:
    description: The TCP port for SIP over TLS.
    type: int
    default: 5061
  peer_type:
    description: Whether Amazon calls the PBX by its address or by its name.
    type: str
    choices: [ip, fqdn]
    default: ip
  rtp_ports:
    description: The UDP range for media, C(first-last).
    type: str
    default: 10000-20000
  networks:
    description: Amazon's networks.
    type: list
    elements: str
    default: [3.239.178.128/25]
  inside_networks:
    description: The property's own networks.
    type: list
    elements: str
    default: []
  edge_host:
    description: The host name that the PBX sends calls to.
    type: str
    default: ""
  dial_in:
    description: The patterns that Alexa is to reach on the PBX.
    type: list
    elements: str
    default: []
  codecs:
    description: One of these should be allowed on the PBX. Amazon publishes no list.
    type: list
    elements: str
    default: [ulaw, opus]
  endpoint:
    description: The name of Asterisk's endpoint. The transport and the contexts are named after it.
    type: str
    default: alexa
  user:
    description: The user that the PBX runs as, who must be able to read the key. Empty is the name of the program.
    type: str
    default: ""
  check_name:
    description: Whether the name must resolve to the address on the PBX too.
    type: bool
    default: true
  resolvers:
    description:
      - Addresses of DNS servers that the control node asks for the name, the first that answers, instead of its own
        name service. Public ones tell what Amazon sees, where a network has a DNS of its own.
      - Needs C(dnspython) on the control node.
    type: list
    elements: str
    default: []
  certificate_file:
    description: The certificate that the PBX serves, on the PBX.
    type: path
  chain_file:
    description: The whole chain, on the PBX.
    type: path
  key_file:
    description: The key. It is never printed; its public half is compared with the certificate's.
    type: path
  trust_file:
    description: The authorities that the PBX trusts.
    type: path
  rtpengine_file:
    description: rtpengine's configuration, where O(kind=kamailio).
    type: path
  certificate_days:
    description: A certificate that ends within so many days is a finding.
    type: int
    default: 14
  trunk:
    description:
      - The trunk, as M(alexa.smart_properties.alexa_siptrunk_info) returns it; an empty one where there is none.
        Left out, nothing is said of Amazon's side.
      - Where there is none, what C(link_pbx) will put right is a warning at most.
    type: dict
  account_error:
    description: Why Amazon could not be asked. It is a finding.
    type: str
    default: ""
  mappings:
    description: What is mapped, as M(alexa.smart_properties.alexa_extension_info) returns it.
    type: list
    elements: dict
  rooms:
    description: The rooms, as the lookup P(alexa.smart_properties.rooms#lookup) returns them.
    type: list
    elements: dict
    default: []
  mended:
    description:
      - Stages of the playbook C(link_pbx) that are about to run. What they put right is no finding.
    type: list
    elements: str
    choices: [firewall, tls, asterisk, trunk, extensions]
    default: []
  command_timeout:
    description: Seconds after which a question to the PBX is given up.
    type: int
    default: 5
extends_documentation_fragment:
  - alexa.smart_properties._attributes.info
  - alexa.smart_properties._attributes.host
seealso:
  - module: alexa.smart_properties.pbx_info
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Examine the link as far as it is seen from the control node
  alexa.smart_properties.link_doctor:
    kind: external
    name: pbx.example.com
    address: 203.0.113.10
  register: doctor
  delegate_to: localhost

- name: Show what was found
  ansible.builtin.debug:
    msg: "{{ doctor.findings | map(attribute='evidence') | list }}"
"""

RETURN = r"""
findings:
  description: What is wrong, errors first.
  returned: success
  type: list
  elements: dict
  sample:
    - id: certificate-expires
      severity: warning
      evidence: The certificate CN=pbx.example.com expires on 2026-12-03.
      remedy: "Renew it: link_pbx does so with --tags tls,trunk, unless it is given; then give a newer one."
      guide: docs/docsite/rst/guide_doctor.rst#certificate-expires
totals:
  description: How many findings are errors, and how many warnings.
  returned: success
  type: dict
  sample: {error: 0, warning: 1}
unseen:
  description: What could not be looked at, and why. It may be right or wrong.
  returned: success
  type: list
  elements: dict
  sample:
    - id: sip-refused
      why: The PBX's firewall can't be read; it has no nft, or is not reached.
seen:
  description:
    - What was measured, whether it is a finding or not; null is what could not be looked at.
    - C(certificate) has the SHA-256 fingerprints of the leaf in the file, as it is served, and as Amazon has it,
      C(contact) the state of the PBX's contact at Amazon and how long its answer took, C(packets) how many came from
      Amazon's networks since the rules were loaded, C(trunk) its status, C(mapped) the number of mappings.
  returned: success
  type: dict
  sample:
    certificate: {file: 9f86d081, served: 9f86d081, registered: 9f86d081}
    contact: {status: Avail, milliseconds: 21.4}
    packets: {tcp: 212, udp: 15002}
    trunk: ACTIVE
    mapped: 120
"""

from ansible.module_utils.basic import AnsibleModule

OPTIONS = {
    "kind": {"type": "str", "choices": ["asterisk", "kamailio", "external"], "default": "asterisk"},
    "name": {"type": "str", "required": True},
    "address": {"type": "str", "default": ""},
    "sip_port": {"type": "int", "default": 5061},
    "peer_type": {"type": "str", "choices": ["ip", "fqdn"], "default": "ip"},
    "rtp_ports": {"type": "str", "default": "10000-20000"},
    "networks": {"type": "list", "elements": "str", "default": ["3.239.178.128/25"]},
    "inside_networks": {"type": "list", "elements": "str", "default": []},
    "edge_host": {"type": "str", "default": ""},
    "dial_in": {"type": "list", "elements": "str", "default": []},
    "codecs": {"type": "list", "elements": "str", "default": ["ulaw", "opus"]},
    "endpoint": {"type": "str", "default": "alexa"},
    "user": {"type": "str", "default": ""},
    "check_name": {"type": "bool", "default": True},
    "resolvers": {"type": "list", "elements": "str", "default": []},
    "certificate_file": {"type": "path"},
    "chain_file": {"type": "path"},
    "key_file": {"type": "path"},
    "trust_file": {"type": "path"},
    "rtpengine_file": {"type": "path"},
    "certificate_days": {"type": "int", "default": 14},
    "trunk": {"type": "dict"},
    "account_error": {"type": "str", "default": ""},
    "mappings": {"type": "list", "elements": "dict"},
    "rooms": {"type": "list", "elements": "dict", "default": []},
    "mended": {
        "type": "list", "elements": "str", "default": [],
        "choices": ["firewall", "tls", "asterisk", "trunk", "extensions"],
    },
    "command_timeout": {"type": "int", "default": 5},
}  # fmt: skip


def main() -> None:
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    module.fail_json(msg="link_doctor is an action. Name it in full: alexa.smart_properties.link_doctor.")


if __name__ == "__main__":
    main()
