"""The neutral report: sections of tables and charts. Renderers know no report; reports know no renderer."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO, Literal, NamedTuple


class Sum(NamedTuple):
    """The sum of a table's column, added or (``sign`` -1) taken off.

    ``where`` are pairs (title of a column, text): only rows count that have these texts there.
    """

    table: str
    column: str
    where: tuple[tuple[str, str], ...] = ()
    sign: int = 1


class Live(NamedTuple):
    """A figure that a workbook reckons anew from tables of the document; ``value`` is its exact result."""

    value: Decimal | int
    sums: tuple[Sum, ...]


Cell = str | int | Decimal | datetime | date | Live | None
Kind = Literal["text", "code", "amount", "count", "moment", "day", "flag", "refs"]
Tone = Literal["plain", "good", "fair", "bad"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    ``amount`` cells are Decimals shown exactly, ``moment`` cells aware moments shown in UTC, ``day`` cells dates,
    ``refs`` cells keys of the document's sections and parts, or names of rows of the table ``to``, with a space between
    them. ``flag`` cells are a short word: coloured well when in ``good``, mildly when in ``fair``, else badly.
    ``zero_is_good`` colours amounts that must be zero. ``total`` asks for a sum beneath, of counts or such amounts. A
    cell of text leads to the first row of the table ``to`` that has the same text in its column ``by``. A cell leads to
    the part that is ``of`` what the columns ``leads`` say in its row. A cell that names an exhibit leads to it, to the
    place that the column ``pointer`` tells, or to the whole of it where that is its own.

    ``formula`` makes the cell live in a workbook: an expression over columns of the row that have no formula
    themselves, written ``[Title] + [Other]`` (+, - and parentheses only); the cell's own value is its exact result.
    """

    title: str
    kind: Kind = "text"
    formula: str = ""
    total: bool = False
    good: tuple[str, ...] = ()
    fair: tuple[str, ...] = ()
    zero_is_good: bool = False
    to: str = ""
    leads: tuple[str, ...] = ()
    pointer: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under typed columns. ``key`` is a short ASCII name (an Excel table's name, a page's anchor, a file's name).

    ``rows`` are walked as often as a renderer needs to, and may be read anew from a file each time: a million of them
    need not be held. ``by`` is the title of the column whose text names a row for those who lead to it. ``group`` is
    the title of a column that the rows are sorted by: beneath the table stands the sum of each group, to be folded.
    """

    key: str
    columns: Sequence[Column]
    rows: Collection[Sequence[Cell]]
    by: str = ""
    group: str = ""
    title: str = ""
    note: str = ""
    empty: str = "Nothing to show."


class Mark(NamedTuple):
    """A point to be noticed on a line, and what it is: the key of a part, such as a break's."""

    at: datetime
    value: Decimal
    key: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a chart: a quantity that holds from each point to the next."""

    name: str
    points: Sequence[tuple[datetime, Decimal]]
    marks: Sequence[Mark] = ()


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart over time."""

    title: str
    unit: str
    lines: Sequence[Line]


@dataclass(frozen=True, kw_only=True)
class Bars:
    """A bar for each row of a table of the same section: the number in column ``value``, named by column ``label``."""

    title: str
    unit: str
    table: str
    label: str
    value: str


class Span(NamedTuple):
    """A stretch of time in a heat map, what it is called and how well that is."""

    since: datetime
    until: datetime
    word: str
    tone: Tone


@dataclass(frozen=True, kw_only=True)
class Heat:
    """A heat map over time: for each name its spans."""

    title: str
    rows: Sequence[tuple[str, Sequence[Span]]]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One labelled statement at the head of a section. ``name`` is a short ASCII name that a template may ask for."""

    label: str
    value: Cell
    tone: Tone = "plain"
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A sheet of a workbook, a chapter of a page. ``key`` is a short ASCII name, unique among its kind.

    ``code`` are titled blocks, such as a check's SQL; ``parts`` are the pieces of this chapter, which have none of
    their own. A workbook leaves out code and parts. ``of`` tells what a part is about to the cells that lead to it.
    ``judged``: what people decided, not what venues said or follows from it.
    """

    key: str
    title: str
    lead: str = ""
    facts: Sequence[Fact] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart | Bars | Heat] = ()
    code: Sequence[tuple[str, str]] = ()
    parts: Sequence["Section"] = ()
    of: tuple[str, ...] = ()
    judged: bool = False


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """Bytes that rows rest on, named by their SHA-256, to be shown as they are. ``number`` is a short name of its own.

    ``body`` opens them, and may raise EvidenceError. Members of their JSON that are ``withheld`` are not shown.
    """

    sha256: str
    number: int
    title: str
    body: Callable[[], BinaryIO]
    withheld: frozenset[str] = frozenset()
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole report.

    ``subtitle`` (entity, period) and ``properties`` (version, ledger head) stand on every sheet's footer. ``status`` is
    the one thing to know first. ``as_of`` is the moment of the newest fact in it. ``exhibits`` are shown by renderers
    that write several pages.
    """

    title: str
    subtitle: str
    status: Fact | None = None
    as_of: datetime | None = None
    properties: Sequence[Fact] = ()
    sections: Sequence[Section] = field(default=())
    exhibits: Sequence[Exhibit] = ()
