"""Rows that are too many to hold: kept in a file, and read anew each time that they are walked."""

from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import Any, Generic, TypeVar, get_type_hints

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import DuckDBPyConnection

_CHUNK = 20_000
_MOMENT = pa.timestamp("us")
_TYPES: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    bool: pa.bool_(),
    Decimal: pa.decimal128(38, 18),
    Decimal | None: pa.decimal128(38, 18),
    datetime: _MOMENT,
    datetime | None: _MOMENT,
}
R = TypeVar("R", bound=tuple[Any, ...])


class OnDisk(Collection[R], Generic[R]):
    """The rows of one file as named tuples of one kind, which last as long as its folder does. A few are held."""

    def __init__(self, path: Path, kind: type[R]) -> None:
        self.path = path
        self._kind = kind
        self._rows: int = pq.read_metadata(path).num_rows
        self._few: list[R] | None = None

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[R]:
        if self._rows > _CHUNK:
            return self._read()
        if self._few is None:
            self._few = [*self._read()]
        return iter(self._few)

    def __contains__(self, row: object) -> bool:
        return any(row == one for one in self)

    def _read(self) -> Iterator[R]:
        make: Any = getattr(self._kind, "_make")  # noqa: B009 - every named tuple has it, and no type says so
        columns = _columns(self._kind)
        moments = [place for place, (_, kind) in enumerate(columns) if kind == _MOMENT]
        with duckdb.connect(config={"autoload_known_extensions": "false"}) as reader:
            reader.execute("set enable_progress_bar = false")
            rows = reader.execute("from read_parquet($1)", [str(self.path)])
            while chunk := rows.fetchmany(_CHUNK):
                for row in chunk:
                    values = [*row]
                    for place in moments:
                        at = values[place]
                        values[place] = at and at.replace(tzinfo=UTC)
                    yield make(values)


def asked(
    copy: DuckDBPyConnection, query: str, params: Mapping[str, Any], path: Path, kind: type[R]
) -> OnDisk[R]:
    """The rows that a query gives, whose columns are the fields of ``kind`` in their order."""
    columns = _columns(kind)
    named = ", ".join(f'"{name}"' for name, _ in columns)
    copy.sql(f"with asked({named}) as ({query}) from asked", params=dict(params)).write_parquet(str(path))
    return OnDisk(path, kind)


@contextmanager
def writing(path: Path, kind: type[Any]) -> Iterator[Callable[[Sequence[Any]], None]]:
    """Puts rows into a file one by one: for ``kind``, but with numbers as counts of 10^-18 and moments in microseconds.

    The file can be read once the block has ended.
    """
    schema = pa.schema(_columns(kind))
    waiting: list[Sequence[Any]] = []
    with pq.ParquetWriter(path, schema) as writer:

        def flush() -> None:
            columns = [*zip(*waiting, strict=True)] or [()] * len(schema)
            arrays = [_array(column, one.type) for column, one in zip(columns, schema, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            waiting.clear()

        def put(row: Sequence[Any]) -> None:
            waiting.append(row)
            if len(waiting) == _CHUNK:
                flush()

        yield put
        flush()


def _columns(kind: type[Any]) -> list[tuple[str, pa.DataType]]:
    return [(name, _TYPES[hint]) for name, hint in get_type_hints(kind).items()]


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """A column of its bare bytes: pa.array would import pandas, which takes seconds."""
    there = pa.py_buffer(_bits([one is not None for one in values]))
    if kind == pa.string():
        texts = [one.encode() if one else b"" for one in values]
        ends = pa.py_buffer(array("i", accumulate(map(len, texts), initial=0)))
        return pa.Array.from_buffers(kind, len(values), [there, ends, pa.py_buffer(b"".join(texts))])
    if kind == pa.bool_():
        data = _bits([bool(one) for one in values])
    else:
        data = b"".join((one or 0).to_bytes(kind.bit_width // 8, "little", signed=True) for one in values)
    return pa.Array.from_buffers(kind, len(values), [there, pa.py_buffer(data)])


def _bits(marks: Sequence[bool]) -> bytes:
    """One bit a mark, the first one lowest."""
    number = int("".join("1" if mark else "0" for mark in reversed(marks)) or "0", 2)
    return number.to_bytes(len(marks) // 8 + 1, "little")
