# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a job template as AWX 24.6 does: by ansible-runner, in a private data directory, with the injected environment.

The inventory is a script that prints what AWX has imported from the project, or the slice of it. Only the container is
missing: the job sees this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from awx_objects import Objects, injected, survey_errors
from playbook_runs import LONGEST_RUN, Site

SCRIPT = "#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint({!r})\n"
RUN = "import json, sys, ansible_runner; print(ansible_runner.run(**json.load(sys.stdin)).status)"
# What AWX writes beside the job: no output twice.
SETTINGS = {"job_timeout": 0, "suppress_ansible_output": True, "suppress_output_file": True}


class Unsafe(str):
    """A text that a user gave: AWX lets nobody but the template's author write Jinja."""


class Dumper(yaml.SafeDumper):
    """Writes variables as AWX does."""


Dumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


@dataclass
class Ended:
    """A job that has ended: ansible-runner's status, and the events that AWX shows."""

    private: Path
    status: str
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def output(self) -> str:
        return "\n".join(event["stdout"] for event in self.events)

    def good(self) -> Ended:
        assert self.status == "successful", f"{self.status}\n{self.output[-4000:]}"
        return self

    def changed(self) -> dict[str, int]:
        """How many changes each host reports."""
        (stats,) = [event["event_data"] for event in self.events if event["event"] == "playbook_on_stats"]
        return {host: stats["changed"].get(host, 0) for host in stats["processed"]}

    def changed_tasks(self) -> list[str]:
        results = [event["event_data"] for event in self.events if event["event"] == "runner_on_ok"]
        return [result["task"] for result in results if result["res"].get("changed")]

    def message(self, host: str) -> str:
        """What the host's failed tasks say."""
        failed = [event["event_data"] for event in self.events if event["event"] == "runner_on_failed"]
        return "\n".join(str(result["res"].get("msg", "")) for result in failed if result["host"] == host)


class Awx:
    """An AWX with one project and one credential.

    :param inputs: what a user has entered into the credential.
    :param variables: extra variables of the author's: here those by which this machine stands in for PBXs.
    """

    def __init__(self, site: Site, inputs: Mapping[str, str], **variables: Any) -> None:
        self.site = site
        self.inputs = dict(inputs)
        self.variables = variables
        self.lasting = site.folder / "lasting"
        self.lasting.mkdir()
        self.project = site.folder / "project"
        for name in ("link_pbx", "plan", "unlink_pbx"):
            play = f"- name: Run it\n  ansible.builtin.import_playbook: alexa.smart_properties.{name}\n"
            site.write(f"project/playbooks/{name}.yml", play)
        objects = Objects(alexa_awx_project_folder=str(self.project), alexa_awx_lasting_folder=str(self.lasting))
        self.credential_type = objects.by_module("credential_type")[0]
        self.templates = {each["name"].rpartition(": ")[2]: each for each in objects.by_module("job_template")}
        (self.source,) = objects.by_module("inventory_source")

    def imported(self) -> Any:
        """What an update of the inventory's source imports."""
        path = self.project / self.source["source_path"]
        command = [str(Path(sys.executable).parent / "ansible-inventory"), "--list", "--export", "-i", str(path)]
        done = subprocess.run(command, env=self.environment("update"), capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def environment(self, name: str) -> dict[str, str]:
        """The environment of a job before the credential: a home of its own, as its container would have."""
        kept = {key: text for key, text in self.site.environment().items() if not key.startswith("ALEXA_")}
        own = {"HOME": str(self.site.folder / "homes" / name), "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true"}
        return {**kept, **own, "ANSIBLE_HOME": own["HOME"] + "/.ansible"}

    def launch(
        self,
        template: str,
        name: str,
        *options: str,
        answers: Mapping[str, str] | None = None,
        part: tuple[int, int] = (1, 1),
        **inputs: str,
    ) -> Ended:
        """Run a job and wait for its end.

        :param name: of the job's folder.
        :param options: what is asked at launch, as ansible-playbook spells it: limit, tags, verbosity.
        :param part: which slice of how many.
        """
        private = self.site.folder / "jobs" / name
        wanted = self.templates[template]
        data = sliced(self.imported(), *part)
        self.site.write(f"jobs/{name}/inventory/hosts", SCRIPT.format(json.dumps(data))).chmod(0o700)
        variables = self._extra_vars(wanted, answers or {})
        self.site.write(f"jobs/{name}/env/extravars", yaml.dump(variables, Dumper=Dumper))
        self.site.write(f"jobs/{name}/env/settings", json.dumps(SETTINGS))
        (private / "project").symlink_to(self.project)
        switches = ["--check"] * (wanted["job_type"] == "check") + ["--diff"] * wanted["diff_mode"]
        parameters = {
            "private_data_dir": str(private),
            "ident": name,
            "playbook": wanted["playbook"],
            "inventory": str(private / "inventory" / "hosts"),
            "cmdline": " ".join([*switches, *options]),
            "envvars": injected(self.credential_type, {**self.inputs, **inputs}),
            "suppress_env_files": True,
        }
        environment = self.environment(name)
        os.makedirs(environment["HOME"])
        done = subprocess.run(
            [sys.executable, "-c", RUN],
            input=json.dumps(parameters),
            env=environment,
            cwd=private,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        events = [json.loads(path.read_text()) for path in (private / "artifacts" / name / "job_events").glob("*.json")]
        return Ended(private, done.stdout.strip(), sorted(events, key=lambda event: int(event["counter"])))

    def _extra_vars(self, template: Mapping[str, Any], answers: Mapping[str, str]) -> dict[str, Any]:
        asked = {question["variable"]: question["default"] for question in template["survey_spec"]["spec"]}
        given = {**asked, **answers}
        assert not survey_errors(template["survey_spec"], given)
        return {**template["extra_vars"], **self.variables, **{name: Unsafe(text) for name, text in given.items()}}


def sliced(data: Any, number: int, count: int) -> Any:
    """What AWX hands to a slice: every n-th host in the order of names, and the groups without the others."""
    hostvars = data["_meta"]["hostvars"]
    members = {host for group in data.values() for host in group.get("hosts", [])}
    mine = sorted(members)[number - 1 :: count]
    groups = {
        name: {**group, "hosts": [host for host in group.get("hosts", []) if host in mine]}
        for name, group in data.items()
        if name != "_meta"
    }
    return {**groups, "_meta": {"hostvars": {host: hostvars.get(host, {}) for host in mine}}}
