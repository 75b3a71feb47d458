"""Writes the rows of a table as Parquet: amounts as decimal128(38, 18), moments in UTC, so that nothing is guessed."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from recon.core.document import Cell, Column, Live, Table
from reports._render.csv import Add

ROWS = 50_000
"""As many are in memory at once."""
_TYPES = {
    "amount": pa.decimal128(38, 18),
    "count": pa.int64(),
    "moment": pa.timestamp("us", tz="UTC"),
    "day": pa.date32(),
}


def render(table: Table, path: Path) -> None:
    """Writes a table, a group of rows in memory at a time."""
    with writing(table.columns, path) as add:
        add(table.rows)


@contextmanager
def writing(columns: Sequence[Column], path: Path) -> Iterator[Add]:
    """A new file with a column for each of these, to be given its rows in the block."""
    schema = pa.schema([pa.field(one.title, _TYPES.get(one.kind, pa.string())) for one in columns])
    waiting: list[Sequence[Cell]] = []
    with path.open("wb") as file, parquet.ParquetWriter(file, schema) as groups:

        def flush() -> None:
            cells = zip(*waiting, strict=True) if waiting else ((),) * len(columns)
            arrays = [
                pa.array([_value(cell, field.type) for cell in column], field.type)
                for column, field in zip(cells, schema, strict=True)
            ]
            groups.write_table(pa.Table.from_arrays(arrays, schema=schema))
            waiting.clear()

        def add(rows: Iterable[Sequence[Cell]]) -> None:
            coming = iter(rows)
            while more := list(islice(coming, ROWS - len(waiting))):
                waiting.extend(more)
                if len(waiting) == ROWS:
                    flush()

        yield add
        if waiting:
            flush()


def _value(cell: Cell, kind: Any) -> Any:
    if isinstance(cell, Live):
        cell = cell.value
    if cell is None or kind != pa.string():
        return Decimal(cell) if isinstance(cell, int) and pa.types.is_decimal(kind) else cell
    return str(cell).encode(errors="backslashreplace").decode()
