# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control node's name service, or resolvers of the user's choice, know of a name.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress

with suppress(ImportError):
    import dns.exception
    import dns.resolver

# The name service answered, and knows no such name.
_UNKNOWN = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


def seen_from_here(name: str) -> list[str] | str:
    """The IPv4 addresses of a name on the control node, or why there is no answer."""
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except socket.gaierror as error:
        return [] if error.errno in _UNKNOWN else str(error.strerror)
    except (OSError, UnicodeError) as error:
        return str(error)
    return [str(address[0]) for *_kinds, address in found]


def seen_by(resolvers: Sequence[str], name: str, timeout: float) -> list[str] | str:
    """The same of the first of some resolvers that answers; neither files nor search domains of this machine count."""
    if "dns" not in globals():
        return "the Python library dnspython is missing on the control node"
    asking = dns.resolver.Resolver(configure=False)
    asking.nameservers = list(resolvers)
    try:
        return [str(record.address) for record in asking.resolve(name, "A", lifetime=timeout, search=False)]
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        return str(error).rstrip(".")
