# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the options of alexa_siptrunk into a wished trunk, and refuses what Amazon would.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.alexa.smart_properties.plugins.module_utils._chain import (
    Chain,
    checked_chain,
    public_roots,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._inputs import (
    problem_with_dns_name,
    problem_with_port,
    problem_with_public_ipv4,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._model import Peer, Trunk


def checked_wish(params: dict[str, Any], check_mode: bool) -> tuple[Trunk, list[str]]:
    """The wished trunk, and warnings. Raises InputError that names every value that can't be used.

    :param params: the options of alexa_siptrunk.
    :param check_mode: lets the chain be missing, since the certificate may not be made yet.
    """
    peers = tuple(Peer(str(peer["ip"]), peer["port"]) for peer in params["peers"] or ())
    fqdn = params["fqdn_peer"]
    fqdn_peer = Peer(fqdn["name"], fqdn["port"]) if fqdn else None
    problems = _problems(params, peers, fqdn_peer)
    if problems:
        raise InputError("; ".join(problems) + ".", "Nothing was sent.")
    wish = Trunk(params["trunk_id"], None, params["tls_name"], None, tuple(sorted(peers)), fqdn_peer)
    if not (wish.trunk_id or wish.tls_name or peers or fqdn_peer):
        raise InputError("Nothing tells which trunk is meant.", "Give trunk_id, or tls_name with peers or fqdn_peer.")
    if params["state"] == "absent":
        return wish, []
    if not (wish.trunk_id or peers or fqdn_peer):
        raise InputError("A trunk needs peers or fqdn_peer.", "Give the PBX's public address, or its host name.")
    chain = _checked_chain(params, wish, check_mode)
    return Trunk(wish.trunk_id, None, wish.tls_name, chain.pems or None, wish.peers, fqdn_peer), chain.warnings


def _checked_chain(params: dict[str, Any], wish: Trunk, check_mode: bool) -> Chain:
    given = params["certificate_chain"]
    if given is not None and not wish.tls_name:
        raise InputError("certificate_chain needs tls_name.", "Give the name that the certificate carries.")
    if given is not None and not isinstance(given, (str, list)):
        raise InputError("certificate_chain is neither a text nor a list of texts.", "Give PEM text.")
    if given is not None:
        return checked_chain(given, str(wish.tls_name), roots=public_roots)
    if wish.tls_name and not wish.trunk_id and not check_mode:
        raise InputError(
            f"tls_name {wish.tls_name} needs certificate_chain.", "Give the PBX's certificate and its issuers as PEM."
        )
    return Chain(())


def _problems(params: dict[str, Any], peers: tuple[Peer, ...], fqdn_peer: Peer | None) -> list[str]:
    problems: list[str] = []

    def check(where: str, problem_with: Callable[[Any], str | None], value: Any) -> None:
        problem = problem_with(value)
        if problem:
            problems.append(f"{where}: {problem}")

    if params["tls_name"]:
        check("tls_name", problem_with_dns_name, params["tls_name"])
    for index, peer in enumerate(peers):
        check(f"peers[{index}].ip", problem_with_public_ipv4, peer.host)
        check(f"peers[{index}].port", problem_with_port, peer.port)
        if peer in peers[:index]:
            problems.append(f"peers[{index}]: {peer.host}:{peer.port} occurs twice")
    if fqdn_peer:
        check("fqdn_peer.name", problem_with_dns_name, fqdn_peer.host)
        check("fqdn_peer.port", problem_with_port, fqdn_peer.port)
    return problems
