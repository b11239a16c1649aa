#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_report
short_description: Write the report of many properties as HTML, JSON, CSV and metrics
version_added: 0.2.0
description:
  - Writes into a folder on the control node C(report.html), a page that needs no server and no network, C(report.json),
    the data, C(rooms.csv), every extension of every property, C(rooms/PROPERTY.csv), which can be edited and fed back
    as C(alexa_rooms_file), and C(report.prom), metrics for the textfile collector of Prometheus' node_exporter.
  - Each file is written beside its place and renamed, so a reader never sees half of one.
  - It is an action, and runs on the control node whatever the host is. Amazon is not asked; the playbook C(report) does
    that.
options:
  dest:
    description:
      - The folder, an absolute path. It is made where it is missing. Only files of a report are written; those of a
        property that is no longer reported stay.
    type: path
    required: true
  properties:
    description:
      - By host, what the filter P(alexa.smart_properties.property_report#filter) made of it. An empty text is a
        property that nobody came to look at, and is reported as failed.
    type: dict
    default: {}
  listings:
    description:
      - By account, all its trunks as M(alexa.smart_properties.alexa_siptrunk_info) returns them. Those that no property
        has are reported as orphans. Leave it out where only a part of the inventory was looked at.
      - The name of an account is shown in the report, so let it be no secret.
    type: dict
    default: {}
  join:
    description:
      - Reports to join, instead of O(properties) and O(listings), such as those of the slices of a job. Each is a
        C(report.json), or a folder, which stands for each C(report.json) in it and below, but for the one in O(dest).
      - Of each property and of each account what was seen last is taken.
    type: list
    elements: path
    default: []
  doctor_file:
    description:
      - What the playbook C(doctor) found, its C(doctor.json). Left out, the report has no findings.
    type: path
  certificate_days:
    description:
      - A certificate that ends within so many days is marked on the page.
    type: int
    default: 30
  metrics_file:
    description:
      - Where the metrics go instead of C(report.prom) in O(dest), such as a file C(alexa.prom) in the collector's
        folder.
    type: path
extends_documentation_fragment:
  - alexa.smart_properties._attributes
attributes:
  idempotent:
    description: A second run with the same data writes the files again with the new time, and reports no change.
seealso:
  - plugin: alexa.smart_properties.property_report
    plugin_type: filter
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Report a property without a trunk
  alexa.smart_properties.fleet_report:
    dest: "{{ playbook_dir }}/report/lindenhof"
    properties:
      lindenhof: "{{ {'name': 'pbx.lindenhof.example.com'} | alexa.smart_properties.property_report('lindenhof') }}"

- name: Join all reports
  alexa.smart_properties.fleet_report:
    dest: "{{ playbook_dir }}/report"
    join:
      - "{{ playbook_dir }}/report"
    metrics_file: "{{ playbook_dir }}/alexa.prom"
  register: joined

- name: Show what was found
  ansible.builtin.debug:
    msg: "{{ joined.totals }}"
"""

RETURN = r"""
totals:
  description: How many properties and rooms are in which state, and how many trunks are orphans.
  returned: success
  type: dict
  sample:
    properties: {ok: 498, drift: 1, waiting: 0, unlinked: 0, failed: 1}
    rooms: {ok: 149698, missing: 1, changed: 0, unlisted: 1, unverified: 0}
    findings: {error: 0, warning: 3}
    orphan_trunks: 2
troubled:
  description: The properties that are not C(ok), each with C(host), C(state), C(counts) and C(error).
  returned: success
  type: list
  elements: dict
page:
  description: The path of the HTML page.
  returned: success
  type: str
  sample: /inventory/.alexa/report/report.html
"""

from ansible.module_utils.basic import AnsibleModule

OPTIONS = {
    "dest": {"type": "path", "required": True},
    "properties": {"type": "dict", "default": {}},
    "listings": {"type": "dict", "default": {}},
    "join": {"type": "list", "elements": "path", "default": []},
    "doctor_file": {"type": "path"},
    "certificate_days": {"type": "int", "default": 30},
    "metrics_file": {"type": "path"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    module.fail_json(msg="fleet_report is an action. Name it in full: alexa.smart_properties.fleet_report.")


if __name__ == "__main__":
    main()
