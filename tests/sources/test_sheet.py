"""Excel workbooks: the digits that the file stores, dates by their format, what cannot be read refused by its cell."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.core.canonical import read_json
from recon.core.errors import SourceError
from recon.core.money import exact
from recon.core.records import Row
from recon.sources.csv import SOURCE, Settings, preview
from tests.sources import workbooks as xl
from tests.sources.drive import NAME, balanced, chained, drive

UTC_DATES = {"timezone": "UTC"}


def rows(body: bytes, columns: dict[str, Any] = UTC_DATES, file: str = "f.xlsx") -> list[Row]:
    made = Settings.model_validate({"kind": "csv", "path": "*", "columns": columns})
    return drive(SOURCE, made, lambda request: body, files=[file])[file].rows()


def book(*lines: str, **more: Any) -> bytes:
    return xl.package(xl.parts(("Data", xl.sheet(xl.header(), *lines)), **more))


def refused(body: bytes, columns: dict[str, Any] = UTC_DATES) -> str:
    with pytest.raises(SourceError) as caught:
        rows(body, columns)
    assert (caught.value.kind, caught.value.where) == ("bad_row", "f.xlsx")
    assert "nothing of this file was posted" in str(caught.value)
    return caught.value.what


def note(cell: str, **more: Any) -> str:
    (row,) = rows(book(xl.line(note=cell), **more))
    found: str = read_json(row.data.encode()).get("note", "")
    return found


@pytest.mark.parametrize(
    ("lexeme", "number"),
    [
        ("0.30000000000000004", "0.3"),
        ("0.1", "0.1"),
        ("1", "1"),
        ("100000000", "100000000"),
        ("1E-8", "0.00000001"),
        ("1.0000000000000001E-5", "0.00001"),
        ("1.5e+3", "1500"),
        ("12345.678899999999", "12345.6789"),
        ("123456789012.345", "123456789012.345"),
        ("0.12345678901234550", "0.123456789012346"),
        ("0.1234567890123465", "0.123456789012346"),
        ("1000000000000000000", None),
        ("100000000000000000", "100000000000000000"),
        ("1.2345678901234499E+17", "123456789012345000"),
    ],
)
def test_a_number_is_the_fifteen_digits_that_excel_keeps(lexeme: str, number: str | None) -> None:
    body = book(xl.line(quantity=xl.number(lexeme)))
    if number is None:
        assert "more than 18 digits before the point" in refused(body)
    else:
        assert rows(body)[0].quantity == Decimal(number)


@given(units=st.integers(1, 10**15 - 1), places=st.integers(0, 12))
@settings(max_examples=200)
def test_every_number_of_fifteen_digits_survives_excels_floats(units: int, places: int) -> None:
    typed = Decimal(units).scaleb(-places)
    for lexeme in (repr(float(typed)), f"{float(typed):.16G}", f"{float(typed):.17g}"):
        body = book(xl.line(quantity=xl.number(lexeme)))
        if lexeme.isdecimal() and len(lexeme.strip("0")) > 15:
            continue
        assert rows(body)[0].quantity == typed


@pytest.mark.parametrize("number", ["1234567890123456", "0.123456789012345678", "12345678901234567890"])
def test_a_number_with_more_digits_than_excel_keeps_was_not_written_by_it_and_is_refused(number: str) -> None:
    told = f"sheet 'Data' row 2: cell D2 holds the number {number}, but Excel keeps 15 digits; expected a text cell"
    assert refused(book(xl.line(quantity=xl.number(number)))) == told
    assert rows(book(xl.line(quantity=xl.text(number[:18]))))[0].quantity == Decimal(number[:18])


@pytest.mark.parametrize("lexeme", ["NaN", "1e400", "1,5", "0x10", "1_0", "INF", "1e", "--1", "1" * 50, " 1"])
def test_what_is_no_number_is_refused_by_its_cell(lexeme: str) -> None:
    assert refused(book(xl.line(quantity=xl.number(lexeme)))).startswith("sheet 'Data' row 2: cell D2 holds ")


def test_a_text_cell_is_exact_and_a_number_knows_no_decimal_comma() -> None:
    body = book(
        xl.line(quantity=xl.text("1.234,5")),
        xl.line(quantity=xl.number("1.234")),
        xl.line(quantity=xl.text("+2")),
    )
    columns = {"timezone": "UTC", "decimal": ",", "sign": "signed"}
    assert [row.quantity for row in rows(body, columns)] == [Decimal("1234.5"), Decimal("1.234"), 2]


DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
DAYS = [datetime.fromisoformat(day) for day in ("2009-01-02", "2099-12-30")]
DATES = [
    ("45660.354166666664", "2025-01-03T08:30:00"),
    ("45660", "2025-01-03T00:00:00"),
    ("45660.354178240741", "2025-01-03T08:30:01"),
    ("45660.354166672456", "2025-01-03T08:30:00.001000"),
    ("45660.999999999", "2025-01-04T00:00:00"),
]


@pytest.mark.parametrize(("serial", "moment"), DATES)
@pytest.mark.parametrize("date1904", [False, True])
def test_a_date_cell_is_its_local_time_to_the_millisecond(serial: str, moment: str, date1904: bool) -> None:
    stored = str(Decimal(serial) - 1462 if date1904 else Decimal(serial))
    body = book(xl.line(at=xl.number(stored, 1)), date1904=date1904)
    assert rows(body)[0].at == datetime.fromisoformat(moment).replace(tzinfo=UTC)
    winter = rows(body, {"timezone": "Europe/Warsaw", "date_format": "%d.%m.%Y"})[0].at
    assert winter == datetime.fromisoformat(moment).replace(tzinfo=UTC) - timedelta(hours=1)


@given(st.datetimes(*DAYS))
@settings(max_examples=200)
def test_every_millisecond_survives_as_the_float_that_excel_stores(at: datetime) -> None:
    at = at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
    serial = (at - DAY_ZERO) / timedelta(days=1)
    assert rows(book(xl.line(at=xl.number(repr(serial), 1))))[0].at == at


@pytest.mark.parametrize(
    ("code", "is_date"),
    [
        ("yyyy-mm-dd hh:mm", True), ("DD.MM.YYYY", True), ("[$-415]d mmmm yyyy;@", True), ('d" day"', True),
        ("General", False), ("0.00E+00", False), ('#,##0.00 "days"', False), ("[$USD] #,##0.00", False),
        (r"0\d", False), ('0.00;[Red]"dmy"-0', False), ("0_d", False), ("@", False), ("0;d", False),
    ],
)  # fmt: skip
def test_a_format_shows_a_date_by_its_letters_outside_quotes_and_brackets(code: str, is_date: bool) -> None:
    body = book(xl.line(at=xl.number("45660.5", 2)), formats=[(170, code)], styles=[0, 14, 170])
    if is_date:
        assert rows(body)[0].at.isoformat() == "2025-01-03T12:00:00+00:00"
    else:
        assert "column timestamp: expected ISO 8601, or epoch s or ms, got '45660.5'" in refused(body)


def test_a_date_cell_needs_a_zone_and_a_time_without_a_day_is_no_date() -> None:
    assert "expected ISO 8601 with a zone (or timezone in the columns)" in refused(
        book(xl.line(at=xl.number("45660", 1))), {}
    )
    for serial in ("0.5", "60", "-1", "99999999"):
        assert f"got '{serial}'" in refused(book(xl.line(at=xl.number(serial, 1))))


def test_texts_may_be_shared_in_runs_escaped_or_given_as_dates() -> None:
    strings = (
        "<si><t>plain </t></si><si><r><t>two </t></r><r><rPr/><t>runs</t></r></si>"
        "<si><t>東京</t><rPh><t>トウキョウ</t></rPh></si><si><t>a_x000A_b_x005F_x0041__xD83D_</t></si><si/>"
    )
    wanted = ["plain", "two runs", "東京", "a\nb_x0041__xD83D_", ""]
    for place, text in enumerate(wanted):
        assert note(f'<c t="s"><v>{place}</v></c>', strings=strings) == text
    assert note('<c t="d"><v>2025-01-03T08:30:00</v></c>') == "2025-01-03T08:30:00"
    assert note('<c t="inlineStr"><is><r><t>a</t></r><rPh><t>x</t></rPh><r><t>b</t></r></is></c>') == "ab"
    assert note(xl.text("=1+1")) == "=1+1"
    assert refused(book(xl.line(note='<c t="s"><v>9</v></c>'), strings=strings)) == (
        "cell E2 names a text that the workbook lacks"
    )


def test_a_formula_counts_with_its_stored_result_and_without_one_is_refused_by_its_cell() -> None:
    found = rows(book(xl.line(quantity="<c><f>A1*2</f><v>0.30000000000000004</v></c>")))
    assert found[0].quantity == Decimal("0.3")
    assert note('<c t="str"><f>A1</f><v>=x</v></c>') == "=x"
    assert note('<c t="str"><f>A1</f><v></v></c>') == ""
    assert refused(book(xl.line(quantity="<c><f>A1*2</f></c>"))) == (
        "sheet 'Data' row 2: cell D2 holds a formula without its result; open the file in Excel and save it"
    )


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ('<c t="b"><v>1</v></c>', "cell D3 holds TRUE, not a text or number"),
        ('<c t="b"><v>0</v></c>', "cell D3 holds FALSE, not a text or number"),
        ('<c t="e"><v>#N/A</v></c>', "cell D3 holds the error #N/A"),
        ('<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', "cell D3 holds the error #DIV/0!"),
    ],
)
def test_truth_values_and_errors_are_refused_by_their_cell_where_their_column_counts(
    cell: str, told: str
) -> None:
    assert refused(book(xl.line(), xl.line(quantity=cell))) == f"sheet 'Data' row 3: {told}"
    ignored = xl.sheet(
        xl.row(*map(xl.text, (*xl.HEADER[:4], "other"))), xl.line(note=cell.replace("D3", "E2"))
    )
    assert len(rows(xl.package(xl.parts(("Data", ignored))))) == 1


def test_the_first_sheet_shown_is_read_or_the_one_that_is_named() -> None:
    sheets = [(name, xl.sheet(xl.header(), xl.line(note=xl.text(name)))) for name in ("A", "B", "C")]
    body = xl.package(xl.parts(*sheets, hidden=["A"]))
    for wanted, columns in [("B", UTC_DATES), ("C", {"sheet": "C"}), ("A", {"sheet": "A"})]:
        assert read_json(rows(body, columns)[0].data.encode())["note"] == wanted
    assert refused(body, {"sheet": "D"}) == "the workbook has no sheet 'D'; its sheets are 'A', 'B', 'C'"


def test_rows_and_cells_may_be_left_out_and_are_told_by_their_own_numbers() -> None:
    header = '<row r="3">' + "".join(
        f'<c r="{letter}3" t="inlineStr"><is><t>{name}</t></is></c>'
        for letter, name in zip("BCDEF", xl.HEADER, strict=True)
    )
    line = (
        '<row r="{0}"><c r="B{0}"><v>1735893000</v></c><c r="C{0}" t="inlineStr"><is><t>deposit</t></is></c>'
        '<c r="D{0}" t="inlineStr"><is><t>BTC</t></is></c><c r="E{0}"><v>{1}</v></c></row>'
    )
    empty = '<row r="6"><c r="B6" s="1"/><c r="C6" t="inlineStr"><is><t> </t></is></c></row>'
    lines = [header + "</row>", line.format(5, 1), empty, line.format(9, 2)]
    found = rows(xl.package(xl.parts(("Data", xl.sheet(*lines)))))
    assert [(row.quantity, row.pointer) for row in found] == [(1, "/0"), (2, "/1")]
    bad = refused(xl.package(xl.parts(("Data", xl.sheet(*lines, line.format(12, "-1"))))))
    assert bad.startswith("sheet 'Data' row 12: column quantity: expected a positive quantity, got -1")
    beyond = '<row r="13"><c r="H13"><v>1</v></c></row>'
    assert refused(xl.package(xl.parts(("Data", xl.sheet(*lines, beyond))))) == (
        "sheet 'Data' row 13: 8 cells, but the header names 6 columns"
    )


def test_an_empty_sheet_and_a_header_alone_are_told_apart() -> None:
    assert rows(book()) == []
    assert (
        refused(xl.package(xl.parts(("Data", xl.sheet())))) == "row 1: the header has no column 'timestamp'"
    )


def test_a_preview_names_sheet_and_row() -> None:
    made = Settings.model_validate({"kind": "csv", "path": "*"})
    body = book(xl.line(), xl.line(quantity=xl.number("-1")))
    (one,) = preview(made, lambda pattern: ["f.xlsx"], lambda path: io.BytesIO(body))
    assert [row.line for row in one.rows] == ["sheet 'Data' row 2"]
    assert one.fault.startswith("sheet 'Data' row 3: column quantity: expected a positive")


def test_rows_mean_the_same_under_the_exact_arithmetic_that_posts_them() -> None:
    body = book(xl.line(at=xl.number("45660.354166666664", 1), quantity=xl.number("0.30000000000000004")))
    usual = rows(body)
    with exact():
        assert rows(body) == usual


LINES = [
    (datetime(2025, 1, 3, 8, 30, tzinfo=UTC), "deposit", 0.1, 0.1),
    (datetime(2025, 1, 3, 8, 31, tzinfo=UTC), "deposit", 0.2, 0.1 + 0.2),
    (datetime(2025, 1, 3, 8, 32, 1, 5000, tzinfo=UTC), "withdrawal", 0.3, 0.0),
]
COLUMNS = ("timestamp", "kind", "quantity", "balance_after", "asset")


def lines() -> list[tuple[Any, ...]]:
    """The rows as programs write them: a date cell has no zone."""
    return [COLUMNS, *((at.replace(tzinfo=None), *rest, "BTC") for at, *rest in LINES)]


def by_xlsxwriter() -> bytes:
    body = io.BytesIO()
    with xlsxwriter.Workbook(body, {"default_date_format": "dd/mm/yy hh:mm"}) as made:
        page = made.add_worksheet("Zestawienie")
        for place, line in enumerate(lines()):
            page.write_row(place, 0, line)
    return body.getvalue()


def by_openpyxl() -> bytes:
    body = io.BytesIO()
    made = openpyxl.Workbook()
    for line in lines():
        made.active.append(line)
    made.save(body)
    return body.getvalue()


@pytest.mark.parametrize("write", [by_xlsxwriter, by_openpyxl])
def test_a_workbook_of_another_program_chains_to_the_last_digit(write: Any) -> None:
    found = rows(write())
    assert [row.quantity for row in found] == [Decimal("0.1"), Decimal("0.2"), Decimal("-0.3")]
    assert [row.at for row in found] == [line[0] for line in LINES]
    assert balanced(found)
    assert chained(found)
    assert found[0].postings[0].account == f"assets:{NAME}:main"
