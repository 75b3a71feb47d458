"""The running hash over each source's entries: made when they are posted, made again when they are verified."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import InvalidOperation
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from recon.core.canonical import sha256
from recon.core.records import GENESIS, EntryLine, Posting, line_postings, line_text
from recon.core.times import moment_text
from recon.ledger.columns import POSTGRESQL
from recon.ledger.rows import CHUNK
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

_ENTRIES = METADATA.tables["entries"]
_RECORDS = METADATA.tables["records"].c
_ANSWERS = METADATA.tables["answers"].c
_POSTINGS = METADATA.tables["postings"].c
_PLACE = itemgetter(0, 1)
UNREADABLE = (DBAPIError, InvalidOperation, TypeError, ValueError)
"""What reading a row raises whose values are not of their columns."""


class ChainedEntry(NamedTuple):
    """What an entry's line covers beside the hash before it. ``answer`` is the sha256 of the record's answer.

    ``key``, ``occurrence``, ``version`` and ``pointer`` are the record's; ``reverses`` is the seq of the entry that
    is reversed, 0 for none. The postings may come in any order.
    """

    source: str
    seq: int
    at: datetime
    ordinal: int
    kind: str
    key: str
    occurrence: int
    version: int
    answer: str
    pointer: str
    reverses: int
    postings: Iterable[Posting]


def link(prev: str, entry: ChainedEntry) -> tuple[str, str]:
    """The line of an entry and its hash, after the entry whose hash is ``prev`` (GENESIS before the first)."""
    line = line_text(
        EntryLine(
            prev,
            entry.source,
            entry.seq,
            moment_text(entry.at),
            entry.ordinal,
            entry.kind,
            entry.key,
            entry.occurrence,
            entry.version,
            entry.answer,
            entry.pointer,
            entry.reverses,
            line_postings(sorted(entry.postings, key=_PLACE)),
        )
    )
    return line, sha256(line.encode())


Heads = Mapping[str, tuple[int, str]]
"""By source, the number of an entry and its hash."""


def verify(tx: Transaction, since: Heads | None = None) -> Iterator[str]:
    """Walks every source's chain again, and on SQLite the file too; yields each problem with its place.

    An entry that does not fit is named, and the next is held against the hash that stands there, so that one change
    is one problem. What the chain's end lost leaves no trace in it: compare the head with one kept elsewhere.
    With ``since`` only the entries that follow are walked.
    """
    if since is None and tx.connection.dialect.name != POSTGRESQL:
        yield from _file_problems(tx)
    sources = tx.connection.scalars(select(_ENTRIES.c.source).distinct()).all()
    for source in sorted(sources):
        seq, prev = (since or {}).get(source, (0, GENESIS))
        yield from _chain_problems(tx, source, seq, prev)


def hashes(tx: Transaction, newest: Mapping[str, int]) -> dict[str, tuple[int, str]]:
    """The hash that the ledger has of one entry of each source, by its number; a source without it is left out."""
    entry = _ENTRIES.c
    found = {
        source: (
            seq,
            tx.connection.scalar(select(entry.hash).where(entry.source == source, entry.seq == seq)),
        )
        for source, seq in newest.items()
    }
    return {source: (seq, stored) for source, (seq, stored) in sorted(found.items()) if stored is not None}


def _file_problems(tx: Transaction) -> Iterator[str]:
    """Damage to pages and indexes, values that break a CHECK, and rows that refer to nothing."""
    for (fault,) in tx.connection.exec_driver_sql("PRAGMA integrity_check"):
        if fault != "ok":
            yield f"the file: {fault}"
    for table, row, parent, _ in tx.connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"{table} row {row}: it refers to a row of {parent} that is missing"


def _chain_problems(tx: Transaction, source: str, seq: int, prev: str) -> Iterator[str]:
    try:
        for entry, stored in chained(tx, source, seq):
            if entry.seq != seq + 1:
                yield f"{source} entry {entry.seq}: the one before it is {seq}, so there are missing entries"
            line, made = link(prev, entry)
            if made != stored:
                yield f"{source} entry {entry.seq}: its hash is {stored}, but its line gives {made}: {line}"
            prev, seq = stored, entry.seq
    except UNREADABLE as error:
        yield f"{source} entry {seq + 1}: it cannot be read, nor what follows: {fault(error)}"


def fault(error: Exception) -> object:
    """What is wrong with a row that cannot be read."""
    return error.orig if isinstance(error, DBAPIError) else error


def chained(tx: Transaction, source: str, after: int) -> Iterator[tuple[ChainedEntry, str]]:
    """The entries of a source with their stored hashes, joined so that what is missing cannot hide an entry."""
    entry, before = _ENTRIES.c, _ENTRIES.alias().c
    tables = _ENTRIES.outerjoin(_RECORDS.id.table, _RECORDS.id == entry.record_id)
    tables = tables.outerjoin(_ANSWERS.seq.table, _ANSWERS.seq == _RECORDS.answer_seq)
    tables = tables.outerjoin(before.id.table, before.id == entry.reverses)
    entries = (
        select(
            entry.id, entry.hash, entry.reverses, before.seq, entry.source, entry.seq, entry.at, entry.ordinal
        )
        .add_columns(entry.kind, _RECORDS.key, _RECORDS.occurrence, _RECORDS.version)
        .add_columns(_ANSWERS.sha256, _RECORDS.pointer)
        .select_from(tables)
        .where(entry.source == source, entry.seq > after)
        .order_by(entry.seq)
        .execution_options(yield_per=CHUNK)
    )
    postings = (
        select(*_POSTINGS)
        .join(_ENTRIES, entry.id == _POSTINGS.entry_id)
        .where(entry.source == source, entry.seq > after)
        .order_by(entry.seq)
        .execution_options(yield_per=CHUNK)
    )
    groups = groupby(tx.connection.execute(postings), key=itemgetter(0))
    group = next(groups, None)
    for entry_id, stored, reverses, reversed_seq, *of_entry in tx.connection.execute(entries):
        parts: list[Posting] = []
        if group is not None and group[0] == entry_id:
            parts = [Posting(*row[1:]) for row in group[1]]
            group = next(groups, None)
        covered = (*of_entry, 0 if reverses is None else reversed_seq, parts)
        yield ChainedEntry._make(covered), stored
