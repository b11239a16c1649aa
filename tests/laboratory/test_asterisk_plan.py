# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dial plans that the role pbx_asterisk meets: calls between phones and rooms arrive, or it refuses them."""

from __future__ import annotations

import pytest

from alexa_laboratory import network
from alexa_laboratory.inventory import HOST
from alexa_laboratory.laboratory import REGISTRAR, TLS_PORT
from alexa_laboratory.sip import Refused
from asterisk_host import ETC, AsteriskHost

EXTENSIONS = f"{ETC}/extensions.conf"
OUTSIDE_LINE = "exten => _7XXX,1,Dial(PJSIP/${EXTEN}@provider)\n same => n,Hangup()\n"
SENT_ON = "exten => _72XX,1,Goto(to-alexa,${EXTEN},1)\n"
PBX = (network.PBX, TLS_PORT)


def plan(host: AsteriskHost, text: str, extension: str) -> None:
    """Write the dial plan and have Asterisk load it."""
    host.machine.write(EXTENSIONS, text)
    host.machine.asterisk("dialplan reload")
    host.machine.await_output(f"'{extension}'", "asterisk", "-rx", "dialplan show internal")


def test_a_wide_extension_of_the_phones_context_is_refused(host: AsteriskHost) -> None:
    users = host.machine.read(EXTENSIONS)
    plan(host, users + OUTSIDE_LINE, "_7XXX")
    said = "phones of the context internal would not reach room 7203", "extension _7XXX", "Goto(to-alexa,${EXTEN},1)"
    host.refused(*said)
    # As it advises.
    plan(host, users + OUTSIDE_LINE + SENT_ON, "_72XX")
    host.role().good()
    again, executions = host.role_counted()
    assert again.good().changed() == {HOST: 0} and executions == 1
    # Nor later, on a PBX that is linked.
    plan(host, host.machine.read(EXTENSIONS).replace(SENT_ON, "exten => 600,1,Echo()\n"), "600")
    host.refused(*said)


def test_contexts_of_phones_that_do_not_exist_are_refused(host: AsteriskHost) -> None:
    said = "the dial plan has no context intern ", "pbx_asterisk_phone_contexts", "dialplan show"
    host.refused(*said, pbx_asterisk_phone_contexts=["internal", "intern"])


def test_a_freepbx_without_the_file_for_our_line_is_refused(host: AsteriskHost) -> None:
    signs = (f"{ETC}/extensions_additional.conf", "/etc/freepbx.conf")
    try:
        for sign in signs:
            host.machine.write(sign, "; written by FreePBX\n")
            host.refused("this is a FreePBX", "has no pjsip_custom_post.conf", "pbx_asterisk_layout to plain")
            host.machine.run("rm", sign)
        host.machine.write(signs[0], "; left by a FreePBX of before\n")
        host.role("--check", pbx_asterisk_layout="plain").good()
    finally:
        host.machine.run("rm", "-f", *signs)


def test_alexa_does_not_reach_its_own_trunk(host: AsteriskHost) -> None:
    host.refused("alexa_dial_in names 7201", pbx_asterisk_dial_in=[{"pattern": "7201", "context": "internal"}])
    with host.laboratory.edge() as edge:
        edge.answers()
        host.role(pbx_asterisk_dial_in=[{"pattern": "_XXXX", "context": "internal"}]).good()
        host.machine.await_output("Avail ", "asterisk", "-rx", "pjsip show contacts")
        with pytest.raises(Refused) as refused:
            edge.call(f"sip:7201@{network.PBX}:{TLS_PORT};transport=tls", via=PBX)
        assert refused.value.status == 404
        with host.laboratory.phone("1234") as phone:
            phone.answers()
            call = edge.call(f"sip:1234@{network.PBX}:{TLS_PORT};transport=tls", via=PBX)
            phone.wait_for_call(5)
            call.hang_up()
            call = phone.call(f"sip:7201@{network.PBX_INSIDE}", via=REGISTRAR)
            edge.wait_for_call(5)
            call.hang_up()
