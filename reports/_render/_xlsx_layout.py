"""Where everything stands in a workbook: which sheets there are, and at which rows their pieces begin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Literal, NamedTuple

from xlsxwriter.utility import xl_col_to_name

from recon.core.document import Bars, Chart, Document, Fact, Section, Table
from reports._render._fields import Profile, notes
from reports._render._xlsx_live import Columns
from reports._render._xlsx_pens import quoted, sheet_name

CHART_ROWS = 15
"""Two charts then share a printed page."""
_CHARTS_BENEATH = 60
"""Charts stand beneath tables that end within so many rows; beside longer ones they would never be found."""
CHART_SHEET, CHART_DATA = "chart_data", "Chart data"
_NOTE_WIDTH = 150
_SPECIAL = "'#[]"


class Note(NamedTuple):
    """A line that explains."""

    words: str


class Title(NamedTuple):
    """The title of one of several tables."""

    words: str


class Contents(NamedTuple):
    """Where a reader can go."""


class Groups(NamedTuple):
    """The sums of a table's groups."""

    table: "Placed"


class Piece(NamedTuple):
    """The rows of a table that stand on one sheet."""

    table: "Placed"
    number: int


Block = Note | Title | Contents | Groups | Piece | Fact | Chart | Bars


@dataclass(eq=False)
class Page:
    """A sheet. ``head`` is the row of the only table's header. Pages of a section after the first carry it on."""

    section: Section
    nature: Literal["first", "more", "charts", "data"] = "first"
    name: str = ""
    blocks: list[tuple[int, Block]] = field(default_factory=list)
    head: int | None = None


class Part(NamedTuple):
    """So many rows of a table, from its row ``start``, on a page beneath the header in row ``top``."""

    page: Page
    top: int
    start: int
    size: int


@dataclass(eq=False)
class Placed:
    """A table with its fields and its places. One that is not ``native`` is a plain range with a filter.

    ``leads``: whether its rows have links, of which a sheet takes so many.
    """

    table: Table
    profile: Profile
    native: bool
    leads: bool = True
    parts: list[Part] = field(default_factory=list)

    @property
    def has_total(self) -> bool:
        """Whether a row of totals stands beneath the last part."""
        return any(one.total is not None for one in self.profile.fields)

    def cell(self, row: int) -> str:
        """Where the table's row begins, for a link."""
        part = next(one for one in reversed(self.parts) if one.start <= row)
        return f"{quoted(part.page.name)}!A{part.top + 2 + row - part.start}"

    def columns(self) -> Columns:
        """How formulas anywhere name its columns; an empty table has none that could be summed."""
        if not self.table.rows:
            return Columns([])
        if self.native:
            return Columns(
                [{one.title: f"{self.table.key}[{escaped(one.title)}]" for one in self.profile.fields}]
            )
        return Columns([self.ranges(part) for part in self.parts])

    def ranges(self, part: Part) -> dict[str, str]:
        """A part's columns as fixed ranges."""
        first, last = part.top + 2, part.top + 1 + part.size
        letters = ((one.title, xl_col_to_name(place)) for place, one in enumerate(self.profile.fields))
        sheet = quoted(part.page.name)
        return {title: f"{sheet}!${letter}${first}:${letter}${last}" for title, letter in letters}


def drawn(section: Section) -> list[Chart | Bars]:
    """The charts that a workbook can draw and that have something to show."""
    filled = {table.key for table in section.tables if len(table.rows)}
    return [
        one
        for one in section.charts
        if (isinstance(one, Bars) and one.table in filled)
        or (isinstance(one, Chart) and any(line.points for line in one.lines))
    ]


def escaped(title: str) -> str:
    """A column's title within a reference to a table."""
    return "".join(f"'{one}" if one in _SPECIAL else one for one in title)


@dataclass
class _Cursor:
    """Where the next thing goes."""

    section: Section
    first_row: int
    limit: int
    pages: list[Page]
    row: int

    def put(self, block: Block, rows: int = 1) -> None:
        self.pages[-1].blocks.append((self.row, block))
        self.row += rows

    def turn(self, nature: Literal["more", "charts"] = "more") -> None:
        self.pages.append(Page(self.section, nature))
        self.row = self.first_row


def laid_out(document: Document, tables: Mapping[str, Placed], sheet_rows: int) -> list[Page]:
    """The pages of the workbook in order, each with its name; tells ``tables`` where they are."""
    cover, *others = document.sections
    has_lines = any(isinstance(one, Chart) for section in document.sections for one in drawn(section))
    rest = [page for section in others for page in _section(section, tables, sheet_rows, 2, 0)]
    links = len(others) + has_lines
    pages = [*_section(cover, tables, sheet_rows, 3 + (document.status is not None), links), *rest]
    if has_lines:
        pages.append(Page(Section(key=CHART_SHEET, title=CHART_DATA), "data"))
    names: list[str] = []
    for page in pages:
        title = page.section.title[:24] + " charts" if page.nature == "charts" else page.section.title
        page.name = sheet_name(title, names)
        names.append(page.name)
    return pages


def _section(
    section: Section, tables: Mapping[str, Placed], sheet_rows: int, first_row: int, links: int
) -> list[Page]:
    """Facts and tables beneath one another; a lone table keeps its header in sight and on every printed page."""
    pages = [Page(section)]
    at = _Cursor(section, 2, sheet_rows, pages, first_row)
    for line in wrap(section.lead, _NOTE_WIDTH):
        at.put(Note(line))
    for fact in section.facts:
        at.put(fact)
    at.row += bool(section.facts)
    if links:
        at.put(Contents(), links + 2)
    alone = len(section.tables) == 1 and not links
    for table in section.tables:
        _table(at, tables[table.key], alone)
    charts = drawn(section)
    if charts and at.row > _CHARTS_BENEATH:
        at.turn("charts")
    for chart in charts:
        at.put(chart, CHART_ROWS)
    return pages


def _table(at: _Cursor, placed: Placed, alone: bool) -> None:
    """A table's title, notes and header, then as many of its rows as the sheet takes; the others on further sheets."""
    table, left, start = placed.table, len(placed.table.rows), 0
    beneath = int(placed.has_total)
    told = [line for words in notes(table, placed.profile.fields) for line in wrap(words, _NOTE_WIDTH)]
    room = at.limit - at.row - len(told) - 3 - beneath
    if left > room and (placed.native or room < 1) and at.row > at.first_row:
        at.turn()
    if table.title and not alone:
        at.put(Title(table.title))
    for words in told:
        at.put(Note(words))
    at.row += alone
    while True:
        count = min(left, at.limit - at.row - 1 - beneath)
        top = at.row
        placed.parts.append(Part(at.pages[-1], top, start, count))
        at.put(Piece(placed, len(placed.parts) - 1), 1 + max(count, 1))
        if alone:
            at.pages[-1].head = top
        left, start = left - count, start + count
        if not left:
            break
        at.turn()
    at.row += beneath * bool(start) + 1
    if table.group and start:
        rows = len(placed.profile.groups) + 3
        if at.row + rows > at.limit:
            at.turn()
        at.put(Groups(placed), rows)
