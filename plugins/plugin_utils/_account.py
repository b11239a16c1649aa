# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account of the management APIs that options name.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.alexa.smart_properties.plugins.module_utils._errors import CredentialsError

SECRETS = ("client_secret", "access_token", "refresh_token")
_CREDENTIAL = ("client_id", "client_secret", "refresh_token")


def refuse_incomplete_credential(params: Mapping[str, Any]) -> None:
    """Raises CredentialsError that names what is missing. An access token alone will do."""
    missing = [name for name in _CREDENTIAL if not params[name]]
    if missing and (params["refresh_token"] or not params["access_token"]):
        raise CredentialsError(
            f"The credential is incomplete: there is no {' and no '.join(missing)}.",
            f"Give {', '.join('ALEXA_' + name.upper() for name in missing)} in the environment, or the options.",
        )


def mark_of(params: Mapping[str, Any], *more: Any) -> str:
    """What tells this account from others, 64 hexadecimal digits.

    The refresh token belongs to it: one client may serve several accounts. Nothing can be read from the mark, since the
    token is random and long.

    :param more: what else a mark is to tell apart.
    """
    owner = params["refresh_token"] or params["access_token"]
    told = json.dumps([params["api_url"], params["client_id"], owner, *more])
    return hashlib.sha256(told.encode()).hexdigest()
