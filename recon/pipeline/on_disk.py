"""Rows that a query gives and that are too many to hold: kept in a file, and read anew each time that they are walked.

What Python makes is kept by recon.pipeline.spool instead.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import DuckDBPyConnection

from recon.pipeline.spool import FEW, Walked

R = TypeVar("R", bound=tuple[Any, ...])


class OnDisk(Walked[R]):
    """The rows of one file as named tuples of one kind, which last as long as its folder does."""

    def __init__(self, path: Path, kind: type[R]) -> None:
        self.path = path
        self._kind = kind
        self._rows: int = pq.read_metadata(path).num_rows

    def __len__(self) -> int:
        return self._rows

    def _read(self) -> Iterator[R]:
        make: Any = getattr(self._kind, "_make")  # noqa: B009 - every named tuple has it, and no type says so
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(FEW):
                yield from map(make, zip(*map(_values, batch.columns), strict=True))


def asked(
    copy: DuckDBPyConnection, query: str, params: Mapping[str, Any], path: Path, kind: type[R]
) -> OnDisk[R]:
    """The rows that a query gives, whose columns are the fields of ``kind`` in their order; its moments are in UTC."""
    copy.sql(query, params=dict(params)).write_parquet(str(path))
    return OnDisk(path, kind)


def _values(column: pa.Array) -> list[Any]:
    values = column.to_pylist()
    return (
        [one and one.replace(tzinfo=UTC) for one in values] if pa.types.is_timestamp(column.type) else values
    )
