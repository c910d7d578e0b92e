"""The page in a real browser, opened from disk: silent, quick at hand, for eyes and keyboards."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sondage import api

from .conftest import SCRIPT

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Open a run's page; whatever it asks for or complains about is a failure."""
    heard, contexts = [], []

    def make(run, **options):
        file = tmp_path / "page.html"
        api.write_page(run, file)
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda m: heard.append(m.text))
        page.on("pageerror", lambda e: heard.append(str(e)))
        page.on("dialog", lambda d: (heard.append(d.message), d.dismiss()))
        page.on("request", lambda r: heard.append(r.url) if r.url != file.as_uri() else None)
        page.goto(file.as_uri())
        return page

    yield make
    for context in contexts:
        context.close()
    assert heard == []


def column(page, name, table="cells"):
    grid = page.locator(f'[data-table="{table}"]')
    heads = [re.sub(r"\W", "", t) for t in grid.locator("thead th").all_text_contents()]
    return grid.locator(f"tbody td:nth-child({heads.index(name) + 1})").all_text_contents()


def test_hostile_names_do_nothing(hostile, opened):
    page = opened(hostile)
    page.locator("details").evaluate_all("all => all.forEach(d => { d.open = true; })")
    assert page.locator("h1").inner_text() == SCRIPT
    assert page.locator("img, iframe").count() == 0
    assert {*column(page, "encoder")} == {SCRIPT, "babc\\u202edef"}


def test_tables_are_sorted_and_sifted_by_keyboard(plain, opened):
    page = opened(plain)
    grid = page.locator('[data-table="cells"]')
    assert column(page, "value")[:3] == ["0.5"] * 3
    head = grid.locator("th", has_text="value")
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(page, "value") == ["0.5"] * 9 + ["0.9"] * 3
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    assert column(page, "value") == ["0.9"] * 3 + ["0.5"] * 9
    assert grid.locator("[aria-sort]").count() == 1
    grid.locator("input").focus()
    page.keyboard.type("layer:1 A")
    assert column(page, "encoder") == ["a"] * 3
    assert column(page, "value") == ["0.9"] * 3
    assert grid.get_by_role("status").inner_text() == "1–3 of 3 rows (of 12)"
    grid.locator("input").fill("nothing-like-this")
    assert grid.get_by_role("status").inner_text() == "no row fits"


def test_the_dark_page_is_dark_and_its_pictures_too(plain, opened):
    seen = {}
    for scheme in ("light", "dark"):
        page = opened(plain, color_scheme=scheme)
        look = "s => getComputedStyle(document.querySelector(s))"
        seen[scheme] = (
            page.evaluate(f"({look})('body').backgroundColor"),
            page.evaluate(f"({look})('figure svg').filter"),
        )
    assert seen["light"] == ("rgb(255, 255, 255)", "none")
    assert seen["dark"] == ("rgb(21, 23, 26)", "invert(1) hue-rotate(180deg)")


def test_on_paper_there_are_no_buttons_and_pictures_stay_light(plain, opened):
    page = opened(plain, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator(".tools").first.is_visible()
    assert not page.locator("nav").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('figure svg')).filter") == "none"


def test_a_narrow_screen_does_not_scroll_sideways(hostile, opened):
    page = opened(hostile, viewport={"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
