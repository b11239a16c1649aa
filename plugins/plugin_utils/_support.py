# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a support bundle holds: texts of a property that somebody outside may read.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._redact import MASK, Redactor

#: The longest that a file may be, in characters; of a longer one the end is kept.
LONGEST = 1_000_000
# Settings that authenticate somebody, as Asterisk, Kamailio and their like spell them.
_SETTING = re.compile(
    r"(?im)^(\s*[\w.-]*(?:password|passwd|secret|md5_cred|api_key|token)[\w.-]*\s*(?:=>?|:)\s*)\S.*$"
)
# A number of seven digits and more is somebody's outside the house; a longer part of a word or address is none.
_NUMBER = re.compile(r"(?<![\w.:-])(\+?)\d{5,13}(\d\d)(?![\w.:-])")
_HEADER = re.compile(r"^==> (\S+) <==\n", re.MULTILINE)
_ABOUT = {
    "doctor.txt": "what is wrong with the link, each finding with evidence and remedy, and what could not be looked at",
    "doctor.json": "the same for programs, with what was measured",
    "trunk.json": "the SIP trunk as Amazon has it, and the number of its mappings",
    "timeline.txt": "requests to Amazon with its ids of them, changes that runs have made, log lines of the PBX",
    "handshake.txt": "a TLS handshake with the PBX's SIP port, from the PBX itself and from the control node",
    "versions.txt": "programs and their versions",
    "firewall.txt": "the PBX's firewall, with counters",
}


def bundle(facts: Mapping[str, Any], redactor: Redactor, journals: Iterable[Path]) -> dict[str, str]:
    """The files of a bundle by their names, README.txt first, without secrets.

    :param facts: the options of C(support_bundle), and C(generated), when, as 2026-11-27T08:00:00Z.
    :param journals: the journals of runs.
    """
    files = {name: text for name, text in _files(facts, journals) if text.strip()}
    readable = {name: _shortened(_cleaned(name, text, redactor)) for name, text in files.items()}
    return {"README.txt": redactor.text(_readme(facts, readable)), **readable}


def _files(facts: Mapping[str, Any], journals: Iterable[Path]) -> Iterator[tuple[str, str]]:
    doctor = facts["doctor"]
    yield "doctor.txt", "\n".join(_told(doctor)) + "\n"
    if "findings" in doctor:
        yield "doctor.json", _json({name: doctor[name] for name in ("findings", "unseen", "totals", "seen")})
    trunk = facts["trunk"]
    yield "trunk.json", _json({"trunk": trunk, "mappings": facts["mapped"]}) if trunk.get("trunk_id") else ""
    logged = _said(facts["pbx"], "log")
    requests = "".join(f"{line}\n" for line in sorted(facts["requests"].splitlines()))
    noted = "".join(sorted(_noted(journals, facts["host"])))
    sections = {"Requests to Amazon": requests, "Changes by the collection": noted, "Log of the PBX": logged}
    yield "timeline.txt", "\n".join(f"# {title}\n{text}" for title, text in sections.items() if text)
    shaken = {"From the PBX": _handshake(facts["pbx"]), "From the control node": _handshake(facts["here"])}
    yield "handshake.txt", "\n".join(f"# {title}\n{text}" for title, text in shaken.items() if text)
    versions = {"The PBX": _said(facts["pbx"], "versions"), "The control node": _said(facts["here"], "versions")}
    yield "versions.txt", "\n".join(f"# {title}\n{text}" for title, text in versions.items() if text)
    yield "firewall.txt", _said(facts["pbx"], "firewall")
    for path, text in _parts(_said(facts["pbx"], "configuration")):
        yield f"configuration{path}", text


def _told(doctor: Mapping[str, Any]) -> Iterator[str]:
    if "findings" not in doctor:
        yield f"The property could not be examined: {doctor.get('msg') or 'no reason told'}"
    elif not doctor["findings"]:
        yield "No finding."
    for finding in doctor.get("findings", ()):
        yield f"{finding['severity']}: {finding['id']}: {finding['evidence']}\n  -> {finding['remedy']}"
    for each in doctor.get("unseen", ()):
        yield f"not seen: {each['id']}: {each['why']}"


def _said(look: Mapping[str, Any], command: str) -> str:
    answer = (look.get("commands") or {}).get(command) or {}
    return str(answer.get("stdout", "")) + str(answer.get("stderr", ""))


def _handshake(look: Mapping[str, Any]) -> str:
    return _said(look, "handshake") or (str(look["msg"]) if look.get("msg") else "")


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """The files that C(tail -v) printed, by their paths."""
    found = _HEADER.split(text)
    yield from zip(found[1::2], found[2::2])


def _noted(journals: Iterable[Path], host: str) -> Iterator[str]:
    """The steps of a property, without its rooms."""
    for path in journals:
        try:
            lines = path.read_text().splitlines()
        except (OSError, ValueError):
            continue
        for line in filter(None, lines):
            try:
                record = json.loads(line)
                if record["host"] != host:
                    continue
                counts = {side: len(record[side]) for side in ("before", "after") if record["kind"] == "mappings"}
                kept = {key: record.get(key) for key in ("at", "kind", "trunk_id")}
            except (ValueError, TypeError, KeyError):
                continue
            yield json.dumps({**kept, **counts, "journal": path.name}) + "\n"


def _cleaned(name: str, text: str, redactor: Redactor) -> str:
    text = _SETTING.sub(rf"\1{MASK}", redactor.text(text))
    return _NUMBER.sub(lambda found: f"{found[1]}…{found[2]}", text) if name == "timeline.txt" else text


def _shortened(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"(the first {len(text) - LONGEST} characters are left out)\n{text[-LONGEST:]}"


def _readme(facts: Mapping[str, Any], files: Mapping[str, str]) -> str:
    missing = {name: about for name, about in _ABOUT.items() if name not in files}
    configuration = [name for name in files if name.startswith("configuration")]
    trouble = facts["trouble"] + [str(look["msg"]) for look in (facts["pbx"],) if look.get("msg")]
    return "\n".join(
        [
            f"Support bundle of {facts['host']}, made at {facts['generated']}",
            f"by alexa.smart_properties {_version()}",
            "",
            f"PBX:   {facts['name']}, {facts['address']}:{facts['port']}, {facts['kind']}",
            f"Trunk: {facts['trunk'].get('trunk_id') or 'none'} {facts['trunk'].get('status') or ''}",
            "",
            *_told(facts["doctor"]),
            "",
            *(f"{name}: {about}" for name, about in _ABOUT.items() if name in files),
            *(["configuration/: what the collection wrote into the PBX"] if configuration else []),
            *(f"not there: {name} ({about})" for name, about in missing.items()),
            *(f"could not be had: {each}" for each in trouble),
            "",
            "Left out: keys, tokens and passwords; of telephone numbers outside the house all but the last two digits.",
            "Addresses, names and extensions are there: look it through before you send it.",
            "",
        ]
    )


def _version() -> str:
    """The collection's version: an installed one has a manifest, a clone of its repository has not."""
    root = Path(__file__).parents[2]
    try:
        return str(json.loads((root / "MANIFEST.json").read_bytes())["collection_info"]["version"])
    except OSError:
        return " ".join(re.findall(r"(?m)^version: *(\S+)", (root / "galaxy.yml").read_text()))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, default=str) + "\n"


def archive(folder: str, files: Mapping[str, str], seconds: int) -> bytes:
    """A tar.gz of the files below a folder: for everybody to read once it is unpacked, of nobody, from one moment.

    :param seconds: that moment, since 1970.
    """
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=seconds) as pressed, tarfile.open(
        fileobj=pressed, mode="w"
    ) as tar:
        for name, text in files.items():
            content = text.encode("utf-8", "replace")
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime, entry.mode = len(content), seconds, 0o644
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def file_name(host: str, generated: str) -> str:
    """The bundle's name without its end; a property's name may hold what a file's can't.

    :param generated: as 2026-11-27T08:00:00Z.
    """
    safe = re.sub(r"[^\w-]+", "_", host, flags=re.ASCII)
    return f"alexa-support-{safe[:60]}-{re.sub('[-:]', '', generated)}"
