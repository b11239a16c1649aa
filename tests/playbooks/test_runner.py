# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job templates link the example inventory through ansible-runner, as AWX runs them, and keep the secrets."""

from __future__ import annotations

import base64
import csv
import json
import re
import shutil
import stat
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
import yaml

from awx_jobs import Awx
from playbook_runs import CLIENT_SECRET, REFRESH_TOKEN, ROOT, Site, writes

EXAMPLES = ROOT / "examples"
PROPERTIES = {"aurora": "pbx.aurora.example.com", "lindenhof": "pbx.lindenhof.example.com"}
# This machine has no Asterisk.
STAGES = ("--skip-tags", "asterisk,doctor")
AT_ONCE = {"alexa_rollout_batches": "100%"}
ACCESS_TOKEN = re.compile(rb"At(c|za)(\||%7C)[\w-]{20}")


def rooms_of(host: str) -> dict[str, str]:
    """The room list as something other than the collection reads it: the id by extension."""
    text = (EXAMPLES / "inventory" / "host_vars" / host / "rooms.csv").read_text()
    rows = csv.DictReader(text.splitlines(), delimiter=";" if ";" in text.splitlines()[0] else ",")
    return {row["extension"]: row.get("comms_profile_id") or row["unit_id"] for row in rows}


@pytest.fixture(scope="module")
def awx(site: Site) -> Awx:
    shutil.copytree(EXAMPLES / "inventory", site.folder / "project" / "inventory")
    site.api().control("POST", "/units", [{"id": unit, "name": "A room"} for unit in rooms_of("lindenhof").values()])
    stand_in: dict[str, Any] = yaml.safe_load((EXAMPLES / "demo" / "this_machine.yml").read_text())
    # These are what the job templates are to say.
    for name in ("alexa_handover_dir", "pbx_tls_ca_dir"):
        del stand_in[name]
    api = site.api()
    inputs = {"client_id": api.client_id, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}
    addresses = {"api_url": api.api_url, "token_url": api.token_url, "ca_path": api.ca_path}
    return Awx(site, {**inputs, **addresses}, demo_folder=str(site.folder / "stand-in"), **stand_in)


def test_a_dry_run_shows_all_and_changes_nothing(awx: Awx, site: Site) -> None:
    job = awx.launch("dry run", "dry-run", *STAGES, "-vvvv").good()
    assert not writes(site.counted()) and not site.state()["trunks"]
    assert "+7101:" in job.output.replace(" ", "") and job.changed().keys() == {*PROPERTIES, "localhost"}


def test_link_links_the_example_inventory(awx: Awx, site: Site) -> None:
    awx.launch("link", "link", *STAGES, "-vvvv", answers=AT_ONCE).good()
    state = site.state()
    trunks = {trunk["tls"]["name"]: trunk for trunk in state["trunks"]}
    assert set(trunks) == set(PROPERTIES.values()) and len(state["trunks"]) == len(PROPERTIES)
    for host, name in PROPERTIES.items():
        assert trunks[name]["status"] == "ACTIVE"
        assert state["mappings"][trunks[name]["trunkId"]].keys() == rooms_of(host).keys()
    aurora = state["mappings"][trunks[PROPERTIES["aurora"]]["trunkId"]]
    assert aurora == rooms_of("aurora")
    handed_over = {path.name for path in (awx.lasting / "handover" / "lindenhof").iterdir()}
    assert {"settings.md", "alexa-pbx.key", "alexa-pbx.crt", "firewall.nft"} <= handed_over


@pytest.mark.parametrize("batches", ["1, 10, 25%", "[1,1]"])
def test_a_relaunch_in_batches_changes_nothing(awx: Awx, site: Site, batches: str) -> None:
    before = site.state()
    answers = {"alexa_rollout_batches": batches}
    job = awx.launch("link", f"again-{len(batches)}", "--tags", "extensions", answers=answers).good()
    begun = [event["event_data"]["name"] for event in job.events if event["event"] == "playbook_on_play_start"]
    assert begun.count("Link the properties") == 2
    assert not any(job.changed().values()) and site.state() == before


def test_a_plan_is_made_by_one_job_and_done_by_another(awx: Awx, site: Site) -> None:
    before, answers = site.state(), {"alexa_plan": str(awx.lasting / "plan.json")}
    awx.launch("plan", "plan", *STAGES, "-vvvv", answers=answers).good()
    plan = json.loads((awx.lasting / "plan.json").read_text())
    assert plan["properties"].keys() == set(PROPERTIES)
    job = awx.launch("link by plan", "link-by-plan", *STAGES, "-vvvv", answers=answers).good()
    assert not any(job.changed().values()) and site.state() == before


def spellings(secret: str) -> list[bytes]:
    """How a secret may be written: as it is, in JSON, in JSON in JSON, in an address, in base64 at any offset."""
    in_json = json.dumps(secret)[1:-1]
    texts = {
        secret,
        in_json,
        json.dumps(in_json)[1:-1],
        urllib.parse.quote(secret),
        urllib.parse.quote(secret, safe=""),
    }
    texts.add(urllib.parse.quote_plus(secret))
    plain = secret.encode()
    for offset in range(3):
        # Without the characters that also depend on what stands around it.
        encoded = base64.b64encode(b"\0" * offset + plain).decode().rstrip("=")[2 * (offset > 0) + offset // 2 : -2]
        texts |= {encoded[2:], encoded[2:].translate(str.maketrans("+/", "-_"))}
    return [text.encode() for text in texts]


def files_of(site: Site) -> dict[Path, bytes]:
    """All that the jobs left: their private data directories, homes, the folder that lasts, this machine's PBX."""
    return {
        path: path.read_bytes()
        for place in ("jobs", "homes", "lasting", "stand-in", "project")
        for path in (site.folder / place).rglob("*")
        if path.is_file()
    }


def test_no_secret_is_in_any_event_artifact_or_log_at_verbosity_4(awx: Awx, site: Site) -> None:
    files = files_of(site)
    assert len([path for path in files if path.parent.name == "job_events"]) > 300
    # The one file that ansible-runner itself writes the environment into, which AWX removes with the job.
    for path in [path for path in files if path.parent.parent.name == "artifacts" and path.name == "command"]:
        content = json.loads(files[path])
        assert content["env"].pop("ALEXA_CLIENT_SECRET") == CLIENT_SECRET and content["env"].pop("ALEXA_REFRESH_TOKEN")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        files[path] = json.dumps(content).encode()
    for secret in (CLIENT_SECRET, REFRESH_TOKEN):
        for text in spellings(secret):
            assert not [path for path, content in files.items() if text in content], text
    assert not [path for path, content in files.items() if ACCESS_TOKEN.search(content)]


def test_a_secret_would_be_found(awx: Awx) -> None:
    basic = base64.b64encode(f"client:{REFRESH_TOKEN}x".encode())
    for text in (basic, base64.b64encode(REFRESH_TOKEN.encode()), base64.b64encode(f"a:{REFRESH_TOKEN}".encode())):
        assert any(spelling in text for spelling in spellings(REFRESH_TOKEN))
