"""What pages are made of: sections, tables and charts as their templates write them."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from recon.core.document import Bars, Cell, Chart, Fact, Section, Table
from recon.core.times import short_text
from reports._render._bars import DrawnBars, DrawnHeat, drawn_bars, drawn_heat
from reports._render._cells import NUMBERS, Links, cells, cut, escaped, foot, moment, number, plain, totals
from reports._render._chart import Drawn, drawn_lines
from reports._render._plain import visible
from reports._render._texts import TEXTS

TEMPLATES = Path(__file__).parent.parent / "_templates"
_LONG_ROWS = 20
_WIDE = 12
_LONG_CODE = 1_500
_MOST_CODE = 100_000
Drawing = Drawn | DrawnBars | DrawnHeat


class Grid(NamedTuple):
    """A table as the template writes it: its rows and foot are HTML. ``css`` tells how large it is."""

    number: int
    table: Table
    heads: Sequence[tuple[str, str]]
    rows: Markup
    foot: Markup
    css: str
    pager: "Pager | None" = None
    meta: str = ""


class Pager(NamedTuple):
    """The pages of a table: which rows are here, and (label, href, whether it is this one) of other pages."""

    first: int
    last: int
    rows: int
    before: str
    after: str
    pages: Sequence[tuple[str, str, bool]]
    data: str


class Chapter(NamedTuple):
    """A section as the template writes it."""

    section: Section
    facts: Sequence[tuple[str, str, Markup]]
    grids: Sequence[Grid]
    charts: Sequence[Drawing]
    code: Sequence[tuple[str, str, bool]]
    parts: Sequence["Chapter"]


@cache
def environment() -> Environment:
    """Templates that escape every text, and show what is invisible in it."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    made.globals["texts"] = TEXTS
    return made


def style() -> str:
    """The one style sheet, which every page carries."""
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")


def hashed(words: str) -> str:
    """What a content security policy names a style sheet or a script by."""
    return b64encode(sha256(words.encode()).digest()).decode()


def chapter(section: Section, links: Links) -> Chapter:
    """A section with its parts, all on one page."""
    return Chapter(
        section=section,
        facts=facts(section.facts),
        grids=[grid(table, number, list(table.rows), links) for number, table in enumerate(section.tables)],
        charts=drawings(section, links),
        code=code(section),
        parts=[chapter(part, links) for part in section.parts],
    )


def drawings(section: Section, links: Links) -> list[Drawing]:
    """The charts of a section."""
    found: list[Drawing] = []
    for chart in section.charts:
        if isinstance(chart, Chart):
            found.append(drawn_lines(chart, _marked(chart, links)))
        elif isinstance(chart, Bars):
            found.append(drawn_bars(chart, section.tables))
        elif any(spans for _, spans in chart.rows):
            found.append(drawn_heat(chart))
    return found


def _marked(chart: Chart, links: Links) -> dict[str, str]:
    """Where the marks of a chart lead."""
    keys = (mark.key for line in chart.lines for mark in line.marks)
    return {key: links.to(links.keys.get(key)) for key in keys}


def code(section: Section) -> list[tuple[str, str, bool]]:
    """Titled blocks, the short ones unfolded."""
    return [(title, cut(block, _MOST_CODE), len(block) < _LONG_CODE) for title, block in section.code]


def facts(stated: Sequence[Fact]) -> list[tuple[str, str, Markup]]:
    """Labels, tones and values."""
    return [(fact.label, fact.tone, _fact(fact.value)) for fact in stated]


def _fact(value: Cell) -> Markup:
    value = plain(value)
    if isinstance(value, datetime):
        return Markup(f'<time datetime="{short_text(value)}">{moment(value)}</time> UTC')  # noqa: S704
    if isinstance(value, Decimal | int):
        return Markup(number(value, 0))  # noqa: S704 - digits
    return Markup(escaped(cut(str(value or ""))))  # noqa: S704 - escaped


def grid(
    table: Table,
    number: int,
    rows: Sequence[Sequence[Cell]],
    links: Links,
    *,
    first: int = 0,
    named: bool = False,
    sums: Sequence[Decimal | None] | None = None,
) -> Grid:
    """A table, or the rows of it that a page holds, the first of which is its row ``first``.

    ``named``: each row has an id that cells elsewhere lead to. ``sums`` are those of the whole table.
    """
    columns = [cells(table, place, rows, links) for place in range(len(table.columns))]
    tags = [f'<tr id="{table.key}.{first + at}">' if named else "<tr>" for at in range(len(rows))]
    written = zip(tags, *columns, strict=True)
    label = TEXTS["total"] if sums is None else TEXTS["total_of_all"].format(rows=f"{len(table.rows):,}")
    return Grid(
        number=number,
        table=table,
        heads=[(column.title, "n" if column.kind in NUMBERS else "") for column in table.columns],
        rows=Markup("\n".join("".join(one) + "</tr>" for one in written)),  # noqa: S704 - escaped cell by cell
        foot=Markup(foot(table, totals(table, rows) if sums is None else sums, label)),  # noqa: S704
        css="scroll" + " long" * (len(rows) > _LONG_ROWS) + " wide" * (len(table.columns) > _WIDE),
    )
