#!/usr/bin/python
# Copyright: The alexa.smart_properties contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alexa_lwa_token
short_description: Get an access token from Login with Amazon
version_added: 0.1.0
description:
  - Logs in once, so that the other modules of a play can share the token instead of logging in for each host.
  - The token is a secret. Register it in a task with C(no_log=true), and hand it on as C(access_token).
  - A token lives for about an hour. Modules that also have O(client_id) and O(client_secret), or their environment
    variables, get another one when the API rejects it.
options:
  grant_type:
    description:
      - V(client_credentials) gives a token for the PBX API; V(refresh_token) one for the unit and profile APIs.
    type: str
    choices: [client_credentials, refresh_token]
    default: client_credentials
  scope:
    description:
      - What the token is for. If unset, V(amazon_communication::network:siptrunk) for
        O(grant_type=client_credentials), and what the refresh token was granted for O(grant_type=refresh_token).
    type: str
extends_documentation_fragment:
  - alexa.smart_properties._api
  - alexa.smart_properties._api.management
  - alexa.smart_properties._attributes.info
  - alexa.smart_properties._attributes.api
seealso:
  - name: Link a Private Branch Exchange (PBX) to Alexa Smart Properties
    description: Amazon's page; this module is its step 3.
    link: https://developer.amazon.com/en-US/docs/alexa/alexa-smart-properties/configure-pbx-for-alexa-smart-properties.html
author:
  - The alexa.smart_properties contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Log in once for all hosts
  alexa.smart_properties.alexa_lwa_token:
    client_id: "{{ vault_alexa_client_id }}"
    client_secret: "{{ vault_alexa_client_secret }}"
  register: login
  run_once: true
  delegate_to: localhost
  no_log: true

- name: Use the token
  alexa.smart_properties.alexa_siptrunk_info:
    access_token: "{{ login.access_token }}"
  delegate_to: localhost
"""

RETURN = r"""
access_token:
  description: The token. A secret.
  returned: success
  type: str
  sample: Atc|example
expires_in:
  description: Seconds that the token lives.
  returned: success
  type: int
  sample: 3600
expires_at:
  description: When the token ends, by the control node's clock, in UTC.
  returned: success
  type: str
  sample: "2026-01-01T13:00:00Z"
scope:
  description: What the token is for.
  returned: success
  type: str
  sample: amazon_communication::network:siptrunk
"""

from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import InputError
from ansible_collections.alexa.smart_properties.plugins.module_utils._lwa import TRUNK_SCOPE, Grant
from ansible_collections.alexa.smart_properties.plugins.module_utils._module import (
    Connections,
    Job,
    management_options,
    run_module,
)
from ansible_collections.alexa.smart_properties.plugins.module_utils._plan import Result

OPTIONS = {
    **management_options(),
    "grant_type": {
        "type": "str",
        "choices": ["client_credentials", "refresh_token"],
        "default": "client_credentials",
    },
    "scope": {"type": "str"},
}


def log_in(params: dict[str, Any], connections: Connections, _check_mode: bool) -> Result:
    """A token as {access_token, expires_in, expires_at, scope}."""
    refresh_token, scope = None, params["scope"] or TRUNK_SCOPE
    if params["grant_type"] == "refresh_token":
        refresh_token, scope = params["refresh_token"], params["scope"]
        if not refresh_token:
            raise InputError(
                "grant_type refresh_token needs a refresh token.", "Give refresh_token (ALEXA_REFRESH_TOKEN)."
            )
    grant = Grant(params["client_id"], params["client_secret"], refresh_token, scope)
    answer = connections.tokens(grant).request()
    lifetime = int(answer.get("expires_in") or 0)
    ends = datetime.now(timezone.utc) + timedelta(seconds=lifetime)
    return Result(
        False,
        {
            "access_token": answer["access_token"],
            "expires_in": lifetime,
            "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "scope": answer.get("scope") or scope,
        },
    )


JOB = Job(OPTIONS, log_in)


def main() -> None:
    run_module(JOB)


if __name__ == "__main__":
    main()
