# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a small estate with every kind of trouble, as a user makes it, against the simulator."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from playbook_runs import CLIENT_SECRET, PROFILE, REFRESH_TOKEN, Run, Site, writes

REPORT = "alexa.smart_properties.report"
TRUNK = "amzn1.comms.network.siptrunk."
HOSTILE = '</script><script>document.title="taken"</script>'
LISTING = "GET /v1/communications/network/siptrunk"
ROOMS = [
    {"extension": "7201", "room": HOSTILE, "comms_profile_id": PROFILE + "A1"},
    {"extension": "+7202", "room": "=1+1", "comms_profile_id": PROFILE + "A2"},
    {"extension": "*21", "room": "-2", "comms_profile_id": PROFILE + "A3"},
    {"extension": "0712", "room": "'t Hart", "comms_profile_id": PROFILE + "A4"},
]


def name_of(host: str) -> str:
    return f"pbx.{host}.example.com"


def hosts(**peculiar: dict[str, Any]) -> dict[str, dict[str, Any]]:
    common = {"alexa_rooms": ROOMS}
    return {
        host: {
            "alexa_pbx_name": name_of(host),
            "alexa_pbx_address": f"203.0.113.{number}",
            **common,
            **peculiar.get(host, {}),
        }
        for number, host in enumerate(["well", "drifted", "bare", "broken"], 10)
    }


@pytest.fixture(scope="module")
def estate(site: Site) -> Site:
    """One property as it should be, one with drift, one without trunk, one with a wrong room; and a trunk too many."""
    for number, host in [(10, "well"), (11, "drifted"), (13, "broken"), (99, "orphan")]:
        body = {"tls": {"name": name_of(host)}, "peers": [{"ip": f"203.0.113.{number}", "port": 5061}]}
        site.api().control("POST", "/trunks", {"trunkId": TRUNK + host, **body})
    wished = {room["extension"]: room["comms_profile_id"] for room in ROOMS}
    drifted = {**wished, "7201": PROFILE + "ANOTHER", "7999": PROFILE + "STRAY"}
    del drifted["*21"]
    for host, mappings in {"well": wished, "drifted": drifted}.items():
        seeds = [{"extension": extension, "commsProfileId": profile} for extension, profile in mappings.items()]
        site.api().control("PUT", f"/trunks/{TRUNK}{host}/extensions", seeds)
    site.inventory(hosts(broken={"alexa_rooms": [{"extension": "bad", "comms_profile_id": PROFILE + "B1"}]}))
    return site


def folder(site: Site, name: str = "inventory/.alexa/report") -> Path:
    return site.folder / name


def data_of(site: Site, name: str = "inventory/.alexa/report") -> dict[str, Any]:
    return dict(json.loads((folder(site, name) / "report.json").read_text()))


def states(site: Site, name: str = "inventory/.alexa/report") -> dict[str, str]:
    return {found["host"]: found["state"] for found in data_of(site, name)["properties"]}


def files_in(place: Path) -> dict[str, bytes]:
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def written(run: Run) -> dict[str, Any]:
    """What the module that wrote the report returned."""
    results = [hosts for name, hosts in run.tasks if name == "Write the files of the report"]
    (result,) = [each for hosts in results for each in hosts.values() if not each.get("skipped")]
    return result


def test_check_mode_writes_nothing_and_says_what_would_be(estate: Site) -> None:
    estate.counted()
    run = estate.run(REPORT, "--check", "--diff")
    assert not folder(estate).exists() and not writes(estate.counted())
    assert written(run)["changed"] and "orphan trunk" in written(run)["diff"]["after"]


def test_drift_orphans_and_failures_are_in_the_report_and_amazon_is_only_read(estate: Site) -> None:
    before = estate.state()
    estate.counted()
    run = estate.run(REPORT)
    counted = estate.counted()
    assert not writes(counted) and estate.state() == before
    assert counted["POST /auth/o2/token"] == 1 and counted[LISTING] == 1
    assert run.code == 2 and run.failed() == {"broken"}
    assert states(estate) == {"well": "ok", "drifted": "drift", "bare": "unlinked", "broken": "failed"}
    found = {each["host"]: each for each in data_of(estate)["properties"]}
    drift = {room["extension"]: room["state"] for room in found["drifted"]["rooms"] if room["state"] != "ok"}
    assert drift == {"7201": "changed", "*21": "missing", "7999": "unlisted"}
    assert "extension 'bad' is not" in found["broken"]["error"]
    (account,) = data_of(estate)["accounts"]
    assert [trunk["trunk_id"] for trunk in account["orphans"]] == [TRUNK + "orphan"]
    assert HOSTILE not in (folder(estate) / "report.html").read_text()
    metrics = (folder(estate) / "report.prom").read_text()
    assert 'alexa_property_state{property="drifted",state="drift"} 1\n' in metrics


def test_a_second_run_changes_nothing_but_the_time(estate: Site) -> None:
    before = data_of(estate)
    run = estate.run(REPORT, "--diff")
    assert not any(run.changed().values()), run.changed_tasks()
    after = data_of(estate)
    assert after["generated"] > before["generated"]
    for document in (before, after):
        del document["generated"]
        for entry in [*document["properties"], *document["accounts"]]:
            del entry["seen"]
    assert after == before


def test_what_the_doctor_found_is_in_the_report(estate: Site) -> None:
    finding = {"id": "sip-refused", "severity": "error", "evidence": HOSTILE, "remedy": "Open it.", "guide": "x"}
    told = {"generated": "2026-11-26T08:00:00Z", "properties": {"well": {"findings": [finding]}}}
    file = estate.write("inventory/.alexa/doctor.json", json.dumps(told))
    try:
        run = estate.run(REPORT)
        assert written(run)["totals"]["findings"] == {"error": 1, "warning": 0}
        (well,) = [each for each in data_of(estate)["properties"] if each["host"] == "well"]
        assert well["findings"] == [{name: text for name, text in finding.items() if name != "guide"}]
        metrics = (folder(estate) / "report.prom").read_text()
        assert 'alexa_property_doctor_findings{property="well",severity="error"} 1\n' in metrics
        file.write_text("[]")
        assert "doctor.json are damaged, or something else. Run the playbook doctor again" in estate.run(REPORT).output
    finally:
        file.unlink()


def test_no_secret_is_in_any_file(estate: Site) -> None:
    for content in files_in(folder(estate)).values():
        assert CLIENT_SECRET.encode() not in content and REFRESH_TOKEN.encode() not in content


def test_the_rooms_can_be_fed_back(estate: Site) -> None:
    content = (folder(estate) / "rooms" / "drifted.csv").read_bytes()
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    estate.write("inventory/fed/.back.csv", content)
    estate.inventory(hosts(drifted={"alexa_rooms": [], "alexa_rooms_file": "fed/.back.csv"}))
    run = estate.run(REPORT, "--check", "--limit", "drifted", "-e", f"alexa_report_dir={estate.folder}/fed")
    counts = {"ok": 2, "missing": 1, "changed": 1, "unlisted": 1, "unverified": 0}
    assert written(run.good())["totals"]["rooms"] == counts
    estate.run(REPORT, "--limit", "drifted", "-e", f"alexa_report_dir={estate.folder}/fed").good()
    rooms = {room["extension"]: room["room"] for room in data_of(estate, "fed")["properties"][0]["rooms"]}
    assert {**rooms, "7999": ""} == {**{room["extension"]: room["room"] for room in ROOMS}, "7999": ""}


def test_a_limited_run_looks_for_no_orphans_and_parts_can_be_joined(estate: Site) -> None:
    estate.inventory(hosts())
    for part in ("well", "drifted"):
        estate.run(REPORT, "--limit", part, "-e", f"alexa_report_dir={estate.folder}/parts/{part}").good()
        assert not data_of(estate, f"parts/{part}")["accounts"]
    estate.counted()
    wished = {
        "alexa_report_join": [f"{estate.folder}/parts"],
        "alexa_report_dir": f"{estate.folder}/parts/all",
        "alexa_report_metrics_file": f"{estate.folder}/collector/alexa.prom",
    }
    for _run in range(2):
        estate.run(REPORT, "-e", json.dumps(wished)).good()
    assert not estate.counted()
    assert states(estate, "parts/all") == {"well": "ok", "drifted": "drift"}
    assert (estate.folder / "collector" / "alexa.prom").is_file()
    assert not (folder(estate, "parts/all") / "report.prom").exists()


def test_a_report_that_cannot_be_joined_is_named(estate: Site) -> None:
    other = estate.write("other/report.json", '{"schema": 99}')
    run = estate.run(REPORT, "-e", f"alexa_report_join={other}")
    assert run.code == 2 and f"{other} has the schema 99" in run.stdout


def test_an_api_that_nobody_reaches_is_in_the_report(estate: Site) -> None:
    estate.inventory(hosts())
    place = f"{estate.folder}/unreachable"
    nobody = {"ALEXA_TOKEN_URL": "https://127.0.0.1:1/auth/o2/token"}
    run = estate.run(REPORT, "-e", f"alexa_report_dir={place}", **nobody)
    assert run.code == 2 and run.failed() == set(hosts())
    assert set(states(estate, "unreachable").values()) == {"failed"}
    assert all("127.0.0.1" in found["error"] for found in data_of(estate, "unreachable")["properties"])
    assert not data_of(estate, "unreachable")["accounts"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("alexa_report_dir", "report"),
        ("alexa_report_certificate_days", "soon"),
        ("alexa_report_join", "reports"),
        ("alexa_report_metrics_file", "alexa.prom"),
    ],
)
def test_what_cannot_be_done_is_refused(estate: Site, variable: str, value: str) -> None:
    run = estate.run(REPORT, "--limit", "well", "-e", f"{variable}={value}")
    assert run.code == 2 and value in run.message("well")


def test_an_empty_inventory_is_refused(estate: Site) -> None:
    estate.inventory({})
    run = estate.run(REPORT)
    assert run.code == 2 and "no host in the group alexa_pbx" in run.message("localhost")


def test_the_module_takes_what_the_filter_makes(estate: Site) -> None:
    place = estate.folder / "by-hand"
    told = {"properties": {"aurora": {"findings": [], "errors": 0, "warnings": 0}}}
    filtered = "alexa.smart_properties.property_report('aurora', error='no key', secrets=['key'])"
    made = f"{{{{ {{'name': 'pbx.example.com'}} | {filtered} }}}}"
    options = {
        "dest": str(place),
        "properties": {"aurora": made, "lost": ""},
        "listings": {"ours": []},
        "join": [],
        "doctor_file": str(estate.write("doctor.json", json.dumps(told))),
        "certificate_days": 14,
        "metrics_file": str(place / "alexa.prom"),
    }
    task = {"name": "Write", "alexa.smart_properties.fleet_report": options}
    play = estate.write("by-hand.yml", json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    estate.inventory(hosts())
    estate.run(str(play)).good()
    document = data_of(estate, "by-hand")
    assert document["certificate_days"] == 14 and document["accounts"][0]["trunks"] == 0
    assert [found["error"][:6] for found in document["properties"]] == ["no ***", "It was"]
