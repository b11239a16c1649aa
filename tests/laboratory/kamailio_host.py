# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PBX with a plain trunk, on a host that uses Kamailio already; runs of the role pbx_kamailio, and calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alexa_laboratory import network
from alexa_laboratory.laboratory import REGISTRAR, TLS_PORT, Laboratory
from alexa_laboratory.sip import Call, Heard, UserAgent
from laboratory_site import LaboratorySite
from playbook_runs import Run

USERS_FILES = Path(__file__).resolve().parents[2] / "extensions" / "laboratory" / "files" / "kamailio-pbx"
KAMAILIO = "/etc/kamailio/kamailio.cfg"
VIA = (network.PBX, TLS_PORT)
GREETING = ("openssl", "s_client", "-tls1_2", "-connect", f"{network.PBX}:{TLS_PORT}")
# What somebody uses Kamailio for already.
OTHER_USE = "listen=udp:127.0.0.1:5090\nrequest_route {\n    exit;\n}\n"
PLAYBOOK = """\
---
- name: Put Kamailio in front of the PBX
  hosts: alexa_pbx
  gather_facts: false
  tasks:
    - name: Certify it
      ansible.builtin.import_role:
        name: alexa.smart_properties.pbx_tls
      tags: tls
    - name: Put it there
      ansible.builtin.import_role:
        name: alexa.smart_properties.pbx_kamailio
      tags: kamailio
"""
VARIABLES: dict[str, Any] = {
    "pbx_tls_group": "kamailio",
    "pbx_kamailio_pbx": f"{network.PBX_INSIDE}:5060",
    # Numbers of the PBX that Alexa may call, in all that Asterisk's patterns know.
    "alexa_dial_in": [{"pattern": "_1[2-3]XX"}, {"pattern": "_ZZ-N"}, {"pattern": "9"}, {"pattern": "*8"}],
    "pbx_kamailio_load_timeout": 30,
}
# All that a host has of Kamailio, rtpengine and units; and who runs or is enabled.
STATE = (
    "find /etc/kamailio /etc/rtpengine /etc/systemd/system /etc/default -type f -exec sha256sum {} + -o -type l -print"
    " | sort; find /etc/kamailio -type d; ls -d /run/alexa-kamailio;"
    " systemctl is-enabled kamailio rtpengine-daemon alexa-kamailio alexa-rtpengine;"
    " ps -eo comm= | grep -E 'kamailio|rtpengine' | sort -u; systemctl show -p MainPID kamailio rtpengine-daemon"
)


@dataclass
class Property:
    """The PBX with its plain trunk, and runs of the role."""

    laboratory: Laboratory
    site: LaboratorySite
    before: str

    def run(self, *options: str, **variables: Any) -> Run:
        given = json.dumps({**VARIABLES, **variables})
        return self.site.run(str(self.site.folder / "sbc.yml"), "-e", given, *options)

    def playbook(self, name: str, *options: str) -> Run:
        """Run one of the collection's playbooks for this PBX."""
        given = json.dumps({**VARIABLES, "alexa_pbx_kind": "kamailio"})
        return self.site.run(name, "-e", given, *options)

    def role(self, *options: str, **variables: Any) -> Run:
        return self.run("--tags", "kamailio", *options, **variables)

    def served(self) -> str:
        """The certificate that a client from Amazon's network gets."""
        said = self.laboratory.hosts["edge"].run(*GREETING, check=False).stdout
        return "".join(re.findall("-----BEGIN.*?END CERTIFICATE-----", said, re.DOTALL)[:1])

    def started(self) -> str:
        """When Kamailio was started."""
        return self.laboratory.pbx.run("systemctl", "show", "-p", "MainPID", "alexa-kamailio").stdout

    def media(self) -> int:
        """How many sockets rtpengine has open for calls."""
        sockets = self.laboratory.pbx.run("ss", "-nuapH", "sport >= :10000 and sport <= :10200")
        return sockets.stdout.count("rtpengine")

    def state(self) -> str:
        return self.laboratory.pbx.run("sh", "-c", STATE, check=False).stdout


@contextmanager
def hotel_of(laboratory: Laboratory, site: LaboratorySite) -> Iterator[Property]:
    """A PBX whose administrator has made the plain trunk, on a host that uses Kamailio for something else."""
    pbx = laboratory.pbx
    trunk = {f"/etc/asterisk/{path.name}": path.read_text() for path in USERS_FILES.iterdir()}
    kept = {path: pbx.read(path) for path in (*trunk, KAMAILIO)}
    site.write("sbc.yml", PLAYBOOK)
    for path, text in trunk.items():
        pbx.write(path, kept[path] + text)
    pbx.write(KAMAILIO, OTHER_USE)
    pbx.asterisk("core reload")
    pbx.run("systemctl", "start", "kamailio")
    made = Property(laboratory, site, "")
    made.before = made.state()
    try:
        yield made
    finally:
        made.run(pbx_kamailio_state="absent", pbx_tls_state="absent", pbx_tls_remove_key=True).good()
        pbx.run("systemctl", "stop", "kamailio")
        for path, text in kept.items():
            pbx.write(path, text)
        pbx.asterisk("core reload")


def await_alexa(hotel: Property) -> None:
    """Return once the PBX has seen that Alexa answers: before, it sends no calls there."""
    hotel.laboratory.pbx.await_output(" Avail ", "asterisk", "-rx", "pjsip show contacts")


def called_in(edge: UserAgent, phone: UserAgent) -> tuple[Call, Call]:
    """Alexa calls the room's phone; returns Alexa's side and the phone's."""
    return edge.call(f"sip:1234@{network.PBX}", via=VIA), phone.wait_for_call(5)


def called_out(edge: UserAgent, phone: UserAgent) -> tuple[Call, Call]:
    """The phone calls a room's Echo; returns Alexa's side and the phone's."""
    call = phone.call(f"sip:7201@{network.PBX_INSIDE}", via=REGISTRAR)
    return edge.wait_for_call(5), call


@contextmanager
def talking(alexa: Call, room: Call) -> Iterator[None]:
    """Both talk all the time, as a call that is silent for a minute is ended: a run may take longer."""
    alexa.start_talking()
    room.start_talking()
    yield
    assert alexa.stop_talking().received > 0 and room.stop_talking().received > 0


def hear_each_other(alexa: Call, room: Call, seconds: float = 1) -> None:
    """Both talk; each hears the other's tone, and Alexa's side nothing that is not encrypted."""
    with ThreadPoolExecutor(2) as both:
        heard: list[Heard] = list(both.map(lambda side: side.talk(seconds), (alexa, room)))
    assert [round(side.tone or 0, -1) for side in heard] == [400, 600]
    assert min(side.received for side in heard) >= seconds * 50 * 0.8
    assert [side.plain + side.undecryptable for side in heard] == [0, 0]
