# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items come and go while a list is read page by page, with tokens that name an item, and a position."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.alexa.smart_properties.plugins.module_utils._http import Transport
from harness import TRUNKS, Site
from scenario_life import GUEST, OTHER, TRUNK, rooms, rows

pytestmark = [pytest.mark.usefixtures("haste"), pytest.mark.product_pauses]


@pytest.fixture(params=["key", "position"])
def pages(site: Site, request: pytest.FixtureRequest) -> str:
    site.settings(page_size=5, page_token=request.param)
    return str(request.param)


@contextmanager
def after_the_first_page(path: str, act: Callable[[], None]) -> Iterator[list[str]]:
    """Somebody acts once, when the first page of a list has been read; the pages that were asked for."""
    send, asked = Transport.send, []

    def watched(self: Transport, method: str, url: str, *rest: Any) -> Any:
        answer = send(self, method, url, *rest)
        if method == "GET" and url.split("?")[0].endswith(path):
            asked.append(url)
            if len(asked) == 1:
                act()
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transport, "send", watched)
        yield asked


@pytest.mark.parametrize("prune", [False, True])
def test_a_mapping_goes(site: Site, pages: str, prune: bool) -> None:
    """By position, 7005 is in neither of the pages then; it must not be taken for unmapped, nor mapped anew."""
    trunk_id = site.add_trunk()
    # A mapping that is made anew is not refused then.
    site.settings(second_map="overwrite")
    site.map(trunk_id, **{f"x{extension}": GUEST for extension in [*rooms(20), "7999"]})
    site.map(trunk_id, x7005=OTHER)
    wish: dict[str, Any] = {"trunk_id": trunk_id, "extensions": rows({**rooms(20), "7005": OTHER}), "prune": prune,
                            "prune_limit": "100%"}
    with after_the_first_page("/extensions", lambda: site.unmap(trunk_id, "7001")) as asked:
        first = site.good("alexa_extensions", **wish)
    assert len(asked) > 1 and "7005" not in first["created"] + first["updated"]
    beside = {} if prune else {"7999": GUEST}
    # It went after it was seen: this run can't know, the next one does.
    assert {**site.mappings(trunk_id), "7001": GUEST} == {**rooms(20), "7005": OTHER, **beside}
    assert site.good("alexa_extensions", **wish)["created"] == ["7001"]
    assert site.mappings(trunk_id) == {**rooms(20), "7005": OTHER, **beside}


def test_a_mapping_comes(site: Site, pages: str) -> None:
    """By position, 7004 is in two of the pages then."""
    trunk_id = site.add_trunk()
    site.map(trunk_id, **{f"x{extension}": GUEST for extension in rooms(20)})
    with after_the_first_page("/extensions", lambda: site.map(trunk_id, x6999=OTHER)) as asked:
        outcome = site.good("alexa_extensions", trunk_id=trunk_id, extensions=rows(rooms(20)), prune=True)
    assert len(asked) > 1 and (outcome["changed"], len(outcome["unchanged"])) == (False, 20)
    assert site.mappings(trunk_id) == {**rooms(20), "6999": OTHER}


def test_a_trunk_goes(site: Site, pages: str) -> None:
    """By position, the property's own trunk is not seen then. It must not be made again."""
    others = [site.add_trunk(trunkId=f"amzn1.comms.network.siptrunk.{number:06}", peers=[
        {"ip": f"203.0.113.{90 + number}", "port": 5061}]) for number in range(5)]
    own = site.good("alexa_siptrunk", **TRUNK)["trunk"]["trunk_id"]
    assert own > others[-1], "it is to be the first of the second page"
    site.forget_requests()

    def somebody_deletes_another() -> None:
        assert site.delete(f"{TRUNKS}/{others[0]}", site.token()).status_code == 204

    with after_the_first_page("/siptrunk", somebody_deletes_another):
        again = site.good("alexa_siptrunk", **TRUNK)
    assert (again["changed"], again["trunk"]["trunk_id"]) == (False, own)
    assert site.requests(f"POST {TRUNKS}") == 0
