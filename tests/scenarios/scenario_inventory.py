# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the real ansible-inventory over the account at the simulator, on a control node that nobody has set up."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import LONGEST_RUN, Site

PLUGIN = "alexa.smart_properties.alexa_units"
ORGANIZATION = "amzn1.alexa.unit.did.ORGANIZATION"
COLLECTIONS = Path(__file__).resolve().parents[2] / ".build" / "collections"
UNITS = "GET /v2/units"
PROFILES = "GET /v1/communications/profile"


def unit_id(path: str) -> str:
    """The id of a unit that C(add_tree) made."""
    return "amzn1.alexa.unit.did." + re.sub("[^A-Za-z0-9]", lambda other: f"-{ord(other[0])}", path)


def add_tree(site: Site, *paths: str) -> None:
    """Units by their paths, such as C(Hotel/1/Room 101), with those that they belong to."""
    units = []
    for path in paths:
        above, slash, name = path.rpartition("/")
        units.append({"name": name, "id": unit_id(path), "parentId": unit_id(above) if slash else ORGANIZATION})
    if units:
        site.simulator.control("POST", "/units", units)


@dataclass
class Listing:
    """What ansible-inventory wrote."""

    code: int
    stdout: str
    stderr: str

    @property
    def told(self) -> str:
        """All that it says, on one line, since older Ansible breaks lines."""
        return " ".join((self.stdout + self.stderr).split())

    @property
    def groups(self) -> dict[str, set[str]]:
        """The hosts of each group that has some."""
        listed = json.loads(self.stdout)
        return {name: set(group["hosts"]) for name, group in listed.items() if name != "_meta" and "hosts" in group}

    @property
    def variables(self) -> dict[str, dict[str, Any]]:
        """The variables of each host."""
        return dict(json.loads(self.stdout)["_meta"]["hostvars"])

    def rooms(self, host: str) -> dict[str, str]:
        """The host's rooms as {extension: unit or profile}."""
        return {room["extension"]: room.get("unit_id") or room["comms_profile_id"]
                for room in self.variables[host]["alexa_rooms"]}


class ControlNode:
    """A folder with an inventory, and the commands that read it."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self.inventory = folder / "inventory"
        self.cache = folder / "cache"
        self.inventory.mkdir(parents=True)
        (folder / "ansible.cfg").touch()

    def write(self, **options: Any) -> None:
        """The plugin's file with these options."""
        whole = {"plugin": PLUGIN, "parent_id": ORGANIZATION, **options}
        (self.inventory / "alexa_units.yml").write_text(json.dumps(whole))

    def write_cached(self, **options: Any) -> None:
        self.write(cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(self.cache), **options)

    def run(self, *options: str, **environment: str) -> Listing:
        """Run ansible-inventory; however it ends, it may show and keep no secret. An empty variable is none."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("ALEXA_", "ANSIBLE_"))}
        own = {
            "HOME": str(self.folder), "ANSIBLE_HOME": str(self.folder / "home"), "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
        whole = {**kept, **self.site.environment, **own, **environment}
        program = str(Path(sys.executable).parent / "ansible-inventory")
        done = subprocess.run(
            [program, "-i", str(self.inventory), *(options or ("--list",))],
            env={name: text for name, text in whole.items() if text}, cwd=self.folder, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=LONGEST_RUN, check=False)
        self.site.assert_no_secret(done.stdout + done.stderr)
        for path in self.cache.glob("*"):
            self.site.assert_no_secret(path.read_text())
        assert "Fault in the collection" not in done.stderr, done.stderr
        return Listing(done.returncode, done.stdout, done.stderr)

    def good(self, *options: str, **environment: str) -> Listing:
        listing = self.run(*options, **environment)
        assert listing.code == 0, listing.told
        return listing

    def failure(self, *options: str, **environment: str) -> str:
        """What is told of an inventory that must fail, and that the file is named."""
        listing = self.run(*options, **environment)
        assert listing.code != 0, listing.stdout
        assert f"{self.inventory}/alexa_units.yml: " in listing.told
        return listing.told
