"""Writes small, true ledgers, in few words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from recon.core.acts import PROGRAM, Deed
from recon.core.canonical import identity, sha256
from recon.core.records import GENESIS, Posting, moved
from recon.ledger.acts import record as act
from recon.ledger.chain import ChainedEntry, link
from recon.ledger.reads import heads, live_entries
from recon.ledger.rows import (
    AnswerRow,
    CellRow,
    CoverageRow,
    EntryRow,
    FactRow,
    LinkRow,
    PostingRow,
    ReadingRow,
    RecordRow,
    RunEndRow,
    RunRow,
    SnapshotRow,
    SourceRow,
)
from recon.ledger.store import Ledger
from recon.ledger.transaction import Transaction

NOON = datetime(2025, 1, 14, 12, tzinfo=UTC)


class Row(NamedTuple):
    """A row a venue stated: ``name`` is its identity, ``status`` pending, settled or vanished.

    ``txid`` stands for its address too.
    """

    name: str
    quantity: Decimal = Decimal(1)
    status: str = "settled"
    version: int = 1
    occurrence: int = 0
    place: str = "main"
    asset: str = "BTC"
    balance_after: Decimal | None = None
    txid: str | None = None
    at: datetime | None = None


class _RolledBack(Exception):
    pass


@contextmanager
def rolled_back(ledger: Ledger) -> Iterator[Transaction]:
    """A transaction that leaves nothing, so that many examples can share one ledger."""
    with suppress(_RolledBack), ledger.transaction() as tx:
        yield tx
        raise _RolledBack


def begin(tx: Transaction, *sources: str) -> int:
    """A run, with the sources that are new to it."""
    run = tx.next_id(RunRow)
    tx.append(RunRow, [RunRow(run, NOON, "pull", "0", "{}")])
    tx.append(SourceRow, [SourceRow(source, "kind", run) for source in sources])
    return run


def read(
    tx: Transaction,
    run: int,
    source: str,
    stream: str,
    rows: Sequence[Row] = (),
    *,
    holdings: Sequence[tuple[str, str, Decimal]] | None = None,
    error: str | None = None,
    family: str = "",
) -> int:
    """A reading with its answer, records, entries and snapshots; the id of the reading.

    A later version reverses the entry in force of the version before it. What is held is (place, asset, total).
    """
    answer = _answer(tx, source, stream, rows)
    reading = tx.next_id(ReadingRow)
    head = next((head for head in heads(tx) if head.source == source), None)
    cut = None if holdings is None else head.entry_id if head else 0
    tx.append(
        ReadingRow,
        [
            ReadingRow(
                reading, run, source, stream, family or stream, "failed" if error else "ok", NOON, NOON, answer.seq,
                answer.seq, 1, len(rows), len(rows), 0, 0, None, None, None, cut, error, error,
            )
        ],
    )  # fmt: skip
    for row in rows:
        record = _record(tx, reading, source, stream, family or stream, row, answer.seq)
        _entries(tx, record, row, answer.sha256 or "")
    tx.append(
        SnapshotRow,
        [
            SnapshotRow(
                tx.next_id(SnapshotRow),
                reading,
                source,
                place,
                asset,
                NOON,
                total,
                Decimal(0),
                answer.seq,
                "/0",
            )
            for place, asset, total in holdings or ()
        ],
    )
    return reading


def _answer(tx: Transaction, source: str, stream: str, rows: Sequence[Row]) -> AnswerRow:
    seq = 1 + tx.connection.exec_driver_sql("SELECT coalesce(max(seq), 0) FROM answers").scalar_one()
    body = sha256(f"{source} {stream} {rows}".encode())
    row = AnswerRow(seq, NOON, source, stream, "GET", "/", "{}", 200, body, 9, sha256(str(seq).encode()))
    tx.append(AnswerRow, [row])
    return row


def _record(
    tx: Transaction, reading: int, source: str, stream: str, family: str, row: Row, answer: int
) -> RecordRow:
    at = row.at or NOON + timedelta(microseconds=len(row.name))
    data = f'{{"name":"{row.name}","version":{row.version}}}'
    record = RecordRow(
        tx.next_id(RecordRow), reading, source, stream, family, identity((row.name,)), row.occurrence, row.version,
        row.status, "deposit", at, row.place, row.asset, row.quantity, data, answer, f"/{row.name}",
        row.txid, row.txid,
    )  # fmt: skip
    tx.append(RecordRow, [record])
    return record


def _entries(tx: Transaction, record: RecordRow, row: Row, answer: str) -> None:
    before = _in_force(tx, record)
    if before is not None:
        entry, postings = before
        back = [Posting(p.account, p.asset, -p.quantity) for p in postings]
        enter(tx, record, answer, back, reverses=entry)
    if row.status == "settled":
        place = f"assets:{record.source}:{row.place}"
        enter(
            tx,
            record,
            answer,
            moved(place, f"external:{record.source}", row.asset, row.quantity, row.balance_after),
        )


def _in_force(tx: Transaction, record: RecordRow) -> tuple[EntryRow, tuple[Posting, ...]] | None:
    found = tx.connection.exec_driver_sql(
        f"SELECT id FROM records WHERE source = '{record.source}' AND family = '{record.family}' "
        f"AND key = '{record.key}' AND occurrence = {record.occurrence} AND version < {record.version}"
    )
    return next(iter(live_entries(tx, found.scalars())), None)


def enter(
    tx: Transaction,
    record: RecordRow,
    answer: str,
    postings: Sequence[Posting],
    reverses: EntryRow | None = None,
) -> EntryRow:
    """One chained entry of a record."""
    head = next((head for head in heads(tx) if head.source == record.source), None)
    seq = head.seq + 1 if head else 1
    kind = "reversal" if reverses else record.kind
    covered = ChainedEntry(
        record.source, seq, record.at, record.occurrence, kind, record.key, record.occurrence, record.version, answer,
        record.pointer, reverses.seq if reverses else 0, postings,
    )  # fmt: skip
    _, made = link(head.hash if head else GENESIS, covered)
    entry = EntryRow(
        tx.next_id(EntryRow), record.source, seq, record.at, record.occurrence, kind, record.id,
        reverses.id if reverses else None, made,
    )  # fmt: skip
    tx.append(EntryRow, [entry])
    tx.append(PostingRow, [PostingRow(entry.id, *posting) for posting in postings])
    return entry


def one_of_everything(tx: Transaction) -> None:
    """At least one row in every table, and an entry that is reversed."""
    run = begin(tx, "egera", "fuse")
    read(tx, run, "egera", "deposits", [Row("a", Decimal("1.5")), Row("b", Decimal("-0.000000000000000001"))])
    read(tx, run, "egera", "deposits", [Row("a", Decimal("1.25"), version=2)])
    read(tx, run, "fuse", "history", [Row("c", Decimal(7), balance_after=Decimal(7))])
    read(tx, run, "fuse", "wallet", holdings=[("main", "BTC", Decimal(7))])
    reading = read(tx, run, "fuse", "fees")
    tx.append(
        FactRow,
        [FactRow(tx.next_id(FactRow), reading, "fuse", "fees", "BTC", "fee", "0.5", NOON, 1, "/fees")],
    )
    certificate = tx.next_id(CoverageRow)
    tx.append(
        CoverageRow,
        [
            CoverageRow(
                certificate, run, reading, "fuse", "fees", "", "", "whole", "", None, NOON, 1, 0, 0, ""
            )
        ],
    )
    tx.append(CellRow, [CellRow(certificate, "main", "BTC", 1, NOON, NOON)])
    one, other = sorted(tx.connection.exec_driver_sql("SELECT id FROM records WHERE version = 1").scalars())[
        :2
    ]
    tx.append(LinkRow, [LinkRow(tx.next_id(LinkRow), run, "same", "txid", one, other)])
    act(tx, run, NOON, PROGRAM, [Deed("break", "B-1", "opened", {"id": "B-1"})])
    tx.append(RunEndRow, [RunEndRow(run, NOON, "ok")])
