# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that pbx_tls shares with other roles: everybody may enter it, and it goes with the last file in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from playbook_runs import Site, mode

PLAY = """
- name: Certify the PBX
  hosts: alexa_pbx
  gather_facts: false
  roles:
    - role: alexa.smart_properties.pbx_tls
"""
REMOVE = ("-e", '{"pbx_tls_state": "absent", "pbx_tls_remove_key": true}')


@pytest.fixture(scope="module")
def site(folder: Path) -> Site:
    site = Site(folder)
    site.write("tls.yml", PLAY)
    place = site.pbx / "alexa_smart_properties" / "tls"
    site.inventory({"aurora": {"alexa_pbx_name": "aurora.example.com", "pbx_tls_dir": str(place)}})
    return site


def test_the_folder_above_is_open_and_the_keys_folder_is_not(site: Site) -> None:
    site.run("tls.yml").good()
    above = site.pbx / "alexa_smart_properties"
    assert (mode(above), mode(above / "tls")) == ("755", "750")


def test_the_folder_above_stays_with_what_is_somebody_elses(site: Site) -> None:
    others = site.pbx / "alexa_smart_properties" / "firewall.nft"
    others.write_text("# somebody else's\n")
    site.run("tls.yml", *REMOVE).good()
    assert [path.name for path in others.parent.iterdir()] == ["firewall.nft"]


def test_the_folder_above_goes_with_the_last_file(site: Site) -> None:
    (site.pbx / "alexa_smart_properties" / "firewall.nft").unlink()
    site.run("tls.yml").good()
    site.run("tls.yml", *REMOVE).good()
    assert not (site.pbx / "alexa_smart_properties").exists()
    assert site.pbx.exists()
