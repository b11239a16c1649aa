# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pairs of agents that the tests let talk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from alexa_laboratory.sip import UserAgent
from issuing import issue
from sip_hosts import EDGE_TONE, Hosts, Papers


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with ExitStack() as stack:
        yield Hosts(stack)


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers(tmp_path_factory.mktemp("papers"), issue("Laboratory CA"))


@pytest.fixture
def phones(hosts: Hosts) -> tuple[UserAgent, UserAgent]:
    """Two plain phones that can call each other."""
    return hosts.agent("phone"), hosts.agent("other", tone=EDGE_TONE)


@pytest.fixture
def secured(hosts: Hosts, papers: Papers) -> tuple[UserAgent, UserAgent]:
    """The PBX's side and Amazon's, with its wildcard certificate."""
    pbx = hosts.agent("pbx", papers.tls("pbx.example.com", server_name="edge.alexa.example"))
    edge = hosts.agent("edge", papers.tls("*.alexa.example", server_name="pbx.example.com"), tone=EDGE_TONE)
    return pbx, edge
