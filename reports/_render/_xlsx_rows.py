"""A table's rows as a sheet's own XML, written as they are walked: a million of them are never held.

XlsxWriter writes everything else of a workbook. Its own rows take ten times as long, and it must hold those of a native
table. The writers in other languages that were tried carry no formulas with their results, or no native tables, charts
and conditions beside them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from xlsxwriter.utility import xl_col_to_name

from recon.core.document import Cell, Live
from recon.core.money import text
from reports._render._fields import PLACES, REFERENCE, Field, Stretch, held, meant, walk
from reports._render._plain import UNSEEN
from reports._render._xlsx_layout import Part, Placed, escaped
from reports._render._xlsx_pens import LINK, LONGEST, cell_text

LINE_HEIGHT = 13.5
MOST_LINES = 25
_FIRST_DAY = datetime(1899, 12, 30, tzinfo=UTC)
_DAY = timedelta(days=1)
_ROW = "\0"
_QUOTE = {'"': "&quot;"}
_ODD = re.compile(rf"[&<>\n]|_x[0-9A-Fa-f]{{4}}_|^\s|\s\Z|{UNSEEN}")
_CODE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
Cells = list[str]


class Leads:
    """Where the texts of columns lead to: first rows of tables, and sheets by the keys of their sections."""

    def __init__(self, tables: Mapping[str, Placed], sheets: Mapping[str, str]) -> None:
        self._tables = tables
        self._sheets = sheets
        self._known: dict[tuple[str, str], str] = {}

    def to(self, field: Field, words: str) -> str:
        """The place in the workbook, or nothing."""
        known = self._known.get((field.to, words))
        if known is None:
            tried = words.split() if field.kind == "refs" else [words]
            known = next(filter(None, (self._place(field.to, one) for one in tried)), "")
            self._known[field.to, words] = known
        return known

    def _place(self, to: str, words: str) -> str:
        if to:
            row = self._tables[to].profile.anchors.get(words)
            return "" if row is None else self._tables[to].cell(row)
        return self._sheets.get(words, "")


class Rows(NamedTuple):
    """The rows that a sheet is to hold for a part of a table."""

    placed: Placed
    part: Part
    lives: Mapping[Live, int]
    formulas: Mapping[Live, str]
    leads: Leads

    def looks(self) -> list[dict[str, Any]]:
        """The formats that the cells need: one a field, then one more for each field whose cells lead somewhere."""
        plain = [field.look for field in self.placed.profile.fields]
        return plain + [field.look | LINK for field in self.placed.profile.fields if field.links]

    def xml(self, formats: Sequence[str], links: list[str]) -> Iterator[str]:
        """Some rows at a time, with the numbers of those formats; adds the links in them to ``links``."""
        fields = self.placed.profile.fields
        linked = iter(formats[len(fields) :])
        pens = [
            _Pen(
                self, field, xl_col_to_name(place), formats[place], next(linked) if field.links else "", links
            )
            for place, field in enumerate(fields)
        ]
        wrapped = [field for field in fields if field.look.get("text_wrap")]
        first = self.part.top + 2
        for stretch in walk(self.placed.table, self.lives, self.part.start, self.part.size):
            numbers = range(first, first + len(stretch.columns[0]))
            first = numbers.stop
            cells = [pen.cells(stretch, numbers) for pen in pens]
            heads, ends = _heads(wrapped, stretch, numbers), ["</row>"] * len(numbers)
            yield "".join(map("".join, zip(heads, *cells, ends, strict=True)))


class _Pen(NamedTuple):
    """Writes the cells of a field."""

    rows: Rows
    field: Field
    letter: str
    format: str
    link: str
    links: list[str]

    def cells(self, part: Stretch, numbers: range) -> Cells:
        """Those of some rows."""
        field, table = self.field, self.rows.placed.table
        if field.kind == "places":
            return self._figures(part.places, part.places, numbers)
        given = part.columns[field.shows]
        if field.kind == "exact":
            return self._texts(
                [text(Decimal(one)) if isinstance(one, Decimal | int) else one for one in meant(given)],
                numbers,
            )
        if field.kind in ("amount", "count"):
            shown = held(table.columns[field.shows], field.shows, part, self.rows.lives)
            return self._figures(shown, given, numbers)
        if field.kind in ("moment", "day"):
            return [self._day(one, number) for one, number in zip(given, numbers, strict=True)]
        if field.links and self.rows.placed.leads:
            return [self._linked(one, number) for one, number in zip(given, numbers, strict=True)]
        return self._texts(given, numbers)

    def _texts(self, cells: Sequence[Cell], numbers: range) -> Cells:
        start, style = f'<c r="{self.letter}', f'" s="{self.format}'
        return [
            f'{start}{number}{style}" t="inlineStr"><is>{_text(str(one))}</is></c>'
            if one not in (None, "")
            else f'{start}{number}{style}"/>'
            for one, number in zip(cells, numbers, strict=True)
        ]

    def _linked(self, cell: Cell, number: int) -> str:
        words = "" if cell is None else str(cell)
        place = self.rows.leads.to(self.field, words) if words else ""
        if not place:
            return self._texts([words], range(number, number + 1))[0]
        self.links.append(f'<hyperlink ref="{self.letter}{number}" location="{escape(place, _QUOTE)}"/>')
        return f'<c r="{self.letter}{number}" s="{self.link}" t="inlineStr"><is>{_text(words)}</is></c>'

    def _day(self, cell: Cell, number: int) -> str:
        """A moment or a day as Excel counts them: days since the end of 1899."""
        if not isinstance(cell, date):
            return self._texts([cell], range(number, number + 1))[0]
        if isinstance(cell, datetime):
            at = cell if cell.tzinfo else cell.replace(tzinfo=UTC)
            days = repr((at - _FIRST_DAY) / _DAY)
        else:
            days = str((cell - _FIRST_DAY.date()).days)
        return f'<c r="{self.letter}{number}" s="{self.format}"><v>{days}</v></c>'

    def _figures(self, shown: Sequence[Cell], given: Sequence[Cell], numbers: range) -> Cells:
        """Numbers, each with its formula where it has one."""
        start, style = f'<c r="{self.letter}', f'" s="{self.format}">'
        whole = escape(_row_formula(self.rows.placed, self.field)).split(_ROW)
        cells = []
        for one, stands_for, number in zip(shown, given, numbers, strict=True):
            if not isinstance(one, Decimal | int):
                cells += self._texts([one], range(number, number + 1))
                continue
            formula = ""
            if self.field.formula:
                formula = f"<f>{str(number).join(whole)}</f>"
            elif isinstance(stands_for, Live) and (live := self.rows.formulas.get(stands_for)):
                formula = f"<f>{escape(live.removeprefix('='))}</f>"
            written = f"{one:.16g}" if isinstance(one, Decimal) else str(one)
            cells.append(f"{start}{number}{style}{formula}<v>{written}</v></c>")
        return cells


def row_formula(placed: Placed, field: Field) -> str:
    """A field's formula for a native table, which every row of it shares."""
    return _row_formula(placed, field) if placed.native else ""


def _row_formula(placed: Placed, field: Field) -> str:
    """A field's formula, with a mark where the number of a row belongs."""
    if not field.formula:
        return ""
    key = placed.table.key
    letters = {one.title: xl_col_to_name(place) for place, one in enumerate(placed.profile.fields)}

    def cell(title: str) -> str:
        return f"{key}[[#This Row],[{escaped(title)}]]" if placed.native else f"{letters[title]}{_ROW}"

    return f"ROUND({REFERENCE.sub(lambda found: cell(found[1]), field.formula)},{cell(PLACES)})"


def _text(words: str) -> str:
    """A text in XML that comes back as it went in."""
    if 2 * len(words) <= LONGEST and not _ODD.search(words):
        return f"<t>{words}</t>"
    return f'<t xml:space="preserve">{escape(_CODE.sub("_x005F_", cell_text(words)))}</t>'


def _heads(wrapped: Sequence[Field], part: Stretch, numbers: range) -> Iterator[str]:
    """The rows' tags, with the heights that their texts need; not every program finds that out for itself."""
    needed = [1] * len(numbers)
    for field in wrapped:
        for place, cell in enumerate(part.columns[field.shows]):
            words = str(cell or "")
            if len(words) >= field.width or "\n" in words:
                lines = sum(-(-len(line) // (field.width - 1)) or 1 for line in words.split("\n"))
                needed[place] = min(max(needed[place], lines), MOST_LINES)
    for number, lines in zip(numbers, needed, strict=True):
        height = f' ht="{LINE_HEIGHT * lines + 1.5}" customHeight="1"' if lines > 1 else ""
        yield f'<row r="{number}"{height}>'
