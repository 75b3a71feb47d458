"""What a workbook does with live figures, links, groups, charts and long tables, read back by other libraries."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from recon.core.document import Cell, Column, Document, Live, Section, Sum, Table
from reports._render._plain import visible
from reports._render._xlsx_live import criterion
from reports._render.xlsx import FACT_LINE, JUDGED_LINE, render
from tests.reports.everything import ASSETS, everything, rows

SPLIT = {"streamed_above": 50, "sheet_rows": 120}


@cache
def opened(path: Path) -> Any:
    """The workbook, read once."""
    return load_workbook(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "book.xlsx"
    render(everything(), path)
    return path


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("split") / "book.xlsx"
    render(everything(), path, **SPLIT)
    return path


def cells(path: Path, sheet: str) -> list[list[Any]]:
    return CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()


def body(path: Path, sheets: Sequence[str]) -> list[list[Any]]:
    """The rows of a table with ten columns on one or more sheets, without what stands above and beneath."""
    found = []
    for name in sheets:
        page = cells(path, name)
        head = next(number for number, row in enumerate(page) if "At (UTC)" in row)
        found += [row for row in page[head + 1 :] if row[-1]]
    return found


def links(path: Path, sheet: str) -> dict[str, str]:
    """Where cells lead to."""
    page = opened(path)[sheet]
    return {
        cell.coordinate: cell.hyperlink.location for row in page.iter_rows() for cell in row if cell.hyperlink
    }


def at(path: Path, place: str) -> Any:
    """The text at a place such as 'Sheet'!A9."""
    sheet, _, cell = place.rpartition("!")
    return opened(path)[sheet.strip("'").replace("''", "'")][cell].value


def test_a_long_table_goes_over_several_sheets_and_loses_nothing(whole: Path, split: Path) -> None:
    names = CalamineWorkbook.from_path(split).sheet_names
    parts = ["Transactions", "Transactions (2)", "Transactions (3)"]
    assert names == ["Cover", "Roll-forward", "Ages", *parts, "Chart data"]
    assert body(split, parts) == body(whole, ["Transactions"])
    assert len(body(split, parts)) == 260
    assert all(len(cells(split, name)) <= 120 for name in names)


def test_a_total_is_over_all_parts_and_so_are_live_figures(whole: Path, split: Path) -> None:
    book = opened(split)
    place = book.defined_names["total_transactions_value"].attr_text
    formula = book["Transactions (3)"][place.split("!")[1].replace("$", "")].value
    assert formula.count("SUBTOTAL(109,") == 3
    assert "'Transactions'!$J$" in formula
    assert "'Transactions (3)'!$J$" in formula
    live = [cell.value for row in book["Roll-forward"] for cell in row if "SUM" in str(cell.value)]
    live = [one for one in live if "SUBTOTAL" not in one]
    assert len(live) == 5 * len(ASSETS)
    assert {one.count("SUMIFS(") or one.count("SUMPRODUCT(") for one in live} == {3}
    assert cells(whole, "Roll-forward") == cells(split, "Roll-forward")


def test_long_tables_keep_their_header_in_sight_and_their_filter(split: Path) -> None:
    for name in ("Transactions", "Transactions (2)", "Transactions (3)"):
        page: Worksheet = opened(split)[name]
        assert not page.tables
        head = int(page.freeze_panes[1:]) - 1
        assert page.auto_filter.ref.startswith(f"A{head}:")
        assert page.print_title_rows == f"${head}:${head}"


def test_native_tables_reach_as_far_as_their_rows(whole: Path) -> None:
    book = opened(whole)
    (table,) = book["Transactions"].tables.values()
    assert (table.ref, table.autoFilter.ref) == ("A5:K266", "A5:K265")
    (table,) = book["Roll-forward"].tables.values()
    check = next(one for one in table.tableColumns if one.name == "Check")
    assert "roll[[#This Row],[By the ledger]]" in check.calculatedColumnFormula.attr_text
    assert "SUBTOTAL(109,roll[Check])" in check.totalsRowFormula.attr_text


def test_a_text_leads_to_its_first_row_in_the_other_table_and_back(whole: Path, split: Path) -> None:
    moved = rows()
    for path in (whole, split):
        there = {
            at(path, f"'Roll-forward'!{cell}"): place for cell, place in links(path, "Roll-forward").items()
        }
        for asset in ASSETS:
            assert at(path, there[visible(asset)].replace("!A", "!G")) == visible(asset)
    first = next(number for number, row in enumerate(moved) if row[6] == "ETH")
    assert there["ETH"] == f"'Transactions'!A{first + 6}"
    back = links(whole, "Transactions")
    assert {at(whole, place) for cell, place in back.items() if cell[0] == "G"} == {*map(visible, ASSETS)}


def test_sheets_are_listed_on_the_first_and_lead_back(split: Path) -> None:
    listed = {at(split, place) for place in links(split, "Cover").values()}
    names = CalamineWorkbook.from_path(split).sheet_names[1:]
    assert set(names) <= {place.split("!")[0].strip("'") for place in links(split, "Cover").values()}
    assert "Roll-forward" in listed
    assert all(links(split, name)["A2"] == "'Cover'!A1" for name in names)


def test_keys_of_sections_lead_to_their_sheets(whole: Path) -> None:
    page = {at(whole, f"Cover!{cell}"): place for cell, place in links(whole, "Cover").items()}
    assert page["roll ages"] == "'Roll-forward'!A1"
    assert page["unknown transactions"] == "'Transactions'!A1"
    assert "nothing" not in page


def test_more_links_than_a_sheet_takes_are_left_out_and_the_texts_stay(tmp_path: Path) -> None:
    table = Table(key="long", by="A", columns=[Column(title="A", to="long")], rows=[("x",)] * 65_001)
    document = Document(title="T", subtitle="S", sections=[Section(key="long", title="Long", tables=[table])])
    render(document, tmp_path / "long.xlsx")
    with zipfile.ZipFile(tmp_path / "long.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    assert sheet.count(b"<hyperlink ") == 0
    assert sheet.count(b"<t>x</t>") == 65_001


def test_groups_stand_beneath_with_their_sums_and_can_be_folded(whole: Path, split: Path) -> None:
    for path in (whole, split):
        name = opened(path).sheetnames[-3 if path == whole else -2]
        page = opened(path)[name]
        folded = [row for row, one in page.row_dimensions.items() if one.outlineLevel == 1]
        assert [page.cell(row, 1).value for row in folded] == [*map(visible, ASSETS)]
        assert not page.sheet_properties.outlinePr.summaryBelow
        read = cells(path, name)
        for row, asset in zip(folded, ASSETS, strict=True):
            value = sum((one[8] for one in rows() if one[6] == asset), Decimal(0))
            assert read[row - 1][9] == pytest.approx(float(value), abs=1e-9)


def test_facts_and_totals_have_names(whole: Path) -> None:
    book = opened(whole)
    places = {name: one.attr_text.replace("$", "") for name, one in book.defined_names.items()}
    assert at(whole, places["fact_entity"]) == "=Bursztyn"
    assert book["Cover"][places["fact_entity"].split("!")[1]].data_type == "s"
    assert at(whole, places["fact_rows"]) == 260
    assert at(whole, places["fact_day"]).date() == date(2025, 3, 1)
    assert str(at(whole, places["fact_value"])).startswith("=ROUND(SUM(transactions[Value]),")
    assert {"total_ages_breaks", "total_ages_value", "total_roll_check", "total_transactions_value"} <= {
        *places
    }


def test_what_people_decided_stands_apart(whole: Path) -> None:
    book = opened(whole)
    colours = {page.title: page.sheet_properties.tabColor.rgb for page in book.worksheets[1:]}
    assert colours["Ages"] not in {colours["Roll-forward"], colours["Transactions"]}
    assert book["Ages"]["B2"].value == JUDGED_LINE
    assert book["Roll-forward"]["B2"].value == FACT_LINE


def test_charts_are_drawn_from_cells_and_no_name_in_them_is_a_formula(whole: Path) -> None:
    with zipfile.ZipFile(whole) as book:
        charts = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/charts/chart")]
    bars, lines = charts
    assert "<c:f>Ages!$A$5:$A$7</c:f>" in bars
    assert "<c:v>-44.1</c:v>" in bars
    assert "'Chart data'!$B$5:$B$63" in lines
    for chart in charts:
        assert all(
            one.split("</c:f>")[0].partition("!")[0] in ("Ages", "'Chart data'")
            for one in chart.split("<c:f>")[1:]
        )
    points = cells(whole, "Chart data")
    assert [row[1] for row in points[4:9]] == [0, 0, 1, 1, 2]


def of_sums(sums: Sequence[Sum], value: Decimal, moved: Sequence[Sequence[Cell]]) -> Document:
    """A figure over the sums of a table."""
    figure = Table(
        key="figure", columns=[Column(title="F", kind="amount")], rows=[(Live(value, tuple(sums)),)]
    )
    columns = [Column(title="A", to="t"), Column(title="N", kind="amount")]
    table = Table(key="t", by="A", columns=columns, rows=moved)
    return Document(
        title="T", subtitle="S", sections=[Section(key="s", title='He said "S"', tables=[figure, table])]
    )


def formula(path: Path) -> str:
    """The figure's formula, or its value where it has none."""
    page = load_workbook(path).worksheets[0]
    head = next(row for row in page.iter_rows() if row[0].value == "F")
    return str(page.cell(head[0].row + 1, 1).value)


def test_a_figure_over_an_empty_table_is_nothing(tmp_path: Path) -> None:
    render(of_sums([Sum("t", "N")], Decimal(0), []), tmp_path / "empty.xlsx")
    assert formula(tmp_path / "empty.xlsx").startswith("=ROUND(0,")


def test_texts_that_cells_show_alike_are_summed_by_no_formula(tmp_path: Path) -> None:
    moved = [
        ("\x01", Decimal(1)),
        (r"\x01", Decimal(2)),
        ("x" * 300, Decimal(3)),
        ("b", Decimal(4)),
        ("B", Decimal(5)),
    ]
    for words, value, told in (
        ("\x01", 1, "1"),
        ("x" * 300, 3, "3"),
        ("b", 4, '=ROUND(SUMPRODUCT(EXACT(t[A],"b")*1,t[N]),'),
    ):
        document = of_sums([Sum("t", "N", (("A", words),))], Decimal(value), moved)
        render(document, tmp_path / "alike.xlsx")
        assert formula(tmp_path / "alike.xlsx").startswith(told)
    assert {
        one.hyperlink.location for one in load_workbook(tmp_path / "alike.xlsx").worksheets[0]["A"][9:14]
    } >= {"'He said \"S\"'!A10"}


def test_figures_that_the_rows_do_not_give_are_refused(tmp_path: Path) -> None:
    table = Table(
        key="t", columns=[Column(title="A"), Column(title="N", kind="amount")], rows=[("x", Decimal(1))]
    )
    wrong = Live(Decimal(2), (Sum("t", "N", (("A", "x"),)),))
    other = Table(key="o", columns=[Column(title="F", kind="amount")], rows=[(wrong,)])
    document = Document(
        title="T", subtitle="S", sections=[Section(key="s", title="S", tables=[other, table])]
    )
    with pytest.raises(AssertionError, match="is 1 by the rows"):
        render(document, tmp_path / "wrong.xlsx")


@given(st.text(alphabet='~*?=<>a"', max_size=6))
def test_a_condition_has_no_sign_that_means_more_than_itself(words: str) -> None:
    told = criterion(words)
    plain = told.removeprefix("=") if not words or words[0] in "=<>" else told
    assert plain.replace("~~", "").replace("~*", "").replace("~?", "").count("~") == 0
    assert plain.replace("~~", "\0").replace("~*", "*").replace("~?", "?").replace("\0", "~") == words
    assert told[:1] == "=" or told[:1] not in "<>"


def test_the_same_document_gives_the_same_bytes_however_it_is_laid_out(
    whole: Path, split: Path, tmp_path: Path
) -> None:
    told = (
        "from pathlib import Path; from reports._render.xlsx import render; from tests.reports.everything import *;"
        f"render(everything(), Path({str(tmp_path / 'whole.xlsx')!r}));"
        f"render(everything(), Path({str(tmp_path / 'split.xlsx')!r}), streamed_above=50, sheet_rows=120)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    subprocess.run([sys.executable, "-c", told], check=True, env=environment, cwd=Path(__file__).parents[2])
    for before, again in ((whole, "whole.xlsx"), (split, "split.xlsx")):
        assert sha256(before.read_bytes()).digest() == sha256((tmp_path / again).read_bytes()).digest()


def test_rows_are_walked_and_never_held(tmp_path: Path) -> None:
    class Walked(list[Any]):
        """Rows that are told to come in order, and in no other way."""

        def __getitem__(self, place: Any) -> Any:
            raise AssertionError(place)

    document = everything()
    section = document.sections[-1]
    table = replace(section.tables[0], rows=Walked(section.tables[0].rows))
    sections = [*document.sections[:-1], replace(section, tables=[table])]
    render(replace(document, sections=sections), tmp_path / "a.xlsx", **SPLIT)
    render(document, tmp_path / "b.xlsx", **SPLIT)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
