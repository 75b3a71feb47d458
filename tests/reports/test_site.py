"""The folder of pages: whole, light, closed to what venues sent, and every figure leads to its evidence."""

import json
import os
import re
import subprocess
import sys
import time
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from recon.core.books import Books
from recon.core.money import text
from reports import audit
from reports._render._plain import visible
from tests.reports.books import BOOKS
from tests.reports.hostile import CORPUS
from tests.reports.packed import (
    ELSEWHERE,
    Outline,
    broken_links,
    hostile_pack,
    month,
    outlines,
    packed,
    written,
)
from tests.reports.test_builders import EMPTY

LIMIT = 2 * 1024 * 1024
TAGS = """
    a body br caption circle code dd details div dl dt em figcaption figure footer h1 h2 head header html li main mark
    meta nav ol p path pre rect script section small span strong style summary svg table tbody td text tfoot th thead
    time title tr ul
"""
ATTRIBUTES = """
    aria-current aria-hidden aria-label aria-labelledby charset class colspan content cx cy d data-meta data-search
    datetime height href http-equiv id lang name open r rel role scope tabindex viewbox width x y
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return written(packed(), tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return written(hostile_pack(), tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return written(month(3_000), tmp_path_factory.mktemp("long"))


def row_of(page: str, *words: str) -> str:
    """The row of a page that holds all these texts, without the spans that set digits apart."""
    rows: list[str] = re.findall(r"<tr[ >].*?</tr>", re.sub(r"</?span[^>]*>", "", page))
    return next(row for row in rows if all(word in row for word in words))


def links(html: str) -> dict[str, str]:
    """What is linked in a piece of a page, by its text."""
    return {
        re.sub(r"<[^>]+>", "", inside): href
        for href, inside in re.findall(r'<a href="([^"]+)">(.*?)</a>', html)
    }


def test_the_front_page_comes_first_and_says_the_status_before_all_else(pages: dict[str, str]) -> None:
    assert next(iter(pages)) == "index.html"
    front = pages["index.html"]
    assert front.index("6 breaks open") < front.index("<main") < front.index("sha256sum -c manifest.sha256")
    assert "no external confirmation (ISA 505)" in front


@pytest.mark.parametrize(
    "books", [packed(), hostile_pack(), EMPTY, month(1_200)], ids=["full", "hostile", "empty", "long"]
)
def test_every_link_leads_to_a_page_and_a_place_on_it(books: Books, tmp_path: Path) -> None:
    assert broken_links(written(books, tmp_path)) == []


def test_links_to_what_stands_beside_the_pages_name_tables_and_sealed_answers(pages: dict[str, str]) -> None:
    document = audit.build(packed())
    keys = {table.key for section in document.sections for table in section.tables}
    digests = {one.sha256 for one in document.exhibits}
    found = {
        (kind, rest)
        for one in outlines(pages).values()
        for link in one.all("href")
        if (match := ELSEWHERE.fullmatch(link))
        for kind, rest in [match.groups()]
    }
    assert {rest for kind, rest in found if kind == "data"} == {
        f"{key}.{ending}" for key in keys for ending in ("csv", "parquet")
    }
    assert {rest for kind, rest in found if kind == "evidence"} == {f"{one[:2]}/{one}.gz" for one in digests}


def test_a_closing_balance_leads_to_its_movements_to_the_entry_and_to_the_row_of_the_answer(
    pages: dict[str, str],
) -> None:
    closing = links(row_of(pages["pages/accounts.html"], "gas", "ETH"))["12.610000000000000001"]
    place = pages[f"pages/{closing}"]
    moved = row_of(place, "gas/90511")
    entry = links(moved)["gas/90511"]
    name, _, spot = entry.partition("#")
    entry_row = re.search(rf'<tr id="{re.escape(spot)}">.*?</tr>', pages[f"pages/{name}"])
    assert entry_row and "gas/90511" in entry_row[0]
    answer, _, pointer = links(entry_row[0])["e629fa6598d7…"].partition("#")
    assert pointer == "at/data/90511"
    shown = pages[f"pages/{answer}"]
    marked = re.search(rf'<mark id="{pointer}">(.*?)</mark>', shown)
    assert (
        marked
        and marked[1] == "{&quot;currency&quot;: &quot;ETH&quot;, &quot;amount&quot;: &quot;-3.91&quot;}"
    )
    assert f"gzip -dc evidence/e6/{next(iter(BOOKS.transactions)).answer}.gz | sha256sum" in shown


def test_a_break_leads_to_the_chain_before_and_after_it_with_the_gap(pages: dict[str, str]) -> None:
    key = BOOKS.breaks[0].found.id
    page = pages[f"pages/{links(row_of(pages['pages/breaks.html'], key))[key]}"]
    cited = row_of(page, "fuse/1182", "rests on it")
    assert "0.124999999999999998" in cited
    assert links(cited)["fuse/1182"].startswith("transactions.html#transactions.")
    assert row_of(page, "fuse/1178") and row_of(page, "fuse/1183")


def test_a_gain_leads_to_the_prices_that_it_rests_on_those_of_markets_and_those_of_people(
    pages: dict[str, str],
) -> None:
    row = row_of(pages["pages/gains.html"], "egera/814")
    for name, place, source in (("P1", "prices.0", "own trades"), ("P2", "stated_prices.0", "Jan Kowalski")):
        assert links(row)[name] == f"prices.html#{place}"
        told = re.search(f'<tr id="{place}">.*?</tr>', pages["pages/prices.html"])
        assert told and name in told[0] and source in told[0]


def test_every_movement_stands_once_on_the_numbered_pages_of_a_long_table(long: dict[str, str]) -> None:
    names = [name for name in long if re.fullmatch(r"pages/transactions(\.transactions\.\d+)?\.html", name)]
    assert len(names) == 6
    ids = [
        place
        for name in names
        for place in Outline(long[name]).all("id")
        if place.startswith("transactions.")
    ]
    assert len(ids) == len(set(ids)) == 3_000
    for name in names:
        assert "Rows " in long[name] and " of 3,000" in long[name]


def test_the_rows_for_the_script_are_those_of_the_pages(long: dict[str, str]) -> None:
    table = next(
        table
        for section in audit.build(month(3_000)).sections
        for table in section.tables
        if table.key == "transactions"
    )
    place = [column.title for column in table.columns].index("Quantity")
    stated = []
    for name in sorted(name for name in long if name.startswith("search/transactions.")):
        called = re.fullmatch(
            r'reconRows\("transactions\.transactions",(\d+),(.*)\);\n', long[name], re.DOTALL
        )
        assert called
        coded = json.loads(called[2])[place][0]
        stated += coded if isinstance(coded, list) else [coded["texts"][at] for at in coded["which"]]
    assert stated == [text(row[place]) for row in table.rows]  # type: ignore[arg-type]


@pytest.mark.parametrize("which", ["pages", "hostile", "long"])
def test_no_file_passes_two_megabytes(which: str, request: pytest.FixtureRequest) -> None:
    found: dict[str, str] = request.getfixturevalue(which)
    assert {name: len(page) for name, page in found.items() if len(page.encode()) > LIMIT} == {}


def test_the_policy_of_every_page_names_its_own_style_and_script_and_nothing_else(
    hostile: dict[str, str],
) -> None:
    for name, page in hostile.items():
        if not name.endswith(".html"):
            continue
        (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
        (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
        style_hash, script_hash = (
            b64encode(sha256(words.encode()).digest()).decode() for words in (style, script)
        )
        policy = (
            f"default-src 'none'; style-src 'sha256-{style_hash}'; "
            f"script-src 'sha256-{script_hash}' 'strict-dynamic'; base-uri 'none'; form-action 'none'"
        )
        assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in page
        assert page.index("Content-Security-Policy") < page.index("<style>")


def test_hostile_text_brings_no_tag_and_no_attribute_of_its_own(hostile: dict[str, str]) -> None:
    for name, one in outlines(hostile).items():
        assert {tag for tag, _ in one.tags} <= set(TAGS.split()), name
        assert {found for _, attributes in one.tags for found in attributes} <= set(ATTRIBUTES.split()), name
        for once in ("h1", "main", "style", "script", "body", "footer"):
            assert sum(tag == once for tag, _ in one.tags) == 1, (name, once)
        assert not any(re.match(r"\s*(?:javascript:|data:|https?:|//)", link) for link in one.all("href")), (
            name
        )


def test_every_hostile_text_can_be_read_as_it_is(hostile: dict[str, str]) -> None:
    words = {word for one in outlines(hostile).values() for word in one.words}
    assert len(CORPUS) >= 50
    for one in CORPUS:
        assert visible(one) in words, one[:60]


def test_nothing_invisible_or_turning_is_left_on_any_page(hostile: dict[str, str]) -> None:
    unseen = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
    assert [name for name, page in hostile.items() if unseen.search(page)] == []


def test_no_place_of_a_page_has_two_names(pages: dict[str, str]) -> None:
    for name, one in outlines(pages).items():
        ids = one.all("id")
        assert len(set(ids)) == len(ids), name
        assert set(one.all("aria-labelledby")) <= set(ids), name


def test_the_same_books_give_the_same_bytes_whatever_the_clock_hash_seed_or_zone(
    pages: dict[str, str], tmp_path: Path
) -> None:
    told = f"from pathlib import Path; from tests.reports.packed import *; written(packed(), Path({str(tmp_path)!r}))"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    subprocess.run([sys.executable, "-c", told], check=True, env=environment, cwd=Path(__file__).parents[2])
    again = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes().decode()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert again == pages


def test_ten_thousand_movements_take_less_than_six_seconds(tmp_path: Path) -> None:
    books = month(10_000)
    started = time.process_time()
    written(books, tmp_path)
    assert time.process_time() - started < 6
