"""Reads of a ledger, through ADBC as Arrow, what the typed copy is made of. Numbers travel as text.

What is read is bounded by ids, and nothing below a bound ever changes: the same question has the same answer, whatever
is appended meanwhile.
"""

from collections.abc import Mapping
from typing import NamedTuple

import adbc_driver_sqlite
import pyarrow as pa
from adbc_driver_manager import AdbcConnection, AdbcDatabase, AdbcStatement

from recon.ledger.columns import POSTGRESQL
from recon.ledger.database import Database
from recon.ledger.postgresql import missing_extra


class _Part(NamedTuple):
    """What is read of the ledger. A column is ``name kind``, with the ledger's name of it where that differs.

    The kind says how it travels: count, text, mark, number or moment. The first column is an id. A mark is a text
    that is compared: of hexadecimal ones (0x...) case tells nothing, so they come in lower case.
    """

    columns: str
    origin: str


_PARTS = {
    "entries": _Part(
        "id count, source text, seq count, at moment, ordinal count, kind text, reverses count, record_id count",
        "entries WHERE id > {after} AND id <= {entries}",
    ),
    "postings": _Part(
        "entry_id count, account text, asset text, quantity number, balance_after number",
        "postings WHERE entry_id > {after} AND entry_id <= {entries}",
    ),
    "sides": _Part(
        "entry_id count, account text, asset text, quantity number",
        "postings WHERE entry_id > {after} AND entry_id <= {entries}",
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
        "readings WHERE id <= {readings} AND stream <> 'adjustments'",
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
        "stream text facts.stream, subject text, name text, value text, at moment, seq count answer_seq, pointer text",
        "facts JOIN readings ON readings.id = facts.reading_id WHERE readings.id <= {readings}",
    ),
    "beside": _Part(
        "record count id, source text, stream text, account text, asset text, quantity number, at moment, kind text, "
        "txid mark, address mark",
        """records WHERE status = 'settled' AND (txid IS NOT NULL OR address IS NOT NULL) AND id <= {records}
        AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.record_id = records.id AND entries.id <= {entries})
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
    "late": _Part(
        "entry count entries.id, stated_at moment coalesce(taken.at,told.at)",
        """entries JOIN records AS told ON told.id = entries.record_id
        LEFT JOIN entries AS turned ON turned.id = entries.reverses
        LEFT JOIN records AS taken ON taken.id = turned.record_id
        WHERE EXISTS (SELECT 1 FROM acts WHERE horizon IS NOT NULL)
        AND entries.at IN (SELECT horizon FROM acts WHERE horizon IS NOT NULL)
        AND coalesce(taken.at, told.at) < entries.at AND entries.id <= {entries}""",
    ),
    "links": _Part(
        "link count id, kind text, basis text, one_record count, other_record count, fee number",
        "links WHERE id <= {links}",
    ),
    "behind": _Part(
        "link count links.id, since moment acts.horizon",
        """links JOIN acts ON acts.id = (
            SELECT max(seal.id) FROM acts AS seal WHERE seal.horizon IS NOT NULL AND seal.run_id < links.run_id
        ) WHERE links.id <= {links}""",
    ),
    "marks": _Part(
        "id count, txid mark, address mark",
        "records WHERE (txid IS NOT NULL OR address IS NOT NULL) AND id BETWEEN {first} AND {last}",
    ),
    "origins": _Part(
        "entry count entries.id, stream text records.stream, answer text answers.sha256, pointer text records.pointer",
        """entries JOIN records ON records.id = entries.record_id JOIN answers ON answers.seq = records.answer_seq
        WHERE entries.id <= {entries}""",
    ),
    "entered": _Part(
        "id count",
        """records WHERE reading_id IN (SELECT id FROM readings WHERE stream = 'adjustments')
        AND id BETWEEN {first} AND {last}""",
    ),
    "versions": _Part(
        "id count records.id, first count firsts.id",
        """records JOIN records AS firsts ON firsts.source = records.source AND firsts.family = records.family
        AND firsts.key = records.key AND firsts.occurrence = records.occurrence AND firsts.version = 1
        WHERE records.version > 1 AND records.id BETWEEN {first} AND {last}""",
    ),
}
_IN_POSTGRESQL = {
    "count": "{}",
    "text": "{}",
    "mark": "{}",
    "number": "CAST({} AS TEXT)",
    "moment": "{} AT TIME ZONE 'UTC'",
}
_IN_DUCKDB = {
    "count": "{}",
    "text": "CAST({} AS VARCHAR)",
    "mark": "CASE WHEN regexp_full_match({0}, '0[xX][0-9a-fA-F]+') THEN lower({0}) ELSE CAST({0} AS VARCHAR) END",
    "number": "CAST({} AS DECIMAL(36, 18))",
    "moment": "CAST({} AS TIMESTAMP)",
}
_FIRST_ROW = {
    "count": "0",
    "text": "''",
    "mark": "''",
    "number": "'0'",
    "moment": "'1970-01-01T00:00:00.000000Z'",
}
"""A row before all others, with the id 0: the SQLite driver takes a column's type from its first values."""


def _columns(name: str) -> list[tuple[str, str, str]]:
    """Each column of a part: its name, how it travels, and what the ledger calls it."""
    words = [column.split() for column in _PARTS[name].columns.split(", ")]
    return [(column, kind, renamed[0] if renamed else column) for column, kind, *renamed in words]


def typed(name: str) -> str:
    """The query that gives a part its types in DuckDB, and leaves out the row that only told the driver of them."""
    columns = _columns(name)
    told = ", ".join(
        f'{_IN_DUCKDB[kind].format(f"{name}_part.{column}")} AS "{column}"' for column, kind, _ in columns
    )
    return f"SELECT {told} FROM {name}_part WHERE {columns[0][0]} > 0"


def read(database: Database, cuts: Mapping[str, int], name: str) -> pa.Table:
    """A part, within bounds.

    These are the newest id of each table, the entry ``after`` which ``entries`` and ``postings`` begin, and the
    ``first`` and ``last`` record of ``marks``, ``versions`` and ``entered``.
    """
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


LEGS = ("entries", "postings", "marks", "versions", "entered")
"""The parts that legs are made of; beside them ``late`` tells when what came late for a sealed period happened."""

POSTED = f"""
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
    e.kind AS kind,
    coalesce(versions.first, e.record_id) AS record,
    coalesce(marks.txid, '') AS txid,
    coalesce(marks.address, '') AS address,
    entered.id IS NOT NULL AS by_hand,
    e.reverses AS reverses
FROM ({typed("postings")}) AS p
JOIN ({typed("entries")}) AS e ON e.id = p.entry_id
LEFT JOIN ({typed("marks")}) AS marks ON marks.id = e.record_id
LEFT JOIN ({typed("versions")}) AS versions ON versions.id = e.record_id
LEFT JOIN ({typed("entered")}) AS entered ON entered.id = e.record_id
"""
"""Legs as they were posted, of these parts: nothing of it ever changes."""
