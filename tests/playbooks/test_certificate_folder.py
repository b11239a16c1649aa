# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that pbx_tls shares with other roles: everybody may enter it, and it goes with the last file in it."""

from __future__ import annotations

import grp
import json
import os
from pathlib import Path

import pytest

from playbook_runs import Site, mode, play_of

# Only root can give a folder to a group that it is not in.
GROUP = "nogroup" if os.getuid() == 0 else grp.getgrgid(os.getgid()).gr_name
REMOVE = ("-e", '{"pbx_tls_state": "absent", "pbx_tls_remove_key": true}')


@pytest.fixture(scope="module")
def site(folder: Path) -> Site:
    site = Site(folder)
    site.write("tls.yml", play_of("pbx_tls"))
    place = site.pbx / "alexa_smart_properties" / "tls"
    site.inventory({"aurora": {"alexa_pbx_name": "aurora.example.com", "pbx_tls_dir": str(place)}})
    return site


def test_the_folder_above_is_open_and_the_keys_folder_is_not(site: Site) -> None:
    site.run("tls.yml").good()
    above = site.pbx / "alexa_smart_properties"
    assert (mode(above), mode(above / "tls")) == ("755", "750")


def test_the_keys_folder_follows_the_group_of_another_pbx(site: Site) -> None:
    folder = site.folder / "another" / "alexa_smart_properties" / "tls"
    first = {"pbx_tls_dir": str(folder)}
    site.run("tls.yml", "-e", json.dumps(first)).good()
    # Nobody is asked whether he can read the key, since the tests' own folder is closed.
    moved = json.dumps({**first, "pbx_tls_group": GROUP, "pbx_tls_user": ""})
    site.run("tls.yml", "-e", moved).good()
    assert (folder.group(), mode(folder)) == (GROUP, "750")
    assert site.run("tls.yml", "-e", moved).good().changed() == {"aurora": 0}


def test_the_folder_above_is_opened_where_it_was_closed(site: Site) -> None:
    above = site.pbx / "alexa_smart_properties"
    above.chmod(0o750)
    opened = ["Make the folder above, which everybody may enter"]
    assert site.run("tls.yml", "--check").good().changed_tasks("aurora") == opened and mode(above) == "750"
    assert site.run("tls.yml").good().changed_tasks("aurora") == opened and mode(above) == "755"
    assert site.run("tls.yml").good().changed() == {"aurora": 0}


def test_a_folder_above_that_is_somebody_elses_stays_closed(site: Site) -> None:
    own = site.pbx / "own"
    own.mkdir(mode=0o750)
    site.run("tls.yml", "-e", f"pbx_tls_dir={own}/tls").good()
    assert (mode(own), mode(own / "tls")) == ("750", "750")


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
