"""The ledger as members of a backup: one form for both databases, exact, and the same bytes.

A table is ``ledger/TABLE/NUMBER.jsonl.gz``, a canonical JSON array a row, in the order of its primary key. A number is
its canonical text and a moment ``2025-01-14T14:20:01.000000Z``, as SQLite keeps them. The manifest names the columns,
so that a backup of an older revision can be read: its tables are made as they were, filled, and brought up to date.
"""

import gzip
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Numeric, inspect
from sqlalchemy.types import DateTime

from recon import __version__
from recon.core.canonical import write_json
from recon.ledger.columns import POSTGRESQL
from recon.ledger.pack import MANIFEST, Pack
from recon.ledger.reads import ledger_head
from recon.ledger.rows import CHUNK
from recon.ledger.schema import revision_of
from recon.ledger.transaction import Transaction

FORMAT = 1
_VERSION_TABLE = "alembic_version"


def pack_ledger(connection: Connection, where: str, pack: Pack, **more: Any) -> dict[str, Any]:
    """Adds the manifest, with ``more`` in it, and every row that the transaction sees; returns the manifest."""
    tables = tables_of(connection)
    manifest = {
        "tool": "recon",
        "format": FORMAT,
        "version": __version__,
        "revision": revision_of(connection, where),
        "tables": [
            {
                "name": name,
                "columns": columns,
                "rows": connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one(),
            }
            for name, columns in tables.items()
        ],
        "ledger": {"head": ledger_head(Transaction(connection))},
        "evidence": None,
        **more,
    }
    written = write_json(manifest).encode() + b"\n"
    pack.add(MANIFEST, len(written), [written])
    for table in tables:
        for number, rows in enumerate(_chunks(connection, table), start=1):
            lines = "".join(write_json(list(row)) + "\n" for row in rows)
            packed = gzip.compress(lines.encode(), compresslevel=1, mtime=0)
            pack.add(f"ledger/{table}/{number:06}.jsonl.gz", len(packed), [packed])
    return manifest


def tables_of(connection: Connection) -> dict[str, list[str]]:
    """Each table's columns; tables that others refer to come first."""
    seen = inspect(connection)
    names = [name for name, _ in seen.get_sorted_table_and_fkc_names() if name not in (None, _VERSION_TABLE)]
    return {str(name): [column["name"] for column in seen.get_columns(str(name))] for name in names}


def _chunks(connection: Connection, table: str) -> Iterator[Any]:
    """All rows, some at a time, as the values that stand in a backup."""
    seen = inspect(connection)
    on_postgresql = connection.dialect.name == POSTGRESQL
    texts = []
    columns = seen.get_columns(table)
    for column in columns:
        name, kind = f'"{column["name"]}"', column["type"]
        if on_postgresql and isinstance(kind, Numeric):
            name = f"trim_scale({name})::text"
        elif on_postgresql and isinstance(kind, DateTime):
            name = f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        texts.append(name)
    words = {column["name"] for column in columns if column["type"].python_type is str}
    collate = ' COLLATE "C"' if on_postgresql else ""
    key = [
        f'"{name}"{collate if name in words else ""}'
        for name in seen.get_pk_constraint(table)["constrained_columns"]
    ]
    rows = connection.exec_driver_sql(
        f"SELECT {', '.join(texts)} FROM {table} ORDER BY {', '.join(key)}",
        execution_options={"stream_results": True, "max_row_buffer": CHUNK},
    )
    return rows.partitions(CHUNK)
