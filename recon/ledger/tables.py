"""The ledger's tables: the shape of storage, nothing else. Every constraint and index is named here.

The same shape stands frozen in the migrations, which are what makes a ledger; a test holds the two equal.
Amounts are exact text on SQLite and NUMERIC(38,18) on PostgreSQL; moments are UTC; ids are given by the program.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    Constraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from recon.ledger.columns import COUNT, Exact, Moment

METADATA = MetaData()

_STRICT = {"sqlite_strict": True}
_AT_COMMIT: Any = {"deferrable": True, "initially": "DEFERRED"}
"""A reading's counts are known only after its rows, which point at it."""
_MOMENT_FORM = (
    "[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
    ".[0-9][0-9][0-9][0-9][0-9][0-9]Z"
)


def _count() -> Any:
    return Field(sa_type=COUNT, sa_column_kwargs={"autoincrement": False})


def _text() -> Any:
    return Field(sa_type=Text)


def _exact() -> Any:
    return Field(sa_type=Exact)


def _moment() -> Any:
    return Field(sa_type=Moment)


def _numbers(table: str, *columns: str) -> Iterator[Constraint]:
    """The form of a canonical number and its bound of 18 digits either side, as each database can say it.

    On SQLite, which has no patterns that repeat: nothing but digits around at most one point; a sign, then no needless
    zero; no needless zero or point behind; both sides within 18 digits.
    """
    for c in columns:
        form = (
            f"trim(ltrim({c}, '-'), '0123456789') IN ('', '.')"
            f" AND ({c} GLOB '[1-9]*' OR {c} GLOB '-[1-9]*' OR {c} GLOB '0.*' OR {c} GLOB '-0.*' OR {c} = '0')"
            f" AND (instr({c}, '.') = 0 OR rtrim({c}, '.0') = {c})"
            f" AND (length({c}) <= 18 OR instr(ltrim({c}, '-') || '.', '.') <= 19"
            f" AND length({c}) - instr({c} || '.', '.') <= 18)"
        )
        bound = f"{c} <> 'NaN' AND abs({c}) < 1000000000000000000"
        yield CheckConstraint(form, name=f"ck_{table}_{c}").ddl_if(dialect="sqlite")
        yield CheckConstraint(bound, name=f"ck_{table}_{c}").ddl_if(dialect="postgresql")


def _moments(table: str, *columns: str) -> Iterator[Constraint]:
    for c in columns:
        yield CheckConstraint(f"{c} GLOB '{_MOMENT_FORM}'", name=f"ck_{table}_{c}").ddl_if(dialect="sqlite")


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
        *_moments("runs", "started_at"),
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
        *_moments("run_ends", "ended_at"),
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
        *_moments("answers", "at"),
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
        *_moments("readings", "started_at", "ended_at", "first_at", "last_at"),
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
        *_numbers("records", "quantity"),
        *_moments("records", "at"),
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
        *_moments("entries", "at"),
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
        *_numbers("postings", "quantity", "balance_after"),
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
        *_numbers("snapshots", "total", "locked"),
        *_moments("snapshots", "at"),
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


class BreakEvent(Table, table=True):
    """One turn in the life of a break."""

    __tablename__ = "break_events"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_break_events"),
        ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_break_events_run_id"),
        CheckConstraint(
            "event IN ('opened', 'changed', 'cleared', 'reopened')", name="ck_break_events_event"
        ),
        *_moments("break_events", "at"),
        _STRICT,
    )
    id: int = _count()
    break_id: str = _text()
    run_id: int = _count()
    at: datetime = _moment()
    event: str = _text()
    facts: str = _text()
