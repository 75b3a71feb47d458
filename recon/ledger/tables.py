"""The ledger's tables: the shape of storage, nothing else. Every constraint and index is named here.

The same shape stands frozen in the migrations, which are what makes a ledger; a test holds the two equal.
Amounts are exact text on SQLite and NUMERIC(38,18) on PostgreSQL; moments are UTC; ids are given by the program.
"""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)

from recon.ledger import certificate
from recon.ledger.base import AT_COMMIT, STRICT, Table, amount, moment, whole, words
from recon.ledger.columns import moment_checks, number_checks

METADATA = certificate.Coverage.metadata
"""All tables: those here, and those of the certificate."""


class Source(Table, table=True):
    """A configured connection that was pulled at least once."""

    __tablename__ = "sources"
    __table_args__ = (
        PrimaryKeyConstraint("name", name="pk_sources"),
        ForeignKeyConstraint(["first_seen_run"], ["runs.id"], name="fk_sources_first_seen_run"),
        STRICT,
    )
    name: str = words()
    kind: str = words()
    first_seen_run: int = whole()


class Run(Table, table=True):
    """One run of a command that writes. Its end is a row of its own, so that nothing is ever updated."""

    __tablename__ = "runs"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_runs"),
        *moment_checks("runs", "started_at"),
        STRICT,
    )
    id: int = whole()
    started_at: datetime = moment()
    command: str = words()
    version: str = words()
    settings: str = words()


class RunEnd(Table, table=True):
    """How a run ended. A run without one was killed."""

    __tablename__ = "run_ends"
    __table_args__ = (
        PrimaryKeyConstraint("run_id", name="pk_run_ends"),
        ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_ends_run_id"),
        *moment_checks("run_ends", "ended_at"),
        STRICT,
    )
    run_id: int = whole()
    ended_at: datetime = moment()
    status: str = words()


class Answer(Table, table=True):
    """One line of the evidence chain; ``seq`` is the chain's own."""

    __tablename__ = "answers"
    __table_args__ = (
        PrimaryKeyConstraint("seq", name="pk_answers"),
        UniqueConstraint("link", name="uq_answers_link"),
        CheckConstraint("length(sha256) = 64", name="ck_answers_sha256"),
        CheckConstraint("length(link) = 64", name="ck_answers_link"),
        *moment_checks("answers", "at"),
        STRICT,
    )
    seq: int = whole()
    at: datetime = moment()
    source: str = words()
    stream: str = words()
    method: str = words()
    url: str = words()
    params: str = words()
    status: int | None = whole()
    sha256: str | None = words()
    size: int = whole()
    link: str = words()


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
        STRICT,
    )
    id: int = whole()
    run_id: int = whole()
    source: str = words()
    stream: str = words()
    family: str = words()
    status: str = words()
    started_at: datetime = moment()
    ended_at: datetime = moment()
    first_seq: int | None = whole()
    last_seq: int | None = whole()
    requests: int = whole()
    seen: int = whole()
    new: int = whole()
    changed: int = whole()
    vanished: int = whole()
    stated: int | None = whole()
    first_at: datetime | None = moment()
    last_at: datetime | None = moment()
    entry_cut: int | None = whole()
    error_kind: str | None = words()
    error_message: str | None = words()


class Record(Table, table=True):
    """One version of one row as a venue stated it, and where its bytes are."""

    __tablename__ = "records"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_records"),
        UniqueConstraint("source", "family", "key", "occurrence", "version", name="uq_records_identity"),
        ForeignKeyConstraint(["reading_id"], ["readings.id"], name="fk_records_reading_id", **AT_COMMIT),
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
        Index(
            "ix_records_marked",
            "id",
            sqlite_where=text("txid IS NOT NULL OR address IS NOT NULL"),
            postgresql_where=text("txid IS NOT NULL OR address IS NOT NULL"),
        ),
        Index(
            "ix_records_versions",
            "id",
            sqlite_where=text("version > 1"),
            postgresql_where=text("version > 1"),
        ),
        *number_checks("records", "quantity"),
        *moment_checks("records", "at"),
        STRICT,
    )
    id: int = whole()
    reading_id: int = whole()
    source: str = words()
    stream: str = words()
    family: str = words()
    key: str = words()
    occurrence: int = whole()
    version: int = whole()
    status: str = words()
    kind: str = words()
    at: datetime = moment()
    account: str = words()
    asset: str = words()
    quantity: Decimal = amount()
    data: str = words()
    answer_seq: int = whole()
    pointer: str = words()
    txid: str | None = words()
    address: str | None = words()


class Link(Table, table=True):
    """Two rows that tell of one movement, each by the id of its record's first version.

    A ``transfer`` left one place (``one_record``) and arrived at another; the ``same`` movement is held by two sources,
    of which ``one_record`` counts. A row is used once in each way: the database refuses it a second time. ``fee`` is
    what a transfer lost on its way when it was found; NULL where it was found before that was kept.
    """

    __tablename__ = "links"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_links"),
        UniqueConstraint("kind", "one_record", name="uq_links_one_record"),
        UniqueConstraint("kind", "other_record", name="uq_links_other_record"),
        ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_links_run_id"),
        ForeignKeyConstraint(["one_record"], ["records.id"], name="fk_links_one_record"),
        ForeignKeyConstraint(["other_record"], ["records.id"], name="fk_links_other_record"),
        CheckConstraint("kind IN ('transfer', 'same')", name="ck_links_kind"),
        CheckConstraint("basis IN ('txid', 'address', 'amount')", name="ck_links_basis"),
        CheckConstraint("one_record <> other_record", name="ck_links_apart"),
        *number_checks("links", "fee"),
        STRICT,
    )
    id: int = whole()
    run_id: int = whole()
    kind: str = words()
    basis: str = words()
    one_record: int = whole()
    other_record: int = whole()
    fee: Decimal | None = amount()


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
        STRICT,
    )
    id: int = whole()
    source: str = words()
    seq: int = whole()
    at: datetime = moment()
    ordinal: int = whole()
    kind: str = words()
    record_id: int = whole()
    reverses: int | None = whole()
    hash: str = words()


class Posting(Table, table=True):
    """One account's part of an entry."""

    __tablename__ = "postings"
    __table_args__ = (
        PrimaryKeyConstraint("entry_id", "account", "asset", name="pk_postings"),
        ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_postings_entry_id"),
        *number_checks("postings", "quantity", "balance_after"),
        STRICT | {"sqlite_with_rowid": False},
    )
    entry_id: int = whole()
    account: str = words()
    asset: str = words()
    quantity: Decimal = amount()
    balance_after: Decimal | None = amount()


class Snapshot(Table, table=True):
    """What a venue said it held of one asset; ``locked`` is part of ``total``."""

    __tablename__ = "snapshots"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_snapshots"),
        ForeignKeyConstraint(["reading_id"], ["readings.id"], name="fk_snapshots_reading_id", **AT_COMMIT),
        ForeignKeyConstraint(["answer_seq"], ["answers.seq"], name="fk_snapshots_answer_seq"),
        Index("ix_snapshots_reading_id", "reading_id"),
        *number_checks("snapshots", "total", "locked"),
        *moment_checks("snapshots", "at"),
        STRICT,
    )
    id: int = whole()
    reading_id: int = whole()
    source: str = words()
    account: str = words()
    asset: str = words()
    at: datetime = moment()
    total: Decimal = amount()
    locked: Decimal = amount()
    answer_seq: int = whole()
    pointer: str = words()


_SEALS = text("horizon IS NOT NULL")


class Act(Table, table=True):
    """One step in the life of a break, an adjustment, a period or a price; ``name`` tells it from others of its kind.

    ``account`` is the account of the system that the program ran under, ``person`` who was said to act; both are empty
    for what the checks found. ``facts`` is canonical JSON. Where ``horizon`` is not NULL, it is from here on the moment
    before which no entry may be dated. ``hash`` covers the row and the hash of the one before: see recon.ledger.acts.
    """

    __tablename__ = "acts"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_acts"),
        ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_acts_run_id"),
        CheckConstraint("about IN ('break', 'adjustment', 'period', 'price')", name="ck_acts_about"),
        Index("ix_acts_horizon", "id", sqlite_where=_SEALS, postgresql_where=_SEALS),
        *moment_checks("acts", "at", "horizon"),
        STRICT,
    )
    id: int = whole()
    run_id: int = whole()
    at: datetime = moment()
    about: str = words()
    name: str = words()
    act: str = words()
    account: str = words()
    person: str = words()
    facts: str = words()
    horizon: datetime | None = moment()
    hash: str = words()
