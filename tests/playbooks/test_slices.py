# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two slices of one launch run at once over one account: they share no file, and together they link everything."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from awx_jobs import Awx, Ended
from playbook_runs import CLIENT_SECRET, PROFILE, Site

HOSTS = ["aurora", "birkenhof", "lindenhof"]
ROOMS = 20
ROOMS_FILE = "rooms/{{ inventory_hostname }}.csv"
# What is left out writes to files only, beside those of the certificates.
STAGES = ("--skip-tags", "firewall,handover")
AT_ONCE = {"alexa_rollout_batches": "100%"}


def name_of(host: str) -> str:
    return f"pbx.{host}.example.com"


def profiles_of(number: int) -> dict[str, str]:
    """The rooms of a property: profile by extension."""
    return {str(7200 + room): f"{PROFILE}{number}R{room}" for room in range(ROOMS)}


@pytest.fixture(scope="module")
def awx(site: Site) -> Awx:
    common = {"alexa_pbx_kind": "external", "trunk_wait_interval": 1, "alexa_rooms_file": ROOMS_FILE}
    hosts = {}
    for number, host in enumerate(HOSTS):
        hosts[host] = {"alexa_pbx_address": f"203.0.113.{number + 10}", "alexa_pbx_name": name_of(host)}
        rows = [f"{extension},{profile}" for extension, profile in profiles_of(number).items()]
        site.write(f"project/inventory/rooms/{host}.csv", "\n".join(["extension,comms_profile_id", *rows, ""]))
    site.write("project/inventory/hosts.yml", json.dumps({"alexa_pbx": {"hosts": hosts, "vars": common}}))
    # An account that refuses a part of what two jobs ask at once.
    site.api().control("PUT", "/settings", {"rate_limit": 25, "retry_after": "seconds"})
    inputs = {"client_id": site.api().client_id, "client_secret": CLIENT_SECRET, "api_url": site.api().api_url}
    return Awx(site, {**inputs, "token_url": site.api().token_url, "ca_path": site.api().ca_path})


def launched(awx: Awx, name: str) -> list[Ended]:
    """Both slices of one launch, run at once."""
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(awx.launch, "link", f"{name}-{part}", *STAGES, answers=AT_ONCE, part=(part, 2))
            for part in (1, 2)
        ]
        return [job.result().good() for job in jobs]


def written(folder: Path) -> dict[Path, int]:
    """What is in a folder, with the time of its last change."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_two_slices_link_all_properties_and_share_no_file(awx: Awx, site: Site) -> None:
    jobs = launched(awx, "first")
    assert [set(job.changed()) - {"localhost"} for job in jobs] == [{"aurora", "lindenhof"}, {"birkenhof"}]
    state = site.state()
    trunks = {trunk["tls"]["name"]: trunk for trunk in state["trunks"]}
    assert len(state["trunks"]) == len(trunks) == len(HOSTS)
    for number, host in enumerate(HOSTS):
        trunk = trunks[name_of(host)]
        assert trunk["status"] == "ACTIVE" and state["mappings"][trunk["trunkId"]] == profiles_of(number)
    # In the folder that lasts each property has its own; all else is in the job's own places.
    places = {path.relative_to(awx.lasting).parts[:2] for path in written(awx.lasting)}
    assert len({name for kind, name in places if kind == "journal"}) == len(jobs)
    kinds = {place for place in places if place[0] != "journal"}
    assert kinds == {(kind, host) for kind in ("ca", "handover") for host in HOSTS}
    assert not [path for path in written(awx.project) if path.suffix not in (".csv", ".yml")]


def test_each_slice_paces_itself(site: Site) -> None:
    homes = site.folder / "homes"
    states = [sorted(path.name for path in (homes / f"first-{part}" / ".ansible").rglob("pace-*")) for part in (1, 2)]
    assert states[0] and states[0] == states[1]
    assert site.api().control("GET", "/stats")["throttled"]


def test_a_second_run_of_both_changes_nothing(awx: Awx, site: Site) -> None:
    before, files = site.state(), written(awx.lasting)
    for job in launched(awx, "second"):
        assert not any(job.changed().values()), job.changed_tasks()
    assert site.state() == before and written(awx.lasting) == files
