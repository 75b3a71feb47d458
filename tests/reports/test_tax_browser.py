"""The page of a tax year in Chromium: it asks for nothing, nothing in it runs, and its links lead somewhere."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from recon.core.document import Document
from reports._render import RENDERERS
from tests.reports.tax_pages import hostile_report, report_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "Chromium is not installed"
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        yield playwright.chromium.launch(executable_path=program, args=arguments)


def opened(browser: Browser, document: Document, folder: Path) -> tuple[Page, list[str]]:
    """The page, and what it asked for beside itself and complained of."""
    path = folder / "page.html"
    RENDERERS["html"](document, path)
    odd: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("request", lambda request: None if request.url == path.as_uri() else odd.append(request.url))
    page.on("console", lambda message: odd.append(message.text))
    page.on("pageerror", lambda error: odd.append(str(error)))
    page.goto(path.as_uri(), wait_until="load")
    return page, odd


@pytest.mark.parametrize("rules", ["us", "uk", "de", "pl", "generic"])
def test_a_page_opens_alone_and_every_link_leads_to_something(
    browser: Browser, rules: str, tmp_path: Path
) -> None:
    (tmp_path / "ledger").mkdir()
    with report_of(tmp_path / "ledger", rules) as (books, document):
        page, odd = opened(browser, document, tmp_path)
        assert not odd
        assert not page.evaluate(
            """() => [...document.querySelectorAll("a[href^='#']")]
                .map(link => link.getAttribute("href").slice(1)).filter(key => !document.getElementById(key))"""
        )
        first = next(iter(books.rows)).id
        page.click(f"#chapter-disposals td a[href='#{first}'], #chapter-disposals th a[href='#{first}']")
        assert page.locator(f"[id='{first}'] h3").is_visible()
        assert "of the sealed answer" in page.locator(f"[id='{first}']").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_hostile_text_runs_nowhere_and_is_there_to_be_read(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    page, odd = opened(browser, hostile_report(tmp_path / "ledger", "us"), tmp_path)
    assert not odd
    assert "run" not in page.title().split() and page.locator("h1").count() == 1
    assert page.locator("main script, main iframe, main img, main form, main link, main base").count() == 0
    assert page.locator("#chapter-disposals", has_text="<script>document.title='run'</script>").count() == 1
