"""The tables of an audit pack as CSV and Parquet, with the control totals of each."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path

from recon.core.document import Cell, Column, Document, Live, Section
from recon.core.money import ZERO, exact
from reports._render import csv, parquet
from reports._render.csv import Add

ROWS = 10_000
"""As many are in memory at once."""
_NAME = re.compile(r"(data|ledger)/[a-z0-9_]+\Z")
_TOTALS = [
    Column(title="file"),
    Column(title="rows", kind="count"),
    Column(title="column"),
    Column(title="sum", kind="amount"),
]


class Tables:
    """The tables that a pack gets, each counted and summed up as it is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._totals: dict[str, list[Sequence[Cell]]] = {}

    @contextmanager
    def table(self, name: str, columns: Sequence[Column], *, typed: bool = False) -> Iterator[Add]:
        """A table to be given rows, some at a time; ``typed``: as Parquet too. ``name`` has no ending."""
        assert _NAME.fullmatch(name), f"{name!r} is no name of a table"
        assert f"{name}.csv" not in self._totals, f"there are two tables {name!r}"
        path = self._folder / name
        path.parent.mkdir(exist_ok=True)
        places = [at for at, column in enumerate(columns) if column.kind in ("amount", "count")]
        sums, count = [ZERO] * len(places), 0
        with ExitStack() as files:
            adds = [files.enter_context(csv.writing(columns, path.with_suffix(".csv")))]
            if typed:
                adds.append(files.enter_context(parquet.writing(columns, path.with_suffix(".parquet"))))

            def take(rows: Iterable[Sequence[Cell]]) -> None:
                nonlocal count
                coming = iter(rows)
                while batch := list(islice(coming, ROWS)):
                    count += len(batch)
                    with exact():
                        for number, place in enumerate(places):
                            sums[number] += sum((_number(row[place]) for row in batch), ZERO)
                    for add in adds:
                        add(batch)

            yield take
        shown = zip(places, sums, strict=True)
        totals: list[Sequence[Cell]] = [
            (f"{name}.csv", count, columns[at].title, total) for at, total in shown
        ]
        self._totals[f"{name}.csv"] = totals or [(f"{name}.csv", count, "", None)]

    def write_totals(self) -> None:
        """Writes ``totals.csv``: how many rows each table has, and what its columns of numbers sum to."""
        with csv.writing(_TOTALS, self._folder / "totals.csv") as add:
            add(row for name in sorted(self._totals) for row in self._totals[name])


def _number(cell: Cell) -> Decimal:
    value = cell.value if isinstance(cell, Live) else cell
    return Decimal(value) if isinstance(value, int | Decimal) else ZERO


def write_data(document: Document, tables: Tables) -> None:
    """Writes ``data/KEY`` of every table that the document shows.

    Tables of a section's parts that have one key are one file, with the part's key before each row.
    """
    for section in document.sections:
        for one in section.tables:
            with tables.table(f"data/{one.key}", one.columns, typed=True) as add:
                add(one.rows)
        for key, columns in _of_parts(section).items():
            with tables.table(
                f"data/{section.key}_{key}", [Column(title="Part"), *columns], typed=True
            ) as add:
                add(
                    chain.from_iterable(
                        ((part.key, *row) for row in one.rows)
                        for part in section.parts
                        for one in part.tables
                        if one.key == key
                    )
                )


def _of_parts(section: Section) -> dict[str, Sequence[Column]]:
    """The columns of the tables that a section's parts have, by their keys."""
    found: dict[str, Sequence[Column]] = {}
    for one in (one for part in section.parts for one in part.tables):
        assert found.setdefault(one.key, one.columns) == one.columns, f"tables {one.key!r} are not alike"
    return found
