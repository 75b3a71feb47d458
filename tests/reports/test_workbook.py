"""The workbook, read back by two other libraries: text stays text, numbers are whole, formulas are live."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from recon.core.books import Books
from recon.core.document import Document, Fact, Section
from recon.core.money import text
from reports import accountant
from reports._render import RENDERERS
from reports._render._plain import visible
from reports._render._xlsx_pens import LONGEST, sheet_name
from reports._render.xlsx import _footer
from reports._rolled import MOVED
from tests.reports.books import BOOKS, ZONE, many
from tests.reports.hostile import CORPUS, hostile_books
from tests.reports.test_builders import EMPTY
from tests.reports.test_controls import SHEETS

FUNCTIONS = {"ROUND", "SUM", "SUMIFS", "SUMPRODUCT", "EXACT", "SUBTOTAL", "MAX", "MIN", "ABS"}
RENDER = RENDERERS["xlsx"]


def rendered(books: Books, folder: Path, name: str = "book.xlsx") -> Path:
    RENDER(accountant.build(books), folder / name)
    return folder / name


def rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    """The rows of a sheet that has one table, by the titles of its columns."""
    cells = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()
    head = next(number for number, row in enumerate(cells) if sum(bool(cell) for cell in row) > 3)
    return [
        dict(zip(map(str, cells[head]), row, strict=True)) for row in cells[head + 1 :] if row[0] != "Total"
    ]


def sheets(path: Path) -> list[str]:
    """The sheets in their order, but for those of charts and what these are drawn from."""
    names = CalamineWorkbook.from_path(path).sheet_names
    return [name for name in names if not name.endswith(" charts") and name != "Chart data"]


def formulas(path: Path) -> Iterator[tuple[str, str]]:
    for sheet in load_workbook(path):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield sheet.title, str(cell.value)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rendered(BOOKS, tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rendered(hostile_books(), tmp_path_factory.mktemp("hostile"))


def test_each_part_of_the_report_is_a_sheet(book: Path) -> None:
    assert sheets(book) == SHEETS


def test_every_hostile_text_is_read_back_as_the_text_it_is(hostile: Path) -> None:
    for title in ("Source", "Kind", "Entry", "Pointer"):
        read = [row[title] for row in rows(hostile, "General ledger")][: len(CORPUS)]
        for text_, cell in zip(CORPUS, read, strict=True):
            assert isinstance(cell, str)
            if len(visible(text_)) <= LONGEST // 2:
                assert cell == visible(text_)


def test_no_hostile_text_becomes_a_formula_a_link_or_a_number(hostile: Path) -> None:
    for sheet in load_workbook(hostile):
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink]
        assert cells
        assert all(cell.hyperlink.target is None and "!A" in cell.hyperlink.location for cell in cells)

    for _, formula in formulas(hostile):
        bare = re.sub(r'"(?:[^"]|"")*"', "", formula)
        assert set(re.findall(r"([A-Z][A-Z0-9.]*)\(", bare)) <= FUNCTIONS, formula


def test_nothing_in_a_workbook_points_outside_it(hostile: Path) -> None:
    book = load_workbook(hostile)
    assert not book._external_links
    assert all(not sheet._images and not sheet.legacy_drawing for sheet in book)


def test_a_text_longer_than_a_cell_is_cut_and_says_so(hostile: Path) -> None:
    for row, text_ in zip(rows(hostile, "General ledger")[: len(CORPUS)][-2:], CORPUS[-2:], strict=True):
        cell = row["Kind"]
        assert len(cell.encode("utf-16-le")) // 2 <= LONGEST
        assert cell.endswith(" [cut: a cell holds no more]")
        assert text_.startswith(cell.removesuffix(" [cut: a cell holds no more]"))


def test_amounts_that_a_cell_cannot_hold_stand_beside_it_whole(book: Path) -> None:
    for row, one in zip(rows(book, "Roll-forward (units)"), BOOKS.roll_forward, strict=True):
        for title, number in (
            ("Opening", one.opening),
            ("Deposits", one.deposits),
            ("Closing by the ledger", one.closing),
        ):
            assert row[f"{title} (exact)"] == text(number)
            assert row[title] == pytest.approx(float(number), rel=1e-15)


def test_amounts_that_cells_hold_have_no_second_column(tmp_path: Path) -> None:
    short = [one for one in BOOKS.roll_forward if one.asset in ("PLN", "BTC", "USDT")]
    row = rows(rendered(replace(BOOKS, roll_forward=short), tmp_path), "Roll-forward (units)")[0]
    assert not [title for title in row if title.endswith("(exact)")]


def test_a_check_is_a_formula_over_its_row_and_its_result_is_cached(book: Path) -> None:
    checks = {
        formula
        for sheet, formula in formulas(book)
        if sheet == "Roll-forward (units)" and "Closing" in formula
    }
    one = "roll_forward[[#This Row],[{}]]".format
    moved = " ".join(f"{sign} {one(title)}" for title, sign in (("Opening", ""), *MOVED)).strip()
    assert f"=ROUND({moved} - {one('Closing by the ledger')},{one('Places')})" in checks
    assert f"=ROUND({moved},{one('Places')})" in {formula for _, formula in formulas(book)}
    read = rows(book, "Roll-forward (units)")
    assert [row["Check"] for row in read] == [0] * len(read)
    assert [row["Closing"] for row in read] == pytest.approx(
        [float(one.closing) for one in BOOKS.roll_forward]
    )


def test_a_difference_too_small_for_cells_is_still_shown_whole(tmp_path: Path) -> None:
    first = BOOKS.balances[4]
    close = first._replace(venue=first.ledger + Decimal("1e-18"), difference=Decimal("1e-18"))
    (row,) = rows(rendered(replace(BOOKS, balances=[close]), tmp_path), "Balance proof")
    assert row["Difference"] == 0
    assert row["Difference (exact)"] == "0.000000000000000001"


def test_every_break_is_in_the_workbook(book: Path) -> None:
    read = rows(book, "Breaks")
    assert [row["Break"] for row in read] == [one.found.id for one in BOOKS.breaks]
    assert [row["What happened"] for row in read] == [one.found.diagnosis.text for one in BOOKS.breaks]


def test_moments_are_real_dates_and_local_times_stand_beside_them(book: Path) -> None:
    row = rows(book, "General ledger")[0]
    first = next(iter(BOOKS.postings)).at
    assert row["At (UTC)"] == first.replace(tzinfo=None)
    assert row["Day (Europe/Warsaw)"] == first.astimezone(ZoneInfo(ZONE)).date()
    assert rows(book, "Balance proof")[0]["Stated (Europe/Warsaw)"] == "2025-04-01 06:31:07+02:00"


def test_sheets_are_native_tables_with_their_headers_kept_in_sight_and_on_paper(book: Path) -> None:
    alone = [one for one in load_workbook(book).worksheets if len(one.tables) == 1]
    assert len(alone) > 10
    for sheet in alone:
        (table,) = sheet.tables.values()
        head = int("".join(filter(str.isdigit, table.ref.split(":")[0])))
        assert table.autoFilter is not None
        assert sheet.freeze_panes == f"A{head + 1}"
        assert sheet.print_title_rows == f"${head}:${head}"
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
        assert "Bursztyn Aktywa" in sheet.oddFooter.left.text


def test_the_same_books_give_the_same_bytes_whatever_the_clock_hash_seed_or_zone(
    book: Path, tmp_path: Path
) -> None:
    told = (
        "from pathlib import Path; from reports import accountant; from reports._render import RENDERERS;"
        "from tests.reports.books import BOOKS;"
        f"RENDERERS['xlsx'](accountant.build(BOOKS), Path({str(tmp_path / 'again.xlsx')!r}))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    subprocess.run([sys.executable, "-c", told], check=True, env=environment, cwd=Path(__file__).parents[2])
    digests = {sha256(path.read_bytes()).hexdigest() for path in (book, tmp_path / "again.xlsx")}
    assert len(digests) == 1


def test_an_empty_ledger_gives_a_workbook_that_says_so(tmp_path: Path) -> None:
    path = rendered(EMPTY, tmp_path)
    assert sheets(path) == SHEETS
    cells = CalamineWorkbook.from_path(path).get_sheet_by_name("General ledger").to_python()
    assert cells[-1][0] == "Nothing was posted in the period."


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").mkdir()
    with pytest.raises(IsADirectoryError):
        rendered(BOOKS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["book.xlsx"]


def test_hostile_words_in_titles_and_footers_do_no_harm(tmp_path: Path) -> None:
    words = "&D&[File] 2025 & [x]:*?/\\' <r>x</r>" * 9
    fact = Fact(label=words, value=words)
    section = Section(key="a", title=words, lead=words, facts=[fact])
    document = Document(title=words, subtitle=words, status=fact, properties=[fact], sections=[section] * 3)
    RENDER(document, tmp_path / "titles.xlsx")
    book = load_workbook(tmp_path / "titles.xlsx")
    assert len(book.sheetnames) == 3
    assert book.worksheets[0].oddFooter.left.text.startswith("&&D&&[File] 2025")


@given(st.lists(st.text(max_size=60), max_size=8))
def test_sheet_names_are_ones_that_excel_takes(titles: list[str]) -> None:
    names: list[str] = []
    for title in titles:
        names.append(sheet_name(title, names))
    assert len({name.casefold() for name in names}) == len(names)
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in names)


@given(st.text(alphabet=st.sampled_from(["&", "a", "\U0001f600", "\n"]), max_size=300))
def test_a_footer_keeps_to_its_room(words: str) -> None:
    assert len(_footer(words, 110).encode("utf-16-le")) <= 220


def test_a_month_of_two_thousand_transactions_takes_less_than_three_seconds(tmp_path: Path) -> None:
    books = many(2_000)
    started = time.process_time()
    rendered(books, tmp_path)
    assert time.process_time() - started < 3
