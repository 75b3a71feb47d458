"""Writes a workbook that people fill in and send back: locked facts, cells to fill in, and a hidden sheet for us.

The sheets are protected without a password: that keeps hands off by mistake, and whoever reads the file back trusts
nothing in it. The same form gives the same bytes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from recon.core.errors import ReconError
from recon.core.times import naive
from reports._render._digits import shown_decimals
from reports._render._fields import amount_format
from reports._render._whole import write_whole
from reports._render._xlsx_pens import (
    A4,
    BAD,
    CELL,
    FAIR,
    GOOD,
    HEAD,
    MOST_ROWS,
    MUTED,
    OPTIONS,
    Pen,
    pens,
    put_text,
)

Value = str | int | Decimal | datetime | date | None
HEADER_ROW = 3
"""Counted from 0: above it stand a title, a line that explains, and an empty row."""
_A3 = 8
_CENTS = 2
_HEAD_TO_FILL = "#7A5200"
_TO_FILL = "#FFFBEB"
_LINE_HEIGHT = 13.5
_MOST_LINES = 12
_TONES = {"good": GOOD, "fair": FAIR, "poor": {"font_color": "#8A3B00", "bg_color": "#FFE0C2"}, "bad": BAD}
_FORMATS = {
    "text": "@",
    "count": "#,##0",
    "moment": "yyyy-mm-dd hh:mm:ss",
    "day": "yyyy-mm-dd",
}


@dataclass(frozen=True, kw_only=True)
class FormColumn:
    """One column, at least so wide. ``choices`` are its drop-down; with ``free`` other words are taken too.

    ``rules`` colour it: a formula, in which a title in brackets is that column's cell in the same row, and a tone
    (good, fair, poor or bad). Of several that hold the first counts. Printed columns come before all others.
    """

    title: str
    kind: Literal["text", "code", "exact", "amount", "money", "count", "moment", "day"]
    width: int
    editable: bool = False
    hidden: bool = False
    choices: Sequence[str] = ()
    free: bool = False
    rules: Sequence[tuple[str, str]] = ()
    printed: bool = True


@dataclass(frozen=True, kw_only=True)
class Form:
    """``sheet`` is the name of the sheet to fill in, ``guide`` what stands on the second one, ``kept`` on a hidden one.

    ``key`` names the native table; moments of the rows are local times.
    """

    title: str
    lead: str
    sheet: str
    key: str
    columns: Sequence[FormColumn]
    rows: Sequence[Sequence[Value]]
    guide: Sequence[tuple[str, str]]
    kept_in: str
    kept: Sequence[Sequence[str]]
    created: datetime


def render_form(form: Form, path: Path) -> None:
    """Writes the workbook whole or not at all. Raises ReconError for more rows than a sheet holds, OSError."""
    if len(form.rows) > MOST_ROWS:
        raise ReconError(
            f"{len(form.rows):,} rows are more than a sheet of a workbook holds",
            where=form.sheet,
            next_step="Ask for less",
        )
    write_whole(path, _workbook(form))


def _workbook(form: Form) -> bytes:
    buffer = BytesIO()
    book = Workbook(buffer, OPTIONS)
    book.set_properties({"title": form.title, "created": naive(form.created)})
    make = pens(book)
    pen, guide, kept = make(form.sheet), make("Read me"), make(form.kept_in)
    choices = _keep(kept, form)
    _head(pen, form)
    if form.rows:
        _table(pen, form)
        for number, column in enumerate(form.columns):
            _column(pen, form, number)
            _validate(pen, form, number, column, choices.get(number))
            _colour(pen, form, number, column)
        _heights(pen, form)
    _set_up(pen, form)
    _guide(guide, form)
    book.close()
    return buffer.getvalue()


def _keep(pen: Pen, form: Form) -> dict[int, str]:
    """What is kept out of sight, and beside it the drop-downs; where each column's choices stand."""
    for row, line in enumerate(form.kept):
        for number, words in enumerate(line):
            put_text(pen, row, number, words, pen.look(num_format="@"))
    places = {}
    free = max((len(line) for line in form.kept), default=0)
    for number, column in enumerate(form.columns):
        if not column.choices:
            continue
        letters = xl_col_to_name(free, col_abs=True)
        for row, words in enumerate(column.choices):
            put_text(pen, row, free, words, pen.look(num_format="@"))
        places[number] = f"={form.kept_in}!{letters}$1:{letters}${len(column.choices)}"
        free += 1
    pen.sheet.very_hidden()
    pen.sheet.protect()
    return places


def _head(pen: Pen, form: Form) -> None:
    pen.sheet.set_row(0, 28)
    put_text(pen, 0, 0, form.title, pen.look(bold=True, font_size=18, font_color=HEAD))
    put_text(pen, 1, 0, form.lead, pen.look(italic=True, font_color=MUTED))
    pen.sheet.set_row(HEADER_ROW, 32)
    if not form.rows:
        for number, column in enumerate(form.columns):
            put_text(pen, HEADER_ROW, number, column.title, _title(pen, column))


def _title(pen: Pen, column: FormColumn) -> Any:
    return pen.look(
        bold=True,
        font_color="#FFFFFF",
        bg_color=_HEAD_TO_FILL if column.editable else HEAD,
        text_wrap=True,
        valign="vcenter",
        indent=1,
        align=_align(column),
    )


def _align(column: FormColumn) -> str:
    return "right" if column.kind in ("amount", "money", "count", "exact") else "left"


def _table(pen: Pen, form: Form) -> None:
    titles = [{"header": one.title, "header_format": _title(pen, one)} for one in form.columns]
    last = HEADER_ROW + len(form.rows)
    options = {"name": form.key, "style": "Table Style Light 1", "columns": titles}
    added = pen.sheet.add_table(HEADER_ROW, 0, last, len(form.columns) - 1, options)
    assert added == 0, f"{form.key} is no table that a workbook takes"


def _column(pen: Pen, form: Form, number: int) -> None:
    column = form.columns[number]
    cells = [row[number] for row in form.rows]
    amounts = [one for one in cells if isinstance(one, Decimal)]
    look: dict[str, Any] = {"num_format": _FORMATS.get(column.kind, "@"), "align": _align(column)}
    if column.kind in ("amount", "money"):
        look |= {"num_format": amount_format(_behind(column, amounts))}
    if column.kind == "text":
        look |= {"text_wrap": True}
    if column.kind in ("code", "exact"):
        look |= {"font_name": "Consolas", "font_size": 9}
    if column.editable:
        look |= {"locked": False, "bg_color": _TO_FILL, "border": 1, "border_color": "#E5D9B6"}
    shown = pen.look(**CELL, **look)
    for row, cell in enumerate(cells, HEADER_ROW + 1):
        if cell is None or cell == "":
            pen.sheet.write_blank(row, number, None, shown)
        elif isinstance(cell, str):
            put_text(pen, row, number, cell, shown)
        elif isinstance(cell, date):
            pen.sheet.write_datetime(row, number, cell, shown)
        else:
            pen.sheet.write_number(row, number, cell, shown)


def _behind(column: FormColumn, amounts: Sequence[Decimal]) -> int:
    return _CENTS if column.kind == "money" else shown_decimals(amounts)


def _width(form: Form, number: int) -> int:
    """Wide enough for every figure: one that is cut is none."""
    column = form.columns[number]
    cells = [row[number] for row in form.rows if row[number] is not None]
    amounts = [one for one in cells if isinstance(one, Decimal)]
    longest = max((len(f"{abs(one):,.0f}") for one in amounts), default=0) + _behind(column, amounts)
    if column.kind in ("code", "exact"):
        longest = max((len(str(one)) for one in cells), default=0)
    return max(column.width, longest + 4)


def _validate(pen: Pen, form: Form, number: int, column: FormColumn, choices: str | None) -> None:
    first, last = HEADER_ROW + 1, HEADER_ROW + len(form.rows)
    rule: dict[str, Any] = {}
    if choices is not None:
        rule = {
            "validate": "list",
            "source": choices,
            "show_error": not column.free,
            "error_title": column.title,
            "error_message": "Please take one of the list.",
        }
    elif column.editable and column.kind == "day":
        rule = {
            "validate": "date",
            "criteria": "between",
            "minimum": date(2009, 1, 1),
            "maximum": date(2099, 12, 31),
            "error_title": column.title,
            "error_message": "Please give a date, such as 2025-02-03.",
        }
    if rule:
        pen.sheet.data_validation(first, number, last, number, rule)


def _colour(pen: Pen, form: Form, number: int, column: FormColumn) -> None:
    first, last = HEADER_ROW + 1, HEADER_ROW + len(form.rows)
    letters = {one.title: xl_col_to_name(place, col_abs=True) for place, one in enumerate(form.columns)}
    cells = {title: f"{letter}{first + 1}" for title, letter in letters.items()}
    for formula, tone in column.rules:
        rule = {
            "type": "formula",
            "criteria": "=" + re.sub(r"\[([^\]]+)\]", lambda title: cells[title[1]], formula),
            "format": pen.tint(**_TONES[tone]),
            "stop_if_true": True,
        }
        pen.sheet.conditional_format(first, number, last, number, rule)


def _heights(pen: Pen, form: Form) -> None:
    """Rows as high as their texts need; not every program finds that out for itself."""
    wide = [
        (place, one.width - 2)
        for place, one in enumerate(form.columns)
        if one.kind == "text" and not one.hidden
    ]
    for row, cells in enumerate(form.rows, HEADER_ROW + 1):
        lines = max(
            sum(-(-len(line) // width) or 1 for line in str(cells[place] or "").split("\n"))
            for place, width in wide
        )
        pen.sheet.set_row(row, _LINE_HEIGHT * min(max(lines, 2), _MOST_LINES) + 2)


def _set_up(pen: Pen, form: Form) -> None:
    sheet = pen.sheet
    for number, column in enumerate(form.columns):
        sheet.set_column(number, number, _width(form, number), None, {"hidden": column.hidden})
    printed = sum(column.printed for column in form.columns)
    sheet.print_area(0, 0, HEADER_ROW + max(len(form.rows), 1), printed - 1)
    sheet.freeze_panes(HEADER_ROW + 1, 1)
    sheet.repeat_rows(HEADER_ROW)
    last = xl_col_to_name(len(form.columns) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A1:{last}{HEADER_ROW + 1 + len(form.rows)}"})
    _print_set_up(pen, _A3)
    sheet.protect(
        "",
        {
            "autofilter": True,
            "sort": True,
            "format_columns": True,
            "format_rows": True,
            "select_locked_cells": True,
        },
    )
    sheet.activate()


def _print_set_up(pen: Pen, paper: int) -> None:
    pen.sheet.hide_gridlines(2)
    pen.sheet.set_landscape()
    pen.sheet.set_paper(paper)
    pen.sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    pen.sheet.fit_to_pages(1, 0)
    pen.sheet.set_footer("&R&8Page &P of &N")


def _guide(pen: Pen, form: Form) -> None:
    pen.sheet.set_row(0, 28)
    put_text(pen, 0, 0, "How to use this workbook", pen.look(bold=True, font_size=18, font_color=HEAD))
    pen.sheet.set_column(0, 0, 22)
    pen.sheet.set_column(1, 1, 100)
    for row, (what, how) in enumerate(form.guide, 2):
        heading = not how
        bold = (
            {"bold": True, "font_size": 12, "font_color": HEAD, "valign": "bottom"}
            if heading
            else {"bold": True}
        )
        put_text(pen, row, 0, what, pen.look(**bold))
        put_text(pen, row, 1, how, pen.look(text_wrap=True))
        lines = -(-len(how) // 112) or 1
        pen.sheet.set_row(row, 26 if heading else _LINE_HEIGHT * lines + 3)
    _print_set_up(pen, A4)
    pen.sheet.protect()
