"""The tables of what a pull certifies and notes beside rows and balances: facts, coverage, cells.

The ledger's other tables, and the rules for all of them, stand in recon.ledger.tables.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, PrimaryKeyConstraint

from recon.ledger.base import AT_COMMIT, STRICT, Table, moment, whole, words
from recon.ledger.columns import moment_checks


class Fact(Table, table=True):
    """What a venue stated beside rows and balances. ``value`` is a canonical number, or text as stated."""

    __tablename__ = "facts"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_facts"),
        ForeignKeyConstraint(["reading_id"], ["readings.id"], name="fk_facts_reading_id", **AT_COMMIT),
        ForeignKeyConstraint(["answer_seq"], ["answers.seq"], name="fk_facts_answer_seq"),
        Index("ix_facts_reading_id", "reading_id"),
        *moment_checks("facts", "at"),
        STRICT,
    )
    id: int = whole()
    reading_id: int = whole()
    source: str = words()
    stream: str = words()
    subject: str = words()
    name: str = words()
    value: str = words()
    at: datetime = moment()
    answer_seq: int = whole()
    pointer: str = words()


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
        ForeignKeyConstraint(["reading_id"], ["readings.id"], name="fk_coverage_reading_id", **AT_COMMIT),
        ForeignKeyConstraint(["source"], ["sources.name"], name="fk_coverage_source"),
        CheckConstraint(
            "outcome IN ('whole', 'empty', 'incomplete', 'not_served', 'not_queried')",
            name="ck_coverage_outcome",
        ),
        Index("ix_coverage_source_stream", "source", "stream", "id"),
        *moment_checks("coverage", "since", "until"),
        STRICT,
    )
    id: int = whole()
    run_id: int = whole()
    reading_id: int | None = whole()
    source: str = words()
    stream: str = words()
    account: str = words()
    asset: str = words()
    outcome: str = words()
    reason: str = words()
    since: datetime | None = moment()
    until: datetime = moment()
    pages: int = whole()
    throttles: int = whole()
    retries: int = whole()
    stopped_at: str = words()


class Cell(Table, table=True):
    """One account and asset of a certificate: the rows that the reading listed of it."""

    __tablename__ = "cells"
    __table_args__ = (
        PrimaryKeyConstraint("coverage_id", "account", "asset", name="pk_cells"),
        ForeignKeyConstraint(["coverage_id"], ["coverage.id"], name="fk_cells_coverage_id"),
        *moment_checks("cells", "first_at", "last_at"),
        STRICT | {"sqlite_with_rowid": False},
    )
    coverage_id: int = whole()
    account: str = words()
    asset: str = words()
    rows: int = whole()
    first_at: datetime = moment()
    last_at: datetime = moment()
