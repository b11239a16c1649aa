# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the real ansible-playbook as a user does, and reads what it did by other means than the code under test."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from alexa_simulator.launcher import Simulator

ROOT = Path(__file__).resolve().parents[2]
BYTECODE = ROOT / "tests" / "support" / "bytecode"
LINK = "alexa.smart_properties.link_pbx"
UNLINK = "alexa.smart_properties.unlink_pbx"
ROTATE = "alexa.smart_properties.rotate_certificate"
LONGEST_RUN = 240  # seconds
# Every character that some encoding spells otherwise.
CLIENT_SECRET = 'amzn1.oa2-cs.v1.cli|ent+sec/ret%7e"quoted'
REFRESH_TOKEN = 'Atzr|refr+esh/tok%2Ben"quoted'
PROFILE = "amzn1.alexa.communications.profile.did."
UNIT = "amzn1.alexa.unit.did."
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)

Inventory = Mapping[str, Mapping[str, Any]]


@dataclass
class Run:
    """One run of a playbook: exit code, output, and with the JSON callback the plays and the recap by host."""

    code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    def __post_init__(self) -> None:
        # What Ansible says before the callback starts, such as that the playbook has no hosts, comes first.
        start = self.stdout.find('{"custom_stats"')
        document = json.loads(self.stdout[start:]) if start >= 0 else {"plays": [], "stats": {}}
        self.stats: dict[str, dict[str, int]] = document["stats"]
        self.tasks: list[tuple[str, dict[str, Any]]] = [
            (task["task"]["name"].rpartition(" : ")[2], task["hosts"])
            for play in document["plays"]
            for task in play["tasks"]
        ]

    def good(self) -> Run:
        assert self.code == 0, self.stderr + "\n".join(self.message(host) for host in self.stats)
        return self

    def changed(self) -> dict[str, int]:
        """How many changes each host reports."""
        if self.stats:
            return {host: numbers["changed"] for host, numbers in self.stats.items()}
        return {host: int(changed) for host, changed, _unreachable, _failed in RECAP.findall(self.stdout)}

    def failed(self) -> set[str]:
        """The hosts that failed or could not be reached."""
        return {host for host, numbers in self.stats.items() if numbers["failures"] or numbers["unreachable"]}

    def results(self, task: str, host: str) -> list[dict[str, Any]]:
        """What the tasks of this name returned for the host."""
        return [hosts[host] for name, hosts in self.tasks if name == task and host in hosts]

    def result(self, task: str, host: str) -> dict[str, Any]:
        """What the one task of this name that was not skipped returned."""
        (result,) = [result for result in self.results(task, host) if not result.get("skipped")]
        return result

    def changed_tasks(self, host: str) -> list[str]:
        return [name for name, hosts in self.tasks if hosts.get(host, {}).get("changed")]

    def message(self, host: str) -> str:
        """What the host's failed tasks say, those of their items too."""
        texts = []
        for _name, hosts in self.tasks:
            result = hosts.get(host, {})
            if result.get("failed") or result.get("unreachable"):
                items = [item for item in result.get("results", []) if item.get("failed")]
                texts += [str(part.get("msg", "")) for part in items or [result]]
        return "\n".join(texts)

    def shown(self, task: str, host: str) -> str:
        """What a debug task shows, as one text."""
        message = self.result(task, host)["msg"]
        return "\n".join(message) if isinstance(message, list) else str(message)


class Site:
    """A control node with an inventory, in a folder of its own, and one account at the simulator."""

    # The control node has no Asterisk: these stages are tested in the laboratory.
    always: Sequence[str] = ("--skip-tags", "asterisk,doctor")

    def __init__(self, folder: Path, simulator: Simulator | None = None) -> None:
        self.folder = folder
        self.inventory_path = folder / "inventory" / "hosts.yml"
        self.simulator = simulator
        self.home = folder / "home"
        self.pbx = folder / "pbx"
        self.secrets = folder / "inventory" / ".alexa"
        for place in (self.home, folder / "inventory"):
            place.mkdir(parents=True)
        self.write("home/ansible.cfg", "")

    def inventory(self, hosts: Inventory, **common: Any) -> None:
        """Write the inventory: the hosts of alexa_pbx with their variables. This machine stands in for each PBX."""
        base = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "ansible_remote_tmp": str(self.home / "remote"),
            "trunk_wait_interval": 1,
            "pbx_firewall_backend": "file",
            "pbx_tls_group": "",
            "pbx_tls_packages": [],
        }
        group = {"hosts": hosts, "vars": {**base, **common}}
        self.write("inventory/hosts.yml", json.dumps({"alexa_pbx": group}, indent=1))

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file below the site's folder; returns its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(
        self, playbook: str, *options: str, as_json: bool = True, before: Sequence[str] = (), **without: str
    ) -> Run:
        """Run a playbook with the inventory; `before` goes before the command, `without` overrides the environment."""
        environment = {
            **self.environment(),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json" if as_json else "default",
        }
        environment |= without
        done = subprocess.run(
            [*before, *self.command(playbook, *options)],
            cwd=self.folder,
            env={name: text for name, text in environment.items() if text},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def command(self, playbook: str, *options: str) -> list[str]:
        """The command that runs a playbook with the inventory."""
        program = str(Path(sys.executable).parent / "ansible-playbook")
        return [program, playbook, "-i", str(self.inventory_path), *self.always, *options]

    def run_killed(self, playbook: str, *options: str, after: float) -> bool:
        """Run a playbook and kill it with all its processes after so many seconds; whether it was still running."""
        with subprocess.Popen(
            self.command(playbook, *options),
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                process.wait(after)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return True
        return False

    def environment(self) -> dict[str, str]:
        """The environment of a control node that nobody has set up: nothing of the user's."""
        kept = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith(("ALEXA_", "ANSIBLE_", "PYTEST_"))
        }
        own = {
            "HOME": str(self.home),
            "ANSIBLE_HOME": str(self.home / "ansible"),
            "ANSIBLE_CONFIG": str(self.home / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_JSON_INDENT": "0",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_DEPRECATION_WARNINGS": "false",
            "ALEXA_STATE_DIR": str(self.home / "state"),
            # Saves the compiling, a large part of a module's start.
            "PYTHONPATH": str(BYTECODE),
        }
        return {**kept, **own, **(self.simulator.environment if self.simulator else {})}

    def api(self) -> Simulator:
        assert self.simulator is not None
        return self.simulator

    def state(self) -> Any:
        """What the account holds: {trunks, mappings by trunk, units, profiles}."""
        return self.api().control("GET", "/state")

    def trunk(self, tls_name: str) -> dict[str, Any]:
        """The one trunk of this name, as the simulator holds it."""
        (trunk,) = [trunk for trunk in self.state()["trunks"] if trunk.get("tls", {}).get("name") == tls_name]
        return dict(trunk)

    def mappings(self, tls_name: str) -> dict[str, str]:
        """The mappings of the trunk of this name as {extension: profile id}."""
        return dict(self.state()["mappings"].get(self.trunk(tls_name)["trunkId"], {}))

    def token(self) -> str:
        """An access token for trunks, got by a plain client."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.api().client_id,
            "client_secret": CLIENT_SECRET,
            "scope": "amazon_communication::network:siptrunk",
        }
        answer = requests.post(self.api().token_url, data=form, verify=self.api().ca_path, timeout=10)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def counted(self) -> dict[str, int]:
        """How many requests came by route since the last call."""
        routes = self.api().control("GET", "/stats")["by_route"]
        self.api().control("DELETE", "/stats")
        return {route: sum(counts.values()) for route, counts in routes.items()}

    def files(self) -> set[str]:
        """What is written below the site's folder, but for Ansible's own files, what the test wrote, and journals."""
        return {
            str(path.relative_to(self.folder))
            for place in (self.pbx, self.secrets, self.folder / "handover")
            for path in place.rglob("*")
            if self.secrets / "journal" not in (path, path.parent)
        }


def writes(counted: Mapping[str, int]) -> dict[str, int]:
    """Those of the requests that may change something."""
    return {
        route: number
        for route, number in counted.items()
        if not route.startswith("GET ") and "/auth/" not in route
    }


def play_of(*roles: str) -> str:
    """A play that runs these roles of the collection on every PBX, and nothing else."""
    listed = "".join(f"    - role: alexa.smart_properties.{role}\n" for role in roles)
    return f"- name: Run the roles\n  hosts: alexa_pbx\n  gather_facts: false\n  roles:\n{listed}"


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o7777)[2:]


def openssl(*arguments: str, stdin: str = "") -> str:
    """What the openssl program says; fails when it does."""
    done = subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
