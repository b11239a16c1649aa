# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host names of the inventory, made of what people call their properties.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import re
import unicodedata

# What Ansible takes for something else, and the group that the hosts are in.
_TAKEN = ("all", "ungrouped", "localhost", "alexa_pbx")
_NO_PART_OF_A_NAME = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
_LONGEST = 253


def host_name_of(text: str) -> str:
    """A name that is safe as a host of an inventory, in patterns of C(--limit), and as a file's; empty if none is left.

    Letters lose their accents, whatever else is no letter, digit, dot, hyphen or underscore becomes a hyphen.
    """
    plain = unicodedata.normalize("NFKD", text.replace("\u00df", "ss"))
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return _NO_PART_OF_A_NAME.sub("-", plain).strip("-.")


def problem_with_host_name(name: str, text: str) -> str | None:
    """What is wrong with a name that C(host_name_of) made of a text, or None."""
    if not name:
        return f"{text!r} has no letter or digit that a host name could be made of"
    if len(name) > _LONGEST:
        return f"{text!r} is longer than {_LONGEST} characters, too long for a host name"
    if name in _TAKEN:
        return f"{text!r} would be the host {name!r}, which means something else to Ansible"
    return None
