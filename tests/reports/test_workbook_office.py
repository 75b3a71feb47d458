"""The workbook as LibreOffice reckons it anew: every check is zero, every total equal, and text is still text."""

import re
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from recon.core.books import Books
from reports import accountant
from reports._render import RENDERERS
from reports._render._plain import visible
from tests.reports.books import BOOKS
from tests.reports.hostile import CORPUS, hostile_books
from tests.reports.office import reckoned

pytestmark = pytest.mark.office
Sheet = list[list[Any]]


def reckoned_books(books: Books, folder: Path) -> Path:
    """Their workbook as LibreOffice reckons it."""
    path = folder / "book.xlsx"
    RENDERERS["xlsx"](accountant.build(books), path)
    return reckoned(path, folder)


def sheet(path: Path, name: str) -> tuple[list[str], Sheet, list[Any]]:
    """Titles, rows and total of a sheet that has one table."""
    cells: Sheet = CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()
    head = next(number for number, row in enumerate(cells) if sum(bool(cell) for cell in row) > 3)
    rows = cells[head + 1 :]
    total = rows.pop() if rows[-1][0] == "Total" else []
    return [str(title) for title in cells[head]], rows, total


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reckoned_books(BOOKS, tmp_path_factory.mktemp("office"))


def test_every_check_comes_out_zero_and_so_does_their_total(book: Path) -> None:
    titles, rows, total = sheet(book, "Roll-forward (units)")
    place = titles.index("Check")
    assert [row[place] for row in rows] == [0] * len(BOOKS.roll_forward)
    assert total[place] == 0


def test_every_control_but_that_of_open_breaks_is_zero(book: Path) -> None:
    cells = CalamineWorkbook.from_path(book).get_sheet_by_name("Checks").to_python()
    head = next(number for number, row in enumerate(cells) if row[0] == "Control")
    rows = cells[head + 1 : next(number for number, row in enumerate(cells[head:], head) if not row[0])]
    assert len(rows) > 150
    assert {row[0] for row in rows if row[2] != 0} == {"Breaks: open errors and warnings"}


def test_formulas_give_what_the_books_say(book: Path) -> None:
    titles, rows, _ = sheet(book, "Roll-forward (units)")
    closing = [row[titles.index("Closing")] for row in rows]
    assert closing == pytest.approx([float(one.closing) for one in BOOKS.roll_forward], rel=1e-13)
    titles, rows, _ = sheet(book, "Balance proof")
    difference = [row[titles.index("Difference")] for row in rows]
    assert difference == pytest.approx([float(one.difference) for one in BOOKS.balances], rel=1e-12)


def test_totals_are_those_of_the_rows(book: Path) -> None:
    cells = CalamineWorkbook.from_path(book).get_sheet_by_name("Checks").to_python()
    total = next(row for row in cells if row[0] == "Total")
    assert total[2:4] == [sum(one.tested for one in BOOKS.checks), len(BOOKS.breaks)]


def test_no_cell_shows_an_error(book: Path) -> None:
    for page in load_workbook(book, data_only=True):
        for row in page.iter_rows(values_only=True):
            assert not [
                cell for cell in row if isinstance(cell, str) and re.match(r"#[A-Z/0]+[!?]|Err:", cell)
            ]


def test_hostile_text_is_still_text_after_the_round_trip(tmp_path: Path) -> None:
    path = reckoned_books(hostile_books(), tmp_path)
    titles, rows, _ = sheet(path, "General ledger")
    for text, row in zip(CORPUS, rows[: len(CORPUS)], strict=True):
        cell = row[titles.index("Kind")]
        assert isinstance(cell, str)
        assert len(text) > 1000 or cell == visible(text)
    pages = load_workbook(path)
    formulas = {
        str(cell.value)
        for row in pages["General ledger"].iter_rows()
        for cell in row
        if cell.data_type == "f"
    }
    assert not [one for one in formulas if not re.match(r"=-?(ROUND|SUBTOTAL|SUM)", one)]
