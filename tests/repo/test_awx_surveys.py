# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Surveys, schedules, the workflow and the credential type keep the rules by which AWX 24.6 takes or refuses them."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ansible_collections.alexa.smart_properties.plugins.module_utils import _module
from awx_objects import PLAYBOOKS, Objects, injected, is_integer, survey_errors
from sources import ROLES, role_spec
from validation import inventory_variables

OBJECTS = Objects(alexa_awx_drift_check_timezone="America/New_York", alexa_awx_drift_check_time="23:45")
TEMPLATES = {template["name"]: template for template in OBJECTS.by_module("job_template")}
WORKFLOW = OBJECTS.by_module("workflow_job_template")[0]
SURVEYS = {name: template["survey_spec"] for name, template in {**TEMPLATES, WORKFLOW["name"]: WORKFLOW}.items()}
QUESTIONS = {
    f"{name} {question['variable']}": question for name, survey in SURVEYS.items() for question in survey["spec"]
}
TYPES = {"text", "textarea", "password", "multiplechoice", "multiselect", "integer", "float"}
IDENTIFIER = "^[a-zA-Z_]+[a-zA-Z0-9_]*$"
FIELD = {
    "type": "object",
    "properties": {
        "type": {"enum": ["string", "boolean"]},
        "format": {"enum": ["ssh_private_key", "url"]},
        "choices": {"type": "array", "minItems": 1, "items": {"type": "string"}, "uniqueItems": True},
        "id": {"type": "string", "pattern": IDENTIFIER},
        "label": {"type": "string"},
        "help_text": {"type": "string"},
        "multiline": {"type": "boolean"},
        "secret": {"type": "boolean"},
        "ask_at_runtime": {"type": "boolean"},
        "default": {},
    },
    "additionalProperties": False,
    "required": ["id", "label"],
}
INPUTS = {
    "type": "object",
    "properties": {
        "required": {"type": "array", "items": {"type": "string"}},
        "fields": {"type": "array", "items": FIELD},
    },
    "additionalProperties": False,
}
# AWX also takes file and extra_vars; a secret shall be in neither.
INJECTORS = {
    "type": "object",
    "properties": {
        "env": {
            "type": "object",
            "patternProperties": {IDENTIFIER: {"type": "string", "pattern": "^[\x00-\x7f]*$"}},
            "additionalProperties": False,
        }
    },
    "additionalProperties": False,
}
CREDENTIAL_TYPE = OBJECTS.by_module("credential_type")[0]
FIELDS = {field["id"]: field for field in CREDENTIAL_TYPE["inputs"]["fields"]}


def defaults(survey: dict[str, Any]) -> dict[str, Any]:
    """The answers of a user who changes nothing."""
    return {question["variable"]: question["default"] for question in survey["spec"]}


@pytest.mark.parametrize("name", SURVEYS)
def test_survey_is_one(name: str) -> None:
    survey = SURVEYS[name]
    assert survey.keys() == {"name", "description", "spec"} and survey["spec"]
    assert isinstance(survey["name"], str) and isinstance(survey["description"], str)
    variables = [question["variable"] for question in survey["spec"]]
    assert len(variables) == len(set(variables))
    assert not survey_errors(survey, defaults(survey))


@pytest.mark.parametrize("place", QUESTIONS)
def test_question_is_well_formed(place: str) -> None:
    question = QUESTIONS[place]
    for key in ("question_name", "question_description", "variable", "type"):
        assert isinstance(question[key], str) and question[key]
    assert isinstance(question["required"], bool) and question["type"] in TYPES
    # An answer that is left out would be an empty text to the playbook.
    assert question["required"] and isinstance(question["default"], str)
    if question["type"] == "multiplechoice":
        assert question["default"] in question["choices"] and all(isinstance(each, str) for each in question["choices"])
    else:
        assert is_integer(question["min"]) and is_integer(question["max"])
        assert 1 <= question["min"] <= len(question["default"]) <= question["max"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_playbook_knows_what_is_asked(name: str) -> None:
    roles = {variable for role in ROLES for variable in role_spec(role)}
    playbook = (PLAYBOOKS.parent / TEMPLATES[name]["playbook"]).read_text()
    asked = {question["variable"] for question in SURVEYS[name]["spec"]}
    assert asked <= roles | inventory_variables() | set(re.findall(r"\w+", playbook))


def test_an_answer_out_of_the_limits_is_noticed() -> None:
    survey = SURVEYS["Alexa Smart Properties: link"]
    good = defaults(survey)
    for variable, answer in {
        "alexa_prune": "yes",
        "alexa_prune_limit": "100 %",
        "alexa_failure_budget": "",
        "alexa_rollout_batches": "1, " * 30,
    }.items():
        assert survey_errors(survey, {**good, variable: answer})
        assert survey_errors(survey, {key: value for key, value in good.items() if key != variable})


def test_the_workflow_asks_what_its_jobs_need() -> None:
    for node in OBJECTS.by_module("workflow_job_template_node"):
        if template := node.get("unified_job_template"):
            told = {**defaults(WORKFLOW["survey_spec"]), **node.get("extra_data", {})}
            assert not survey_errors(SURVEYS[template], told)


def test_the_workflow_links_nothing_before_somebody_approves() -> None:
    nodes = OBJECTS.by_module("workflow_job_template_node")
    kinds = {node["identifier"]: node for node in nodes if "success_nodes" not in node}
    after = {node["identifier"]: node["success_nodes"] for node in nodes if "success_nodes" in node}
    assert set(after) | {name for following in after.values() for name in following} == set(kinds)
    (name,) = set(kinds) - {name for following in after.values() for name in following}
    order = [name]
    while name in after:
        (name,) = after[name]
        order.append(name)
    assert order == ["doctor", "dry run", "approval", "link", "verify", "report"]
    templates = {name: TEMPLATES[node["unified_job_template"]] for name, node in kinds.items() if name != "approval"}
    assert templates["dry run"]["job_type"] == "check" and templates["link"]["job_type"] == "run"
    assert all(templates[name]["playbook"] == f"playbooks/{name}.yml" for name in ("doctor", "verify", "report"))
    assert kinds["approval"]["approval_node"].keys() == {"name", "description", "timeout"}


def test_the_schedule_answers_the_survey_by_a_rule_that_awx_takes() -> None:
    (schedule,) = OBJECTS.by_module("schedule")
    template = TEMPLATES[schedule["unified_job_template"]]
    assert template["job_type"] == "check" and template["diff_mode"]
    assert not survey_errors(template["survey_spec"], schedule["extra_data"])
    assert schedule["extra_data"].keys() == defaults(template["survey_spec"]).keys()
    start, rule = schedule["rrule"].split(" ")
    assert start == "DTSTART;TZID=America/New_York:20240101T234500"
    parts = dict(part.split("=") for part in rule.removeprefix("RRULE:").split(";"))
    assert parts == {"FREQ": "DAILY", "INTERVAL": "1"}


def test_credential_type_is_one() -> None:
    jsonschema.validate(CREDENTIAL_TYPE["inputs"], INPUTS)
    jsonschema.validate(CREDENTIAL_TYPE["injectors"], INJECTORS)
    assert CREDENTIAL_TYPE["kind"] in ("cloud", "net")
    assert len(FIELDS) == len(CREDENTIAL_TYPE["inputs"]["fields"]) and "tower" not in FIELDS
    assert set(CREDENTIAL_TYPE["inputs"]["required"]) <= set(FIELDS)


def test_secrets_are_marked_as_such() -> None:
    assert {name for name, field in FIELDS.items() if field.get("secret")} == {"client_secret", "refresh_token"}


def test_each_field_is_injected_as_the_variable_that_the_modules_read() -> None:
    strict = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    for name, template in CREDENTIAL_TYPE["injectors"]["env"].items():
        assert not name.startswith("ANSIBLE_")
        strict.from_string(template).render(dict.fromkeys(FIELDS, "EXAMPLE"))
    inputs = {name: f"{name} of the user" for name in FIELDS}
    assert injected(CREDENTIAL_TYPE, inputs) == {f"ALEXA_{name.upper()}": text for name, text in inputs.items()}
    read = {option["fallback"][1][0] for option in _module.api_options().values() if "fallback" in option}
    read |= {option["fallback"][1][0] for option in _module.management_options().values()}
    # The request log is no part of an account.
    assert set(CREDENTIAL_TYPE["injectors"]["env"]) == read - {"ALEXA_ACCESS_TOKEN", "ALEXA_REQUEST_LOG"}


@pytest.mark.parametrize("left", [{}, dict.fromkeys(("refresh_token", "api_url", "token_url", "ca_path"), "")])
def test_fields_that_are_left_out_mean_amazon(left: dict[str, str]) -> None:
    """The modules leave them out, the console sends empty ones, which no format may refuse."""
    assert not [field for field in CREDENTIAL_TYPE["inputs"]["fields"] if "format" in field]
    assert injected(CREDENTIAL_TYPE, {"client_id": "id", "client_secret": "secret", **left}) == {
        "ALEXA_CLIENT_ID": "id",
        "ALEXA_CLIENT_SECRET": "secret",
        "ALEXA_REFRESH_TOKEN": "",
        "ALEXA_API_URL": _module.API_URL,
        "ALEXA_TOKEN_URL": _module.TOKEN_URL,
        "ALEXA_CA_PATH": "",
    }
