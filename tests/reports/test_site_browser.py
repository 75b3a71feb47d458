"""The folder of pages in Chromium, opened as files: searched, sorted, filtered, clicked through, printed."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from reports._render._plain import visible
from tests.reports.books import BOOKS
from tests.reports.hostile import CORPUS
from tests.reports.packed import hostile_pack, month, packed, written

pytestmark = pytest.mark.browser
ROWS = 3_000


class Visit:
    """A browser's page, with what it asked for and complained of."""

    def __init__(self, browser: Browser, folder: Path, *, scripts: bool = True) -> None:
        self.folder = folder
        self.requests: list[str] = []
        self.complaints: list[str] = []
        context = browser.new_context(viewport={"width": 1280, "height": 800}, java_script_enabled=scripts)
        self.page: Page = context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    def open(self, name: str) -> Page:
        self.page.goto((self.folder / name).as_uri(), wait_until="load")
        return self.page

    def column(self, title: str) -> list[str]:
        """The texts of a column of the first table, as they stand."""
        found: list[str] = self.page.evaluate(
            """title => { const table = document.querySelector("table");
                const place = [...table.tHead.rows[0].cells].findIndex(cell => cell.textContent.trim() === title);
                return [...table.tBodies[0].rows].map(row => row.cells[place].textContent); }""",
            title,
        )
        return found

    def settled(self, words: str) -> None:
        """Waits until the table says so many rows."""
        expect(self.page.locator(".tools [role=status]").first).to_have_text(
            re.compile(words), timeout=20_000
        )


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
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for name, books in {"plain": packed(), "hostile": hostile_pack(), "long": month(ROWS)}.items():
        made[name] = tmp_path_factory.mktemp(name)
        written(books, made[name])
    return made


@pytest.fixture
def plain(browser: Browser, folders: dict[str, Path]) -> Visit:
    return Visit(browser, folders["plain"])


@pytest.fixture
def long(browser: Browser, folders: dict[str, Path]) -> Visit:
    return Visit(browser, folders["long"])


def test_every_page_opens_without_a_complaint_and_asks_for_nothing_but_itself(plain: Visit) -> None:
    for path in sorted(plain.folder.rglob("*.html")):
        plain.open(path.relative_to(plain.folder).as_posix())
    assert plain.complaints == []
    assert {url.partition("#")[0] for url in plain.requests} == {
        path.as_uri() for path in plain.folder.rglob("*.html")
    }


def test_hostile_text_does_not_run_nor_when_the_script_puts_it_in(
    browser: Browser, folders: dict[str, Path]
) -> None:
    visit = Visit(browser, folders["hostile"])
    for path in sorted(visit.folder.rglob("*.html")):
        page = visit.open(path.relative_to(visit.folder).as_posix())
        page.mouse.move(300, 300)
        assert (
            page.locator("main script, main img, main iframe, main form, main style, main base").count() == 0
        )
        assert "Audit pack" in page.title()
        for tools in page.locator("[data-meta] thead th:first-child button").all():
            tools.click()
    assert visit.complaints == []
    assert all(url.startswith(visit.folder.as_uri()) for url in visit.requests)


def test_rows_that_the_script_builds_say_what_the_pages_say_also_of_hostile_text(
    browser: Browser, tmp_path: Path
) -> None:
    books = month(1_200)
    first = next(iter(books.transactions))
    odd = [first._replace(kind=text, contra=text, entry=text, source=text) for text in CORPUS]
    written(replace(books, transactions=[*odd, *books.transactions]), tmp_path)
    visit = Visit(browser, tmp_path)
    page = visit.open("pages/transactions.html")
    before = page.locator("tbody").inner_html().replace("\n", "")
    page.locator("input[type=search]").fill("zzz nothing")
    visit.settled("0 of")
    page.locator("input[type=search]").fill("")
    page.locator("thead th button").first.click()
    visit.settled("Rows 1 to 200")
    for text in CORPUS[:40]:
        word = max(visible(text).lower().split(), key=len)
        page.locator("input[type=search]").fill(word)
        expect(page.locator("tbody th", has_text=visible(text)[:60].strip()).first).to_be_visible(
            timeout=20_000
        )
    page.locator(".tools button").click()
    assert page.locator("tbody").inner_html().replace("\n", "") == before
    assert visit.complaints == []
    assert page.locator("tbody script, tbody img, tbody iframe").count() == 0


def test_search_finds_rows_of_all_pages_and_gives_them_back(long: Visit) -> None:
    page = long.open("pages/transactions.html")
    assert len(long.column("Entry")) == 500
    page.locator("input[type=search]").fill("fuse/2950")
    long.settled("1 of 3,000 rows")
    assert long.column("Entry") == ["fuse/2950"]
    answer = page.locator("tbody td a", has_text="…")
    assert re.fullmatch(r"answer\.3000\.html#at/data/949", answer.get_attribute("href") or "")
    page.locator(".tools button", has_text="Show all").click()
    assert len(long.column("Entry")) == 500
    assert long.complaints == []


def test_a_filter_and_the_words_must_both_fit(long: Visit) -> None:
    page = long.open("pages/transactions.html")
    page.get_by_label("Asset").select_option(label="ETH")
    page.locator("input[type=search]").fill("withdrawal")
    wanted = sum(one.asset == "ETH" and one.kind == "withdrawal" for one in month(ROWS).transactions)
    long.settled(f"(of {wanted:,} found among 3,000|^{wanted:,} of)")
    assert set(long.column("Asset")) == {"ETH"}
    assert set(long.column("Kind")) == {"withdrawal"}


def test_numbers_are_sorted_exactly_over_all_pages_and_turned_through(long: Visit) -> None:
    page = long.open("pages/transactions.html")
    wanted = sorted(one.quantity for one in month(ROWS).transactions)
    page.locator("thead th button", has_text="Quantity").click()
    long.settled("Rows 1 to 200 of 3,000")
    found = [Decimal(one) for one in long.column("Quantity")]
    page.locator(".turns button", has_text="Next").click()
    long.settled("Rows 201 to 400")
    found += [Decimal(one) for one in long.column("Quantity")]
    assert found == wanted[:400]
    page.locator("thead th button", has_text="Quantity").click()
    long.settled("Rows 1 to 200")
    assert [Decimal(one) for one in long.column("Quantity")] == wanted[::-1][:200]
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Quantity")


def test_a_small_table_is_sorted_where_it_stands(plain: Visit) -> None:
    page = plain.open("pages/accounts.html")
    page.locator("thead th button", has_text="Asset").first.click()
    assert plain.column("Asset") == sorted(one.asset for one in BOOKS.roll_forward)
    page.locator("thead th button", has_text="Closing").first.click()
    assert [Decimal(one) for one in plain.column("Closing")] == sorted(
        one.closing for one in BOOKS.roll_forward
    )


def test_one_clicks_from_a_closing_balance_to_the_marked_row_of_the_sealed_answer(plain: Visit) -> None:
    page = plain.open("pages/accounts.html")
    page.locator("tr", has_text="gas").locator("a", has_text="12.610000000000000001").first.click()
    page.get_by_role("link", name="gas/90511").click()
    expect(page.locator("tr:target")).to_contain_text("gas/90511")
    page.locator("tr:target").get_by_role("link", name="e629fa6598d7…").click()
    marked = page.locator("mark:target")
    expect(marked).to_have_text('{"currency": "ETH", "amount": "-3.91"}')
    expect(marked).to_be_in_viewport()
    plain_colour = page.locator("mark:not(:target)").first.evaluate(
        "mark => getComputedStyle(mark).backgroundColor"
    )
    assert marked.evaluate("mark => getComputedStyle(mark).backgroundColor") != plain_colour


def test_without_scripts_every_row_is_there_page_by_page_and_nothing_offers_to_search(
    browser: Browser, folders: dict[str, Path]
) -> None:
    visit = Visit(browser, folders["long"], scripts=False)
    page = visit.open("pages/transactions.html")
    found: list[str] = []
    while True:
        found += page.locator("tbody th").all_inner_texts()
        assert page.locator("input, select, button").count() == 0
        onward = page.locator("a[rel=next]")
        if not onward.count():
            break
        with page.expect_navigation(wait_until="load"):
            onward.click()
    assert found == [one.entry for one in month(ROWS).transactions]


def test_a_keyboard_alone_searches_sorts_and_follows(long: Visit) -> None:
    page = long.open("pages/transactions.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    while page.evaluate("document.activeElement.type") != "search":
        page.keyboard.press("Tab")
    page.keyboard.type("egera/2905")
    long.settled("1 of 3,000 rows")
    while page.evaluate("document.activeElement.closest('thead') === null"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort=ascending]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_accessibility_engine_finds_nothing_serious(plain: Visit, scheme: str) -> None:
    engine = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    plain.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    key = BOOKS.breaks[0].found.id
    names = ["index", "pages/breaks", f"pages/breaks.{key}", "pages/accounts", "pages/accounts.account-3",
             "pages/assets.asset-2", "pages/places.place-7", "pages/transactions", "pages/coverage", "pages/checks",
             "pages/checks.coverage", "pages/periods", "pages/answers", "pages/answer.61"]  # fmt: skip
    for name in names:
        page = plain.open(f"{name}.html")
        page.evaluate(engine)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert [(name, one["id"], one["impact"], one["nodes"][0]["html"]) for one in found] == []


@pytest.mark.parametrize("width", [1280, 420])
def test_no_page_is_wider_than_the_window(plain: Visit, width: int) -> None:
    plain.page.set_viewport_size({"width": width, "height": 800})
    for path in sorted(plain.folder.rglob("*.html")):
        page = plain.open(path.relative_to(plain.folder).as_posix())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name


def test_pages_print_without_what_only_a_screen_can_use(long: Visit) -> None:
    page = long.open("pages/transactions.html")
    assert page.pdf(prefer_css_page_size=True, print_background=True).startswith(b"%PDF")
    page.emulate_media(media="print")
    for gone in ("nav.contents", ".tools", ".pager a"):
        assert not page.locator(gone).first.is_visible(), gone
    expect(page.locator(".pager span")).to_have_text("Rows 1 to 500 of 3,000")
    expect(page.locator(".pager span")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('thead th')).position") == "static"
    assert page.locator("tbody tr").count() == 500


def test_a_full_page_is_painted_within_two_seconds(long: Visit) -> None:
    page = long.open("pages/transactions.html")
    page.wait_for_timeout(200)
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert painted < 2_000
