"""The page: complete, exact, sound for keyboards and screen readers, and nothing in it runs or reaches out."""

import os
import re
import subprocess
import sys
import time
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from recon.core.books import Books
from recon.core.money import text
from reports import audit
from reports._render import RENDERERS
from reports._render._plain import visible
from tests.reports.books import BOOKS, many
from tests.reports.hostile import CORPUS, hostile_books
from tests.reports.test_builders import EMPTY

RENDER = RENDERERS["html"]
TAGS = """
    a body br caption circle code dd details div dl dt figcaption figure footer h1 h2 h3 head header html li main meta
    nav ol p path pre rect section span strong style summary svg table tbody td text tfoot th thead time title tr
"""
ATTRIBUTES = """
    aria-label aria-labelledby charset class colspan content cx cy d datetime href http-equiv id lang name open r role
    scope tabindex viewbox width height x y
"""


class Outline(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, name: str) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get(name))]


def page_of(books: Books, folder: Path) -> str:
    RENDER(audit.build(books), folder / "page.html")
    return (folder / "page.html").read_bytes().decode()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return page_of(BOOKS, tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    return page_of(hostile_books(), tmp_path_factory.mktemp("hostile"))


def test_hostile_text_brings_no_tag_and_no_attribute_of_its_own(hostile: str, page: str) -> None:
    outline = Outline(hostile)
    assert {tag for tag, _ in outline.tags} <= set(TAGS.split())
    assert {name for _, attributes in outline.tags for name in attributes} <= set(ATTRIBUTES.split())
    for once in ("h1", "main", "nav", "style", "body"):
        assert sum(tag == once for tag, _ in outline.tags) == sum(
            tag == once for tag, _ in Outline(page).tags
        )


def test_every_hostile_text_can_be_read_as_it_is(hostile: str) -> None:
    words = Outline(hostile).words
    assert len(CORPUS) >= 50
    for one in CORPUS:
        assert visible(one) in words, one[:60]


def test_nothing_invisible_or_turning_is_left_in_the_page(hostile: str) -> None:
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", hostile
    )


@pytest.mark.parametrize("books", [BOOKS, hostile_books(), EMPTY], ids=["full", "hostile", "empty"])
def test_the_policy_forbids_everything_but_the_one_style_sheet(books: Books, tmp_path: Path) -> None:
    found = page_of(books, tmp_path)
    (style,) = re.findall(r"<style>(.*?)</style>", found, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert (
        f'<meta http-equiv="Content-Security-Policy" content="{policy.replace(chr(39), chr(39))}">' in found
    )
    assert found.index("Content-Security-Policy") < found.index("<style>")


def test_the_page_fetches_nothing_and_links_only_within_itself(hostile: str) -> None:
    outline = Outline(hostile)
    assert all(link.startswith("#") for link in outline.all("href"))
    (style,) = re.findall(r"<style>(.*?)</style>", hostile, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style


def test_every_link_leads_somewhere_and_no_place_has_two_names(page: str) -> None:
    outline = Outline(page)
    places = outline.all("id")
    assert len(set(places)) == len(places)
    assert {link[1:] for link in outline.all("href")} <= set(places)
    assert set(outline.all("aria-labelledby")) <= set(places)


def test_headings_go_down_one_step_at_a_time(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Outline(page).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_have_captions_and_their_headers_a_scope(page: str) -> None:
    outline = Outline(page)
    counted = [tag for tag, _ in outline.tags]
    assert counted.count("table") == counted.count("caption") > 8
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in outline.tags if tag == "th")
    assert outline.tags[0] == ("html", {"lang": "en"})
    assert ("a", {"class": "skip", "href": "#content"}) in outline.tags


def test_amounts_are_shown_to_the_last_digit(page: str) -> None:
    plain = re.sub(r"<[^>]+>", "", page)
    for one in BOOKS.roll_forward:
        for number in one[3:]:
            assert text(number) in plain


def test_every_break_stands_in_the_page_with_its_evidence(page: str) -> None:
    words = Outline(page).words
    for one in BOOKS.breaks:
        assert f'href="#{one.found.id}"' in page
        assert f'id="{one.found.id}"' in page
        assert one.found.diagnosis.text in words
        for record in one.evidence:
            assert {record.data, record.answer, record.pointer} <= set(words)


def test_every_check_stands_in_the_page_with_its_sql(page: str) -> None:
    words = Outline(page).words
    for one in BOOKS.checks:
        assert one.sql in words
        assert f'href="#{one.check}"' in page


def test_the_status_comes_before_everything_else(page: str) -> None:
    assert page.index("6 breaks open") < page.index("<main")
    assert page.index("chapter-breaks") < page.index("chapter-transactions")


def test_the_same_books_give_the_same_bytes_whatever_the_clock_hash_seed_or_zone(
    page: str, tmp_path: Path
) -> None:
    told = (
        "from pathlib import Path; from reports import audit; from reports._render import RENDERERS;"
        "from tests.reports.books import BOOKS;"
        f"RENDERERS['html'](audit.build(BOOKS), Path({str(tmp_path / 'again.html')!r}))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    subprocess.run([sys.executable, "-c", told], check=True, env=environment, cwd=Path(__file__).parents[2])
    assert (tmp_path / "again.html").read_bytes().decode() == page


def test_an_empty_ledger_gives_a_page_that_says_so(tmp_path: Path) -> None:
    found = page_of(EMPTY, tmp_path)
    assert "Nothing examined" in found
    assert "Nothing moved in the period." in found


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(IsADirectoryError):
        page_of(BOOKS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_month_of_two_thousand_transactions_takes_less_than_two_seconds(tmp_path: Path) -> None:
    books = many(2_000)
    started = time.process_time()
    page_of(books, tmp_path)
    assert time.process_time() - started < 2
