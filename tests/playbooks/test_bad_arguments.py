# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A value that a role's specs refuse: Ansible then prints the specs, and no secret with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from playbook_runs import Site

PLAY = """
- name: Use one role
  hosts: alexa_pbx
  gather_facts: false
  roles:
    - role: "{{ used }}"
"""
BAD = {
    "pbx_firewall": "pbx_firewall_state",
    "pbx_handover": "pbx_handover_state",
    "pbx_tls": "pbx_tls_source",
    "trunk": "trunk_peer_type",
    "extensions": "extensions_state",
}
SECRETS = {
    name: f"{name.lower()}|of+the/hotel"
    for name in (
        "alexa_access_token",
        "alexa_client_secret",
        "alexa_refresh_token",
        "pbx_tls_ca_passphrase",
        "ALEXA_ACCESS_TOKEN",
        "ALEXA_CLIENT_SECRET",
        "ALEXA_REFRESH_TOKEN",
    )
}
FROM_VAULT = {name: f"{{{{ lookup('ansible.builtin.env', 'VAULT_{name}') }}}}" for name in SECRETS if name.islower()}


@pytest.mark.parametrize("role", BAD)
@pytest.mark.parametrize("by_inventory", [True, False], ids=["inventory", "environment"])
def test_no_secret_is_shown(role: str, by_inventory: bool, folder: Path) -> None:
    site = Site(folder / f"{role}-{by_inventory}")
    site.write("use.yml", PLAY)
    host = {"alexa_pbx_name": "pbx.aurora.example.com", "alexa_pbx_address": "203.0.113.10"}
    site.inventory({"aurora": {**host, BAD[role]: "bogus", **(FROM_VAULT if by_inventory else {})}})
    environment = {name if name.isupper() else f"VAULT_{name}": secret for name, secret in SECRETS.items()}
    run = site.run("use.yml", "-vvv", "-e", f"used=alexa.smart_properties.{role}", as_json=False, **environment)
    assert run.code and BAD[role] in run.output and "bogus" in run.output
    assert not [name for name, secret in SECRETS.items() if secret in run.output]
