"""Entries and postings as two Parquet files, for notebooks and query engines: exact numbers, moments in UTC."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from recon.core.journal import Format, Journal, JournalEntry
from recon.core.times import local_day
from reports._journals._names import line
from reports._render._whole import whole
from reports._render.parquet import column_of

_NUMBER = pa.decimal128(38, 18)
_MOMENT = pa.timestamp("us", tz="UTC")
_ROWS = 50_000
"""Entries in a row group."""


def _field(name: str, kind: Any, says: str, *, empty: bool = False) -> Any:
    return pa.field(name, kind, nullable=empty, metadata={"description": says})


_ENTRY = _field("entry", pa.string(), "source and number of the entry")
ENTRIES = (
    _ENTRY,
    _field("at", _MOMENT, "the moment the entry is dated at"),
    _field("day", pa.date32(), "its day in the entity's zone"),
    _field(
        "happened_at", _MOMENT, "when it happened; earlier than at where it came late for a sealed period"
    ),
    _field("source", pa.string(), "the connection it came from"),
    _field("stream", pa.string(), "the kind of rows of the source"),
    _field("description", pa.string(), "what happened, in the words of the posting rule"),
    _field("reverses", pa.string(), "the entry that it takes back", empty=True),
    _field("evidence", pa.string(), "SHA-256 of the sealed answer"),
    _field("pointer", pa.string(), "JSON pointer of the row in the answer"),
)
POSTINGS = (
    _ENTRY,
    _field("account", pa.string(), "account of the ledger"),
    _field("asset", pa.string(), "the venue's code, in upper case"),
    _field(
        "quantity",
        _NUMBER,
        "units; above zero into the account. The quantities of an entry's asset sum to zero",
    ),
    _field(
        "value",
        _NUMBER,
        "their worth in base currency at that moment; null where nothing prices it",
        empty=True,
    ),
)


def _write(journal: Journal, folder: Path) -> Sequence[Path]:
    about = {
        "entity": line(journal.entity),
        "zone": journal.zone.key,
        "base_currency": journal.base_currency,
        "period": journal.period.name,
        "version": journal.version,
    }
    schemas = [pa.schema(fields, metadata=about) for fields in (ENTRIES, POSTINGS)]
    paths = [folder / f"{name}-{journal.period.name}.parquet" for name in ("entries", "postings")]
    with (
        whole(paths[0]) as of_entries,
        whole(paths[1]) as of_postings,
        parquet.ParquetWriter(of_entries, schemas[0], compression="zstd") as entries,
        parquet.ParquetWriter(of_postings, schemas[1], compression="zstd") as postings,
    ):
        every = journal.entries()
        while some := list(islice(every, _ROWS)):
            entries.write_table(_table(schemas[0], (_row(journal, one) for one in some)))
            postings.write_table(_table(schemas[1], (row for one in some for row in _lines(one))))
    return paths


def _table(schema: Any, rows: Iterator[tuple[Any, ...]]) -> Any:
    columns = zip(*rows, strict=True)
    return pa.table(
        [column_of(column, one.type) for column, one in zip(columns, schema, strict=True)], schema
    )


def _row(journal: Journal, one: JournalEntry) -> tuple[Any, ...]:
    return (
        line(one.id),
        one.at,
        local_day(one.at, journal.zone),
        one.happened_at,
        line(one.source),
        line(one.stream),
        line(one.description),
        line(one.reverses) or None,
        one.evidence,
        line(one.pointer),
    )


def _lines(one: JournalEntry) -> Iterator[tuple[Any, ...]]:
    for each in one.lines:
        yield line(one.id), line(each.account), line(each.asset), each.quantity, each.value


FORMAT = Format(title="Entries and postings as Parquet", write=_write, valued=True)
