"""Writes a Document as a workbook: native tables, live formulas with their results cached, the same bytes each time.

Whatever a venue sent is written as text and stays text: nothing in it becomes a formula, an outside link or a number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook

from recon.core.document import Bars, Cell, Chart, Document, Fact, Live
from recon.core.money import text
from recon.core.times import EPOCH, naive
from reports._render._digits import fits_cell, shown_decimals
from reports._render._fields import amount_format
from reports._render._plain import visible
from reports._render._whole import whole
from reports._render._xlsx_charts import Points, put_bars, put_lines
from reports._render._xlsx_layout import CHART_SHEET, Block, Contents, Groups, Note, Page, Piece, Title
from reports._render._xlsx_package import package
from reports._render._xlsx_pens import (
    A4,
    HEAD,
    LINK,
    MUTED,
    OPTIONS,
    SHEET_ROWS,
    TONES,
    Pen,
    namer,
    pens,
    put_link,
    put_text,
    quoted,
    short,
)
from reports._render._xlsx_plan import Plan, planned
from reports._render._xlsx_rows import Rows
from reports._render._xlsx_tables import put_groups, put_table

STREAMED_ABOVE = 100_000
"""Rows of a table. A longer one is a plain range with a filter, on as many sheets as it needs."""
FACT_LINE = "Fact: what venues and people stated, and what follows from it."
JUDGED_LINE = "Judgement: what people decided."
_FACT_TAB, _JUDGED_TAB, _OTHER_TAB = "#1F3A5F", "#C2571A", "#8A939C"
_HEADING = {"bold": True, "font_size": 14, "font_color": HEAD}
_FIGURE_WIDTH = 26
_PAGE_WIDTH = 230
"""In characters: at more of them a printed page is too small to read."""
_BACK = "< Contents"


@dataclass(frozen=True, kw_only=True)
class _Desk:
    """What every sheet is written with. ``rows`` are to be put in, by the number of their sheet."""

    book: Workbook
    document: Document
    plan: Plan
    name: Callable[[str, str], None]
    points: Points | None
    rows: dict[int, list[Rows]]


def render(
    document: Document, path: Path, *, streamed_above: int = STREAMED_ABOVE, sheet_rows: int = SHEET_ROWS
) -> None:
    """Writes the workbook whole or not at all. Raises OSError."""
    plan = planned(document, streamed_above, sheet_rows)
    with whole(path) as file:
        book, rows = _workbook(document, plan)
        package(book, rows, file)


def _workbook(document: Document, plan: Plan) -> tuple[bytes, dict[int, list[Rows]]]:
    """The workbook without the rows of its tables, and those."""
    buffer = BytesIO()
    book = Workbook(buffer, OPTIONS)
    created = (document.as_of or EPOCH).astimezone(UTC).replace(tzinfo=None)
    book.set_properties(
        {"title": visible(document.title), "subject": visible(document.subtitle), "created": created}
    )
    make = pens(book)
    sheets = [(page, make(page.name)) for page in plan.pages]
    lines = next((pen for page, pen in sheets if page.nature == "data"), None)
    desk = _Desk(
        book=book,
        document=document,
        plan=plan,
        name=namer(book),
        points=Points(lines, 3) if lines else None,
        rows={},
    )
    for number, (page, pen) in enumerate(sheets, 1):
        _sheet(desk, number, page, pen)
    book.close()
    return buffer.getvalue(), desk.rows


def _sheet(desk: _Desk, number: int, page: Page, pen: Pen) -> None:
    if number == 1:
        _title(pen, desk.document)
    else:
        _heading(desk, page, pen)
    for row, block in page.blocks:
        if found := _block(desk, pen, row, block):
            desk.rows.setdefault(number, []).append(found)
    if page.head is not None:
        pen.sheet.freeze_panes(page.head + 1, 0)
        pen.sheet.repeat_rows(page.head)
    wide = 0 if page.nature == "data" else _widths(page, pen)
    pen.sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{SHEET_ROWS}"})
    _print_set_up(pen.sheet, desk.document, wide)


def _block(desk: _Desk, pen: Pen, row: int, block: Block) -> Rows | None:
    """One thing on a sheet; a table's rows are still to be put in."""
    plan = desk.plan
    match block:
        case Note(words):
            put_text(pen, row, 0, words, pen.look(italic=True, font_color=MUTED))
        case Title(words):
            pen.sheet.set_row(row, 20)
            put_text(pen, row, 0, words, pen.look(bold=True, font_size=12, font_color=HEAD))
        case Fact():
            _fact(desk, pen, row, block)
        case Contents():
            _contents(pen, row, plan.pages)
        case Groups():
            put_groups(pen, block, row, plan.likes)
        case Chart() if desk.points:
            put_lines(desk.book, pen, row, block, desk.points)
        case Bars():
            put_bars(desk.book, pen, row, block, plan.tables[block.table])
        case Piece():
            return put_table(pen, block, plan.lives, plan.formulas, plan.leads, desk.name)
    return None


def _title(pen: Pen, document: Document) -> None:
    """The head of the first sheet."""
    pen.sheet.set_row(0, 28)
    pen.sheet.set_row(1, 18)
    put_text(pen, 0, 0, document.title, pen.look(bold=True, font_size=18, font_color=HEAD))
    put_text(pen, 1, 0, document.subtitle, pen.look(font_size=11, font_color=MUTED))
    if document.status is None:
        return
    tone = TONES[document.status.tone]
    for column in range(5):
        pen.sheet.write_blank(2, column, None, pen.look(**tone))
    pen.sheet.set_row(2, 24)
    band = {"bold": True, "font_size": 12, "valign": "vcenter"} | tone
    put_text(pen, 2, 0, f"{document.status.label}. {_said(document.status.value)}", pen.look(**band))


def _heading(desk: _Desk, page: Page, pen: Pen) -> None:
    """The sheet's name in full, the way back, and whether people decided what stands here."""
    pen.sheet.set_row(0, 24)
    put_text(pen, 0, 0, page.name if page.nature != "first" else page.section.title, pen.look(**_HEADING))
    put_link(pen, 1, 0, _BACK, f"{quoted(desk.plan.pages[0].name)}!A1", pen.look(**LINK))
    if page.nature == "data":
        pen.sheet.set_tab_color(_OTHER_TAB)
        return
    judged = page.section.judged
    pen.sheet.set_tab_color(_JUDGED_TAB if judged else _FACT_TAB)
    colour = _JUDGED_TAB if judged else MUTED
    put_text(pen, 1, 1, JUDGED_LINE if judged else FACT_LINE, pen.look(font_color=colour))


def _contents(pen: Pen, row: int, pages: Sequence[Page]) -> None:
    """A line for each sheet but the first; those that carry a section on stand beside it."""
    put_text(pen, row, 0, "Contents", pen.look(bold=True, font_size=12, font_color=HEAD))
    later = [page for page in pages if page.section is not pages[0].section]
    for line, (section, several) in enumerate(groupby(later, key=lambda page: page.section), row + 1):
        nature = "" if section.key == CHART_SHEET else "Judgement" if section.judged else "Fact"
        for column, page in enumerate(several):
            place = f"{quoted(page.name)}!A1"
            put_link(pen, line, column + bool(column), page.name, place, pen.look(**LINK))
        colour = _JUDGED_TAB if section.judged else MUTED
        put_text(pen, line, 1, nature, pen.look(font_color=colour))


def _fact(desk: _Desk, pen: Pen, row: int, fact: Fact) -> None:
    """Its label and value; beside a number that a cell cannot hold its exact text."""
    put_text(pen, row, 0, fact.label, pen.look(font_color=MUTED))
    tone, value = TONES[fact.tone] | {"align": "left"}, fact.value
    if isinstance(value, Live | Decimal | int):
        _figure(desk, pen, row, value, tone)
    elif isinstance(value, datetime):
        pen.sheet.write_datetime(
            row, 1, naive(value), pen.look(num_format='yyyy-mm-dd hh:mm:ss "UTC"', **tone)
        )
    elif isinstance(value, date):
        pen.sheet.write_datetime(row, 1, value, pen.look(num_format="yyyy-mm-dd", **tone))
    else:
        put_text(pen, row, 1, value or "", pen.look(num_format="@", **tone))
    if fact.name:
        desk.name(f"fact_{fact.name}", f"{quoted(pen.sheet.name)}!$B${row + 1}")


def _figure(desk: _Desk, pen: Pen, row: int, given: Live | Decimal | int, tone: dict[str, Any]) -> None:
    value = given.value if isinstance(given, Live) else given
    shown = desk.plan.shown(given) if isinstance(given, Live) else value
    form = amount_format(shown_decimals([shown])) if isinstance(shown, Decimal) else "#,##0;[Red]-#,##0"
    look = pen.look(num_format=form, **tone)
    if isinstance(given, Live) and (formula := desk.plan.formulas.get(given)):
        pen.sheet.write_formula(row, 1, formula, look, shown)
    else:
        pen.sheet.write_number(row, 1, shown, look)
    if shown != value or not fits_cell(Decimal(value)):
        put_text(pen, row, 2, f"exactly {text(Decimal(value))}", pen.look(num_format="@", font_color=MUTED))


def _widths(page: Page, pen: Pen) -> int:
    """Makes each column as wide as the widest of the tables, labels and links that stand in it; all their widths."""
    widths: dict[int, int] = {}
    for _, block in page.blocks:
        if isinstance(block, Piece):
            for column, field in enumerate(block.table.profile.fields):
                widths[column] = max(widths.get(column, 0), field.width)
        if isinstance(block, Fact):
            widths[0] = max(widths.get(0, 0), len(block.label) + 2)
            if not isinstance(block.value, str):
                widths[1] = max(widths.get(1, 0), _FIGURE_WIDTH)
        if isinstance(block, Contents):
            widths[0] = max(widths.get(0, 0), 24)
    widths[0] = max(widths.get(0, 0), len(_BACK) + 2)
    for column, width in widths.items():
        pen.sheet.set_column(column, column, width)
    return sum(widths.values())


def _said(value: Cell) -> str:
    if isinstance(value, Live):
        value = value.value
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return text(value) if isinstance(value, Decimal) else str("" if value is None else value)


def _print_set_up(sheet: Any, document: Document, wide: int) -> None:
    """Whole columns on as many pages as can be read, the first column on each."""
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(max(-(-wide // _PAGE_WIDTH), 1), 0)
    if wide > _PAGE_WIDTH:
        sheet.repeat_columns(0)
    identity = " · ".join(f"{fact.label} {short(_said(fact.value), 14)}" for fact in document.properties)
    sheet.set_footer(f"&L&8 {_footer(document.subtitle, 110)}&C&8 {_footer(identity, 110)}&R&8 Page &P of &N")


def _footer(words: str, room: int) -> str:
    """Text for a footer, which holds 255 UTF-16 units in all. An ampersand is a command there, and said by two."""
    tries = (short(words, most).replace("&", "&&") for most in range(room, 0, -1))
    return next(one for one in tries if len(one.encode("utf-16-le")) <= 2 * room)
