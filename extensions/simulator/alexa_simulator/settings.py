# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of the simulator: one table for the command line and for PUT /control/settings."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any


def _option(text: str, **rules: Any) -> dict[str, Any]:
    """What a field says of itself: its help, and what limits its values."""
    return {"help": text, **rules}


@dataclasses.dataclass
class Settings:
    """The variants in which the simulator can answer; the defaults follow Amazon's page.

    Facts that Amazon documents have no option. Each option stands for something Amazon leaves open
    (so that a client can be tried against both answers) or for a condition of the network.
    """

    activation_delay: float = dataclasses.field(
        default=600.0, metadata=_option("seconds until a new trunk reaches its final status", minimum=0)
    )
    update_delay: float = dataclasses.field(
        default=0.0, metadata=_option("seconds a changed trunk stays in UPDATING; 0: it stays ACTIVE", minimum=0)
    )
    final_status: str = dataclasses.field(
        default="ACTIVE", metadata=_option("status in which a new or changed trunk ends, e.g. FAILED")
    )
    token_lifetime: int = dataclasses.field(
        default=3600, metadata=_option("seconds until an access token expires", minimum=1)
    )
    granted: bool = dataclasses.field(
        default=True,
        metadata=_option(
            "the client is granted in the console (otherwise every API call answers 403)", off="--not-granted"
        ),
    )
    country: str = dataclasses.field(
        default="US", metadata=_option("country of the organization; the PBX API answers 403 for any but US")
    )
    page_size: int = dataclasses.field(
        default=50, metadata=_option("most items on a page; maxResults is honoured up to it", minimum=1)
    )
    page_token: str = dataclasses.field(
        default="key",
        metadata=_option(
            "a page token names the last item of its page, or how many came before the next one",
            choices=("key", "position"),
        ),
    )
    last_page: str = dataclasses.field(
        default="empty-context",
        metadata=_option("how the last page of a list says so", choices=("empty-context", "null-token", "no-context")),
    )
    list_detail: str = dataclasses.field(
        default="full",
        metadata=_option(
            "items of the trunk list: as GET returns them, or trunkId and status only", choices=("full", "ids")
        ),
    )
    list_lag: float = dataclasses.field(
        default=0.0, metadata=_option("seconds by which lists lag behind writes; GET of one item never lags", minimum=0)
    )
    duplicate_across_pages: bool = dataclasses.field(
        default=False, metadata=_option("the last item of a page comes again on the next page")
    )
    repeat_page_token: bool = dataclasses.field(
        default=False, metadata=_option("a page token leads to itself for ever")
    )
    chain_in_get: bool = dataclasses.field(
        default=True, metadata=_option("GET and list of trunks return tls.certificateChain")
    )
    second_map: str = dataclasses.field(
        default="conflict",
        metadata=_option(
            "POST for an extension that is mapped: 409, or it is replaced", choices=("conflict", "overwrite")
        ),
    )
    map_needs_active: bool = dataclasses.field(
        default=False, metadata=_option("mapping on a trunk that is not ACTIVE answers 409")
    )
    write_answer: str = dataclasses.field(
        default="item",
        metadata=_option("body of a successful map or update: the item, or nothing", choices=("item", "empty")),
    )
    delete_status: int = dataclasses.field(
        default=204, metadata=_option("status of a successful DELETE", choices=(200, 204))
    )
    profile_shape: str = dataclasses.field(
        default="nested",
        metadata=_option('profileId as {"profileId": "..."} or as a plain string', choices=("nested", "plain")),
    )
    profile_name: str = dataclasses.field(
        default="guest",
        metadata=_option("name of a new profile: Guest until renamed, or the one given", choices=("guest", "given")),
    )
    latency: float = dataclasses.field(default=0.0, metadata=_option("seconds added to every answer", minimum=0))
    rate_limit: float = dataclasses.field(
        default=0.0, metadata=_option("requests a second for the account; 0: no limit", minimum=0)
    )
    rate_burst: float = dataclasses.field(
        default=0.0, metadata=_option("requests that may come at once; 0: as many as the limit, at least 1", minimum=0)
    )
    retry_after: str = dataclasses.field(
        default="none",
        metadata=_option("form of Retry-After in a 429 of the rate limit", choices=("none", "seconds", "date")),
    )

    def changed(self, changes: dict[str, Any]) -> Settings:
        """A copy with `changes` applied; ValueError names the first one that is unknown or malformed."""
        fields = {field.name: field for field in dataclasses.fields(self)}
        for name in changes:
            if name not in fields:
                raise ValueError(f"unknown setting {name}; there are {', '.join(sorted(fields))}")
        return dataclasses.replace(self, **{name: _checked(fields[name], value) for name, value in changes.items()})


def _checked(field: dataclasses.Field[Any], value: Any) -> Any:
    """The value in the field's type; ValueError says what is allowed."""
    kind: type[Any] = type(field.default)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    # A boolean is an int to Python, and not to the user.
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise ValueError(f"{field.name} must be of type {kind.__name__}")
    if "choices" in field.metadata and value not in field.metadata["choices"]:
        raise ValueError(f"{field.name} must be one of {', '.join(map(str, field.metadata['choices']))}")
    if "minimum" in field.metadata and not value >= field.metadata["minimum"]:
        raise ValueError(f"{field.name} must be at least {field.metadata['minimum']}")
    return value


def add_options(parser: argparse.ArgumentParser) -> None:
    """One option for each setting; a boolean also gets its opposite."""
    for field in dataclasses.fields(Settings):
        flag = "--" + field.name.replace("_", "-")
        text = field.metadata["help"] + f" (default: {field.default})"
        if isinstance(field.default, bool):
            off = field.metadata.get("off", "--no-" + flag[2:])
            parser.add_argument(flag, dest=field.name, action="store_true", default=None, help=text)
            parser.add_argument(
                off, dest=field.name, action="store_false", default=None, help=f"the opposite of {flag}"
            )
        else:
            parser.add_argument(flag, type=type(field.default), choices=field.metadata.get("choices"), help=text)


def from_options(options: argparse.Namespace) -> Settings:
    """The settings that the command line asks for; ValueError says what is wrong."""
    given = {field.name: getattr(options, field.name) for field in dataclasses.fields(Settings)}
    return Settings().changed({name: value for name, value in given.items() if value is not None})
