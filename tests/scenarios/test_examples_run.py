# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every EXAMPLES block of every module is run by ansible-playbook against the simulator, as a user would paste it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness import Site
from scenario_chains import CHAIN, NAME

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))


def examples(module: str) -> list[dict[str, Any]]:
    """The tasks of a module's EXAMPLES block."""
    text = (ROOT / "plugins" / "modules" / f"{module}.py").read_text()
    block = text.partition('EXAMPLES = r"""')[2].partition('"""')[0]
    tasks = yaml.safe_load(block)
    assert isinstance(tasks, list) and tasks, f"{module} has no examples"
    return tasks


def prepare(site: Site) -> None:
    """The account that the examples speak of, with the ids of Amazon's page."""
    trunk = site.add_trunk(trunkId="amzn1.comms.network.siptrunk.12345", peers=[{"ip": "203.0.113.9", "port": 5061}])
    site.map(trunk, x7201="amzn1.alexa.unit.did.other", x7202="amzn1.alexa.unit.did.other")
    parent = "amzn1.alexa.unit.did.abcdef0001"
    site.simulator.control("POST", "/units", [
        {"name": "Property", "id": parent},
        *({"name": f"Unit {number}", "id": f"amzn1.alexa.unit.did.abcdef{number}", "parentId": parent}
          for number in (1234, 5678))])
    site.add_profile("amzn1.alexa.unit.did.abcdef0001", "amzn1.alexa.communications.profile.did.abcdef1234")
    site.add_book(addressBookId="amzn1.alexa.addressbook.did.abcdef1234", name="Boreal")


def environment(site: Site, folder: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ALEXA_", "ANSIBLE_"))}
    return {
        **own, **site.environment, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
        "ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"}


@pytest.mark.parametrize("module", MODULES)
def test_an_example_runs(site: Site, module: str, tmp_path: Path) -> None:
    prepare(site)
    tasks = examples(module)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "pbx-chain.pem").write_text(CHAIN)
    (tmp_path / "play.yml").write_text(json.dumps([{
        "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks, "vars": {
            "ansible_python_interpreter": sys.executable, "vault_alexa_client_id": site.simulator.client_id,
            "vault_alexa_client_secret": site.environment["ALEXA_CLIENT_SECRET"]}}]))
    command = ["ansible-playbook", "-i", "localhost,", "-vvv", "play.yml"]
    ended = subprocess.run(
        [*LEFT_ALONE.get(module, ()), *command], cwd=tmp_path, env=environment(site, tmp_path),
        capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0 and f"ok={len(tasks)} " in ended.stdout, ended.stdout + ended.stderr
    assert "[WARNING]" not in ended.stdout + ended.stderr, ended.stderr
    site.assert_no_secret(ended.stdout + ended.stderr)
    check = CHECKS.get(module)
    assert check is None or check(site.state()), site.state()
    missing = [path for path in WRITTEN.get(module, ()) if not list(tmp_path.glob(path))]
    assert not missing


def mapped(state: Any) -> Any:
    return state["mappings"]["amzn1.comms.network.siptrunk.12345"]


# What must be true afterwards of those examples that change something.
CHECKS = {
    "alexa_siptrunk": lambda state: [trunk["peers"][0]["ip"] for trunk in state["trunks"]] == ["203.0.113.9"],
    "alexa_extension": lambda state: mapped(state) == {"7201": "amzn1.alexa.unit.did.abcdef1234"},
    "alexa_extensions": lambda state: mapped(state) == {
        "7201": "amzn1.alexa.unit.did.abcdef1234", "7202": state["profiles"][1]["profileId"]},
    "alexa_comms_profiles": lambda state: sorted(profile["name"] for profile in state["profiles"]) == [
        "Guest", "Room 101", "Room 102"],
    "alexa_address_book": lambda state: {book["name"]: len(book["units"]) for book in state["addressBooks"]} == {
        "Aurora": 2, "Boreal": 0},
    "alexa_contacts": lambda state: sorted(contact["name"] for contact in state["addressBooks"][0]["contacts"]) == [
        "Doctor", "Front desk", "Spa"],
}
# Those that look at more than the account get a network without anybody.
LEFT_ALONE = dict.fromkeys(("link_doctor", "support_bundle"), ("unshare", "--map-root-user", "--net"))
# The files that they write beside the playbook.
WRITTEN = {
    "adopted_inventory": ("adopted/hosts.yml", "adopted/README.md"),
    "support_bundle": ("tickets/alexa-support-aurora-*.tar.gz",),
    "fleet_report": ("report/lindenhof/report.html", "report/report.html", "report/rooms.csv", "alexa.prom"),
}


def test_every_module_that_changes_something_is_checked() -> None:
    looking = {"alexa_lwa_token", "link_doctor", *(module for module in MODULES if module.endswith("_info"))}
    changing = [module for module in MODULES if module not in looking]
    assert sorted([*CHECKS, *WRITTEN]) == sorted(changing)
    assert NAME in json.dumps(examples("alexa_siptrunk"))
