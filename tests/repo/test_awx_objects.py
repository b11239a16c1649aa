# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of awx/ are what the modules of awx.awx take, refer to each other, and are the same at a second run."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from awx_objects import PLAYBOOKS, Call, Objects
from sources import ROLES, ROOT, read_yaml, role_spec
from validation import argument_problems, inventory_variables

OBJECTS = Objects()
# With everything that a user may give.
FULL = Objects(
    alexa_awx_name="Fleet",
    alexa_awx_organization="Hotels",
    alexa_awx_units_path="inventory/alexa_units.yml",
    alexa_awx_machine_credential="PBX key",
    alexa_awx_more_credentials=["Vault"],
    alexa_awx_image_credential="Registry",
    alexa_awx_project_credential="Git",
    alexa_awx_slices=4,
    alexa_client_id="the client",
    alexa_client_secret="the secret",
    alexa_refresh_token="the token",
)
CALLS = [*OBJECTS.calls(), *FULL.calls(), *FULL.calls("absent")]
TEMPLATES = FULL.by_module("job_template")
RULES = {"type", "elements", "choices", "required", "default", "aliases"}
# What Ansible knows besides the variables of roles and playbooks.
ANSIBLES_OWN = {"inventory_dir", "inventory_hostname"}
NAME_OF_PLAYBOOK = re.compile(r"playbooks/(\w+)\.yml")


def spec_of_documentation(options: dict[str, Any]) -> dict[str, Any]:
    """An argument spec that says what the documentation says."""
    return {
        name: {
            **{rule: option[rule] for rule in RULES & set(option)},
            **({"options": spec_of_documentation(option["suboptions"])} if "suboptions" in option else {}),
        }
        for name, option in options.items()
    }


@functools.cache
def specs() -> dict[str, dict[str, Any]]:
    """The argument specs of the modules that the playbook calls, by their short names."""
    names = sorted({f"awx.awx.{call.module}" for call in CALLS})
    told = subprocess.run(["ansible-doc", "--json", "--type", "module", *names], check=True, stdout=subprocess.PIPE)
    listing = json.loads(told.stdout)
    return {name.rpartition(".")[2]: spec_of_documentation(listing[name]["doc"]["options"]) for name in names}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.module}-{call.arguments.get('name')}")
def test_module_takes_the_arguments(call: Call) -> None:
    assert not argument_problems(call.arguments, specs()[call.module])


def test_a_wrong_argument_is_noticed() -> None:
    spec = specs()["job_template"]
    assert argument_problems({"name": "x", "ask_limit": True, "extra_var": {}}, spec)
    assert argument_problems({"name": "x", "job_type": "dry"}, spec)
    assert argument_problems({"project": "x"}, spec)


def test_each_object_refers_to_those_that_are_made_before_it() -> None:
    made: dict[str, set[str]] = {}
    elsewhere = {"credential": {"PBX key", "Vault", "Registry", "Git"}}
    for call in FULL.calls():
        for option, module in {
            "credential_type": "credential_type",
            "execution_environment": "execution_environment",
            "project": "project",
            "source_project": "project",
            "inventory": "inventory",
            "credential": "credential",
            "workflow_job_template": "workflow_job_template",
            "unified_job_template": "job_template",
        }.items():
            if option in call.arguments and option != call.module:
                assert call.arguments[option] in made.get(module, set()) | elsewhere.get(module, set()), call
        assert set(call.arguments.get("credentials", [])) <= made.get("credential", set()) | elsewhere["credential"]
        made.setdefault(call.module, set()).add(call.arguments.get("name", ""))


def test_the_names_begin_with_the_given_one_so_that_two_fleets_have_room_in_one_awx() -> None:
    names = [call.arguments["name"] for call in FULL.calls() if "name" in call.arguments]
    assert names and not [name for name in names if not re.match(r"Fleet($|: )", name)]
    assert {call.arguments["organization"] for call in FULL.calls() if "organization" in call.arguments} == {"Hotels"}


def test_nothing_of_the_data_is_left_out() -> None:
    lists = {
        "job_template": "alexa_awx_job_templates",
        "inventory_source": "alexa_awx_inventory_sources",
        "schedule": "alexa_awx_schedules",
    }
    single = ["credential_type", "execution_environment", "project", "inventory"]
    wanted = [(module, item) for module, name in lists.items() for item in FULL.data[name]]
    wanted += [(module, FULL.data[f"alexa_awx_{module}"]) for module in single]
    wanted.append(("workflow_job_template", FULL.data["alexa_awx_workflow"]))
    for module, item in wanted:
        (arguments,) = [call for call in FULL.by_module(module) if call["name"] == item["name"]]
        lost = {key for key in item if arguments.get(key) != item[key]}
        assert lost <= {"asks_amazon"}, (module, item["name"])


def test_what_is_made_is_removed() -> None:
    # These go with what they belong to.
    of_others = {"schedule", "inventory_source", "workflow_job_template_node"}
    made = {(call.module, call.arguments.get("name")) for call in FULL.calls() if call.module not in of_others}
    removed = {(call.module, call.arguments["name"]) for call in FULL.calls("absent")}
    assert removed == made
    assert all(call.arguments["state"] == "absent" for call in FULL.calls("absent"))


def test_every_playbook_has_a_template_and_every_template_a_playbook() -> None:
    playbooks = {path.stem for path in PLAYBOOKS.glob("*.yml")} - {"configure_awx"}
    named = {NAME_OF_PLAYBOOK.fullmatch(template["playbook"])[1] for template in TEMPLATES}  # type: ignore[index]
    assert named == playbooks
    assert [template["playbook"] for template in TEMPLATES if template["job_type"] == "check"] == [
        "playbooks/link_pbx.yml"
    ]


def test_extra_variables_are_known_and_reach_awx_unrendered() -> None:
    roles = {name for role in ROLES for name in role_spec(role)}
    for template in TEMPLATES:
        variables = template["extra_vars"]
        among_themselves = set(re.findall(r"\w+", " ".join(map(str, variables.values()))))
        assert variables.keys() <= roles | inventory_variables() | ANSIBLES_OWN | among_themselves
        assert variables["pbx_tls_ca_dir"] == "{{ alexa_awx_lasting }}/ca/{{ inventory_hostname }}"
        assert variables["inventory_dir"] == "/runner/project/inventory"
        assert variables["alexa_resume_file"] == ""
    (source,) = Objects(alexa_awx_inventory_path="hosts.yml").by_module("inventory_source")
    assert source["source_path"] == "hosts.yml"
    assert (
        Objects(alexa_awx_inventory_path="hosts.yml").data["alexa_awx_extra_vars"]["inventory_dir"] == "/runner/project"
    )


def test_jobs_that_run_at_once_write_into_a_folder_for_each_property() -> None:
    folders = {
        name: value for name, value in FULL.data["alexa_awx_extra_vars"].items() if "{{ alexa_awx_lasting }}" in value
    }
    report, journal = folders.pop("alexa_report_dir"), folders.pop("alexa_journal_dir")
    assert folders and all(value.endswith("/{{ inventory_hostname }}") for value in folders.values())
    assert report.endswith("/report")
    # Each run has a file of its own there.
    assert journal.endswith("/journal") and "random" in (ROOT / "playbooks" / "tasks" / "journal.yml").read_text()
    (template,) = [template for template in TEMPLATES if template["name"] == "Fleet: report"]
    assert not template["allow_simultaneous"] and template["job_slice_count"] == 1


def test_sliced_templates_let_their_slices_run_at_once() -> None:
    sliced = [template for template in TEMPLATES if template["job_slice_count"] > 1]
    assert {template["name"] for template in sliced} == {"Fleet: link", "Fleet: dry run"}
    for template in TEMPLATES:
        may_be_sliced = template["job_slice_count"] > 1 or template["ask_job_slice_count_on_launch"]
        assert template["allow_simultaneous"] is may_be_sliced


def test_which_properties_is_asked_and_unlink_takes_none_unasked() -> None:
    assert all(template["ask_limit_on_launch"] for template in TEMPLATES)
    assert FULL.by_module("workflow_job_template")[0]["ask_limit_on_launch"]
    assert {template["limit"] for template in TEMPLATES if "unlink" in template["name"]} == {"name-the-property"}


def test_the_units_are_read_with_the_credential_and_the_projects_inventory_without() -> None:
    sources = {source["source_path"]: source for source in FULL.by_module("inventory_source")}
    assert sources["inventory/alexa_units.yml"]["credential"] == "Fleet"
    assert "credential" not in sources["inventory/hosts.yml"]
    assert [source["source_path"] for source in OBJECTS.by_module("inventory_source")] == ["inventory/hosts.yml"]
    assert all(source["source"] == "scm" for source in sources.values())
    assert FULL.by_module("project")[0]["scm_type"] == "git"


def test_two_sources_leave_each_others_variables_alone() -> None:
    assert [source["overwrite_vars"] for source in FULL.by_module("inventory_source")] == [False, False]
    assert [source["overwrite_vars"] for source in OBJECTS.by_module("inventory_source")] == [True]


class TestASecondRunChangesNothing:
    """What the modules of awx.awx 24.6 report as changed each time, and must not be given."""

    def test_secrets_are_not_sent_again(self) -> None:
        (credential,) = FULL.by_module("credential")
        assert credential["update_secrets"] is False
        assert Objects(alexa_awx_update_secrets=True).by_module("credential")[0]["update_secrets"] is True

    def test_no_input_is_empty(self) -> None:
        (credential,) = FULL.by_module("credential")
        assert credential["inputs"].keys() == {"client_id", "client_secret", "refresh_token"}
        (credential,) = Objects(alexa_client_id="a", alexa_client_secret="b").by_module("credential")
        assert credential["inputs"] == {"client_id": "a", "client_secret": "b"}

    def test_the_inventorys_kind_is_given(self) -> None:
        assert all(inventory["kind"] == "" for inventory in FULL.by_module("inventory"))

    def test_no_project_is_updated_by_force(self) -> None:
        assert not FULL.by_module("project")[0].get("update_project")

    def test_nodes_are_made_one_by_one_and_linked_apart_from_the_approval(self) -> None:
        assert not [
            call for call in FULL.calls() if call.arguments.keys() & {"workflow_nodes", "destroy_current_nodes"}
        ]
        ways = {"success_nodes", "failure_nodes", "always_nodes"}
        nodes = FULL.by_module("workflow_job_template_node")
        assert not [node for node in nodes if "approval_node" in node and ways & node.keys()]


def strings(value: Any) -> Iterator[str]:
    """Every text in nested data."""
    if isinstance(value, dict):
        yield from strings(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def test_secrets_go_to_the_credential_and_nowhere_else_and_its_task_logs_nothing() -> None:
    secrets = {"the secret", "the token"}
    assert {call.module for call in FULL.calls() if secrets & set(strings(call.arguments))} == {"credential"}
    for path in sorted((PLAYBOOKS / "tasks").glob("awx_*.yml")):
        for task in read_yaml(path):
            if "inputs" in task.get("awx.awx.credential", {}):
                assert task["no_log"] is True


def test_each_variable_is_in_the_guide_and_each_in_the_guide_is_read() -> None:
    read = set(re.findall(r"\b(alexa_awx_\w+) \| default", (PLAYBOOKS / "vars" / "awx.yml").read_text()))
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_awx.rst").read_text()
    assert read == set(re.findall(r"\* - ``(alexa_awx_\w+)``", guide))
