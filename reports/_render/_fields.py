"""A table as a sheet shows it: one field a column, and beside amounts what a cell's 15 digits leave out.

Rows are walked some at a time and forgotten: what is kept of them is how wide, how exact and how large they are.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Literal, NamedTuple

from recon.core.document import Cell, Column, Kind, Live, Table
from recon.core.money import round_to
from reports._render._digits import Reach, rounding_places
from reports._render._plain import visible

PLACES = "Places"
PLACES_NOTE = (
    f"Formulas round at the decimals that {PLACES} gives for the row: those of its figures, or as many as a cell's 15 "
    "digits leave free of binary noise."
)
EXACT_NOTE = (
    "A cell holds 15 digits; a column marked (exact) has figures, and the total of all rows, whole as text."
)
REFERENCE = re.compile(r"\[([^\]]+)\]")
ROWS_AT_ONCE = 2_000
_WIDEST_CODE = 26
_AMOUNTS = ("amount", "count")
Shape = tuple[str, tuple[str, ...]]
"""Sums that are asked for: of which column, for each text in which columns."""


class Stretch(NamedTuple):
    """Some rows of a table as columns, with the decimals at which each row's formulas round."""

    columns: Sequence[Sequence[Cell]]
    places: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column of a sheet: which one of the table it shows, and how. ``look`` are properties of a cell format.

    ``total`` is the exact sum of what the cells hold, which its formula rounds at ``places``.
    """

    title: str
    shows: int
    kind: Kind | Literal["exact", "places"]
    look: dict[str, Any]
    width: int
    formula: str = ""
    total: int | Decimal | None = None
    places: int = 0
    good: tuple[str, ...] = ()
    fair: tuple[str, ...] = ()
    zero_is_good: bool = False
    to: str = ""

    @property
    def links(self) -> bool:
        """Whether its cells may lead somewhere."""
        return bool(self.to) or self.kind == "refs"


@dataclass
class Profile:
    """What one walk over a table's rows told. ``sums`` and ``anchors`` (first rows, from 0) hold what was asked for."""

    fields: list[Field] = field(default_factory=list)
    sums: dict[Shape, dict[tuple[str, ...], Reach]] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    anchors: dict[str, int] = field(default_factory=dict)


@dataclass
class _Seen:
    """What is known of a column's cells so far: of what they hold, and of what they stand for."""

    longest: int = 0
    fractions: bool = False
    held: Reach = field(default_factory=Reach)
    meant: Reach = field(default_factory=Reach)
    changed: bool = False


def walk(
    table: Table, lives: Mapping[Live, int], start: int = 0, count: int | None = None
) -> Iterator[Stretch]:
    """So many of the table's rows in order. ``lives``: figures that a workbook reckons, and where it rounds them."""
    named = {title for column in table.columns for title in REFERENCE.findall(column.formula)}
    inputs = [number for number, column in enumerate(table.columns) if column.title in named]
    rows = islice(table.rows, start, None if count is None else start + count)
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        columns = list(zip(*chunk, strict=True))
        yield Stretch(
            columns, [_places(cells, lives) for cells in zip(*(columns[one] for one in inputs), strict=True)]
        )


def held(column: Column, number: int, part: Stretch, lives: Mapping[Live, int]) -> Sequence[Cell]:
    """What cells hold: the document's own figures, and those that formulas give as they round them."""
    cells = part.columns[number]
    if column.formula:
        return [
            round_to(found, at, "half_up") if isinstance(found := _meant(one), Decimal) else found
            for one, at in zip(cells, part.places, strict=True)
        ]
    if column.kind in _AMOUNTS and any(type(one) is Live for one in cells):
        return [rounded(one, lives) if isinstance(one, Live) else one for one in cells]
    return cells


def meant(cells: Sequence[Cell]) -> list[Cell]:
    """What the document says, figures that are reckoned anew with their exact results."""
    return [_meant(one) for one in cells]


def rounded(live: Live, lives: Mapping[Live, int]) -> Decimal | int:
    """What the cell of a live figure holds."""
    if live not in lives or isinstance(live.value, int):
        return live.value
    return round_to(live.value, lives[live], "half_up")


def summed(table: Table) -> list[Column]:
    """The columns whose sums stand beneath each group: those with a total, or where none has one all amounts."""
    return [one for one in table.columns if one.total] or [
        one for one in table.columns if one.kind == "amount"
    ]


def profiled(
    table: Table,
    widest: int,
    lives: Mapping[Live, int],
    shapes: Collection[Shape] = (),
    wanted: Collection[str] = (),
) -> Profile:
    """Walks the rows once. Text wraps at ``widest`` characters.

    ``wanted`` are the texts of the column ``table.by`` to which somebody leads.
    """
    known = Profile()
    seen = [_Seen() for _ in table.columns]
    titles = {column.title: number for number, column in enumerate(table.columns)}
    if table.group:
        shapes = {*shapes, *((column.title, (table.group,)) for column in summed(table))}
    known.sums = {shape: defaultdict(Reach) for shape in sorted(shapes)}
    looked_for = set(wanted)
    start = 0
    for part in walk(table, lives):
        for number, column in enumerate(table.columns):
            _look(seen[number], column, number, part, lives)
        for (title, where), sums in known.sums.items():
            _sum_up(
                sums, table.columns[titles[title]], titles[title], [titles[one] for one in where], part, lives
            )
        if table.group:
            _first(known.groups, part.columns[titles[table.group]], start, None)
        if looked_for:
            _first(known.anchors, part.columns[titles[table.by]], start, looked_for)
        start += len(part.columns[0])
    for number, column in enumerate(table.columns):
        known.fields += _fields(column, number, seen[number], widest, sums=column.total or bool(table.group))
    if any(column.formula for column in table.columns):
        known.fields.append(_plain(Column(title=PLACES, kind="count"), -1, _Seen(), widest, "places"))
    return known


def notes(table: Table, fields: Sequence[Field]) -> list[str]:
    """What a reader of the sheet must know."""
    kinds = {one.kind for one in fields}
    told = [table.note] if table.note else []
    return told + [PLACES_NOTE] * ("places" in kinds) + [EXACT_NOTE] * ("exact" in kinds)


def amount_format(behind: int) -> str:
    """Points stand beneath one another: a ? takes the room of a zero that says nothing."""
    form = "#,##0" if behind == 0 else "#,##0." + "0" * min(behind, 2) + "?" * max(behind - 2, 0)
    return f"{form};[Red]-{form}"


def _places(cells: Sequence[Cell], lives: Mapping[Live, int]) -> int:
    """Where the formulas of a row round that reckon with these cells."""
    found = rounding_places(one for one in map(_meant, cells) if isinstance(one, Decimal))
    return min([found, *(lives[one] for one in cells if isinstance(one, Live) and one in lives)])


def _meant(cell: Cell) -> Cell:
    return cell.value if isinstance(cell, Live) else cell


def _decimals(cells: Sequence[Cell]) -> list[Decimal]:
    """The numbers among them."""
    plain = [one for one in cells if isinstance(one, Decimal)]
    return (
        plain
        if len(plain) == len(cells)
        else [Decimal(one) for one in cells if isinstance(one, Decimal | int)]
    )


def _look(seen: _Seen, column: Column, number: int, part: Stretch, lives: Mapping[Live, int]) -> None:
    """Adds what these rows tell of a column."""
    cells = part.columns[number]
    if column.kind in _AMOUNTS:
        shown = held(column, number, part, lives)
        seen.held.add(_decimals(shown))
        if shown is not cells:
            whole = meant(cells)
            seen.meant.add(_decimals(whole))
            seen.changed = seen.changed or list(shown) != whole
    elif column.kind == "moment":
        seen.fractions = seen.fractions or any(isinstance(one, datetime) and one.microsecond for one in cells)
    else:
        longest = max((len(one if isinstance(one, str) else str(one)) for one in cells if one), default=0)
        seen.longest = max(seen.longest, longest)


def _sum_up(
    sums: dict[tuple[str, ...], Reach],
    column: Column,
    number: int,
    where: Sequence[int],
    part: Stretch,
    lives: Mapping[Live, int],
) -> None:
    """Adds these rows to the sums of the texts that they have in the columns ``where``."""
    cells = part.columns[number]
    shown = held(column, number, part, lives)
    keys: Sequence[tuple[Any, ...]] = list(zip(*(part.columns[one] for one in where), strict=True)) or [
        ()
    ] * len(cells)
    numbers: dict[tuple[str, ...], list[Decimal]] = defaultdict(list)
    for place, (key, cell) in enumerate(zip(keys, cells, strict=True)):
        whole = _meant(cell)
        if isinstance(whole, Decimal | int):
            texts = tuple(word or "" for word in key)
            numbers[texts].append(Decimal(whole))
            if shown is not cells and shown[place] != whole:
                sums[texts].round_at(part.places[place] if column.formula else lives[cell])  # type: ignore[index]
    for texts, found in numbers.items():
        sums[texts].add(found)


def _first(known: dict[str, int], cells: Sequence[Cell], start: int, wanted: set[str] | None) -> None:
    """Notes at which row a text stands first."""
    for number, cell in enumerate(cells, start):
        word = str(cell or "")
        if word not in known and (wanted is None or word in wanted):
            known[word] = number


def _fields(column: Column, number: int, seen: _Seen, widest: int, *, sums: bool) -> list[Field]:
    if column.kind == "amount":
        return _amount(column, number, seen, sums=sums)
    return [_plain(column, number, seen, widest, column.kind)]


def _amount(column: Column, number: int, seen: _Seen, *, sums: bool) -> list[Field]:
    """The numbers, and beside them the exact text where one of them is more than a cell holds or a formula gives.

    ``sums``: whether sums of them stand beneath, none of which is larger than that of all without their signs.
    """
    reach = seen.held
    whole = len(f"{reach.weight if sums else reach.largest:,.0f}")
    value = Field(
        title=column.title,
        shows=number,
        kind="amount",
        look={"num_format": amount_format(reach.shown), "align": "right"},
        width=_width(column.title, whole + reach.shown),
        formula=column.formula,
        total=reach.total if column.total else None,
        places=reach.places,
        zero_is_good=column.zero_is_good,
    )
    if reach.fits and not seen.changed:
        return [value]
    whole_reach = seen.meant if seen.changed else reach
    title = f"{column.title} (exact)"
    exact = Field(
        title=title,
        shows=number,
        kind="exact",
        look={"num_format": "@", "align": "right"},
        width=_width(title, whole_reach.longest),
        total=whole_reach.total if column.total else None,
        good=("0",) if column.zero_is_good else (),
        zero_is_good=column.zero_is_good,
    )
    return [value, exact]


def _plain(column: Column, number: int, seen: _Seen, widest: int, kind: Kind | Literal["places"]) -> Field:
    """A column of anything but amounts."""
    looks: dict[str, dict[str, Any]] = {
        "text": {"num_format": "@", "align": "left"},
        "refs": {"num_format": "@", "align": "left"},
        "code": {"num_format": "@", "align": "left", "font_name": "Consolas", "font_size": 9},
        "count": {"num_format": "#,##0;[Red]-#,##0", "align": "right"},
        "moment": {"num_format": "yyyy-mm-dd hh:mm:ss" + ".000" * seen.fractions, "align": "left"},
        "day": {"num_format": "yyyy-mm-dd", "align": "left"},
        "flag": {"num_format": "@", "align": "left"},
    }
    look = looks[column.kind]
    longest = {
        "moment": 22,
        "day": 10,
        "count": len(f"{max(seen.held.largest, abs(seen.held.total)):,}"),
        "code": min(seen.longest, _WIDEST_CODE),
    }.get(column.kind, min(seen.longest, widest))
    if column.kind == "text" and seen.longest > widest:
        look |= {"text_wrap": True}
    return Field(
        title=column.title,
        shows=number,
        kind=kind,
        look=look,
        width=_width(column.title, longest),
        total=int(seen.held.total) if column.total else None,
        good=column.good,
        fair=column.fair,
        to=column.to,
    )


def _width(title: str, longest: int) -> int:
    """Wide enough for the cells and for a title on two lines beside its filter button."""
    words = visible(title).split() or [""]
    header = max(*map(len, words), (len(title) + 1) // 2) + 3
    return max(header, longest + 3)
