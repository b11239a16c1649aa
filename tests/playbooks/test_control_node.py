# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's work on the control node gives what the module gives in a process of its own, and keeps its secrets."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from issuing import issue
from playbook_runs import CLIENT_SECRET, PROFILE, UNIT, Site

TRUNK = "amzn1.comms.network.siptrunk.there"
NAME = "pbx.aurora.example.com"
AUTHORITY = issue("The property's authority")
MODULE = "alexa.smart_properties.alexa_"
PLAY = """
- name: Do the same here, and in a process of its own
  hosts: localhost
  gather_facts: false
  tasks:
    - name: In Ansible's worker
      {module}: &options {options}
      register: here
      ignore_errors: true
      check_mode: {check}
      environment: &environment {environment}
    - name: In a process
      {module}: *options
      register: apart
      ignore_errors: true
      check_mode: {check}
      environment: *environment
      vars:
        ansible_python_interpreter: "{python}"
    - name: Show both
      ansible.builtin.copy:
        content: "{{{{ [here, apart] | to_json }}}}"
        dest: "{told}"
        mode: "0600"
"""


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    site.inventory({})
    # Another path to Python: Ansible can't know that it is the same one.
    site.write("python", f'#!/bin/sh\nexec {sys.executable} "$@"\n').chmod(0o755)
    site.api().control("POST", "/units", [{"id": UNIT + "U1", "name": "Room 1"}])
    body = {"trunkId": TRUNK, "tls": {"name": NAME}, "peers": [{"ip": "203.0.113.10", "port": 5061}]}
    site.api().control("POST", "/trunks", body)
    site.api().control("PUT", f"/trunks/{TRUNK}/extensions/7201", {"commsProfileId": PROFILE + "A1"})
    return site


def both(site: Site, module: str, options: dict[str, Any], check: bool = True, **environment: str) -> list[Any]:
    """The results of one task, in Ansible's worker and apart; and nothing secret is shown."""
    told = site.folder / "told.json"
    text = PLAY.format(
        module=MODULE + module,
        options=json.dumps(options),
        environment=json.dumps(environment),
        check=str(check).lower(),
        python=site.folder / "python",
        told=told,
    )
    run = site.run(str(site.write("play.yml", text)), "-vvv", as_json=False)
    assert run.code == 0, run.output
    assert CLIENT_SECRET not in run.output and json.dumps(CLIENT_SECRET)[1:-1] not in run.output
    # The second task alone starts Python anew.
    started = [line for line in run.output.splitlines() if " EXEC " in line and str(site.folder / "python") in line]
    assert len(started) == 1, run.output
    return list(json.loads(told.read_text()))


def without_request_id(result: dict[str, Any]) -> dict[str, Any]:
    """Amazon's id differs with each request."""
    request_id = result.get("request_id")
    return {
        name: value.replace(request_id, "ID") if request_id and isinstance(value, str) else value
        for name, value in result.items()
    }


def chain() -> list[str]:
    return [issue(NAME, AUTHORITY).pem, AUTHORITY.pem]


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("siptrunk_info", {"tls_name": NAME}),
        ("siptrunk", {"tls_name": NAME, "certificate_chain": chain(), "peers": [{"ip": "203.0.113.11"}]}),
        ("siptrunk", {"state": "absent", "trunk_id": TRUNK}),
        ("extension_info", {"trunk_id": TRUNK}),
        ("extension", {"trunk_id": TRUNK, "extension": "7201", "state": "absent"}),
        (
            "extensions",
            {
                "trunk_id": TRUNK,
                "extensions": [
                    {"extension": "7202", "comms_profile_id": PROFILE + "A2"},
                    {"extension": "7203", "unit_id": UNIT + "U1"},
                ],
                "prune": True,
                "prune_limit": "100%",
            },
        ),
        ("comms_profiles", {"units": [{"unit_id": UNIT + "U1", "name": "Room 1"}]}),
        ("unit_info", {"parent_id": "amzn1.alexa.unit.did.ORGANIZATION"}),
        # Given as an option, a secret is hidden in what the task shows of itself.
        ("siptrunk_info", {"client_secret": CLIENT_SECRET, "validate_certs": False}),
        # Refused by the module, by Amazon, by Ansible.
        ("extensions", {"trunk_id": TRUNK, "extensions": [{"extension": "72 01", "comms_profile_id": PROFILE}]}),
        ("extension_info", {"trunk_id": "amzn1.comms.network.siptrunk.unknown"}),
        ("siptrunk", {"trunk_id": TRUNK, "colour": "red"}),
        ("siptrunk", {"peers": [{"ip": "203.0.113.11"}], "fqdn_peer": {"name": NAME}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_results_are_the_same(site: Site, module: str, options: dict[str, Any]) -> None:
    here, apart = both(site, module, options)
    assert without_request_id(here) == without_request_id(apart)


def test_a_partial_failure_is_the_same(site: Site) -> None:
    rule = {"kind": "status", "status": 400, "match": {"method": "POST", "path": "7299$"}, "times": 2}
    site.api().control("POST", "/faults", [rule])
    rows = [{"extension": "7299", "comms_profile_id": PROFILE + "A9"}]
    here, apart = both(site, "extensions", {"trunk_id": TRUNK, "extensions": rows}, check=False)
    assert here["failed"] and here["failures"][0]["extension"] == apart["failures"][0]["extension"] == "7299"
    assert {**here, "failures": 0, "msg": 0} == {**apart, "failures": 0, "msg": 0}


def test_the_tasks_environment_counts(site: Site) -> None:
    here, apart = both(site, "siptrunk_info", {}, ALEXA_CLIENT_ID="amzn1.application-oa2-client.wrong")
    assert without_request_id(here) == without_request_id(apart)
    assert "client amzn1.application-oa2-client.wrong" in here["msg"]


def test_a_task_in_the_background_works(site: Site) -> None:
    play = f"""
- name: Look in the background
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Look
      {MODULE}siptrunk_info:
      async: 30
      poll: 1
"""
    # Ansible and its module expand a home that is not the user's own in two ways.
    run = site.run(str(site.write("play.yml", play)), ANSIBLE_ASYNC_DIR=str(site.home / "async"))
    assert run.good().result("Look", "localhost")["trunks"][0]["trunk_id"] == TRUNK


def test_nothing_is_left_in_the_folder_of_temporary_files(site: Site) -> None:
    both(site, "siptrunk_info", {})
    assert not [path for path in Path(site.home, "ansible").rglob("*") if "AnsiballZ" in path.name]
