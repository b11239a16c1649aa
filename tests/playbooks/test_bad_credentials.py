# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the account refuses, and what a run refuses to do to it: every host is told, and nothing is changed."""

from __future__ import annotations

import pytest

from playbook_runs import LINK, PROFILE, Run, Site, writes

HOSTS = {"aurora": "203.0.113.10", "lindenhof": "198.51.100.20"}


def name_of(host: str) -> str:
    return f"pbx.{host}.example.com"


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    """Two properties that somebody linked, with ten mappings each of which aurora's inventory lists eight."""
    rooms = [{"extension": str(7200 + number), "comms_profile_id": f"{PROFILE}{number}"} for number in range(8)]
    site.inventory(
        {
            host: {"alexa_pbx_name": name_of(host), "alexa_pbx_address": address, "alexa_rooms": rooms}
            for host, address in HOSTS.items()
        }
    )
    for host, address in HOSTS.items():
        trunk = {"tls": {"name": name_of(host)}, "peers": [{"ip": address, "port": 5061}]}
        trunk_id = site.api().control("POST", "/trunks", trunk)["trunkId"]
        mappings = [
            {"extension": str(7200 + number), "commsProfileId": f"{PROFILE}{number}"} for number in range(10)
        ]
        site.api().control("PUT", f"/trunks/{trunk_id}/extensions", mappings)
    return site


def refused(site: Site, *options: str, **environment: str) -> Run:
    """Run the stage `extensions`, which must fail for every host and change nothing at the simulator."""
    before = site.state()
    site.counted()
    run = site.run(LINK, "--tags", "extensions", *options, **environment)
    assert run.code and run.failed() == set(HOSTS), run.output
    assert site.state() == before and not writes(site.counted())
    return run


def test_no_credentials(site: Site) -> None:
    run = refused(site, ALEXA_CLIENT_ID="", ALEXA_CLIENT_SECRET="")
    for host in HOSTS:
        assert "ALEXA_CLIENT_ID" in run.message(host) and "ALEXA_CLIENT_SECRET" in run.message(host)


def test_wrong_secret(site: Site) -> None:
    wrong = "amzn1.oa2-cs.v1.wrong|secret"
    run = refused(site, ALEXA_CLIENT_SECRET=wrong)
    for host in HOSTS:
        assert "answered 401" in run.message(host) and "ALEXA_CLIENT_SECRET" in run.message(host)
    assert wrong not in run.output and "wrong%7Csecret" not in run.output


def test_client_that_is_not_granted(site: Site) -> None:
    site.api().control("PUT", "/settings", {"granted": False})
    try:
        run = refused(site)
    finally:
        site.api().control("PUT", "/settings", {"granted": True})
    for host in HOSTS:
        assert "403" in run.message(host) and "Grant API Access" in run.message(host)


def test_prune_beyond_the_limit(site: Site) -> None:
    run = refused(site, "-e", "alexa_prune=true", "-e", "alexa_prune_limit=10%")
    for host in HOSTS:
        assert "would remove 2 of 10 mappings" in run.message(host) and "alexa_prune_limit" in run.message(host)


def test_unknown_trunk(site: Site) -> None:
    run = refused(site, "-e", "alexa_trunk_id=amzn1.comms.network.siptrunk.unknown")
    for host in HOSTS:
        assert "amzn1.comms.network.siptrunk.unknown" in run.message(host)


def test_two_trunks_that_are_alike(site: Site) -> None:
    for host, address in HOSTS.items():
        twin = {"tls": {"name": name_of(host)}, "peers": [{"ip": address, "port": 5061}]}
        twin["trunkId"] = f"amzn1.comms.network.siptrunk.twin-of-{host}"
        site.api().control("POST", "/trunks", twin)
    run = refused(site)
    for host in HOSTS:
        (first, second) = [
            trunk["trunkId"] for trunk in site.state()["trunks"] if trunk["tls"]["name"] == name_of(host)
        ]
        assert first in run.message(host) and second in run.message(host) and "alexa_trunk_id" in run.message(host)


def test_no_trunk_to_map_on(site: Site) -> None:
    run = refused(site, "-e", "alexa_sip_port=5099")
    for host in HOSTS:
        assert "no trunk to map the rooms on" in run.message(host) and "--tags trunk,extensions" in run.message(
            host
        )
