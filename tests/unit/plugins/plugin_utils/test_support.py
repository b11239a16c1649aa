# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a support bundle holds, and what it must not."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._redact import Redactor
from ansible_collections.alexa.smart_properties.plugins.plugin_utils import _support
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._support import archive, bundle, file_name

FINDING = {"id": "sip-refused", "severity": "error", "evidence": "Port 5061 is closed.", "remedy": "Open it."}
DOCTOR = {"findings": [FINDING], "unseen": [{"id": "own-name", "why": "no getent"}], "totals": {}, "seen": {}}


def facts(doctor: dict[str, Any] | None = None, **commands: str) -> dict[str, Any]:
    answers = {name: {"rc": 0, "stdout": text, "stderr": ""} for name, text in commands.items()}
    return {
        "host": "aurora", "name": "pbx.example.com", "address": "203.0.113.1", "port": 5061, "kind": "asterisk",
        "generated": "2026-11-27T08:00:00Z", "doctor": DOCTOR if doctor is None else doctor, "trunk": {}, "mapped": 0,
        "pbx": {"commands": answers}, "here": {}, "requests": "", "trouble": [],
    }  # fmt: skip


def packed(*secrets: str, journals: tuple[Path, ...] = (), **commands: str) -> dict[str, str]:
    redactor = Redactor()
    for secret in secrets:
        redactor.add(secret)
    return bundle(facts(**commands), redactor, journals)


def test_findings_come_first_and_what_is_missing_is_told() -> None:
    readme = packed()["README.txt"]
    assert "error: sip-refused: Port 5061 is closed.\n  -> Open it." in readme and "not seen: own-name" in readme
    assert "not there: trunk.json" in readme and "not there: handshake.txt" in readme
    assert "Trunk: none" in readme and "203.0.113.1:5061" in readme


def test_a_property_that_is_sound_and_one_that_was_not_examined() -> None:
    sound = bundle(facts({"findings": [], "unseen": [], "totals": {}, "seen": {}}), Redactor(), ())
    lost = bundle({**facts({"msg": "no route"}), "trouble": ["no token"], "pbx": {"msg": "no route"}}, Redactor(), ())
    assert "No finding." in sound["README.txt"] and "doctor.json" in sound
    assert "could not be examined: no route" in lost["README.txt"] and "doctor.json" not in lost
    assert "could not be had: no token" in lost["README.txt"] and "could not be had: no route" in lost["README.txt"]


@pytest.mark.parametrize(
    "line",
    [
        "password=hunter2", "password => hunter2", "outbound_auth_password = hunter2", "  secret: hunter2",
        "MD5_CRED=hunter2", "db.passwd=hunter2", "api_key=hunter2 and more",
    ],
)  # fmt: skip
def test_what_authenticates_somebody_is_left_out(line: str) -> None:
    files = packed(configuration=f"==> /etc/asterisk/alexa/pjsip.conf <==\n[a]\n{line}\ntype=endpoint\n")
    text = files["configuration/etc/asterisk/alexa/pjsip.conf"]
    assert "hunter2" not in text and "type=endpoint" in text and "********" in text


def test_secrets_tokens_and_keys_are_left_out_of_every_file() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"
    text = f"a s3cr%et/x\nAtza|token\n{key}\n"
    commands = dict.fromkeys(("log", "versions", "firewall", "handshake"), text)
    files = packed("s3cr%et/x", **commands, configuration=f"==> /x <==\n{text}")
    assert len(files) == 8
    assert not [name for name, each in files.items() for word in ("s3cr%et", "Atza|", "MIIE") if word in each]


@pytest.mark.parametrize(
    ("logged", "left"),
    [
        ("call from 15551234567 to 7201", "call from …67 to 7201"),
        ("<sip:+4930123456@host>", "<sip:+…56@host>"),
        ("at 1732694400.17 and 2026-11-27 08:00:00.123456", "at 1732694400.17 and 2026-11-27 08:00:00.123456"),
        ("203.0.113.10:5061 12345", "203.0.113.10:5061 12345"),
        ("id 0a1234567b", "id 0a1234567b"),
    ],
)
def test_numbers_outside_the_house_are_masked_in_the_log(logged: str, left: str) -> None:
    assert left in packed(log=logged)["timeline.txt"]


def test_a_journal_is_told_without_its_rooms(tmp_path: Path) -> None:
    steps = [
        {"host": "aurora", "kind": "mappings", "trunk_id": "t1", "at": "2026", "before": {"7201": "p"}, "after": {}},
        {"host": "aurora", "kind": "trunk", "at": "2025", "before": None, "after": {"certificate_chain": ["pem"]}},
        {"host": "boreal", "kind": "trunk", "at": "2024", "before": None, "after": None},
    ]
    journal = tmp_path / "run.jsonl"
    journal.write_text("\n".join([*map(json.dumps, steps), "torn {", "[]"]))
    told = packed(journals=(journal, tmp_path / "gone.jsonl"))["timeline.txt"].splitlines()
    assert told[0] == "# Changes by the collection" and len(told) == 3
    assert json.loads(told[2]) == {
        "at": "2026", "kind": "mappings", "trunk_id": "t1", "before": 1, "after": 0, "journal": "run.jsonl",
    }  # fmt: skip


def test_a_long_file_keeps_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_support, "LONGEST", 10)
    assert packed(firewall="0123456789abcdef")["firewall.txt"] == "(the first 6 characters are left out)\n6789abcdef"


def test_the_archive_is_the_same_for_the_same_files() -> None:
    files = {"README.txt": "text", "configuration/etc/x.conf": "ä"}
    content = archive("bundle", files, 1_700_000_000)
    assert content == archive("bundle", files, 1_700_000_000)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content))) as tar:
        assert tar.getnames() == ["bundle/README.txt", "bundle/configuration/etc/x.conf"]
        assert {member.mode for member in tar.getmembers()} == {0o644}


@pytest.mark.parametrize(
    ("host", "name"),
    [("aurora", "aurora"), ("../../etc/passwd", "_etc_passwd"), ("a b/ä", "a_b_"), ("x" * 99, "x" * 60)],
)
def test_a_property_s_name_leads_nowhere(host: str, name: str) -> None:
    assert file_name(host, "2026-11-27T08:00:00Z") == f"alexa-support-{name}-20261127T080000Z"
