"""What the pipeline asks of a ledger, as values. Every function reads inside the transaction it is given."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import and_, func, select

from recon.core.canonical import sha256
from recon.core.records import GENESIS, Posting
from recon.ledger.rows import BreakEventRow, EntryRow, ReadingRow, RecordRow
from recon.ledger.store import Transaction
from recon.ledger.tables import METADATA

_ENTRIES = METADATA.tables["entries"]
_READINGS = METADATA.tables["readings"]
_RECORDS = METADATA.tables["records"]
_ANSWERS = METADATA.tables["answers"]
_POSTINGS = METADATA.tables["postings"]
_RUNS = METADATA.tables["runs"]
_RUN_ENDS = METADATA.tables["run_ends"]
_BREAK_EVENTS = METADATA.tables["break_events"]
_BATCH = 500


class Head(NamedTuple):
    """The newest entry of a source."""

    source: str
    entry_id: int
    seq: int
    hash: str


class Run(NamedTuple):
    """A run with its end; ``ended_at`` and ``status`` are None for one that was killed or still goes on."""

    id: int
    started_at: datetime
    command: str
    version: str
    settings: str
    ended_at: datetime | None
    status: str | None


class LiveEntry(NamedTuple):
    """An entry that is in force: neither a reversal nor reversed."""

    entry: EntryRow
    postings: tuple[Posting, ...]


class RecordEvidence(NamedTuple):
    """A record, and where its bytes are sealed."""

    record_id: int
    source: str
    stream: str
    kind: str
    at: datetime
    data: str
    answer: str
    pointer: str


class EntryEvidence(NamedTuple):
    """The record behind an entry, and where its bytes are sealed."""

    entry_id: int
    seq: int
    source: str
    stream: str
    kind: str
    at: datetime
    data: str
    answer: str
    pointer: str


def heads(tx: Transaction) -> list[Head]:
    """The newest entry of each source that has any, in the order of their names."""
    newest = (
        select(func.max(_ENTRIES.c.seq).label("seq"), _ENTRIES.c.source)
        .group_by(_ENTRIES.c.source)
        .subquery()
    )
    entry = _ENTRIES.c
    found = tx.connection.execute(
        select(entry.source, entry.id, entry.seq, entry.hash).join(
            newest, and_(newest.c.source == entry.source, newest.c.seq == entry.seq)
        )
    )
    return sorted(Head(*row) for row in found)


def ledger_head(tx: Transaction) -> str:
    """The ledger's head: the SHA-256 of the sources' head hashes, written one after the other in name order."""
    return sha256("".join(head.hash for head in heads(tx)).encode())


def sources(tx: Transaction) -> dict[str, str]:
    """The kind of every source ever pulled, by its name."""
    table = METADATA.tables["sources"]
    return {row.name: row.kind for row in tx.connection.execute(select(table).order_by(table.c.name))}


def runs(tx: Transaction) -> list[Run]:
    """Every run, oldest first."""
    joined = _RUNS.outerjoin(_RUN_ENDS, _RUN_ENDS.c.run_id == _RUNS.c.id)
    columns = (*_RUNS.c, _RUN_ENDS.c.ended_at, _RUN_ENDS.c.status)
    return [
        Run(*row) for row in tx.connection.execute(select(*columns).select_from(joined).order_by(_RUNS.c.id))
    ]


def streams_read(tx: Transaction, source: str) -> frozenset[str]:
    """The names of all streams of a source that were ever read, whole or not."""
    named = select(_READINGS.c.stream).distinct().where(_READINGS.c.source == source)
    return frozenset(tx.connection.scalars(named))


def latest_readings(tx: Transaction) -> list[ReadingRow]:
    """The newest reading of each stream of each source, whole or failed, oldest first."""
    newest = select(func.max(_READINGS.c.id)).group_by(_READINGS.c.source, _READINGS.c.stream)
    found = select(_READINGS).where(_READINGS.c.id.in_(newest)).order_by(_READINGS.c.id)
    return [ReadingRow(*row) for row in tx.connection.execute(found)]


def break_events(tx: Transaction) -> list[BreakEventRow]:
    """All that ever happened to breaks, oldest first."""
    found = select(_BREAK_EVENTS).order_by(_BREAK_EVENTS.c.id)
    return [BreakEventRow(*row) for row in tx.connection.execute(found)]


def live_entries(tx: Transaction, record_ids: Iterable[int]) -> list[LiveEntry]:
    """The entries in force of these records, in the order of their ids."""
    entry, reversal = _ENTRIES.c, _ENTRIES.alias().c
    found: list[LiveEntry] = []
    for ids in _batches(record_ids):
        rows = tx.connection.execute(
            select(*entry, *_POSTINGS.c)
            .outerjoin(_POSTINGS, _POSTINGS.c.entry_id == entry.id)
            .outerjoin(reversal.id.table, reversal.reverses == entry.id)
            .where(entry.record_id.in_(ids), entry.reverses.is_(None), reversal.id.is_(None))
            .order_by(entry.id)
        )
        width = len(entry)
        for head, parts in groupby(rows, key=lambda row: row[:width]):
            postings = tuple(Posting(*part[width + 1 :]) for part in parts if part[width] is not None)
            found.append(LiveEntry(EntryRow(*head), postings))
    return sorted(found)


def entry_evidence(tx: Transaction, entry_ids: Iterable[int]) -> list[EntryEvidence]:
    """The records behind these entries, with their answers, in the order of the entries' ids."""
    record = _RECORDS.c
    found: list[EntryEvidence] = []
    for ids in _batches(entry_ids):
        rows = tx.connection.execute(
            select(
                _ENTRIES.c.id,
                _ENTRIES.c.seq,
                record.source,
                record.stream,
                record.kind,
                record.at,
                record.data,
            )
            .add_columns(_ANSWERS.c.sha256, record.pointer)
            .join(_RECORDS, record.id == _ENTRIES.c.record_id)
            .join(_ANSWERS, _ANSWERS.c.seq == record.answer_seq)
            .where(_ENTRIES.c.id.in_(ids))
        )
        found += [EntryEvidence(*row) for row in rows]
    return sorted(found)


def record_evidence(tx: Transaction, record_ids: Iterable[int]) -> list[RecordEvidence]:
    """These records, posted or not, with their answers, in the order of their ids."""
    record = _RECORDS.c
    found: list[RecordEvidence] = []
    for ids in _batches(record_ids):
        rows = tx.connection.execute(
            select(record.id, record.source, record.stream, record.kind, record.at, record.data)
            .add_columns(_ANSWERS.c.sha256, record.pointer)
            .join(_ANSWERS, _ANSWERS.c.seq == record.answer_seq)
            .where(record.id.in_(ids))
        )
        found += [RecordEvidence(*row) for row in rows]
    return sorted(found)


def record_of(tx: Transaction, record_id: int) -> RecordRow:
    """One version of a record."""
    return RecordRow(*tx.connection.execute(select(_RECORDS).where(_RECORDS.c.id == record_id)).one())


def answer_links(tx: Transaction) -> Iterator[tuple[int, str, str]]:
    """Every answer's seq, source and link in the evidence chain, oldest first."""
    answer = _ANSWERS.c
    for row in tx.connection.execute(select(answer.seq, answer.source, answer.link).order_by(answer.seq)):
        yield row.seq, row.source, row.link


def evidence_head(tx: Transaction) -> str:
    """The link of the newest answer that the ledger knows."""
    newest = select(_ANSWERS.c.link).order_by(_ANSWERS.c.seq.desc()).limit(1)
    return tx.connection.scalar(newest) or GENESIS


def counts(tx: Transaction) -> dict[str, int]:
    """How many rows each table holds."""
    return {
        name: tx.connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in sorted(METADATA.tables.items())
    }


def _batches(ids: Iterable[int]) -> Iterator[Sequence[int]]:
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _BATCH):
        yield wanted[start : start + _BATCH]
