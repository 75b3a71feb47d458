"""Writes a Document as a workbook: native tables, live formulas with their results cached, the same bytes each time.

Whatever a venue sent is written as text and stays text: nothing in it becomes a formula, a link or a number.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from xlsxwriter import Workbook

from recon.core.document import Cell, Document, Fact, Section, Table
from recon.core.errors import ReconError
from recon.core.money import text
from recon.core.times import EPOCH
from reports._render._fields import Field, fields, notes
from reports._render._plain import visible
from reports._render._whole import write_whole

MOST_ROWS = 1_048_576 - 100
"""A sheet's rows, with room for a title, notes, a header and a total."""
LONGEST = 32_767
WRAP_AT, WRAP_AT_STACKED = 60, 34
_CUT = " [cut: a cell holds no more]"
A4 = 9
_REFUSED_IN_NAMES = re.compile(r"[\[\]:*?/\\'\n]")
_INK, MUTED, _RULE, HEAD = "#1B1F24", "#5C6670", "#D8DDE3", "#1F3A5F"
GOOD = {"font_color": "#17663D", "bg_color": "#E6F4EA"}
FAIR = {"font_color": "#7A5200", "bg_color": "#FFF4D6"}
BAD = {"font_color": "#A3211B", "bg_color": "#FDE7E6"}
_TONES: dict[str, dict[str, Any]] = {"good": GOOD, "fair": FAIR, "bad": BAD, "plain": {}}
BASE = {"font_name": "Calibri", "font_size": 10, "font_color": _INK, "valign": "top"}
CELL = {"bottom": 1, "bottom_color": _RULE, "indent": 1}
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class Pen(NamedTuple):
    """A sheet, a way to get its cell formats, and a format for what is laid over cells that meet a condition."""

    sheet: Any
    look: Callable[..., Any]
    tint: Callable[..., Any]


def render(document: Document, path: Path) -> None:
    """Writes the workbook whole or not at all. Raises ReconError where a table has more rows than a sheet, OSError."""
    write_whole(path, _workbook(document))


def _workbook(document: Document) -> bytes:
    for section in document.sections:
        for table in section.tables:
            _refuse_too_long(table)
    buffer = BytesIO()
    book = Workbook(buffer, OPTIONS)
    created = (document.as_of or EPOCH).astimezone(UTC).replace(tzinfo=None)
    book.set_properties(
        {"title": visible(document.title), "subject": visible(document.subtitle), "created": created}
    )
    look = cache(lambda **properties: book.add_format(BASE | properties))
    tint = cache(lambda **properties: book.add_format(properties))
    names: list[str] = []
    for section in document.sections:
        names.append(_sheet_name(section.title, names))
        pen = Pen(book.add_worksheet(names[-1]), look, tint)
        first = len(names) == 1
        row = _title(pen, document) if first else _heading(pen, section)
        _section(pen, section, row)
        _print_set_up(pen.sheet, document)
    book.close()
    return buffer.getvalue()


def _title(pen: Pen, document: Document) -> int:
    """The head of the first sheet; the row after it."""
    pen.sheet.set_row(0, 28)
    pen.sheet.set_row(1, 18)
    put_text(pen, 0, 0, document.title, pen.look(bold=True, font_size=18, font_color=HEAD))
    put_text(pen, 1, 0, document.subtitle, pen.look(font_size=11, font_color=MUTED))
    if document.status is None:
        return 3
    tone = _TONES[document.status.tone]
    for column in range(5):
        pen.sheet.write_blank(2, column, None, pen.look(**tone))
    pen.sheet.set_row(2, 24)
    band = {"bold": True, "font_size": 12, "valign": "vcenter"} | tone
    put_text(pen, 2, 0, f"{document.status.label}. {_said(document.status.value)}", pen.look(**band))
    return 4


def _heading(pen: Pen, section: Section) -> int:
    pen.sheet.set_row(0, 24)
    put_text(pen, 0, 0, section.title, pen.look(bold=True, font_size=14, font_color=HEAD))
    return 1


def _section(pen: Pen, section: Section, row: int) -> None:
    """Facts and tables beneath one another; a lone table keeps its header in sight and on every printed page."""
    if section.lead:
        row = _note(pen, row, section.lead)
    for fact in section.facts:
        _fact(pen, row, fact)
        row += 1
    row += bool(section.facts)
    alone = len(section.tables) == 1
    widths: dict[int, int] = {}
    for table in section.tables:
        shown = fields(table, WRAP_AT if alone else WRAP_AT_STACKED)
        if table.title and not alone:
            pen.sheet.set_row(row, 20)
            put_text(pen, row, 0, table.title, pen.look(bold=True, font_size=12, font_color=HEAD))
            row += 1
        for words in notes(table, shown):
            row = _note(pen, row, words)
        if alone:
            row += 1
            pen.sheet.freeze_panes(row + 1, 0)
            pen.sheet.repeat_rows(row)
        row = _table(pen, table, shown, row) + 1
        for column, field in enumerate(shown):
            widths[column] = max(widths.get(column, 0), field.width)
    if section.facts:
        widths[0] = max(widths.get(0, 0), *(len(fact.label) + 2 for fact in section.facts))
    for column, width in widths.items():
        pen.sheet.set_column(column, column, width)
    if row:
        pen.sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{row}"})


def _note(pen: Pen, row: int, words: str) -> int:
    put_text(pen, row, 0, words, pen.look(italic=True, font_color=MUTED))
    return row + 1


def _fact(pen: Pen, row: int, fact: Fact) -> None:
    put_text(pen, row, 0, fact.label, pen.look(font_color=MUTED))
    put_text(pen, row, 1, _said(fact.value), pen.look(num_format="@", **_TONES[fact.tone]))


def _table(pen: Pen, table: Table, shown: list[Field], top: int) -> int:
    """A native table with its formulas and totals; the row after it."""
    heads = [_head(pen, field) for field in shown]
    pen.sheet.set_row(top, 30)
    if not table.rows:
        for column, field in enumerate(shown):
            put_text(pen, top, column, field.title, heads[column])
        put_text(pen, top + 1, 0, table.empty, pen.look(italic=True, font_color=MUTED))
        return top + 2
    first, last = top + 1, top + len(table.rows)
    has_total = any(field.total is not None for field in shown)
    added = pen.sheet.add_table(
        top,
        0,
        last + has_total,
        len(shown) - 1,
        {
            "name": table.key,
            "style": "Table Style Light 1",
            "total_row": has_total,
            "columns": [
                {
                    "header": field.title,
                    "header_format": heads[number],
                    "formula": field.formula,
                    "format": pen.look(**CELL, **field.look),
                    "total_function": "sum" if field.total is not None else "",
                    "total_string": "Total" if has_total and number == 0 else "",
                }
                for number, field in enumerate(shown)
            ],
        },
    )
    assert added == 0, f"{table.key} is no table that a workbook takes"
    for row, lines in enumerate(_lines(shown), first):
        if lines > 1:
            pen.sheet.set_row(row, 13.5 * lines + 1.5)
    for column, field in enumerate(shown):
        _column(pen, field, first, column)
        if has_total:
            _total(pen, table, field, last + 1, column)
        _colours(pen, field, first, last, column)
    return last + 1 + has_total


def _lines(shown: list[Field]) -> list[int]:
    """The lines that each row needs; not every program finds that out for itself."""
    wrapped = [field for field in shown if field.look.get("text_wrap")]
    needed = [1] * len(shown[0].cells)
    for field in wrapped:
        for number, cell in enumerate(field.cells):
            lines = sum(-(-len(line) // (field.width - 1)) or 1 for line in str(cell or "").split("\n"))
            needed[number] = min(max(needed[number], lines), 25)
    return needed


def _head(pen: Pen, field: Field) -> Any:
    look = {
        "bold": True,
        "font_color": "#FFFFFF",
        "bg_color": HEAD,
        "text_wrap": True,
        "valign": "vcenter",
        "indent": 1,
    }
    return pen.look(**look, align=field.look["align"])


def _column(pen: Pen, field: Field, first: int, column: int) -> None:
    look = pen.look(**CELL, **field.look)
    for row, cell in enumerate(field.cells, first):
        if cell is None or cell == "":
            pen.sheet.write_blank(row, column, None, look)
        elif isinstance(cell, str):
            put_text(pen, row, column, cell, look)
        elif isinstance(cell, datetime):
            pen.sheet.write_datetime(row, column, cell.astimezone(UTC).replace(tzinfo=None), look)
        elif isinstance(cell, date):
            pen.sheet.write_datetime(row, column, cell, look)
        elif field.formula:
            pen.sheet.write_formula(row, column, field.formula, look, cell)
        else:
            pen.sheet.write_number(row, column, cell, look)


def _total(pen: Pen, table: Table, field: Field, row: int, column: int) -> None:
    look = pen.look(bold=True, top=1, top_color=HEAD, indent=1, **field.look)
    if field.total is not None:
        pen.sheet.write_formula(row, column, f"=SUBTOTAL(109,{table.key}[{field.title}])", look, field.total)
    elif column == 0:
        put_text(pen, row, column, "Total", look)
    else:
        pen.sheet.write_blank(row, column, None, look)


def _colours(pen: Pen, field: Field, first: int, last: int, column: int) -> None:
    """Colours that follow the cells: the words of a flag, and whether what must be zero is."""
    rules: list[dict[str, Any]] = []
    if field.is_flag:
        for words, tone in ((field.good, GOOD), (field.fair, FAIR)):
            rules += [{"criteria": "==", "value": f'"{word}"', "format": pen.tint(**tone)} for word in words]
        rules.append({"criteria": "!=", "value": '""', "format": pen.tint(**BAD)})
    elif field.zero_is_good:
        rules = [
            {"criteria": "==", "value": 0, "format": pen.tint(**GOOD)},
            {"criteria": "!=", "value": 0, "format": pen.tint(**BAD)},
        ]
    if rules:
        rules.insert(0, {"type": "blanks", "format": None})
    for rule in rules:
        pen.sheet.conditional_format(
            first, column, last, column, {"type": "cell", "stop_if_true": True} | rule
        )


def put_text(pen: Pen, row: int, column: int, words: str, look: Any) -> None:
    """Text as text. What looks like the library's own mark-up would be written as it stands, so it goes in pieces."""
    plain = cell_text(words)
    if plain.startswith("<r>") and plain.endswith("</r>"):
        pen.sheet.write_rich_string(row, column, "<", "r>", plain[3:], look)
    else:
        pen.sheet.write_string(row, column, plain, look)


def cell_text(words: str) -> str:
    """``words`` as a cell holds them: all visible, no longer than it takes in UTF-16 units; a cut says so."""
    shown = visible(words)
    units = shown.encode("utf-16-le")
    if len(units) <= 2 * LONGEST:
        return shown
    return units[: 2 * (LONGEST - len(_CUT))].decode("utf-16-le", "ignore") + _CUT


def _said(value: Cell) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return text(value) if isinstance(value, Decimal) else str("" if value is None else value)


def _print_set_up(sheet: Any, document: Document) -> None:
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    identity = " · ".join(f"{fact.label} {_short(_said(fact.value), 14)}" for fact in document.properties)
    sheet.set_footer(f"&L&8 {_footer(document.subtitle, 110)}&C&8 {_footer(identity, 110)}&R&8 Page &P of &N")


def _footer(words: str, room: int) -> str:
    """Text for a footer, which holds 255 UTF-16 units in all. An ampersand is a command there, and said by two."""
    tries = (_short(words, most).replace("&", "&&") for most in range(room, 0, -1))
    return next(one for one in tries if len(one.encode("utf-16-le")) <= 2 * room)


def _short(words: str, most: int) -> str:
    plain = visible(words).replace("\n", " ")
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _sheet_name(title: str, taken: list[str]) -> str:
    """At most 31 characters, none of those that Excel refuses, and not the name of another sheet."""
    clean = _REFUSED_IN_NAMES.sub("-", visible(title))[:31].strip() or "Sheet"
    used = {name.casefold() for name in taken} | {"history"}
    name, number = clean, 2
    while name.casefold() in used:
        ending = f" ({number})"
        name, number = clean[: 31 - len(ending)] + ending, number + 1
    return name


def _refuse_too_long(table: Table) -> None:
    if len(table.rows) > MOST_ROWS:
        raise ReconError(
            f"{len(table.rows):,} rows are more than a sheet of a workbook holds",
            where=table.title,
            next_step="Ask for a shorter period",
        )
