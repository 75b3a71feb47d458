"""Figures that a workbook reckons anew: their exact results, from the very cells of the tables that they name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from recon.core.document import Live, Sum, Table
from recon.core.money import ZERO, exact

Sums = tuple[Sum, ...]
_Shape = tuple[str, tuple[str, ...]]
_Found = Mapping[_Shape, Mapping[tuple[str, ...], Decimal | int]]


def reckoned(asked: Iterable[Sums], tables: Iterable[Table]) -> dict[Sums, Live]:
    """Each of these figures; every table is walked once, and one that is not named never.

    A table without a row adds nothing, and is left out: a workbook has no formula over it.
    """
    there = {table.key: table for table in tables if len(table.rows)}
    wanted = {sums: tuple(one for one in sums if one.table in there) for sums in asked}
    shapes: dict[str, set[_Shape]] = defaultdict(set)
    for one in (part for sums in wanted.values() for part in sums):
        shapes[one.table].add(_shape(one))
    found = {key: _walked(there[key], some) for key, some in shapes.items()}
    with exact():
        return {
            asked: Live(sum((_signed(one, found) for one in sums), ZERO), sums)
            for asked, sums in wanted.items()
        }


def _signed(one: Sum, found: Mapping[str, _Found]) -> Decimal | int:
    texts = tuple(text for _, text in sorted(one.where))
    return one.sign * found[one.table][_shape(one)].get(texts, 0)


def _shape(one: Sum) -> _Shape:
    return one.column, tuple(title for title, _ in sorted(one.where))


def _walked(table: Table, shapes: Iterable[_Shape]) -> _Found:
    """The sums of a table's columns by the texts of others."""
    titles = {column.title: place for place, column in enumerate(table.columns)}
    sums: dict[_Shape, dict[tuple[str, ...], Any]] = {}
    by_where: dict[tuple[int, ...], list[tuple[int, dict[tuple[str, ...], Any]]]] = defaultdict(list)
    for column, where in shapes:
        kind = table.columns[titles[column]].kind
        sums[column, where] = defaultdict(lambda: ZERO) if kind == "amount" else defaultdict(int)
        by_where[tuple(titles[one] for one in where)].append((titles[column], sums[column, where]))
    with exact():
        for row in table.rows:
            for places, columns in by_where.items():
                texts = tuple([str(row[place] or "") for place in places])
                for place, found in columns:
                    cell = row[place]
                    if cell is not None:
                        found[texts] += cell
    return sums
