"""The digest of what a ledger says: equal for two ledgers that say the same, however and whenever they came to it.

It covers records, entries with their postings, the answers they rest on and the latest snapshots, by natural keys:
no ids, no seqs, no runs, no clock. A ledger whose runs were killed has the digest of one whose runs never were.
"""

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import func, select

from recon.core.canonical import write_json
from recon.core.money import text
from recon.core.times import moment_text
from recon.ledger.rows import CHUNK
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

_RECORDS = METADATA.tables["records"]
_ANSWERS = METADATA.tables["answers"]
_ENTRIES = METADATA.tables["entries"]
_POSTINGS = METADATA.tables["postings"]
_READINGS = METADATA.tables["readings"]
_SNAPSHOTS = METADATA.tables["snapshots"]


def digest(tx: Transaction) -> str:
    """The SHA-256 of the ledger's lines (see ``dump``), each ended by a newline."""
    made = hashlib.sha256()
    for line in dump(tx):
        made.update(line.encode() + b"\n")
    return made.hexdigest()


def dump(tx: Transaction) -> Iterator[str]:
    """Every line the digest covers, as canonical JSON, in an order that depends on the lines alone."""
    record = _RECORDS.c
    families = tx.connection.execute(select(record.source, record.family).distinct()).all()
    for source, family in sorted(tuple(row) for row in families):
        yield from _record_lines(tx, source, family)
        yield from _entry_lines(tx, source, family)
    yield from sorted(_snapshot_lines(tx))


def _record_lines(tx: Transaction, source: str, family: str) -> Iterator[str]:
    record = _RECORDS.c
    rows = tx.connection.execute(
        select(record.key, record.occurrence, record.version, record.stream, record.status, record.kind)
        .add_columns(record.at, record.account, record.asset, record.quantity, record.data)
        .add_columns(_ANSWERS.c.sha256, record.pointer)
        .join(_ANSWERS, _ANSWERS.c.seq == record.answer_seq)
        .where(record.source == source, record.family == family)
        .order_by(record.key, record.occurrence, record.version)
        .execution_options(yield_per=CHUNK)
    )
    for key, occurrence, version, stream, status, kind, at, account, asset, quantity, *rest in rows:
        told = [source, family, key, occurrence, version, stream, status, kind, moment_text(at)]
        yield write_json(["record", *told, account, asset, text(quantity), *rest])


def _entry_lines(tx: Transaction, source: str, family: str) -> Iterator[str]:
    """Entries by the record they rest on; those of one record as they were posted."""
    record, entry, posting = _RECORDS.c, _ENTRIES.c, _POSTINGS.c
    reversed_entry, reversed_record = _ENTRIES.alias(), _RECORDS.alias()
    rows = tx.connection.execute(
        select(entry.id, record.key, record.occurrence, record.version, entry.kind, entry.at, entry.ordinal)
        .add_columns(reversed_record.c.key, reversed_record.c.occurrence, reversed_record.c.version)
        .add_columns(posting.account, posting.asset, posting.quantity, posting.balance_after)
        .select_from(_RECORDS.join(_ENTRIES, entry.record_id == record.id))
        .outerjoin(_POSTINGS, posting.entry_id == entry.id)
        .outerjoin(reversed_entry, reversed_entry.c.id == entry.reverses)
        .outerjoin(reversed_record, reversed_record.c.id == reversed_entry.c.record_id)
        .where(record.source == source, record.family == family)
        .order_by(record.key, record.occurrence, record.version, entry.id)
        .execution_options(yield_per=CHUNK)
    )
    for _, group in groupby(rows, key=lambda row: row[0]):
        parts = list(group)
        _, key, occurrence, version, kind, at, ordinal, *undone = parts[0][:10]
        postings = sorted(_posting(part[10:]) for part in parts)
        told = [source, family, key, occurrence, version, kind, moment_text(at), ordinal, undone]
        yield write_json(["entry", *told, postings])


def _posting(part: tuple[Any, ...]) -> list[str]:
    return ["" if value is None else text(value) if isinstance(value, Decimal) else value for value in part]


def _snapshot_lines(tx: Transaction) -> Iterator[str]:
    """What each source's latest look at each stream found."""
    reading, snapshot = _READINGS.c, _SNAPSHOTS.c
    latest = (
        select(func.max(reading.id))
        .where(reading.entry_cut.is_not(None), reading.status == "ok")
        .group_by(reading.source, reading.stream)
    )
    rows = tx.connection.execute(
        select(snapshot.source, snapshot.account, snapshot.asset, snapshot.total).where(
            snapshot.reading_id.in_(latest)
        )
    )
    for source, account, asset, total in rows:
        yield write_json(["snapshot", source, account, asset, text(total)])
