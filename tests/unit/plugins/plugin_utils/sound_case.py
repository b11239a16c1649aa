# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A property on which the doctor has nothing to say, as Asterisk 22 on Debian answers; a test spoils a part of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._certificates import summaries
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_case import Case, Wish
from ansible_collections.alexa.smart_properties.tests.unit.plugins.module_utils.certs import NOW, family

NAME, ADDRESS = "pbx.example.com", "203.0.113.10"
FAMILY = family(NAME)
CHAIN = "".join(FAMILY.pems)
SERVED = "".join(FAMILY.pems[:2])
PROFILE = "amzn1.alexa.unit.did.1"

ENDPOINT = """
 Endpoint:  alexa                                                Unavailable   0 of inf
        Aor:  alexa                                              0
      Contact:  alexa/sip:edge.alexa.example:5061;transpor eb90d2ccfa Avail         0.977
  Transport:  alexa-tls                 tls      0      0  0.0.0.0:5061
   Identify:  alexa/alexa
        Match: 3.239.178.128/25

 ParameterName                      : ParameterValue
 ===================================================
 allow                              : (ulaw)
 auth                               :
 context                            : from-alexa
 media_encryption                   : sdes
 srtp_tag_32                        : false
"""
TRANSPORT = """
 ParameterName               : ParameterValue
 ============================================
 allow_wildcard_certs        : Yes
 external_media_address      :
 external_signaling_address  :
 local_net                   :
 method                      : tlsv1_2
 verify_server               : Yes
"""
AOR = " contact              : sip:edge.alexa.example:5061;transport=tls\n qualify_frequency    : 60\n"
DIAL_IN = """[ Context 'from-alexa' created by 'pbx_config' ]
  '7201' =>         1. Hangup(1)                                  [extensions.conf:8]
  '_1XXX' =>        1. Goto(internal,${EXTEN},1)                  [extensions.conf:5]
"""
DIAL_OUT = """[ Context 'to-alexa' created by 'pbx_config' ]
  '7201' =>         1. Dial(PJSIP/${EXTEN}@alexa,30,i)            [extensions.conf:14]
"""


def rule(*expressions: dict[str, Any], chain: str = "input") -> dict[str, Any]:
    return {"rule": {"family": "inet", "table": "filter", "chain": chain, "expr": list(expressions)}}


def match(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def field(protocol: str, name: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": name}}


AMAZON = match(field("ip", "saddr"), {"prefix": {"addr": "3.239.178.128", "len": 25}})
INSIDE = match(field("ip", "saddr"), {"prefix": {"addr": "192.168.1.0", "len": 24}})
SIP = match(field("tcp", "dport"), 5061)
MEDIA = match(field("udp", "dport"), {"range": [10000, 20000]})
ACCEPT, DROP = {"accept": None}, {"drop": None}


def ruleset(*rules: dict[str, Any], policy: str = "drop") -> str:
    base = {"family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input", "policy": policy}
    return json.dumps({"nftables": [{"metainfo": {"version": "1.1.7"}}, {"chain": base}, *rules]})


RULES = ruleset(rule(SIP, AMAZON, ACCEPT), rule(MEDIA, AMAZON, ACCEPT), rule(MEDIA, INSIDE, ACCEPT))


def answer(text: str = "", rc: int = 0) -> dict[str, Any]:
    return {"rc": rc, "stdout": text, "stderr": ""}


def sound() -> Case:
    """A linked property."""
    answers = {
        "clock": f"{int(NOW.timestamp())}\n", "served": f"CONNECTED(00000003)\n{SERVED}", "version": "Asterisk 22",
        "settings": "PBX Core settings", "endpoint": ENDPOINT, "transport": TRANSPORT, "aor": AOR, "dial_in": DIAL_IN,
        "dial_out": DIAL_OUT, "srtp": "res_srtp.so    Secure RTP (SRTP)    0    Running    core\n",
        "rtp": "  Port start:      10000\n  Port end:        20000\n", "rules": RULES, "banned": "[{'sshd': []}]",
        "addresses": f"2: eth0    inet {ADDRESS}/24 scope global eth0\n", "own_name": "127.0.1.1 pbx\n",
        "sockets": 'LISTEN 0 5 0.0.0.0:5061 0.0.0.0:* users:(("asterisk",pid=44,fd=11))\n',
        "udp_sockets": 'UNCONN 0 0 0.0.0.0:10002 0.0.0.0:* users:(("asterisk",pid=44,fd=9))\n',
        "name": f"{ADDRESS}    STREAM {NAME}\n", "name6": f"::ffff:{ADDRESS} STREAM {NAME}\n", "key_readable": "",
        "key_public": "the same key", "certificate_public": "the same key"}  # fmt: skip
    texts = {
        "certificate": SERVED, "chain": CHAIN, "trust": FAMILY.root.pem, "modules": "nf_tables 1 0\n",
        "certificate_file": "/tls/pbx.crt", "key_file": "/tls/pbx.key", "trust_file": "/tls/amazon.pem"}  # fmt: skip
    wish = Wish(
        kind="asterisk", name=NAME, address=ADDRESS, port=5061, peer_type="ip", rtp_ports=(10000, 20000),
        networks=["3.239.178.128/25"], inside_networks=["192.168.1.0/24"], edge_host="edge.alexa.example",
        dial_in=["_1XXX"], codecs=["ulaw", "opus"], certificate_days=14)  # fmt: skip
    trunk = {
        "trunk_id": "amzn1.comms.network.siptrunk.1", "status": "ACTIVE", "tls_name": NAME, "fqdn_peer": None,
        "peers": [{"ip": ADDRESS, "port": 5061}], "certificates": summaries(FAMILY.pems)}  # fmt: skip
    return Case(
        wish=wish, answers={name: answer(text) for name, text in answers.items()}, texts=texts, here=[ADDRESS],
        now=NOW, clock=(NOW.timestamp() - 1, NOW.timestamp() + 1), trunk=trunk, mappings={"7201": PROFILE},
        rooms=[{"extension": "7201", "comms_profile_id": PROFILE}])  # fmt: skip


def says(case: Case, **texts: str) -> Case:
    """The PBX answers these questions otherwise."""
    return replace(case, answers={**case.answers, **{name: answer(text) for name, text in texts.items()}})


def holds(case: Case, **texts: str) -> Case:
    """The PBX's files hold something else."""
    return replace(case, texts={**case.texts, **texts})


def wishes(case: Case, **values: Any) -> Case:
    """The inventory says otherwise."""
    return replace(case, wish=replace(case.wish, **values))


def has(case: Case, **values: Any) -> Case:
    """Amazon has another trunk."""
    return replace(case, trunk={**(case.trunk or {}), **values})
