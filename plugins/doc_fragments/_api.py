# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that all modules share. Private to alexa.smart_properties."""

from __future__ import annotations


class ModuleDocFragment:
    """C(_api) for every module, C(_api.management) for those that use the unit and profile APIs."""

    DOCUMENTATION = r"""
options:
  api_url:
    description:
      - Address of the API. The PBX API is documented for organizations of the US at the default address.
      - If unset, the environment variable E(ALEXA_API_URL) is used.
    type: str
    default: https://api.amazonalexa.com
  token_url:
    description:
      - Address where Login with Amazon gives tokens.
      - If unset, the environment variable E(ALEXA_TOKEN_URL) is used.
    type: str
    default: https://api.amazon.com/auth/o2/token
  client_id:
    description:
      - Client ID of the Login with Amazon security profile.
      - If unset, the environment variable E(ALEXA_CLIENT_ID) is used.
    type: str
  client_secret:
    description:
      - Client secret of the security profile.
      - If unset, the environment variable E(ALEXA_CLIENT_SECRET) is used.
    type: str
  access_token:
    description:
      - An access token, as M(alexa.smart_properties.alexa_lwa_token) returns it. It is used until the API rejects it;
        then O(client_id) and O(client_secret) get another one, once.
      - If unset, the environment variable E(ALEXA_ACCESS_TOKEN) is used; without that, the module logs in by itself.
    type: str
  validate_certs:
    description:
      - Whether the servers' certificates are verified. Switching this off shows the token to whoever is in between;
        give O(ca_path) for a private authority instead.
    type: bool
    default: true
  ca_path:
    description:
      - File with the certificates of the authorities to trust, as PEM. If unset, the system's are trusted.
      - If unset, the environment variable E(ALEXA_CA_PATH) is used.
    type: path
  request_timeout:
    description:
      - Seconds to wait for a connection, and for each part of an answer.
    type: float
    default: 30.0
  retry_timeout:
    description:
      - Seconds that one request may keep meeting throttling (429), server errors (5xx) and lost connections before it
        is an error. V(0) switches repeating off. Time in which it only queues behind other requests does not count.
      - A host that the module has not reached yet is given up after 30 seconds, for its name is more likely wrong.
      - A creation whose answer got lost is never blindly repeated; the module looks first whether it was carried out.
    type: float
    default: 300.0
  requests_per_second:
    description:
      - A ceiling for the speed of all processes of this control node together, for users who know their account's
        limit. If unset, the limit is found by itself.
    type: float
  request_log:
    description:
      - A file on the control node to which each request is added as a line of JSON, with its time, status and Amazon's
        id of it, for Amazon's support. Bodies, headers and tokens are left out. The file is its owner's alone.
      - If unset, the environment variable E(ALEXA_REQUEST_LOG) is used.
    type: path
    version_added: 0.2.0
requirements:
  - requests
"""

    MANAGEMENT = r"""
options:
  refresh_token:
    description:
      - Refresh token of the scope C(alexa::enterprise:management), which the unit and profile APIs take.
      - If unset, the environment variable E(ALEXA_REFRESH_TOKEN) is used.
    type: str
"""
