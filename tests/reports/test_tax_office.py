"""The workbook of a tax year as LibreOffice reckons it anew: its totals are those of the forms, and text stays text."""

import re
import shutil
import subprocess
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from recon.core.document import Document
from reports._render import RENDERERS
from tests.reports.tax_pages import hostile_report, report_of

pytestmark = pytest.mark.office
Rows = list[list[Any]]


def reckoned(document: Document, folder: Path) -> Path:
    """The workbook without its cached results, opened, reckoned and saved by LibreOffice."""
    path, out = folder / "book.xlsx", folder / "out"
    RENDERERS["xlsx"](document, path)
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w") as book:
        for name, data in parts.items():
            book.writestr(name, re.sub(rb"</f><v>[^<]*</v>", b"</f>", data))
    program = shutil.which("soffice")
    assert program, "LibreOffice is not installed"
    profile = f"-env:UserInstallation=file://{folder}/profile"
    told = [program, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(path)]
    subprocess.run(told, check=True, capture_output=True, timeout=110)
    return out / "book.xlsx"


def total(path: Path, sheet: str, title: str) -> Decimal:
    """What stands beneath a column of the sheet's first table, to the cent."""
    rows: Rows = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()
    head = next(row for row in rows if title in row)
    sums = next(row for row in rows[rows.index(head) :] if row[0] == "Total")
    return round(Decimal(str(sums[head.index(title)])), 2)


@pytest.mark.parametrize("rules", ["us", "uk", "de", "pl", "generic"])
def test_totals_are_those_of_the_forms_and_no_cell_shows_an_error(rules: str, tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    with report_of(tmp_path / "ledger", rules) as (books, document):
        path = reckoned(document, tmp_path)
        boxes = {
            line.box: Decimal(line.value) for line in books.lines if re.fullmatch(r"-?[0-9.]+", line.value)
        }
        sums = [one for (_, _, counts), one in books.sums.items() if counts]
        if rules == "us":
            assert total(path, "Form 8949 C", "Proceeds (d)") == boxes["3(d)"]
            assert total(path, "Form 8949 F", "Gain or loss (h)") == boxes["10(h)"]
        gained = sum(one.proceeds - one.cost for one in sums) if books.rules.lots else 0
        sheet, column = {
            "uk": ("SA108 worksheet", "Gain or loss"),
            "de": ("Anlage SO worksheet", "Gewinn / Verlust"),
        }.get(rules, ("Gains", "Gain"))
        if books.rules.lots:
            assert abs(total(path, sheet, column) - Decimal(gained).scaleb(-18)) < Decimal("0.01")
    for page in load_workbook(path, data_only=True):
        for row in page.iter_rows(values_only=True):
            assert not [
                cell for cell in row if isinstance(cell, str) and re.match(r"#[A-Z/0]+[!?]|Err:", cell)
            ]


def test_hostile_text_is_still_text(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    path = reckoned(hostile_report(tmp_path / "ledger", "us"), tmp_path)
    formulas = [
        str(cell.value)
        for page in load_workbook(path)
        for row in page.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    assert formulas and not [one for one in formulas if re.search(r"calc|HYPERLINK|cmd|1\+1", one)]
