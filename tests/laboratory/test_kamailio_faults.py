# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with Kamailio ends with the reason and what ran before; --check tells what a real run would do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from alexa_laboratory.inventory import HOST
from alexa_laboratory.laboratory import Laboratory
from kamailio_host import Property, await_alexa, called_in, hear_each_other, hotel_of
from laboratory_site import LaboratorySite
from playbook_runs import Run

TLS = "/etc/alexa_smart_properties/tls"
TOLD = "Tell what a real run would have both do"
# What systemd reads beside the unit: neither the new nor the old Kamailio starts with it.
DROP_IN = "/run/systemd/system/alexa-kamailio.service.d/laboratory.conf"
OTHER = {"alexa_dial_in": [{"pattern": "1555"}]}
FOLDER = "/etc/kamailio/alexa"
# A rehearsing Kamailio that tells all that its user may write in, and ends.
PRYING = '#!/bin/sh\n[ "$1" = -DD ] || exec /usr/sbin/kamailio "$@"\ncd /etc/kamailio\nfind "$PWD" -writable\nexit 1\n'
# It says of the new files, and of them alone, that Kamailio does not answer.
LYING = f"#!/bin/sh\ngrep -q '^.*1555' {FOLDER}/kamailio.cfg && exit 1\nexec /usr/sbin/kamcmd \"$@\"\n"


@pytest.fixture(scope="module")
def linked(laboratory: Laboratory, site: LaboratorySite) -> Iterator[Property]:
    """Kamailio serves."""
    with hotel_of(laboratory, site) as hotel:
        hotel.run().good()
        yield hotel


@contextmanager
def in_place_of(hotel: Property, program: str, script: str) -> Iterator[None]:
    """The script is found before the program, but by units."""
    pbx, path = hotel.laboratory.pbx, f"/usr/local/bin/{program}"
    pbx.write(path, script)
    pbx.run("chmod", "755", path)
    try:
        yield
    finally:
        pbx.run("rm", path)


@pytest.fixture
def disabled(linked: Property) -> Iterator[Property]:
    """Kamailio is stopped and disabled, so that systemd does not know its unit any more."""
    whole = linked.state()
    # In this order: a unit that is stopped once it is unknown leaves its folder below /run.
    linked.laboratory.pbx.run("systemctl", "stop", "alexa-kamailio")
    linked.laboratory.pbx.run("systemctl", "disable", "alexa-kamailio")
    yield linked
    linked.role().good()
    assert linked.state() == whole


def failed(run: Run) -> str:
    """Why the host failed, as its last message says."""
    assert run.failed() == {HOST}
    last = run.message(HOST).splitlines()[-1]
    assert last.startswith(f"{HOST}: "), run.message(HOST)
    return last


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pbx_kamailio_inside_port": 5060}, "asterisk holds"),
        ({"pbx_kamailio_control_port": 4569}, "asterisk holds"),
        ({"pbx_kamailio_outside_address": "192.0.2.1"}, "is no address of this host"),
        ({"pbx_kamailio_certificate_file": "/etc/missing.crt"}, "Run the role pbx_tls first"),
        ({"pbx_kamailio_key_file": "/etc/ssh/ssh_host_ed25519_key"}, "cannot be read by the user kamailio"),
        ({"pbx_kamailio_trust_file": "/etc/hostname"}, "holds no certificate"),
    ],
)
def test_what_cannot_work_is_refused_and_all_stays(linked: Property, wrong: dict[str, Any], said: str) -> None:
    before = linked.state()
    run = linked.role(**wrong)
    assert run.failed() == {HOST} and said in run.message(HOST)
    assert linked.state() == before


def test_without_kamcmd_nothing_is_tried(linked: Property) -> None:
    pbx, before = linked.laboratory.pbx, linked.state()
    pbx.run("mv", "/usr/sbin/kamcmd", "/usr/sbin/kamcmd.away")
    try:
        said = linked.role(**OTHER).message(HOST)
    finally:
        pbx.run("mv", "/usr/sbin/kamcmd.away", "/usr/sbin/kamcmd")
    assert "kamcmd is missing" in said and "does not take" not in said
    assert linked.state() == before


def test_files_that_kamailio_does_not_take_are_not_put_in_place(linked: Property) -> None:
    """Its TLS module is a package of its own, which is missing."""
    pbx, before = linked.laboratory.pbx, linked.state()
    module = pbx.run("find", "/usr/lib", "-path", "*/kamailio/modules/tls.so").stdout.strip()
    pbx.run("mv", module, f"{module}.away")
    try:
        said = failed(linked.role(**OTHER))
    finally:
        pbx.run("mv", f"{module}.away", module)
    assert "Kamailio does not take the new files" in said and "failed to load module" in said
    assert linked.state() == before


def test_tls_settings_that_do_not_work_cost_no_restart(linked: Property) -> None:
    """The first certificate of a bundle is right, which is all that openssl looks at."""
    pbx, before, started = linked.laboratory.pbx, linked.state(), linked.started()
    broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    pbx.write("/etc/laboratory-bundle.pem", pbx.read(f"{TLS}/amazon-bundle.pem") + broken)
    try:
        said = failed(linked.role(pbx_kamailio_trust_file="/etc/laboratory-bundle.pem"))
    finally:
        pbx.run("rm", "/etc/laboratory-bundle.pem")
    assert "Kamailio does not take the new files" in said and "laboratory-bundle.pem" in said
    assert linked.state() == before and linked.started() == started


def test_kamailios_user_writes_nowhere_that_root_writes(linked: Property) -> None:
    """A link planted there would have root write anywhere. Nor is a reason missing where no line is an error."""
    before = linked.state()
    with in_place_of(linked, "kamailio", PRYING):
        said = failed(linked.role(**OTHER))
    assert f"it does not come up, and says last: {FOLDER}.next/rehearsal/run. The host is as it was before" in said
    assert linked.state() == before


@pytest.mark.parametrize(
    ("program", "script", "reason"),
    [("kamailio", PRYING, "does not take the new files"), ("kamcmd", LYING, "Kamailio does not answer")],
    ids=["refused", "put back"],
)
def test_a_disabled_kamailio_stays_so_where_new_files_do_not_work(
    disabled: Property, program: str, script: str, reason: str
) -> None:
    before = disabled.state()
    with in_place_of(disabled, program, script):
        said = failed(disabled.role(**OTHER, pbx_kamailio_load_timeout=2))
    assert reason in said and said.endswith("The host is as it was before.")
    assert disabled.state() == before


def test_a_run_cut_while_it_swapped_is_made_whole(linked: Property) -> None:
    before, started = linked.state(), linked.started()
    linked.laboratory.pbx.run("mv", FOLDER, f"{FOLDER}.previous")
    cut = linked.state()
    linked.role("--check").good()
    assert linked.state() == cut
    assert linked.role().good().changed() == {HOST: 1}
    assert linked.state() == before and linked.started() == started


def test_files_that_somebody_deleted_are_not_said_to_be_put_back(linked: Property) -> None:
    before = linked.state()
    linked.laboratory.pbx.run("rm", "-r", FOLDER)
    with in_place_of(linked, "kamcmd", LYING):
        said = failed(linked.role(**OTHER, pbx_kamailio_load_timeout=2))
    assert said.endswith("What ran could not be put back: its files were gone.")
    assert linked.state() == linked.before
    linked.role().good()
    assert linked.state() == before


def test_what_does_not_serve_is_put_back(linked: Property) -> None:
    before = linked.state()
    with in_place_of(linked, "kamcmd", LYING):
        said = failed(linked.role(**OTHER, pbx_kamailio_load_timeout=2))
    assert "Look until both serve" in said and "Kamailio does not answer" in said
    assert "what ran was seen to run again" in said
    assert linked.state() == before
    with linked.laboratory.edge() as edge, linked.laboratory.phone("1234") as phone:
        edge.answers()
        phone.answers()
        await_alexa(linked)
        alexa, room = called_in(edge, phone)
        hear_each_other(alexa, room)
        alexa.hang_up()


def test_neither_reason_is_lost_where_the_old_state_does_not_come_back(linked: Property) -> None:
    pbx, before = linked.laboratory.pbx, linked.state()
    pbx.write(DROP_IN, "[Service]\nExecStartPre=/bin/false\n")
    try:
        said = failed(linked.role(**OTHER, pbx_kamailio_load_timeout=2))
    finally:
        pbx.run("sh", "-c", f"rm -r $(dirname {DROP_IN}); systemctl daemon-reload")
        pbx.run("systemctl", "reset-failed", "alexa-kamailio", check=False)
    assert "Start Kamailio, anew where its script has changed failed" in said
    assert "Putting the old state back failed too (Let those run again that ran failed" in said
    # The files are back; the programs are, with the next run.
    linked.role().good()
    assert linked.state() == before and linked.role().good().changed() == {HOST: 0}


def test_check_reckons_with_what_an_earlier_stage_would_mend(linked: Property) -> None:
    pbx, before = linked.laboratory.pbx, linked.state()
    bundle = f"{TLS}/amazon-bundle.pem"
    pbx.run("rm", bundle)
    assert "Kamailio would take up the certificate" in linked.run("--check").good().shown(TOLD, HOST)
    # Alone it would fail.
    assert f"{bundle} is missing" in failed(linked.role("--check"))
    pbx.run("chgrp", "root", f"{TLS}/alexa-pbx.key")
    linked.run("--check").good()
    linked.run().good()
    assert linked.state() == before


def test_check_tells_what_would_be_started_or_loaded_only(linked: Property) -> None:
    pbx, before = linked.laboratory.pbx, linked.state()
    assert linked.role("--check").good().changed() == {HOST: 0}
    pbx.run("systemctl", "disable", "alexa-rtpengine")
    pbx.run("systemctl", "stop", "alexa-kamailio")
    checked = linked.role("--check").good()
    assert "Kamailio would be started anew" in checked.shown(TOLD, HOST)
    assert "alexa-rtpengine.service would be enabled" in checked.shown(TOLD, HOST)
    assert checked.changed_tasks(HOST) == [TOLD] and linked.state() != before
    assert linked.role().good().changed()[HOST] and linked.state() == before
    renewing = linked.run("--check", pbx_tls_renew_before=366, pbx_tls_days=400).good()
    assert "Kamailio would take up the certificate" in renewing.shown(TOLD, HOST)
