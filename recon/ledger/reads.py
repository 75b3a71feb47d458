"""What the pipeline asks of a ledger, as values. Every function reads inside the transaction it is given."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Select, and_, func, select

from recon.core.adjustments import ADJUSTMENTS
from recon.core.canonical import sha256
from recon.core.records import GENESIS, Posting
from recon.ledger.rows import CHUNK, EntryRow, ReadingRow, RecordRow
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

_ENTRIES = METADATA.tables["entries"]
_READINGS = METADATA.tables["readings"]
_RECORDS = METADATA.tables["records"]
_ANSWERS = METADATA.tables["answers"]
_POSTINGS = METADATA.tables["postings"]
_RUNS = METADATA.tables["runs"]
_RUN_ENDS = METADATA.tables["run_ends"]
_COVERAGE = METADATA.tables["coverage"]
_CELLS = METADATA.tables["cells"]
_SNAPSHOTS = METADATA.tables["snapshots"]
_FACTS = METADATA.tables["facts"]
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
    asset: str
    quantity: Decimal


class Certificate(NamedTuple):
    """One stream's line of a pull's certificate, with the counts of its reading (zero where it was not asked)."""

    id: int
    run_id: int
    source: str
    stream: str
    account: str
    asset: str
    outcome: str
    reason: str
    since: datetime | None
    until: datetime
    pages: int
    throttles: int
    retries: int
    stopped_at: str
    requests: int
    seen: int
    stated: int | None


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
    """The names of all streams of a source that were ever read, whole or not. What people entered is none of them."""
    named = (
        select(_READINGS.c.stream)
        .distinct()
        .where(_READINGS.c.source == source, _READINGS.c.stream != ADJUSTMENTS)
    )
    return frozenset(tx.connection.scalars(named))


def streams_served(tx: Transaction, source: str) -> frozenset[str]:
    """The names of the streams of a source that its venue once answered."""
    answered = (_READINGS.c.source == source, _READINGS.c.status == "ok", _READINGS.c.error_kind.is_(None))
    return frozenset(tx.connection.scalars(select(_READINGS.c.stream).distinct().where(*answered)))


def newest_entered(tx: Transaction, source: str) -> int:
    """The newest answer of a source that an entered reading asked for; 0 where there is none."""
    return (
        tx.connection.scalar(select(func.max(_READINGS.c.last_seq)).where(_READINGS.c.source == source)) or 0
    )


def latest_readings(tx: Transaction) -> list[ReadingRow]:
    """The newest reading of each stream of each source, whole or failed, oldest first."""
    newest = select(func.max(_READINGS.c.id)).group_by(_READINGS.c.source, _READINGS.c.stream)
    found = select(_READINGS).where(_READINGS.c.id.in_(newest)).order_by(_READINGS.c.id)
    return [ReadingRow(*row) for row in tx.connection.execute(found)]


def certificates(tx: Transaction) -> list[Certificate]:
    """Every line of every certificate, oldest first."""
    line, reading = _COVERAGE.c, _READINGS.c
    rows = tx.connection.execute(
        select(line.id, line.run_id, line.source, line.stream, line.account, line.asset, line.outcome)
        .add_columns(line.reason, line.since, line.until, line.pages, line.throttles, line.retries)
        .add_columns(line.stopped_at, func.coalesce(reading.requests, 0), func.coalesce(reading.seen, 0))
        .add_columns(reading.stated)
        .outerjoin(_READINGS, reading.id == line.reading_id)
        .order_by(line.id)
    )
    return [Certificate(*row) for row in rows]


def cells(
    tx: Transaction, certificate_ids: Iterable[int]
) -> dict[int, dict[tuple[str, str], tuple[int, datetime, datetime]]]:
    """The rows, first and last moment that these lines listed, by line, account and asset."""
    cell = _CELLS.c
    found: dict[int, dict[tuple[str, str], tuple[int, datetime, datetime]]] = {}
    for ids in _batches(certificate_ids):
        for row in tx.connection.execute(select(_CELLS).where(cell.coverage_id.in_(ids))):
            found.setdefault(row.coverage_id, {})[row.account, row.asset] = (
                row.rows,
                row.first_at,
                row.last_at,
            )
    return found


def latest_places(tx: Transaction) -> dict[str, list[tuple[str, str]]]:
    """Each account and asset that the latest look at a source's balances named, by source."""
    newest = select(func.max(_SNAPSHOTS.c.reading_id)).group_by(_SNAPSHOTS.c.source)
    snapshot = _SNAPSHOTS.c
    found: dict[str, list[tuple[str, str]]] = {}
    for source, account, asset in tx.connection.execute(
        select(snapshot.source, snapshot.account, snapshot.asset).where(snapshot.reading_id.in_(newest))
    ):
        found.setdefault(source, []).append((account, asset))
    return found


def places_known(tx: Transaction, source: str) -> set[str]:
    """Every place of a source that a row or a look at its balances named."""
    held, leg, beginning = _SNAPSHOTS.c, _POSTINGS.c.account, f"assets:{source}:"
    posted = tx.connection.scalars(select(leg).distinct().where(leg.startswith(beginning, autoescape=True)))
    looked = tx.connection.scalars(select(held.account).distinct().where(held.source == source))
    return {account.removeprefix(beginning) for account in posted} | set(looked)


def records_in_force(tx: Transaction, source: str) -> dict[tuple[str, str, str], int]:
    """How many records of a source are in force, by stream, account and kind."""
    record, newer = _RECORDS.c, _RECORDS.alias().c
    later = select(1).where(
        newer.source == record.source,
        newer.family == record.family,
        newer.key == record.key,
        newer.occurrence == record.occurrence,
        newer.version > record.version,
    )
    counted = (
        select(record.stream, record.account, record.kind, func.count())
        .where(record.source == source, record.status != "vanished", ~later.exists())
        .group_by(record.stream, record.account, record.kind)
    )
    return {(stream, account, kind): count for stream, account, kind, count in tx.connection.execute(counted)}


def latest_facts(tx: Transaction, source: str) -> dict[tuple[str, str, str], str]:
    """What a source's latest pull stated beside rows and balances, by stream, subject and name."""
    fact = _FACTS.c
    rows = tx.connection.execute(
        select(fact.stream, fact.subject, fact.name, fact.value)
        .where(fact.reading_id.in_(_latest_readings(source)))
        .order_by(fact.id)
    )
    return {(stream, subject, name): value for stream, subject, name, value in rows}


def latest_holdings(tx: Transaction, source: str) -> dict[tuple[str, str], Decimal]:
    """What a source's latest pull found held, by account and asset."""
    held = _SNAPSHOTS.c
    found = select(held.account, held.asset, held.total).where(held.reading_id.in_(_latest_readings(source)))
    return {(account, asset): total for account, asset, total in tx.connection.execute(found)}


def _latest_readings(source: str) -> Select[tuple[int]]:
    """The newest reading of each stream in the latest run that read the source."""
    reading = _READINGS.c
    asked = (reading.source == source, reading.stream != ADJUSTMENTS)
    run = select(func.max(reading.run_id)).where(*asked).scalar_subquery()
    return select(func.max(reading.id)).where(*asked, reading.run_id == run).group_by(reading.stream)


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
    record, entry = _RECORDS.c, _ENTRIES.c
    found: list[EntryEvidence] = []
    for ids in _batches(entry_ids):
        rows = tx.connection.execute(
            select(entry.id, entry.seq, record.source, record.stream, record.kind, record.at, record.data)
            .add_columns(_ANSWERS.c.sha256, record.pointer, record.asset, record.quantity)
            .join(_RECORDS, record.id == entry.record_id)
            .join(_ANSWERS, _ANSWERS.c.seq == record.answer_seq)
            .where(entry.id.in_(ids))
        )
        found += [EntryEvidence(*row) for row in rows]
    return sorted(found)


def rows_posted(
    tx: Transaction, source: str, stream: str, since: datetime | None, until: datetime | None
) -> Iterator[tuple[int, datetime, str]]:
    """The rows of a stream that are in force, dated in a span of time: entry, moment, the row as received."""
    record, entry, reversal = _RECORDS.c, _ENTRIES.c, _ENTRIES.alias().c
    asked = (
        select(entry.id, entry.at, record.data)
        .join(_RECORDS, record.id == entry.record_id)
        .outerjoin(reversal.id.table, reversal.reverses == entry.id)
        .where(record.source == source, record.stream == stream)
        .where(entry.reverses.is_(None), reversal.id.is_(None))
        .order_by(entry.at, entry.id)
    )
    if since is not None:
        asked = asked.where(entry.at >= since)
    if until is not None:
        asked = asked.where(entry.at < until)
    for row in tx.connection.execute(asked.execution_options(yield_per=CHUNK)):
        yield row.id, row.at, row.data


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


def newest_answer(tx: Transaction) -> int:
    """The newest line of the evidence that the ledger knows; 0 where there is none."""
    return tx.connection.scalar(select(func.max(_ANSWERS.c.seq))) or 0


def earliest_posted(tx: Transaction, but: str) -> datetime | None:
    """The moment of the earliest entry in force, streams of the name ``but`` left out; None where there is none."""
    record, entry, reversal = _RECORDS.c, _ENTRIES.c, _ENTRIES.alias().c
    earliest: datetime | None = tx.connection.scalar(
        select(func.min(entry.at))
        .join(_RECORDS, record.id == entry.record_id)
        .outerjoin(reversal.id.table, reversal.reverses == entry.id)
        .where(entry.reverses.is_(None), reversal.id.is_(None), record.stream != but)
    )
    return earliest


def evidence_head(tx: Transaction) -> str:
    """The link of the newest answer that the ledger knows."""
    newest = select(_ANSWERS.c.link).order_by(_ANSWERS.c.seq.desc()).limit(1)
    return tx.connection.scalar(newest) or GENESIS


def entries(tx: Transaction) -> int:
    """How many entries there are."""
    return tx.connection.scalar(select(func.count()).select_from(_ENTRIES)) or 0


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
