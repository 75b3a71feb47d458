"""What a period rests on: the answers behind its entries, and those behind a look at what a venue holds."""

from datetime import datetime

from sqlalchemy import select

from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

_ANSWERS = METADATA.tables["answers"].c
_ENTRIES = METADATA.tables["entries"].c
_READINGS = METADATA.tables["readings"].c
_RECORDS = METADATA.tables["records"].c
_SNAPSHOTS = METADATA.tables["snapshots"].c


def behind_entries(tx: Transaction, start: datetime | None, end: datetime | None) -> set[str]:
    """The digests of the answers that have the records of the entries of a span of time."""
    asked = (
        select(_ANSWERS.sha256)
        .join(_RECORDS.id.table, _RECORDS.answer_seq == _ANSWERS.seq)
        .join(_ENTRIES.id.table, _ENTRIES.record_id == _RECORDS.id)
        .distinct()
    )
    if start is not None:
        asked = asked.where(_ENTRIES.at >= start)
    if end is not None:
        asked = asked.where(_ENTRIES.at < end)
    return {str(digest) for digest in tx.connection.scalars(asked)}


def behind_look(tx: Transaction, source: str, at: datetime) -> set[str]:
    """The digests of the answers in which a source stated what it held, when its look ended at this moment."""
    asked = (
        select(_ANSWERS.sha256)
        .join(_SNAPSHOTS.id.table, _SNAPSHOTS.answer_seq == _ANSWERS.seq)
        .join(_READINGS.id.table, _READINGS.id == _SNAPSHOTS.reading_id)
        .where(_READINGS.source == source, _READINGS.ended_at == at)
        .distinct()
    )
    return {str(digest) for digest in tx.connection.scalars(asked)}
