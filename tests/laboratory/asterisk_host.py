# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the role pbx_asterisk alone on the laboratory's PBX, and looks at that PBX without it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from alexa_laboratory import network
from alexa_laboratory.inventory import HOST
from alexa_laboratory.laboratory import REGISTRAR, Laboratory
from alexa_laboratory.pbx import NAME
from alexa_laboratory.sip import Call
from issuing import Issued, issue
from laboratory_site import LaboratorySite
from playbook_runs import Run, play_of

ETC = "/etc/asterisk"
OWN = f"{ETC}/alexa"
PLACE = "/etc/laboratory-certificates"
SAVED = "/var/tmp/laboratory-asterisk.tar"
LINKED = "/var/tmp/laboratory-asterisk-linked.tar"
SAVE = f"tar -C / -cpf {{}} etc/asterisk etc/hosts {PLACE.lstrip('/')}"
# Written over, not replaced: /etc/hosts may be a mount of its own.
PUT_BACK = f"""\
rm -rf {ETC}/* {PLACE} && tar -C / --overwrite --exclude etc/hosts -xpf {{0}} && tar -xOf {{0}} etc/hosts >/etc/hosts
systemctl reset-failed asterisk; systemctl restart asterisk && asterisk -rx 'core waitfullybooted'"""
# What a fault must leave as it was: files, what Asterisk has loaded, what listens, and that there is one Asterisk.
LOOK = f"""\
cd {ETC} && find . -printf '%p %y %u %g %m %l\\n' | sort && find . -type f -exec sha256sum {{}} + | sort -k 2
asterisk -rx 'pjsip show endpoints' | grep -o 'Endpoint:  [^ ]*' | sort
asterisk -rx 'pjsip show transports'
asterisk -rx 'dialplan show internal'
asterisk -rx 'dialplan show from-alexa'
ss -lntH | awk '{{print $4}}' | sort
pgrep -cx asterisk"""


def users_transport(name: str) -> str:
    """A section of pjsip.conf by the user: a TLS transport of that name on the trunk's port."""
    return f"""
[{name}]
type=transport
protocol=tls
bind=0.0.0.0:5061
cert_file={PLACE}/pbx.crt
priv_key_file={PLACE}/pbx.key
method=tlsv1_2
"""


class AsteriskHost(LaboratorySite):
    """The PBX with a certificate that the collection did not make, and a control node for it.

    :ivar authority: who has issued the PBX's certificate.
    :ivar given: variables of every run.
    """

    def __init__(self, folder: Path, laboratory: Laboratory) -> None:
        super().__init__(folder, laboratory)
        self.authority = issue("Property CA")
        self.given = {
            "pbx_asterisk_certificate_file": f"{PLACE}/pbx.crt",
            "pbx_asterisk_key_file": f"{PLACE}/pbx.key",
            "pbx_asterisk_trust_file": f"{PLACE}/trust.pem",
        }
        self.play = self.write("play.yml", play_of("pbx_asterisk"))
        self._was_linked = False

    def save(self) -> None:
        assert self.machine.run("test", "-e", OWN, check=False).returncode, "the file before has left a linked PBX"
        self.machine.run("sh", "-c", SAVE.format(SAVED))
        self.before = self.look()

    def link(self) -> None:
        """Make the PBX one that the role has linked: by the role, and from then on as after a reboot."""
        if self._was_linked:
            self.machine.run("sh", "-c", PUT_BACK.format(LINKED))
            # As in the role's run: Asterisk reads the certificate when it is greeted first, and keeps it.
            assert "BEGIN CERTIFICATE" in self.served()
        else:
            self.role().good()
            self.machine.run("sh", "-c", SAVE.format(LINKED))
            self._was_linked = True

    def put_back(self) -> None:
        """Make the PBX what it was at `save`, by no means of the collection."""
        if self.look() != self.before:
            self.machine.run("sh", "-c", PUT_BACK.format(SAVED))

    def leave(self) -> None:
        self.machine.run("rm", "-rf", PLACE, SAVED, LINKED)

    def certify(self, certified: Issued | None = None) -> Issued:
        """Install a certificate for the PBX, its key and what it trusts."""
        certified = certified or issue(NAME, self.authority)
        self.machine.write(f"{PLACE}/pbx.crt", certified.pem)
        self.machine.write(f"{PLACE}/pbx.key", certified.key_pem)
        self.machine.write(f"{PLACE}/trust.pem", self.laboratory.amazon.bundle.read_text())
        self.machine.run("chown", "-R", "root:asterisk", PLACE)
        self.machine.run("chmod", "-R", "u=rwX,g=rX,o=", PLACE)
        return certified

    def role(self, *options: str, **variables: Any) -> Run:
        """Run the role with these variables, whatever comes of it."""
        wanted = self.write("variables.json", json.dumps({**self.given, **variables}))
        return self.run(str(self.play), "-e", f"@{wanted}", *options)

    def role_counted(self, **variables: Any) -> tuple[Run, int]:
        """Run the role; returns the run and how many modules it executed on the PBX."""
        return self.run_counted(partial(self.role, **variables))

    def look(self) -> str:
        """What a fault must leave as it was, as text."""
        return self.machine.run("sh", "-c", LOOK, check=False).stdout

    def listening(self, port: int) -> str:
        """The program that listens on a TCP port; nothing if there is none."""
        return self.machine.run("ss", "-lntpH", f"sport = :{port}").stdout

    def served(self, port: int = 5061) -> str:
        """What a TLS client is shown on a port, the certificate as PEM among it."""
        return self.machine.run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", check=False).stdout

    def refused(self, *said: str, **variables: Any) -> Run:
        """Run the role, which must fail with these words, and leave the PBX as it was."""
        before = self.look()
        done = self.role(**variables)
        assert done.code == 2 and done.failed() == {HOST}, done.output
        last = done.message(HOST).splitlines()[-1]
        assert last.startswith(f"{HOST}: "), done.message(HOST)
        for words in said:
            assert words in last, last
        assert self.look() == before
        return done

    @contextmanager
    def call_between_phones(self, *, talking: bool = False) -> Iterator[tuple[Call, Call]]:
        """The two sides of a call of the property's own phones, which is up until the block's end.

        :param talking: both sides talk all the time, as Asterisk ends a call that is silent for long.
        """
        with self.laboratory.phone("1234") as caller, self.laboratory.phone("1235") as callee:
            callee.answers()
            call = caller.call(f"sip:1235@{network.PBX_INSIDE}", via=REGISTRAR)
            answered = callee.wait_for_call(5)
            if talking:
                call.start_talking()
                answered.start_talking()
            yield call, answered
            assert not call.ended and not answered.ended
            call.hang_up()
            answered.wait_for_end(5)

    def phones_call_each_other(self) -> None:
        """The property's own phones, which no fault may touch."""
        with self.call_between_phones() as sides, ThreadPoolExecutor(2) as both:
            heard = list(both.map(lambda side: side.talk(0.5), sides))
        assert all(side.received >= 15 for side in heard)
