"""What a ledger tells, table by table, by keys that do not depend on when or where it was written.

Two ledgers of the same evidence tell the same. Left out is what answers cannot bring back: ids, runs, the moments of
the machine's clock, links, and the words of an error. For those the evidence notes a digest: recon.ledger.runbook.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select

from recon.core.money import text
from recon.core.times import moment_text
from recon.ledger.chain import chained
from recon.ledger.rows import CHUNK, AnswerRow, ReadingRow
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

_ANSWERS = METADATA.tables["answers"]
_RECORDS = METADATA.tables["records"]
_ENTRIES = METADATA.tables["entries"]
_READINGS = METADATA.tables["readings"]
_SNAPSHOTS = METADATA.tables["snapshots"]
_FACTS = METADATA.tables["facts"]
_COVERAGE = METADATA.tables["coverage"]
_CELLS = METADATA.tables["cells"]
_NOT_SERVED = "not_served"

Place = tuple[Any, ...]
"""A row's table, source and key, which sort."""
Says = Mapping[str, str]
"""What a row says, by column."""


class Line(NamedTuple):
    """A row."""

    place: Place
    says: Says


class Readings:
    """A ledger's readings, and where each stands: its source, stream and the first answer it asked for."""

    def __init__(self, tx: Transaction) -> None:
        self.rows = {
            row.id: ReadingRow(*row)
            for row in tx.connection.execute(select(_READINGS).order_by(_READINGS.c.id))
        }
        cuts = {row.entry_cut for row in self.rows.values() if row.entry_cut}
        entry = _ENTRIES.c
        known = tx.connection.execute(select(entry.id, entry.seq, entry.source)) if cuts else ()
        self.cuts = {number: f"{source}/{seq}" for number, seq, source in known if number in cuts}

    def place(self, number: int | None) -> Place:
        """Where a reading stands; of one that asked for nothing, and of none, the answer is 0."""
        row = self.rows.get(number or 0)
        return ("", "", 0) if row is None else (row.source, row.stream, row.first_seq or 0)


def records(tx: Transaction, readings: Readings) -> Iterator[Line]:
    """Every version of every record, in the order of its key."""
    record = _RECORDS.c
    families = tx.connection.execute(select(record.source, record.family).distinct()).all()
    for source, family in sorted(tuple(row) for row in families):
        rows = tx.connection.execute(
            select(*record, _ANSWERS.c.sha256)
            .outerjoin(_ANSWERS, _ANSWERS.c.seq == record.answer_seq)
            .where(record.source == source, record.family == family)
            .order_by(record.key, record.occurrence, record.version)
            .execution_options(yield_per=CHUNK)
        )
        for row in rows:
            told = row._asdict()
            says = _says(
                told, "stream status kind at account asset quantity data sha256 pointer txid address"
            )
            reading = readings.place(row.reading_id)
            says["reading"] = "" if reading[:2] == (source, row.stream) else "/".join(map(str, reading))
            says["first answer"] = str(reading[2])
            yield Line(("records", source, family, row.key, row.occurrence, row.version), says)


def entries(tx: Transaction) -> Iterator[Line]:
    """Every entry with its postings, in the order of each source's chain."""
    for source in sorted(tx.connection.scalars(select(_ENTRIES.c.source).distinct())):
        for one, stored in chained(tx, source, 0):
            says = _says(one._asdict(), "at ordinal kind key occurrence version answer pointer reverses")
            postings = sorted(
                [p.account, p.asset, _text(p.quantity), _text(p.balance_after)] for p in one.postings
            )
            says |= {
                "postings": "; ".join(" ".join(posting).rstrip() for posting in postings),
                "hash": stored,
            }
            yield Line(("entries", source, one.seq), says)


def looks(tx: Transaction, readings: Readings) -> Iterator[Line]:
    """What readings brought beside rows: their counts, snapshots, facts; and the certificates with their cells.

    What asked for nothing left nothing in the answers, and is not told.
    """
    for row in readings.rows.values():
        if row.first_seq is not None:
            told = row._asdict() | {"entry_cut": readings.cuts.get(row.entry_cut or 0, row.entry_cut)}
            says = _says(
                told, "family status last_seq requests seen new changed vanished stated first_at last_at"
            )
            says |= _says(told, "entry_cut")
            says["error_kind"] = _NOT_SERVED if row.error_kind == _NOT_SERVED else ""
            yield Line(("readings", *readings.place(row.id)), says)
    yield from _stated(tx, readings, "snapshots", "account asset", "at total locked sha256 pointer")
    yield from _stated(tx, readings, "facts", "subject name", "value at sha256 pointer")
    yield from _certificates(tx, readings)


def _stated(tx: Transaction, readings: Readings, name: str, key: str, columns: str) -> Iterator[Line]:
    table = METADATA.tables[name]
    rows = tx.connection.execute(
        select(*table.c, _ANSWERS.c.sha256)
        .outerjoin(_ANSWERS, _ANSWERS.c.seq == table.c.answer_seq)
        .order_by(table.c.id)
        .execution_options(yield_per=CHUNK)
    )
    for row in rows:
        told = row._asdict()
        says = _says(told, columns) | {"source": row.source}
        if name == "facts":
            says["stream"] = row.stream
        yield Line((name, *readings.place(row.reading_id), *(told[one] for one in key.split())), says)


def _certificates(tx: Transaction, readings: Readings) -> Iterator[Line]:
    places: dict[int, Place] = {}
    for row in tx.connection.execute(select(_COVERAGE).order_by(_COVERAGE.c.id)):
        place = readings.place(row.reading_id)
        if place[2]:
            places[row.id] = place
            says = _says(row._asdict(), "source stream account asset outcome since pages throttles retries")
            says["reason"] = row.reason if row.outcome in ("whole", "empty") else ""
            yield Line(("coverage", *place), says)
    for row in tx.connection.execute(select(_CELLS)):
        if row.coverage_id in places:
            place = (*places[row.coverage_id], row.account, row.asset)
            yield Line(("cells", *place), _says(row._asdict(), "rows first_at last_at"))


def answers(tx: Transaction) -> Iterator[AnswerRow]:
    """Every answer, oldest first."""
    rows = select(_ANSWERS).order_by(_ANSWERS.c.seq).execution_options(yield_per=CHUNK)
    for row in tx.connection.execute(rows):
        yield AnswerRow(*row)


def unanswered(tx: Transaction) -> Iterator[tuple[str, str, int]]:
    """Readings some of whose answers are missing: source, stream and the first answer they asked for."""
    reading, answer = _READINGS.c, _ANSWERS.c
    asked = and_(
        answer.seq.between(reading.first_seq, reading.last_seq),
        answer.source == reading.source,
        answer.stream == reading.stream,
    )
    rows = tx.connection.execute(
        select(reading.source, reading.stream, reading.first_seq)
        .select_from(_READINGS.outerjoin(_ANSWERS, asked))
        .where(reading.first_seq.is_not(None))
        .group_by(reading.id, reading.source, reading.stream, reading.first_seq, reading.requests)
        .having(func.count(answer.seq) != reading.requests)
    )
    yield from ((source, stream, first) for source, stream, first in rows)


def _says(told: Mapping[str, Any], columns: str) -> dict[str, str]:
    return {name: _text(told[name]) for name in columns.split()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return moment_text(value)
    return text(value) if isinstance(value, Decimal) else str(value)


def shown(place: Sequence[Any]) -> str:
    """A place as people read it: keys that are digests are cut short."""
    return " ".join(str(one)[:12] if len(str(one)) == 64 else str(one) for one in place if one != "")
