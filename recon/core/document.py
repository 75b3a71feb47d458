"""The neutral report: sections of tables and charts. Renderers know no report; reports know no renderer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

Cell = str | int | Decimal | datetime | None
Kind = Literal["text", "code", "amount", "count", "moment", "flag", "refs"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    ``amount`` cells are Decimals shown exactly, ``moment`` cells aware moments shown in UTC, ``refs`` cells keys of
    the document's parts with a space between them. ``flag`` cells are a short word: coloured well when in ``good``,
    mildly when in ``fair``, else badly. ``zero_is_good`` colours amounts that must be zero. ``total`` asks for a sum
    beneath, of counts or of such amounts.

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


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under typed columns. ``key`` is a short ASCII name (an Excel table's name, a page's anchor)."""

    key: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
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
class Fact:
    """One labelled statement at the head of a section."""

    label: str
    value: Cell
    tone: Literal["plain", "good", "bad"] = "plain"


@dataclass(frozen=True, kw_only=True)
class Section:
    """A sheet of a workbook, a chapter of a page. ``key`` is a short ASCII name, unique among its kind.

    ``code`` are titled blocks, such as a check's SQL; ``parts`` are the pieces of this chapter, which have none of
    their own. A workbook leaves out charts, code and parts.
    """

    key: str
    title: str
    lead: str = ""
    facts: Sequence[Fact] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()
    code: Sequence[tuple[str, str]] = ()
    parts: Sequence["Section"] = ()


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole report.

    ``subtitle`` (entity, period) and ``properties`` (version, ledger head) stand on every sheet's footer. ``status`` is
    the one thing to know first. ``as_of`` is the moment of the newest fact in it.
    """

    title: str
    subtitle: str
    status: Fact | None = None
    as_of: datetime | None = None
    properties: Sequence[Fact] = ()
    sections: Sequence[Section] = field(default=())
