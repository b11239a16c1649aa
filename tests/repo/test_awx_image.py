# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment: its definition becomes a build context without any network, and holds what is needed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import ansible_builder
import pytest
import yaml

from sources import ROOT, read_yaml

DEFINITION = Path("awx", "execution-environment", "execution-environment.yml")
GALAXY = read_yaml(ROOT / "galaxy.yml")
ARCHIVE = f"{GALAXY['namespace']}-{GALAXY['name']}-{GALAXY['version']}.tar.gz"
INTROSPECT = Path(ansible_builder.__file__).parent / "_target_scripts" / "introspect.py"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The context that ansible-builder makes of the definition, as the guide says; the archive is built before."""
    root = tmp_path_factory.mktemp("repository")
    copy = root / DEFINITION
    copy.parent.mkdir(parents=True)
    copy.write_text((ROOT / DEFINITION).read_text())
    run("ansible-galaxy", "collection", "build", "--output-path", str(root / ".build" / "dist"), str(ROOT))
    run("ansible-builder", "create", "-f", str(copy), "-c", str(root / "context"))
    return root / "context"


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_context_holds_the_collection_of_this_version(context: Path) -> None:
    assert (context / "_build" / "collections" / ARCHIVE).stat().st_size > 100_000
    (wanted,) = yaml.safe_load((context / "_build" / "requirements.yml").read_text())["collections"]
    assert wanted == {"name": f"collections/{ARCHIVE}", "type": "file"}


def test_the_containerfile_installs_ansible_and_the_runner(context: Path) -> None:
    containerfile = (context / "Containerfile").read_text()
    definition = read_yaml(ROOT / DEFINITION)
    assert f'ARG EE_BASE_IMAGE="{definition["images"]["base_image"]["name"]}"' in containerfile
    assert 'ARG PYCMD="/usr/bin/python3.11"' in containerfile and 'ARG PYPKG="python3.11"' in containerfile
    assert "ansible-galaxy collection install" in containerfile
    oldest = re.search(r"ansible-core>=([\d.]+),<", containerfile)
    least = read_yaml(ROOT / "meta" / "runtime.yml")["requires_ansible"].removeprefix(">=")
    assert oldest and [int(part) for part in oldest[1].split(".")] >= [int(part) for part in least.split(".")][:2]
    assert "ansible-runner" in containerfile


def test_the_collection_says_what_it_needs_of_an_image() -> None:
    """ansible-builder asks each collection that is installed; it shall find ours, and all that the modules import."""
    told = yaml.safe_load(run(sys.executable, str(INTROSPECT), "introspect", str(ROOT / ".build" / "collections")))
    of_ours = {
        kind: {line.split("#")[0].split()[0] for line in needed if line.endswith("alexa.smart_properties")}
        for kind, needed in told.items()
    }
    wanted = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert of_ours["python"] == set(wanted)
    assert of_ours["system"] == {"openssh-clients", "openssh-client"}
