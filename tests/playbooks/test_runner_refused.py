# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that can't work: each says what is wrong and how to mend it, and writes nothing at Amazon."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from awx_jobs import Awx, Ended
from playbook_runs import CLIENT_SECRET, PROFILE, UNIT, Site, writes

HOSTS = {
    "aurora": {
        "alexa_pbx_address": "203.0.113.10",
        "alexa_pbx_name": "pbx.aurora.example.com",
        "alexa_rooms": [{"extension": "7201", "comms_profile_id": PROFILE + "A1"}],
    },
    "birkenhof": {
        "alexa_pbx_address": "203.0.113.11",
        "alexa_pbx_name": "pbx.birkenhof.example.com",
        "alexa_rooms": [{"extension": "7201", "unit_id": UNIT + "U1"}],
    },
}
REMEDIES = {
    "alexa_rollout_batches": "Give how many properties to link in each batch",
    "alexa_failure_budget": "Give how many properties may fail",
    "alexa_prune_limit": "Give a number such as 20, or a percentage",
}


@pytest.fixture(scope="module")
def awx(site: Site) -> Awx:
    site.api().control("POST", "/units", [{"id": UNIT + "U1", "name": "Room 1"}])
    trunk = {"tls": {"name": "pbx.birkenhof.example.com"}, "peers": [{"ip": "203.0.113.11", "port": 5061}]}
    site.api().control("POST", "/trunks", trunk)
    api = site.api()
    inputs = {"client_id": api.client_id, "client_secret": CLIENT_SECRET, "refresh_token": "Atzr|of|last+year"}
    awx = Awx(site, {**inputs, "api_url": api.api_url, "token_url": api.token_url, "ca_path": api.ca_path})
    list_properties(awx, HOSTS)
    return awx


@pytest.fixture(autouse=True)
def _nothing_written(site: Site) -> Iterator[None]:
    """No job here may write anything."""
    before = site.state()
    site.counted()
    yield
    assert not writes(site.counted()) and site.state() == before


def list_properties(awx: Awx, hosts: object) -> None:
    group = {"hosts": hosts, "vars": {"alexa_pbx_kind": "external", "trunk_wait_interval": 1}}
    awx.site.write("project/inventory/hosts.yml", json.dumps({"alexa_pbx": group}))


def refused(job: Ended) -> Ended:
    assert job.status == "failed", job.output[-4000:]
    return job


# AWX itself limits the length only; an answer that is Jinja stays a text.
@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("words", {"alexa_failure_budget": "-1", "alexa_rollout_batches": "abc"}),
        ("numbers", {"alexa_failure_budget": "200%", "alexa_rollout_batches": "1, 10, 0%"}),
        ("jinja", {"alexa_failure_budget": "{{1}}", "alexa_rollout_batches": "1,,10"}),
        ("limit", {"alexa_prune_limit": "200%"}),
    ],
)
def test_an_answer_out_of_range(awx: Awx, name: str, answers: dict[str, str]) -> None:
    message = refused(awx.launch("link", name, answers=answers)).message("aurora")
    for variable in answers:
        assert f"aurora: {variable}" in message and REMEDIES[variable] in message


def test_an_inventory_without_properties(awx: Awx) -> None:
    list_properties(awx, {})
    try:
        job = refused(awx.launch("link", "no-properties"))
    finally:
        list_properties(awx, HOSTS)
    assert "no host in the group alexa_pbx" in job.message("localhost")


def test_a_launch_of_unlink_that_names_no_property(awx: Awx) -> None:
    limit = awx.templates["unlink"]["limit"]
    job = refused(awx.launch("unlink", "unlink-all", "--limit", limit, answers={"unlink_confirm": "true"}))
    assert "--limit" in job.output and limit in job.output


def test_an_unlink_that_is_not_confirmed(awx: Awx) -> None:
    job = refused(awx.launch("unlink", "unconfirmed", "--limit", "aurora"))
    assert "unlink_confirm=true" in job.message("aurora")


def test_a_credential_without_secret(awx: Awx) -> None:
    at_once = {"alexa_rollout_batches": "100%"}
    job = refused(awx.launch("link", "no-secret", "--tags", "extensions", answers=at_once, client_secret=""))
    for host in HOSTS:
        assert "ALEXA_CLIENT_SECRET" in job.message(host)


def test_a_refresh_token_that_has_expired(awx: Awx) -> None:
    job = refused(awx.launch("link", "expired", "--tags", "extensions", "--limit", "birkenhof"))
    assert "ALEXA_REFRESH_TOKEN" in job.message("birkenhof")
    assert "Atzr|of" not in job.output and "Atzr%7Cof" not in job.output


def test_a_folder_that_is_not_mounted(awx: Awx) -> None:
    awx.lasting.rename(awx.lasting.with_name("elsewhere"))
    try:
        job = refused(awx.launch("link", "not-mounted"))
    finally:
        awx.lasting.with_name("elsewhere").rename(awx.lasting)
    for host in HOSTS:
        assert f'pbx_tls_ca_dir is "not mounted: {awx.lasting}/ca/{host}"' in job.message(host)
        assert "outlives the run" in job.message(host)


def test_an_unlink_without_the_folder_removes_nothing(awx: Awx) -> None:
    awx.lasting.rename(awx.lasting.with_name("elsewhere"))
    try:
        answers = {"unlink_confirm": "true"}
        job = refused(awx.launch("unlink", "unlink-not-mounted", "--limit", "aurora", answers=answers))
    finally:
        awx.lasting.with_name("elsewhere").rename(awx.lasting)
    assert f'alexa_handover_dir (pbx_handover_dir) is "not mounted: {awx.lasting}' in job.message("aurora")
