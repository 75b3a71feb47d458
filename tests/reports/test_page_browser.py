"""The page in Chromium: nothing runs, nothing is asked of a network, and it can be read, copied and printed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from recon.core.books import Books
from reports import audit
from reports._render import RENDERERS
from tests.reports.books import BOOKS, many
from tests.reports.hostile import hostile_books

pytestmark = pytest.mark.browser


class Visit:
    """An open page, and what it asked for and complained of."""

    def __init__(self, browser: Browser, books: Books, folder: Path) -> None:
        self.path = folder / "page.html"
        RENDERERS["html"](audit.build(books), self.path)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page: Page = browser.new_page(viewport={"width": 1280, "height": 800})
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(self.path.as_uri(), wait_until="load")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "Chromium is not installed"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def plain(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    return Visit(browser, BOOKS, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def hostile(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    return Visit(browser, hostile_books(), tmp_path_factory.mktemp("hostile"))


def test_the_page_asks_for_nothing_but_itself_and_breaks_no_rule_of_its_own(plain: Visit) -> None:
    assert plain.requests == [plain.path.as_uri()]
    assert plain.complaints == []


def test_hostile_text_does_not_run(hostile: Visit) -> None:
    hostile.page.mouse.move(300, 300)
    hostile.page.wait_for_timeout(300)
    assert hostile.requests == [hostile.path.as_uri()]
    assert hostile.complaints == []
    assert hostile.page.title().startswith("Audit pack: ")
    assert hostile.page.locator("h1").count() == 1
    assert hostile.page.locator("main script, main img, main iframe, main form, main style").count() == 0


def test_headings_and_anchors_lead_where_they_say(plain: Visit) -> None:
    key = BOOKS.breaks[3].found.id
    plain.page.locator(f"#chapter-breaks a[href='#{key}']").click()
    assert plain.page.url.endswith(f"#{key}")
    assert plain.page.locator(f"#{key}").bounding_box()["y"] < 200  # type: ignore[index]
    assert key in plain.page.locator(f"#{key} h3").inner_text()
    for link in plain.page.locator("nav a").all():
        link.click()
        assert plain.page.locator(plain.page.evaluate("location.hash")).is_visible()


def test_a_copied_number_is_the_number_and_nothing_else(plain: Visit) -> None:
    copied = plain.page.evaluate(
        """() => [...document.querySelectorAll("#chapter-accounts td.n")].map(cell => {
            getSelection().selectAllChildren(cell); return getSelection().toString(); })"""
    )
    assert "38114.006231" in copied
    assert "2.914350021874930417" in copied
    assert "182340.55" in copied


def test_decimal_points_stand_beneath_one_another(plain: Visit) -> None:
    left = plain.page.evaluate(
        """() => [...document.querySelectorAll("#chapter-accounts > .scroll tbody tr td:nth-child(4) span[class^=f]")]
            .map(part => Math.round(part.getBoundingClientRect().left * 10))"""
    )
    assert len(left) == len(BOOKS.roll_forward)
    assert len(set(left)) == 1


def test_a_long_table_keeps_its_header_in_sight(browser: Browser, tmp_path: Path) -> None:
    page = Visit(browser, many(200), tmp_path).page
    frame, head = (
        page.locator("#chapter-transactions .scroll"),
        page.locator("#chapter-transactions thead th"),
    )
    frame.evaluate("frame => { frame.scrollTop = 2000; }")
    tops = [round(one.bounding_box()["y"]) for one in (frame, head.first)]  # type: ignore[index]
    assert abs(tops[0] - tops[1]) <= 2


def test_wide_tables_scroll_in_their_frame_and_not_the_page(plain: Visit) -> None:
    assert plain.page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert plain.page.evaluate("document.querySelector('#chapter-breaks .scroll').scrollWidth") > 1000


def test_a_keyboard_reaches_the_content_first_and_tables_can_be_scrolled_with_it(
    browser: Browser, tmp_path: Path
) -> None:
    page = Visit(browser, BOOKS, tmp_path).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
    assert page.locator(".scroll:not([tabindex='0'])").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_told_from_their_paper_in_light_and_dark(plain: Visit, scheme: str) -> None:
    plain.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    ratios = plain.page.evaluate(
        """() => {
          const light = text => { const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map(v => v / 255)
              .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
              return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const paper = node => { for (; node; node = node.parentElement) {
              const colour = getComputedStyle(node).backgroundColor;
              if (!/, 0\\)$/.test(colour)) return colour; } return "rgb(255, 255, 255)"; };
          return [...document.querySelectorAll("td, th, dd, dt, p, .flag, a, h1, h2, h3, .note, code")].map(node => {
              const pair = [light(getComputedStyle(node).color), light(paper(node))].sort((a, b) => b - a);
              return (pair[0] + 0.05) / (pair[1] + 0.05); }); }"""
    )
    plain.page.emulate_media(color_scheme="light")
    assert min(ratios) >= 4.5


def test_the_page_prints_with_the_sql_that_is_folded_away_on_screen(plain: Visit) -> None:
    printed = plain.page.pdf(prefer_css_page_size=True, print_background=True)
    assert printed.startswith(b"%PDF")
    assert b"/Count" in printed
    plain.page.emulate_media(media="print")
    assert plain.page.evaluate("getComputedStyle(document.querySelector('thead th')).position") == "static"
    assert plain.page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    plain.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = false)")
    is_seen = "document.querySelector('details pre').checkVisibility()"
    assert plain.page.evaluate(is_seen)
    plain.page.emulate_media(media="screen")
    assert not plain.page.evaluate(is_seen)
