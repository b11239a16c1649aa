# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role serves alone too: what another role would hand it, the caller gives."""

from __future__ import annotations

import pytest

from issuing import issue
from playbook_runs import PROFILE, Run, Site, writes

NAME = "pbx.example.com"
PLAY = """
- name: Link a PBX whose certificate somebody else looks after
  hosts: alexa_pbx
  gather_facts: false
  roles:
    - role: alexa.smart_properties.trunk
    - role: alexa.smart_properties.extensions
      extensions_trunk_id: "{{ trunk_linked.trunk_id }}"
      extensions_access_token: "{{ trunk_login.access_token }}"
    - role: alexa.smart_properties.pbx_handover
"""
WAY_BACK = """
- name: Remove it all
  hosts: alexa_pbx
  gather_facts: false
  vars: {trunk_state: absent, extensions_state: absent, pbx_handover_state: absent}
  tasks:
    - name: Remove the mappings
      ansible.builtin.import_role:
        name: alexa.smart_properties.extensions
    - name: Delete the trunk
      ansible.builtin.import_role:
        name: alexa.smart_properties.trunk
    - name: Remove the sheet
      ansible.builtin.import_role:
        name: alexa.smart_properties.pbx_handover
"""


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    """Nothing of the inventory's contract: the roles' own variables only."""
    authority = issue("Somebody's authority")
    site.api().control("PUT", "/settings", {"activation_delay": 600})
    site.write("link.yml", PLAY)
    site.write("unlink.yml", WAY_BACK)
    site.inventory(
        {"aurora": {}},
        trunk_name=NAME,
        trunk_address="203.0.113.10",
        trunk_certificate_chain=issue(NAME, authority).pem + authority.pem,
        trunk_wait=False,
        extensions_rooms=[{"extension": "7201", "comms_profile_id": PROFILE + "A1"}],
        pbx_handover_name=NAME,
        trunk_journal=str(site.folder / "own" / "trunk.jsonl"),
        extensions_journal=str(site.folder / "own" / "mappings.jsonl"),
    )
    return site


@pytest.fixture(scope="module")
def linked(site: Site) -> Run:
    return site.run("link.yml").good()


def test_link_without_waiting(site: Site, linked: Run) -> None:
    assert site.trunk(NAME)["status"] != "ACTIVE"
    assert site.mappings(NAME) == {"7201": PROFILE + "A1"}
    assert (site.secrets / "handover" / "aurora" / "settings.md").is_file()


def test_each_has_a_journal_of_its_own(site: Site, linked: Run) -> None:
    kinds = {file: (site.folder / "own" / f"{file}.jsonl").read_text() for file in ("trunk", "mappings")}
    assert all(f'"kind": "{file}"' in text and '"host": "aurora"' in text for file, text in kinds.items())


def test_a_token_that_is_given_serves_instead_of_credentials(site: Site, linked: Run) -> None:
    """And what it may do is undone with it: mappings, trunk, sheet."""
    token = site.token()
    site.counted()
    given = ["-e", f"trunk_access_token={token}", "-e", f"extensions_access_token={token}"]
    trunk_id = site.trunk(NAME)["trunkId"]
    run = site.run(
        "unlink.yml", *given, "-e", f"extensions_trunk_id={trunk_id}", ALEXA_CLIENT_ID="", ALEXA_CLIENT_SECRET=""
    ).good()
    counted = site.counted()
    assert "POST /auth/o2/token" not in counted and sum(writes(counted).values()) == 2
    assert not site.state()["trunks"] and not any(site.state()["mappings"].values())
    assert not (site.secrets / "handover" / "aurora").exists()
    assert token not in run.output
