# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection as it would be published, install it, and look at what came out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile

from run_ansible_test import ROOT, known_files

DIST = ROOT / ".build" / "dist"
INSTALLED = ROOT / ".build" / "installed"
# Written by the build itself.
MANIFESTS = {"MANIFEST.json", "FILES.json"}


def output_of(*command: str) -> str:
    """Return what an Ansible command prints; it sees the installed collection, not the working tree."""
    environment = dict(os.environ, ANSIBLE_COLLECTIONS_PATH=str(INSTALLED))
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def build() -> set[str]:
    """Build the archive, install it and return the names of its files."""
    for place in (DIST, INSTALLED):
        shutil.rmtree(place, ignore_errors=True)
    output_of("ansible-galaxy", "collection", "build", "--output-path", str(DIST), str(ROOT))
    (archive,) = DIST.glob("*.tar.gz")
    output_of("ansible-galaxy", "collection", "install", "--offline", "-p", str(INSTALLED), str(archive))
    output_of("ansible-galaxy", "collection", "verify", "--offline", "alexa.smart_properties")
    with tarfile.open(archive) as content:
        return {member.name for member in content if member.isfile()}


def named(kind: str) -> set[str]:
    """Return the names of the collection's plugins of a kind, without the collection's name."""
    listing = output_of("ansible-doc", "--json", "--list", "--type", kind, "alexa.smart_properties")
    return {name.rpartition(".")[2] for name in json.loads(listing)}


def in_sources(kind: str, pattern: str) -> set[str]:
    """Return the names of what the sources hold of a kind."""
    return {path.stem for path in (ROOT / kind).glob(pattern)}


def main() -> None:
    """Print each difference between the sources and the installed collection; fail when there is one."""
    archived = build()
    sources = set(known_files())
    problems = [f"not in git, yet in the archive: {name}" for name in sorted(archived - sources - MANIFESTS)]
    needed = ("awx/", "meta/", "plugins/", "roles/", "playbooks/", "extensions/simulator/")
    missing = {name for name in sources if name.startswith(needed)} - archived
    problems += [f"missing in the archive: {name}" for name in sorted(missing)]
    for kind, expected in {
        "module": in_sources("plugins/modules", "*.py"),
        "lookup": in_sources("plugins/lookup", "[!_]*.py"),
        "inventory": in_sources("plugins/inventory", "[!_]*.py"),
        "role": in_sources("roles", "*"),
    }.items():
        if named(kind) != expected:
            problems.append(f"{kind}s known to ansible-doc: {sorted(named(kind))}, in the sources: {sorted(expected)}")
    for name in sorted(in_sources("playbooks", "*.yml")):
        output_of("ansible-playbook", "--syntax-check", "-i", "localhost,", f"alexa.smart_properties.{name}")
    sys.exit("\n".join(problems) or None)


if __name__ == "__main__":
    main()
