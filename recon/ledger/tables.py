"""The ledger's tables: the shape of storage, nothing else. Every constraint and index is named here.

The same shape stands frozen in the migrations, which are what makes a ledger; a test holds the two equal.
Amounts are exact text on SQLite and NUMERIC(38,18) on PostgreSQL; moments are UTC; ids are given by the program.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from recon.ledger.columns import COUNT, Exact, Moment, moment_checks, number_checks

METADATA = MetaData()

_STRICT = {"sqlite_strict": True}
_AT_COMMIT: Any = {"deferrable": True, "initially": "DEFERRED"}
"""A reading's counts are known only after its rows, which point at it."""


def _count() -> Any:
    return Field(sa_type=COUNT, sa_column_kwargs={"autoincrement": False})


def _text() -> Any:
    return Field(sa_type=Text)


def _exact() -> Any:
    return Field(sa_type=Exact)


def _moment() -> Any:
    return Field(sa_type=Moment)


class Table(SQLModel):
    """What all tables share."""

    metadata: ClassVar[MetaData] = METADATA


class Source(Table, table=True):
    """A configured connection that was pulled at least once."""

    __tablename__ = "sources"
    __table_args__ = (
        PrimaryKeyConstraint("name", name="pk_sources"),
        ForeignKeyConstraint(["first_seen_run"], ["runs.id"], name="fk_sources_first_seen_run"),
        _STRICT,
    )
    name: str = _text()
    kind: str = _text()
    first_seen_run: int = _count()


class Run(Table, table=True):
    """One run of a command that writes. Its end is a row of its own, so that nothing is ever updated."""

    __tablename__ = "runs"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_runs"),
        *moment_checks("runs", "started_at"),
        _STRICT,
    )
    id: int = _count()
    started_at: datetime = _moment()
    command: str = _text()
    version: str = _text()
    settings: str = _text()


class RunEnd(Table, table=True):
    """How a run ended. A run without one was killed."""

    __tablename__ = "run_ends"
    __table_args__ = (
        PrimaryKeyConstraint("run_id", name="pk_run_ends"),
        ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_ends_run_id"),
        *moment_checks("run_ends", "ended_at"),
        _STRICT,
    )
    run_id: int = _count()
    ended_at: datetime = _moment()
    status: str = _text()


class Answer(Table, table=True):
    """One line of the evidence chain; ``seq`` is the chain's own."""

    __tablename__ = "answers"
    __table_args__ = (
        PrimaryKeyConstraint("seq", name="pk_answers"),
        UniqueConstraint("link", name="uq_answers_link"),
        CheckConstraint("length(sha256) = 64", name="ck_answers_sha256"),
        CheckConstraint("length(link) = 64", name="ck_answers_link"),
        *moment_checks("answers", "at"),
        _STRICT,
    )
    seq: int = _count()
    at: datetime = _moment()
    source: str = _text()
    stream: str = _text()
    method: str = _text()
    url: str = _text()
    params: str = _text()
    status: int | None = _count()
    sha256: str | None = _text()
    size: int = _count()
    link: str = _text()


class Reading(Table, table=True):
    """One pass of one stream, whole or failed.

    ``entry_cut`` is the id of the source's newest entry when the reading was posted (0 for none), for a reading that
    took snapshots, also where the venue listed nothing; NULL for all other readings.
    """

    __tablename__ = "readings"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_readings"),
        ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_readings_run_id"),
        ForeignKeyConstraint(["source"], ["sources.name"], name="fk_readings_source"),
        CheckConstraint("status IN ('ok', 'failed')", name="ck_readings_status"),
        Index("ix_readings_source_stream", "source", "stream", "id"),
        *moment_checks("readings", "started_at", "ended_at", "first_at", "last_at"),
        _STRICT,
    )
    id: int = _count()
    run_id: int = _count()
    source: str = _text()
    stream: str = _text()
    family: str = _text()
    status: str = _text()
    started_at: datetime = _moment()
    ended_at: datetime = _moment()
    first_seq: int | None = _count()
    last_seq: int | None = _count()
    requests: int = _count()
    seen: int = _count()
    new: int = _count()
    changed: int = _count()
    vanished: int = _count()
    stated: int | None = _count()
    first_at: datetime | None = _moment()
    last_at: datetime | None = _moment()
    entry_cut: int | None = _count()
    error_kind: str | None = _text()
    error_message: str | None = _text()


class Record(Table, table=True):
    """One version of one row as a venue stated it, and where its bytes are."""

    __tablename__ = "records"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_records"),
        UniqueConstraint("source", "family", "key", "occurrence", "version", name="uq_records_identity"),
        ForeignKeyConstraint(["reading_id"], ["readings.id"], name="fk_records_reading_id", **_AT_COMMIT),
        ForeignKeyConstraint(["answer_seq"], ["answers.seq"], name="fk_records_answer_seq"),
        CheckConstraint("length(key) = 64", name="ck_records_key"),
        CheckConstraint("occurrence >= 0", name="ck_records_occurrence"),
        CheckConstraint("version >= 1", name="ck_records_version"),
        CheckConstraint("status IN ('settled', 'pending', 'vanished')", name="ck_records_status"),
        Index("ix_records_reading_id", "reading_id"),
        Index(
            "ix_records_pending",
            "id",
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
        *number_checks("records", "quantity"),
        *moment_checks("records", "at"),
        _STRICT,
    )
    id: int = _count()
    reading_id: int = _count()
    source: str = _text()
    stream: str = _text()
    family: str = _text()
    key: str = _text()
    occurrence: int = _count()
    version: int = _count()
    status: str = _text()
    kind: str = _text()
    at: datetime = _moment()
    account: str = _text()
    asset: str = _text()
    quantity: Decimal = _exact()
    data: str = _text()
    answer_seq: int = _count()
    pointer: str = _text()


class Entry(Table, table=True):
    """One business event, chained per source: ``hash`` is that of the source's line ``seq``."""

    __tablename__ = "entries"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_entries"),
        UniqueConstraint("source", "seq", name="uq_entries_source_seq"),
        ForeignKeyConstraint(["record_id"], ["records.id"], name="fk_entries_record_id"),
        ForeignKeyConstraint(["reverses"], ["entries.id"], name="fk_entries_reverses"),
        CheckConstraint("seq >= 1", name="ck_entries_seq"),
        CheckConstraint("length(hash) = 64", name="ck_entries_hash"),
        Index("ix_entries_record_id", "record_id"),
        Index(
            "uq_entries_reverses",
            "reverses",
            unique=True,
            sqlite_where=text("reverses IS NOT NULL"),
            postgresql_where=text("reverses IS NOT NULL"),
        ),
        *moment_checks("entries", "at"),
        _STRICT,
    )
    id: int = _count()
    source: str = _text()
    seq: int = _count()
    at: datetime = _moment()
    ordinal: int = _count()
    kind: str = _text()
    record_id: int = _count()
    reverses: int | None = _count()
    hash: str = _text()


class Posting(Table, table=True):
    """One account's part of an entry."""

    __tablename__ = "postings"
    __table_args__ = (
        PrimaryKeyConstraint("entry_id", "account", "asset", name="pk_postings"),
        ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_postings_entry_id"),
        *number_checks("postings", "quantity", "balance_after"),
        _STRICT | {"sqlite_with_rowid": False},
    )
    entry_id: int = _count()
    account: str = _text()
    asset: str = _text()
    quantity: Decimal = _exact()
    balance_after: Decimal | None = _exact()


class Snapshot(Table, table=True):
    """What a venue said it held of one asset; ``locked`` is part of ``total``."""

    __tablename__ = "snapshots"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_snapshots"),
        ForeignKeyConstraint(["reading_id"], ["readings.id"], name="fk_snapshots_reading_id", **_AT_COMMIT),
        ForeignKeyConstraint(["answer_seq"], ["answers.seq"], name="fk_snapshots_answer_seq"),
        Index("ix_snapshots_reading_id", "reading_id"),
        *number_checks("snapshots", "total", "locked"),
        *moment_checks("snapshots", "at"),
        _STRICT,
    )
    id: int = _count()
    reading_id: int = _count()
    source: str = _text()
    account: str = _text()
    asset: str = _text()
    at: datetime = _moment()
    total: Decimal = _exact()
    locked: Decimal = _exact()
    answer_seq: int = _count()
    pointer: str = _text()


class Fact(Table, table=True):
    """What a venue stated beside rows and balances. ``value`` is a canonical number, or text as stated."""

    __tablename__ = "facts"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_facts"),
        ForeignKeyConstraint(["reading_id"], ["readings.id"], name="fk_facts_reading_id", **_AT_COMMIT),
        ForeignKeyConstraint(["answer_seq"], ["answers.seq"], name="fk_facts_answer_seq"),
        Index("ix_facts_reading_id", "reading_id"),
        *moment_checks("facts", "at"),
        _STRICT,
    )
    id: int = _count()
    reading_id: int = _count()
    source: str = _text()
    stream: str = _text()
    subject: str = _text()
    name: str = _text()
    value: str = _text()
    at: datetime = _moment()
    answer_seq: int = _count()
    pointer: str = _text()


class Coverage(Table, table=True):
    """The certificate of one stream of one pull: what became of asking, and for which stretch of time.

    ``account`` and ``asset`` are empty where the stream is about all there are; ``since`` is NULL where all history
    was asked for. ``stopped_at`` is the question at which an incomplete reading stopped. A line without a stream marks
    that the source was read to its end, so that the lines of its run name all that there was to ask.
    """

    __tablename__ = "coverage"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_coverage"),
        ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_coverage_run_id"),
        ForeignKeyConstraint(["reading_id"], ["readings.id"], name="fk_coverage_reading_id", **_AT_COMMIT),
        ForeignKeyConstraint(["source"], ["sources.name"], name="fk_coverage_source"),
        CheckConstraint(
            "outcome IN ('whole', 'empty', 'incomplete', 'not_served', 'not_queried')",
            name="ck_coverage_outcome",
        ),
        Index("ix_coverage_source_stream", "source", "stream", "id"),
        *moment_checks("coverage", "since", "until"),
        _STRICT,
    )
    id: int = _count()
    run_id: int = _count()
    reading_id: int | None = _count()
    source: str = _text()
    stream: str = _text()
    account: str = _text()
    asset: str = _text()
    outcome: str = _text()
    reason: str = _text()
    since: datetime | None = _moment()
    until: datetime = _moment()
    pages: int = _count()
    throttles: int = _count()
    retries: int = _count()
    stopped_at: str = _text()


class Cell(Table, table=True):
    """One account and asset of a certificate: the rows that the reading listed of it."""

    __tablename__ = "cells"
    __table_args__ = (
        PrimaryKeyConstraint("coverage_id", "account", "asset", name="pk_cells"),
        ForeignKeyConstraint(["coverage_id"], ["coverage.id"], name="fk_cells_coverage_id"),
        *moment_checks("cells", "first_at", "last_at"),
        _STRICT | {"sqlite_with_rowid": False},
    )
    coverage_id: int = _count()
    account: str = _text()
    asset: str = _text()
    rows: int = _count()
    first_at: datetime = _moment()
    last_at: datetime = _moment()


class BreakEvent(Table, table=True):
    """One turn in the life of a break."""

    __tablename__ = "break_events"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_break_events"),
        ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_break_events_run_id"),
        CheckConstraint(
            "event IN ('opened', 'changed', 'cleared', 'reopened')", name="ck_break_events_event"
        ),
        *moment_checks("break_events", "at"),
        _STRICT,
    )
    id: int = _count()
    break_id: str = _text()
    run_id: int = _count()
    at: datetime = _moment()
    event: str = _text()
    facts: str = _text()
