"""A user's own workbook, filled at its names and tables, with everything else in it as it was."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PIL import Image
from xlsxwriter import Workbook

from recon.core.document import Column, Document, Fact, Section, Table
from recon.core.errors import ConfigError
from reports._render.template import fill_template
from tests.reports.everything import everything, rows

Change = Callable[[Workbook, Any, Any], Any]


def template(folder: Path, change: Change = lambda book, mine, data: None) -> Path:
    """A workbook as a firm keeps one: a cover with names, a table with a column and a total of its own."""
    path = folder / "ours.xlsx"
    book = Workbook(path)
    mine, data = book.add_worksheet("Mine"), book.add_worksheet("Data")
    yellow = book.add_format({"num_format": "0.000", "bold": True, "bg_color": "#FFFF00"})
    mine.write("A1", "Our firm", yellow)
    mine.write_formula("A2", "=fact_value*2")
    for cell, name in {
        "B2": "fact_entity", "B3": "fact_value", "B4": "fact_eth_exact", "B5": "FACT_ETH", "B6": "fact_cut_off",
        "B7": "total_ages_value", "B8": "somebody_else",
    }.items():  # fmt: skip
        mine.write(cell, "?", yellow)
        book.define_name(name, f"=Mine!${cell[0]}${cell[1]}")
    columns = [
        {"header": "Asset", "total_string": "Sum"},
        {"header": "Quantity", "format": yellow},
        {"header": "Doubled", "formula": "=E4*2"},
        {"header": "Value", "total_function": "sum"},
        {"header": "Day"},
        {"header": "Remark"},
    ]
    data.add_table("B3:G5", {"name": "transactions", "total_row": True, "columns": columns})
    data.write_blank("C4", None, yellow)
    change(book, mine, data)
    book.close()
    return path


def sheet(path: Path, name: str) -> Any:
    return load_workbook(path)[name]


def test_named_cells_get_the_facts_and_totals_and_keep_their_looks(tmp_path: Path) -> None:
    filled = fill_template(everything(), template(tmp_path), tmp_path / "filled.xlsx")
    mine = sheet(tmp_path / "filled.xlsx", "Mine")
    value = sum((row[8] for row in rows()), Decimal(0))
    eth = sum((row[7] for row in rows() if row[6] == "ETH"), Decimal(0))
    assert mine["B2"].value == "=Bursztyn" and mine["B2"].data_type == "s"
    assert Decimal(str(mine["B3"].value)) == value
    assert mine["B4"].value == str(eth)
    assert Decimal(str(mine["B5"].value)) == Decimal(f"{eth:.15g}")
    assert mine["B6"].value.isoformat() == "2025-03-01T00:00:00"
    assert mine["B7"].value == 83.4
    assert mine["B8"].value == "?" and mine["A1"].value == "Our firm" and mine["A2"].value == "=fact_value*2"
    assert all(mine[f"B{row}"].fill.fgColor.rgb == "FFFFFF00" for row in range(2, 9))
    assert {one.casefold() for one in filled.names} >= {"fact_entity", "fact_eth", "total_ages_value"}


def test_a_table_gets_our_rows_and_keeps_its_own_columns_and_totals(tmp_path: Path) -> None:
    filled = fill_template(everything(), template(tmp_path), tmp_path / "filled.xlsx")
    data = sheet(tmp_path / "filled.xlsx", "Data")
    count = len(rows())
    assert data.tables["transactions"].ref == f"B3:G{count + 4}"
    assert data.tables["transactions"].autoFilter.ref == f"B3:G{count + 3}"
    read = [[cell.value for cell in row] for row in data.iter_rows(min_row=4, max_row=count + 3, min_col=2)]
    assert [Decimal(str(row[3])) for row in read] == [row[8] for row in rows()]
    assert [row[2] for row in read] == [f"=E{number}*2" for number in range(4, count + 4)]
    assert {row[5] for row in read} == {None}
    assert data.cell(count + 4, 2).value == "Sum"
    assert data.cell(count + 4, 5).value == "=SUBTOTAL(109,[Value])"
    assert data.cell(count + 3, 3).fill.fgColor.rgb == "FFFFFF00"
    assert filled.tables == ["transactions"]
    assert any("Quantity (exact)" in note for note in filled.notes)


def test_a_table_that_is_longer_than_ours_loses_the_rest(tmp_path: Path) -> None:
    def longer(book: Workbook, mine: Any, data: Any) -> None:
        columns = [{"header": "Age"}, {"header": "Breaks"}]
        mine.add_table("D10:E20", {"name": "ages", "columns": columns, "data": [["old", 9]] * 10})

    fill_template(everything(), template(tmp_path, longer), tmp_path / "filled.xlsx")
    mine = sheet(tmp_path / "filled.xlsx", "Mine")
    assert mine.tables["ages"].ref == "D10:E13"
    assert [mine.cell(row, 4).value for row in range(11, 21)] == ["0-7 days", "8-30 days", "31-90 days"] + [
        None
    ] * 7


def test_an_empty_table_leaves_one_empty_row(tmp_path: Path) -> None:
    document = everything()
    empty = Table(
        key="transactions", columns=[Column(title="Asset"), Column(title="Value", kind="amount")], rows=[]
    )
    sections = [
        Section(key="t", title="T", facts=[Fact(label="E", value="e", name="entity")], tables=[empty])
    ]
    fill_template(replace(document, sections=sections), template(tmp_path), tmp_path / "filled.xlsx")
    data = sheet(tmp_path / "filled.xlsx", "Data")
    assert data.tables["transactions"].ref == "B3:G5"
    assert data["B4"].value is None and data["B5"].value == "Sum"


def test_filling_again_gives_the_same_bytes(tmp_path: Path) -> None:
    given = template(tmp_path)
    digests = set()
    for name in ("one.xlsx", "two.xlsx"):
        fill_template(everything(), given, tmp_path / name)
        digests.add(sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


def test_pictures_stay_and_charts_are_told_of(tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "logo.png")

    def draw(book: Workbook, mine: Any, data: Any) -> None:
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Mine!$B$3:$B$7"})
        mine.insert_chart("D10", chart)
        mine.insert_image("H1", str(tmp_path / "logo.png"))

    filled = fill_template(everything(), template(tmp_path, draw), tmp_path / "filled.xlsx")
    assert any("xl/charts/chart1.xml" in note for note in filled.notes)
    with zipfile.ZipFile(tmp_path / "filled.xlsx") as parts:
        assert parts.read("xl/media/image1.png") == (tmp_path / "logo.png").read_bytes()
        assert b"Mine!$B$3:$B$7" in parts.read("xl/charts/chart1.xml").replace(b"'", b"")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda book, mine, data: mine.insert_textbox("H5", "hello"), "shapes of xl/drawings/drawing1.xml"),
        (
            lambda book, mine, data: mine.insert_button("H5", {"macro": "x"}),
            "controls of xl/drawings/vmlDrawing1.vml",
        ),
        (lambda book, mine, data: mine.add_sparkline("H5", {"range": "B3:B7"}), "Sparkline"),
        (
            lambda book, mine, data: mine.conditional_format(
                "B3:B7", {"type": "data_bar", "data_bar_2010": True}
            ),
            "Conditional Formatting",
        ),
        (lambda book, mine, data: data.write("C9", "note"), "Data!C9 stands where it must grow to"),
        (lambda book, mine, data: data.merge_range("C9:D9", ""), "merged cells C9:D9"),
    ],
)
def test_what_would_be_lost_or_overwritten_is_refused_by_name(
    change: Change, told: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=told.replace("(", r"\(")):
        fill_template(everything(), template(tmp_path, change), tmp_path / "filled.xlsx")
    assert not (tmp_path / "filled.xlsx").exists()


def test_a_file_that_is_no_workbook_or_knows_no_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.xlsx").write_text("no workbook")
    with pytest.raises(ConfigError, match=r"it is no whole \.xlsx workbook"):
        fill_template(everything(), tmp_path / "text.xlsx", tmp_path / "filled.xlsx")
    Workbook(tmp_path / "bare.xlsx").close()
    with pytest.raises(ConfigError, match="no name and no table of this report") as refused:
        fill_template(everything(), tmp_path / "bare.xlsx", tmp_path / "filled.xlsx")
    assert "fact_entity" in refused.value.next_step and "transactions" in refused.value.next_step
    document = Document(title="T", subtitle="S", sections=[Section(key="s", title="S")])
    with pytest.raises(ConfigError, match="no name"):
        fill_template(document, template(tmp_path), tmp_path / "filled.xlsx")
