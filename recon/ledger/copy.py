"""The typed copy of a ledger that the checks run on: ledger -> ADBC -> Arrow -> DuckDB in memory, exact all the way.

Numbers travel as text and become DECIMAL(36,18) in DuckDB; moments become TIMESTAMP in UTC. Nothing is reckoned on the
way, and no extension is loaded. What is copied is the ledger up to its newest ids at the start: as nothing in it ever
changes, that is one state of it, whatever is appended meanwhile.

DuckDB takes ``at`` for a word of its own: a query writes it with its table, as in ``legs.at``.
"""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import adbc_driver_sqlite
import duckdb
import pyarrow as pa
from adbc_driver_manager import AdbcConnection, AdbcDatabase, AdbcStatement
from sqlalchemy import func, select

from recon.ledger.columns import POSTGRESQL
from recon.ledger.database import Database, clear_errors
from recon.ledger.postgresql import missing_extra
from recon.ledger.store import Ledger
from recon.ledger.tables import METADATA

TABLES = frozenset({
    "legs", "pending", "readings", "snapshots", "looks", "coverage", "facts", "beside", "reversals", "links",
})  # fmt: skip


class _Part(NamedTuple):
    """What is read of the ledger. A column is ``name kind``, with the ledger's name of it where that differs.

    The kind says how it travels: count, text, number or moment. The first column is an id.
    """

    columns: str
    origin: str


_PARTS = {
    "entries": _Part(
        "id count, source text, seq count, at moment, ordinal count, kind text, reverses count, record_id count",
        "entries WHERE id <= {entries}",
    ),
    "postings": _Part(
        "entry_id count, account text, asset text, quantity number, balance_after number",
        "postings WHERE entry_id <= {entries}",
    ),
    "pending": _Part(
        "record count id, source text, stream text, account text, asset text, quantity number, at moment, kind text",
        """records WHERE status = 'pending' AND id <= {records} AND NOT EXISTS (
            SELECT 1 FROM records AS newer
            WHERE newer.source = records.source AND newer.family = records.family AND newer.key = records.key
            AND newer.occurrence = records.occurrence AND newer.version > records.version
            AND newer.id <= {records}
        )""",
    ),
    "readings": _Part(
        "reading count id, run count run_id, source text, stream text, status text, started_at moment, "
        "ended_at moment, requests count, seen count, stated count, first_at moment, last_at moment, "
        "error_kind text, error_message text",
        "readings WHERE id <= {readings}",
    ),
    "snapshots": _Part(
        "snapshot count snapshots.id, reading count readings.id, source text snapshots.source, account text, "
        "asset text, at moment, total number, locked number, entry_cut count",
        "snapshots JOIN readings ON readings.id = snapshots.reading_id WHERE readings.id <= {readings}",
    ),
    "looks": _Part(
        "reading count id, source text, stream text, at moment ended_at, entry_cut count",
        "readings WHERE entry_cut IS NOT NULL AND id <= {readings}",
    ),
    "coverage": _Part(
        "certificate count id, run count run_id, source text, stream text, outcome text, reason text, until moment",
        "coverage WHERE id <= {coverage}",
    ),
    "facts": _Part(
        "fact count facts.id, reading count readings.id, run count run_id, source text facts.source, "
        "stream text facts.stream, subject text, name text, value text, at moment",
        "facts JOIN readings ON readings.id = facts.reading_id WHERE readings.id <= {readings}",
    ),
    "beside": _Part(
        "record count id, source text, stream text, account text, asset text, quantity number, at moment, kind text, "
        "txid text, address text",
        """records WHERE status = 'settled' AND (txid IS NOT NULL OR address IS NOT NULL) AND id <= {records}
        AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.record_id = records.id)
        AND NOT EXISTS (
            SELECT 1 FROM records AS newer
            WHERE newer.source = records.source AND newer.family = records.family AND newer.key = records.key
            AND newer.occurrence = records.occurrence AND newer.version > records.version
            AND newer.id <= {records}
        )""",
    ),
    "reversals": _Part(
        "entry count entries.id, reversed count entries.reverses, stream text records.stream, "
        "status text records.status, at moment readings.ended_at",
        """entries JOIN records ON records.id = entries.record_id JOIN readings ON readings.id = records.reading_id
        WHERE entries.reverses IS NOT NULL AND entries.id <= {entries}""",
    ),
    "links": _Part(
        "link count id, kind text, basis text, one_record count, other_record count",
        "links WHERE id <= {links}",
    ),
    "marks": _Part(
        "id count, txid text, address text",
        "records WHERE (txid IS NOT NULL OR address IS NOT NULL) AND id <= {records}",
    ),
    "versions": _Part(
        "id count records.id, first count firsts.id",
        """records JOIN records AS firsts ON firsts.source = records.source AND firsts.family = records.family
        AND firsts.key = records.key AND firsts.occurrence = records.occurrence AND firsts.version = 1
        WHERE records.version > 1 AND records.id <= {records}""",
    ),
}
_LEGS = ("entries", "postings", "marks", "versions")
_CUTS = ("entries", "records", "readings", "coverage", "links")

_IN_POSTGRESQL = {
    "count": "{}",
    "text": "{}",
    "number": "CAST({} AS TEXT)",
    "moment": "{} AT TIME ZONE 'UTC'",
}
_IN_DUCKDB = {
    "count": "{}",
    "text": "CAST({} AS VARCHAR)",
    "number": "CAST({} AS DECIMAL(36, 18))",
    "moment": "CAST({} AS TIMESTAMP)",
}
_FIRST_ROW = {"count": "0", "text": "''", "number": "'0'", "moment": "'1970-01-01T00:00:00.000000Z'"}
"""A row before all others, with the id 0: the SQLite driver takes a column's type from its first values."""

_MAKE_LEGS = """
CREATE TABLE legs AS
SELECT
    e.id AS entry,
    e.seq AS number,
    e.source AS source,
    CASE WHEN p.account LIKE 'assets:%' THEN
        substr(p.account, strpos(substr(p.account, 8), ':') + 8)
    END AS account,
    p.account AS ledger_account,
    split_part(p.account, ':', 1) AS class,
    p.asset AS asset,
    p.quantity AS quantity,
    p.balance_after AS balance_after,
    e.at AS "at",
    e.ordinal AS ordinal,
    e.id AS turn,
    e.kind AS kind,
    coalesce(versions.first, e.record_id) AS record,
    coalesce(marks.txid, '') AS txid,
    coalesce(marks.address, '') AS address,
    e.reverses IS NULL AND reversal.reverses IS NULL AS live,
    true AS counted
FROM ({postings}) AS p
JOIN ({entries}) AS e ON e.id = p.entry_id
LEFT JOIN (SELECT reverses FROM entries_part WHERE reverses IS NOT NULL) AS reversal ON reversal.reverses = e.id
LEFT JOIN ({marks}) AS marks ON marks.id = e.record_id
LEFT JOIN ({versions}) AS versions ON versions.id = e.record_id
"""

_TIE = (
    """
CREATE OR REPLACE TEMP TABLE ties AS
SELECT k.kind, o.entry AS sent, t.entry AS received, o.asset AS asset, o.quantity + t.quantity AS fee
FROM links AS k
JOIN legs AS o ON o.record = k.one_record AND o.class = 'external' AND o.live
JOIN legs AS t ON t.record = k.other_record AND t.class = 'external' AND t.live
WHERE k.link > ?
""",
    """
INSERT INTO legs SELECT l.* REPLACE ('fees' AS class, 'fees:' || l.source AS ledger_account, t.fee AS quantity)
FROM ties AS t JOIN legs AS l ON l.entry = t.sent AND l.asset = t.asset AND l.class = 'external'
WHERE t.kind = 'transfer' AND t.fee <> 0
""",
    """
UPDATE legs SET class = 'transit', ledger_account = 'transit', quantity = quantity - t.fee
FROM ties AS t WHERE t.kind = 'transfer' AND legs.entry = t.sent AND legs.class = 'external'
""",
    """
UPDATE legs SET class = 'transit', ledger_account = 'transit'
FROM ties AS t WHERE t.kind = 'transfer' AND legs.entry = t.received AND legs.class = 'external'
""",
    "UPDATE legs SET counted = false FROM ties AS t WHERE t.kind = 'same' AND legs.entry = t.received",
    "DROP TABLE ties",
)
"""A transfer moves through transit, less the fee; of a movement held by two sources one counts."""


def load(ledger: Ledger, *, tables: Collection[str] = TABLES) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with the copies that ``tables`` names; whoever asked closes it.

    Raises LedgerError. No transaction of the ledger may be open meanwhile: recon.ledger.sqlite says why.
    """
    plain = sorted({*tables} - {"legs"})
    names = [*_LEGS, *plain] if "legs" in tables else plain
    with ledger.transaction() as tx:
        cuts = {
            table: tx.connection.scalar(select(func.max(METADATA.tables[table].c.id))) or 0 for table in _CUTS
        }
    with clear_errors(ledger.where), ledger.alone() as database, ThreadPoolExecutor(2) as both_cores:
        parts = list(both_cores.map(partial(_read, database, cuts), names))
    copy = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    # It would draw into standard output, which may be one JSON document.
    copy.execute("SET enable_progress_bar = false")
    for name, part in zip(names, parts, strict=True):
        copy.register(f"{name}_part", part)
    if "legs" in tables:
        copy.execute(_MAKE_LEGS.format(**{name: _typed(name) for name in _LEGS}))
    for name in plain:
        copy.execute(f"CREATE TABLE {name} AS {_typed(name)}")
    for name in names:
        copy.unregister(f"{name}_part")
    if {"legs", "links"} <= {*tables}:
        tie(copy)
    return copy


def tie(copy: duckdb.DuckDBPyConnection, after: int = 0) -> None:
    """Lets the legs of a copy follow its links, or those whose id is greater than ``after``.

    A link holds while both its rows are posted. A transfer's legs stand in ``transit`` instead of ``external``, less a
    fee; a movement that another source holds too no longer counts.
    """
    for statement in _TIE:
        copy.execute(statement, [after] if "?" in statement else [])


def _columns(name: str) -> list[tuple[str, str, str]]:
    """Each column of a part: its name, how it travels, and what the ledger calls it."""
    words = [column.split() for column in _PARTS[name].columns.split(", ")]
    return [(column, kind, renamed[0] if renamed else column) for column, kind, *renamed in words]


def _typed(name: str) -> str:
    """The query that gives a part its types in DuckDB, and leaves out the row that only told the driver of them."""
    columns = _columns(name)
    typed = ", ".join(
        f'{_IN_DUCKDB[kind].format(f"{name}_part.{column}")} AS "{column}"' for column, kind, _ in columns
    )
    return f"SELECT {typed} FROM {name}_part WHERE {columns[0][0]} > 0"


def _read(database: Database, cuts: dict[str, int], name: str) -> pa.Table:
    columns = _columns(name)
    origin = _PARTS[name].origin.format(**cuts)
    if database.engine.dialect.name == POSTGRESQL:
        told = ", ".join(
            f'{_IN_POSTGRESQL[kind].format(there)} AS "{column}"' for column, kind, there in columns
        )
        query = f"SELECT {told} FROM {origin}"
    else:
        first = ", ".join(f'{_FIRST_ROW[kind]} AS "{column}"' for column, kind, _ in columns)
        query = f"SELECT {first} UNION ALL SELECT {', '.join(there for *_, there in columns)} FROM {origin}"
    table = _table(database, query)
    for place, (column, kind, _) in enumerate(columns):
        if kind == "text":
            table = table.set_column(place, column, table.column(place).dictionary_encode())
    return table


def _table(database: Database, query: str) -> pa.Table:
    """Asks through the driver itself: the DBAPI around it would import pandas, which takes seconds."""
    with (
        _opened(database) as there,
        AdbcConnection(there) as connection,
        AdbcStatement(connection) as statement,
    ):
        if database.engine.dialect.name != POSTGRESQL:
            # The first to open the file after its last close has it for itself for a moment.
            statement.set_sql_query("PRAGMA busy_timeout = 10000")
            statement.execute_query()
            statement.set_options(**{"adbc.sqlite.query.batch_rows": "65536"})
        statement.set_sql_query(query)
        stream, _ = statement.execute_query()
        return pa.RecordBatchReader.from_stream(stream).read_all()


def _opened(database: Database) -> AdbcDatabase:
    if database.engine.dialect.name != POSTGRESQL:
        return adbc_driver_sqlite.connect(database.address)
    try:
        # Here because it is an optional extra.
        import adbc_driver_postgresql  # noqa: PLC0415
    except ModuleNotFoundError:
        raise missing_extra(database.where) from None
    opened: AdbcDatabase = adbc_driver_postgresql.connect(database.address)
    return opened
