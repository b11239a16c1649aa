# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's page in a real browser: hostile names, search, sort and filter, a phone, and a large estate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import DRIVER, Browser
from estate import found, write

pytestmark = pytest.mark.skipif(DRIVER is None, reason="there is no chromedriver (Debian: chromium-driver)")

HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
FINDINGS = [
    {"id": "sip-refused", "severity": "error", "evidence": HOSTILE, "remedy": "Open it."},
    {"id": "own-name", "severity": "warning", "evidence": "It is not known.", "remedy": "Name it."},
]
LONGEST_OPENING = 3.0  # seconds
CELLS = "return [...document.querySelectorAll('#rows tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"
CLICK = "document.querySelectorAll(arguments[0])[arguments[1]].click()"
TYPE = "const box = document.getElementById('search'); box.value = arguments[0]; box.dispatchEvent(new Event('input'))"
CHOOSE = (
    "const box = document.getElementById('state'); box.value = arguments[0]; box.dispatchEvent(new Event('change'))"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def small(browser: Browser, tmp_path: Path) -> Iterator[Browser]:
    """The page of four properties; whatever is done to it, its policy refuses nothing and no script fails."""
    estate = [
        found("a well", 3),
        found("b drifted", 12, unmapped=2, ends="2026-01-01T00:00:00Z", findings=FINDINGS),
        found(f"c {HOSTILE}", 1, HOSTILE),
        found("d failed", 0, error=HOSTILE),
    ]
    browser.open(write(tmp_path / "report.html", estate, HOSTILE))
    yield browser
    assert browser.log() == []
    assert browser.run("return document.title") == "Alexa Smart Properties: report"


def column(browser: Browser, number: int) -> list[str]:
    return [row[number] for row in browser.run(CELLS)]


def test_names_are_shown_as_they_are_and_run_nowhere(small: Browser) -> None:
    assert column(small, 0) == ["a well", "b drifted", f"c {HOSTILE}", "d failed"]
    for view in (1, 2, 3):
        small.run(CLICK, "#views button", view)
        assert any(HOSTILE in cell for row in small.run(CELLS) for cell in row)
    assert small.run("return document.querySelectorAll('img, script').length") == 2


def test_the_picture_has_a_square_of_its_colour_for_each_property(small: Browser) -> None:
    squares = "return [...document.querySelectorAll('#fleet rect')].map((square) => square.getAttribute('class'))"
    assert small.run(squares) == ["ok", "drift", "ok", "failed"]
    small.run("document.querySelectorAll('#fleet rect')[1].dispatchEvent(new Event('click'))")
    assert set(column(small, 0)) == {"b drifted"} and len(column(small, 0)) == 12


def test_search_filter_and_sort(small: Browser) -> None:
    small.run(TYPE, "DRIFTED b")
    assert column(small, 0) == ["b drifted"]
    small.run(TYPE, "")
    small.run(CHOOSE, "!ends")
    assert column(small, 0) == ["b drifted"]
    small.run(CLICK, "#views button", 1)
    small.run(CHOOSE, "missing")
    assert column(small, 1) == ["7000", "7001"]
    small.run(CHOOSE, "")
    for order in (False, True):
        small.run(CLICK, "#head button", 2)
        assert column(small, 2) == sorted(
            column(small, 2), key=lambda name: int(name.split()[-1]) if "Room" in name else -1, reverse=order
        )


def test_the_doctors_findings_are_counted_shown_and_filtered(small: Browser) -> None:
    assert column(small, 10) == column(small, 11) == ["", "1", "", ""]
    small.run(CLICK, "#views button", 2)
    assert column(small, 2) == ["sip-refused", "own-name"] and column(small, 4) == ["Open it.", "Name it."]
    small.run(CHOOSE, "warning")
    assert column(small, 2) == ["own-name"]


def test_the_page_is_light_dark_or_fit_for_paper(small: Browser) -> None:
    back = "return getComputedStyle(document.body).backgroundColor"
    small.look("light")
    light = small.run(back)
    small.look("dark")
    assert small.run(back) not in (light, "rgba(0, 0, 0, 0)")
    small.look("dark", "print")
    assert small.run(back) == light == "rgb(255, 255, 255)"
    assert small.run("return getComputedStyle(document.querySelector('nav')).display") == "none"
    small.look("light")


def test_a_phone_needs_no_sideways_scrolling(small: Browser, tmp_path: Path) -> None:
    with Browser(tmp_path / "phone", (500, 900)) as phone:
        phone.open(tmp_path / "report.html")
        assert phone.run("return document.documentElement.scrollWidth <= window.innerWidth")
        assert phone.run("return getComputedStyle(document.querySelector('td'), '::before').content") == '"Property"'


def test_a_large_estate_opens_at_once_and_draws_what_is_seen(browser: Browser, tmp_path: Path) -> None:
    file = write(
        tmp_path / "report.html", [found(f"hotel{number:03}", 300, unmapped=number % 2) for number in range(500)]
    )
    assert browser.open(file) < LONGEST_OPENING
    browser.run(CLICK, "#views button", 1)
    assert browser.run("return document.getElementById('found').textContent") == "150,000 of 150,000"
    assert len(browser.run(CELLS)) == 100
    browser.run(TYPE, "hotel123 7299")
    assert column(browser, 1) == ["7299"]
    browser.run(TYPE, "")
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    assert len(browser.run(CELLS)) == 2000
