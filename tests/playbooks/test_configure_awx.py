# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""configure_awx refuses what AWX can't be configured with, before it speaks with AWX, and shows no secret."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from awx_objects import GIVEN
from playbook_runs import CLIENT_SECRET, REFRESH_TOKEN, Run, Site

CONFIGURE = "alexa.smart_properties.configure_awx"
PASSWORD = "pass|w+rd"
LOGIN = {"CONTROLLER_USERNAME": "admin", "CONTROLLER_PASSWORD": PASSWORD, "ALEXA_CLIENT_SECRET": CLIENT_SECRET}
WRONG = {
    "alexa_awx_state": ("gone", "Give present, or absent"),
    "alexa_awx_name": ("42", "up to 200 characters"),
    "alexa_awx_organization": ("", "Give the name of an organization"),
    "alexa_awx_project_url": ("properties", "such as https://git.example.com/properties.git"),
    "alexa_awx_project_branch": ("the main one", "Give a branch"),
    "alexa_awx_image": ("my image", "such as registry.example.com/alexa-ee:0.1.0"),
    "alexa_awx_image_pull": ("sometimes", "Give always, missing or never"),
    "alexa_awx_inventory_path": ("../hosts.yml", "the inventory's path in the project"),
    "alexa_awx_units_path": ("inventory/units.yml", "whose name ends with alexa_units.yml"),
    "alexa_awx_lasting_folder": ("lasting", "Give the absolute path"),
    "alexa_awx_slices": (0, "1 to 100"),
    # What YAML makes of 02:00 without quotes.
    "alexa_awx_drift_check_time": (120, "in quotes"),
    "alexa_awx_drift_check_timezone": ("the hotel's", "Give a time zone"),
}


class Listener:
    """A port where AWX would be: whoever connects is counted, and gets no answer."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def was_called(self) -> bool:
        try:
            self.socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture
def nobody() -> Iterator[Listener]:
    listener = Listener()
    with listener.socket:
        yield listener


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    site.inventory({})
    return site


def configure(site: Site, variables: dict[str, object], **environment: str) -> Run:
    credentials = {"ALEXA_CLIENT_ID": "", "ALEXA_CLIENT_SECRET": "", "ALEXA_REFRESH_TOKEN": ""}
    run = site.run(CONFIGURE, "-vvvv", "-e", json.dumps({**GIVEN, **variables}), **{**credentials, **environment})
    assert run.code == 2 and not any(run.changed().values())
    for secret in (PASSWORD, CLIENT_SECRET, REFRESH_TOKEN):
        assert secret not in run.output and json.dumps(secret)[1:-1] not in run.output
    return run


def test_all_that_is_wrong_is_told_at_once_with_the_remedy(site: Site, nobody: Listener) -> None:
    wrong = {name: value for name, (value, _remedy) in WRONG.items()}
    told = configure(site, wrong, CONTROLLER_HOST=nobody.address, **LOGIN).message("localhost")
    for name, (value, remedy) in WRONG.items():
        assert f"localhost: {name} is {json.dumps(value)}." in told and remedy in told
    assert not nobody.was_called()


def test_no_address_and_no_login(site: Site) -> None:
    told = configure(site, {}, CONTROLLER_USERNAME="admin").message("localhost")
    assert "CONTROLLER_HOST is not set" in told
    assert "CONTROLLER_OAUTH_TOKEN, or CONTROLLER_USERNAME and CONTROLLER_PASSWORD" in told


@pytest.mark.parametrize(
    "given", [{"ALEXA_CLIENT_SECRET": CLIENT_SECRET}, {"ALEXA_CLIENT_ID": "id", "ALEXA_REFRESH_TOKEN": REFRESH_TOKEN}]
)
def test_half_a_security_profile(site: Site, nobody: Listener, given: dict[str, str]) -> None:
    told = configure(site, {}, CONTROLLER_HOST=nobody.address, **{**LOGIN, "ALEXA_CLIENT_SECRET": "", **given})
    assert "Of the security profile, only" in told.message("localhost") and not nobody.was_called()


@pytest.mark.parametrize("login", [f"user:{PASSWORD}", PASSWORD])
def test_a_login_in_the_projects_address(site: Site, nobody: Listener, login: str) -> None:
    wrong = {"alexa_awx_project_url": f"https://{login}@git.example.com/properties.git"}
    run = configure(site, wrong, CONTROLLER_HOST=nobody.address, CONTROLLER_OAUTH_TOKEN="a token")
    assert "alexa_awx_project_url holds a login" in run.message("localhost") and not nobody.was_called()


def test_an_awx_that_is_not_there(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    given = {"CONTROLLER_HOST": address, **LOGIN, "ALEXA_CLIENT_ID": "id", "ALEXA_REFRESH_TOKEN": REFRESH_TOKEN}
    assert "Connection refused" in configure(site, {}, **given).message("localhost")
