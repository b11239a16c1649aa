# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor asks a PBX, in one look by the module C(pbx_info). Everything here only reads.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MODULES, _LEGACY = "/proc/modules", "/proc/net/ip_tables_names"
#: Which file's text is known by which name; of the key only that it is there.
_TEXTS = ("certificate", "chain", "trust")
# A server may listen at one address of the PBX alone. Arguments: the port, and what is asked but for the place.
_AT_ITS_LISTENER = """\
where=$(ss -lntH "sport = :$0" | awk '{ sub(/:[0-9]*$/, "", $4); sub(/%.*/, "", $4); print $4; exit }')
case $where in ''|0.0.0.0|'*'|'[::]') where=127.0.0.1 ;; esac
exec "$@" -connect "$where:$0"
"""
# The context is the endpoint's own, which somebody may have named otherwise. Argument: the endpoint.
_ITS_CONTEXT = """\
context=$(asterisk -rx "pjsip show endpoint $0" | sed -n 's/^ context *: *//p')
exec asterisk -rx "dialplan show ${context:-from-$0}"
"""
# One program may stand for either kind. Argument: the kind.
_OF_IPTABLES = """\
for each in iptables-$0-save iptables-save; do
    case $($each -V 2>&1) in
        *nf_tables*) test $0 = nft && exec $each ;;
        *' v'[0-9]*) test $0 = legacy && exec $each ;;
    esac
done
exit 127
"""
# It is not asked where it has no table, so that it makes none.
_OF_LEGACY = f"grep -qs . {_LEGACY} || exit 0\n{_OF_IPTABLES}"


def questions(params: Mapping[str, Any]) -> dict[str, Any]:
    """The options of C(pbx_info) for a property."""
    commands = {"clock": ["date", "+%s"], **_served(params), **_certificate(params)}
    if params["kind"] != "external":
        commands |= _host(params)
    if params["kind"] == "asterisk":
        commands |= _asterisk(params)
    elif params["kind"] == "kamailio":
        commands |= {"version": ["kamailio", "-V"]}
    return {
        "files": [path for path in (params["key_file"],) if path],
        "contents": [path for path in named_files(params).values() if path],
        "commands": commands,
        "command_timeout": params["command_timeout"],
    }


def named_files(params: Mapping[str, Any]) -> dict[str, str]:
    """The paths of the files that are read, by the name that the case knows their texts by."""
    named = {name: params[f"{name}_file"] or "" for name in _TEXTS}
    if params["kind"] != "external":
        named |= {"modules": _MODULES, "legacy_tables": _LEGACY}
    if params["kind"] == "kamailio":
        named["rtpengine"] = params["rtpengine_file"] or ""
    return named


def _served(params: Mapping[str, Any]) -> dict[str, list[str]]:
    port = str(params["sip_port"])
    asked = ["openssl", "s_client", "-tls1_2", "-showcerts", "-servername", params["name"]]
    if params["kind"] != "external":
        return {"served": ["sh", "-c", _AT_ITS_LISTENER, port, *asked]}
    return {"served": [*asked, "-connect", f"{params['address']}:{port}"]} if params["address"] else {}


def _certificate(params: Mapping[str, Any]) -> dict[str, list[str]]:
    if not params["certificate_file"] or not params["key_file"] or params["kind"] == "external":
        return {}
    key, certificate = params["key_file"], params["certificate_file"]
    return {
        "key_readable": ["runuser", "-u", params["user"] or params["kind"], "--", "test", "-r", key],
        "key_public": ["openssl", "pkey", "-in", key, "-pubout"],
        "certificate_public": ["openssl", "x509", "-in", certificate, "-noout", "-pubkey"],
    }


def _host(params: Mapping[str, Any]) -> dict[str, list[str]]:
    asked = {
        "addresses": ["ip", "-4", "-o", "address"],
        "own_name": ["sh", "-c", 'getent hosts "$(hostname)"'],
        "rules": ["/usr/sbin/nft", "-j", "list", "ruleset"],
        "compatible": ["sh", "-c", _OF_IPTABLES, "nft"],
        "legacy": ["sh", "-c", _OF_LEGACY, "legacy"],
        "banned": ["/usr/bin/fail2ban-client", "banned"],
        "sockets": ["ss", "-lntpH", f"sport = :{params['sip_port']}"],
        "udp_sockets": ["ss", "-lunpH"],
    }
    if params["check_name"]:
        asked |= {"name": ["getent", "ahostsv4", params["name"]], "name6": ["getent", "ahostsv6", params["name"]]}
    return asked


def _asterisk(params: Mapping[str, Any]) -> dict[str, list[str]]:
    name = params["endpoint"]
    asked = {
        "settings": "core show settings",
        "endpoint": f"pjsip show endpoint {name}",
        "transport": f"pjsip show transport {name}-tls",
        "aor": f"pjsip show aor {name}",
        "dial_out": f"dialplan show to-{name}",
        "srtp": "module show like res_srtp.so",
        "rtp": "rtp show settings",
    }
    return {
        "version": ["asterisk", "-V"],
        **{each: ["asterisk", "-rx", words] for each, words in asked.items()},
        "dial_in": ["sh", "-c", _ITS_CONTEXT, name],
    }
