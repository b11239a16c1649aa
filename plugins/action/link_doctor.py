# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the PBX once by C(pbx_info), and judges on the control node, which has the libraries and the right clock."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.alexa.smart_properties.plugins.modules.link_doctor import OPTIONS
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._control_node import plain
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor import examined
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_case import Case, Wish
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_names import seen_by, seen_from_here
from ansible_collections.alexa.smart_properties.plugins.plugin_utils._doctor_questions import named_files, questions


class ActionModule(ActionBase):
    """One module execution on the PBX, nothing else is sent to it."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The task's result; raises AnsibleActionFail for options that can't be used."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        checked = ArgumentSpecValidator(OPTIONS).validate(plain(self._task.args))
        if checked.error_messages:
            raise AnsibleActionFail("; ".join(checked.error_messages))
        params = checked.validated_parameters
        if problem := refused(params):
            raise AnsibleActionFail(problem)
        before = time.time()
        look = self._execute_module(
            "alexa.smart_properties.pbx_info", module_args=questions(params), task_vars=task_vars
        )
        if look.get("failed") or look.get("unreachable"):
            return {**result, **look}
        case = case_of(params, plain(look), (before, time.time()))
        return {**result, "changed": False, **examined(case, params["mended"])}


def refused(params: Mapping[str, Any]) -> str:
    """What is wrong with values that no type tells; an empty text where nothing is."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", params["endpoint"]):
        return f"endpoint is {params['endpoint']!r}. Give the name of Asterisk's endpoint: letters, digits, _ and -."
    if not re.fullmatch(r"[0-9]{1,5}-[0-9]{1,5}", params["rtp_ports"]):
        return f"rtp_ports is {params['rtp_ports']!r}. Give two ports in order, such as 10000-20000."
    for option in ("networks", "inside_networks"):
        for network in params[option]:
            try:
                ipaddress.IPv4Network(network)
            except ValueError:
                return f"{option} holds {network!r}. Give IPv4 networks, such as 192.168.1.0/24."
    for resolver in params["resolvers"]:
        try:
            ipaddress.ip_address(resolver)
        except ValueError:
            return f"resolvers holds {resolver!r}. Give addresses of DNS servers, such as 9.9.9.9."
    return ""


def case_of(params: Mapping[str, Any], look: Mapping[str, Any], clock: tuple[float, float]) -> Case:
    """What the doctor judges: the options, and what the PBX said."""
    first, last = (int(port) for port in params["rtp_ports"].split("-"))
    wish = Wish(
        kind=params["kind"], name=params["name"], address=params["address"], port=params["sip_port"],
        peer_type=params["peer_type"], rtp_ports=(first, last), networks=params["networks"],
        inside_networks=params["inside_networks"], edge_host=params["edge_host"], dial_in=params["dial_in"],
        codecs=params["codecs"], certificate_days=params["certificate_days"])  # fmt: skip
    texts = {f"{name}_file": params[f"{name}_file"] or "" for name in ("certificate", "key", "trust")}
    texts |= {name: look["contents"].get(path, "") for name, path in named_files(params).items() if path}
    mappings, resolvers, name = params["mappings"], params["resolvers"], params["name"]
    return Case(
        wish=wish, answers=look["commands"], texts=texts, clock=clock, resolvers=resolvers,
        here=seen_by(resolvers, name, params["command_timeout"]) if resolvers else seen_from_here(name),
        now=datetime.now(timezone.utc), trunk=params["trunk"], rooms=params["rooms"],
        account_error=params["account_error"],
        mappings=None if mappings is None else {each["extension"]: each["comms_profile_id"] for each in mappings},
    )  # fmt: skip
