"""Writes the rows of a table as Parquet: amounts as decimal128(38, 18), moments in UTC, so that nothing is guessed."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from recon.core.document import Cell, Column, Live, Table
from recon.core.money import text
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
            arrays = [column_of(column, field.type) for column, field in zip(cells, schema, strict=True)]
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


def column_of(cells: Iterable[Cell], kind: pa.DataType) -> pa.Array:
    """Cells as a column: Arrow parses their texts, for ``pa.array`` imports pandas, which takes longer than a month."""
    texts = pa.lib.StringBuilder()
    texts.append_values([_text(cell) for cell in cells])
    return texts.finish().cast(kind)


def _text(cell: Cell) -> str | None:
    if isinstance(cell, Live):
        cell = cell.value
    if cell is None or isinstance(cell, str):
        return cell and cell.encode(errors="backslashreplace").decode()
    if isinstance(cell, Decimal):
        return text(cell)
    return cell.isoformat() if isinstance(cell, date) else str(cell)
