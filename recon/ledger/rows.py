"""The rows of the ledger's tables as values, field for field, for appending and for reading.

What each field means stands in recon.ledger.tables. Moments are aware datetimes, quantities Decimals.
"""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class SourceRow(NamedTuple):
    """A row of ``sources``."""

    name: str
    kind: str
    first_seen_run: int


class RunRow(NamedTuple):
    """A row of ``runs``; ``settings`` is JSON."""

    id: int
    started_at: datetime
    command: str
    version: str
    settings: str


class RunEndRow(NamedTuple):
    """A row of ``run_ends``."""

    run_id: int
    ended_at: datetime
    status: str


class AnswerRow(NamedTuple):
    """A row of ``answers``; ``params`` is JSON."""

    seq: int
    at: datetime
    source: str
    stream: str
    method: str
    url: str
    params: str
    status: int | None
    sha256: str | None
    size: int
    link: str


class ReadingRow(NamedTuple):
    """A row of ``readings``. One that took snapshots states its ``entry_cut``, one that did not leaves it None."""

    id: int
    run_id: int
    source: str
    stream: str
    family: str
    status: str
    started_at: datetime
    ended_at: datetime
    first_seq: int | None
    last_seq: int | None
    requests: int
    seen: int
    new: int
    changed: int
    vanished: int
    stated: int | None
    first_at: datetime | None
    last_at: datetime | None
    entry_cut: int | None
    error_kind: str | None
    error_message: str | None


class RecordRow(NamedTuple):
    """A row of ``records``."""

    id: int
    reading_id: int
    source: str
    stream: str
    family: str
    key: str
    occurrence: int
    version: int
    status: str
    kind: str
    at: datetime
    account: str
    asset: str
    quantity: Decimal
    data: str
    answer_seq: int
    pointer: str
    txid: str | None = None
    address: str | None = None


class LinkRow(NamedTuple):
    """A row of ``links``; of the same movement held twice ``fee`` is None."""

    id: int
    run_id: int
    kind: str
    basis: str
    one_record: int
    other_record: int
    fee: Decimal | None = None


class EntryRow(NamedTuple):
    """A row of ``entries``; ``hash`` comes from recon.ledger.chain.link."""

    id: int
    source: str
    seq: int
    at: datetime
    ordinal: int
    kind: str
    record_id: int
    reverses: int | None
    hash: str


class PostingRow(NamedTuple):
    """A row of ``postings``."""

    entry_id: int
    account: str
    asset: str
    quantity: Decimal
    balance_after: Decimal | None


class SnapshotRow(NamedTuple):
    """A row of ``snapshots``."""

    id: int
    reading_id: int
    source: str
    account: str
    asset: str
    at: datetime
    total: Decimal
    locked: Decimal
    answer_seq: int
    pointer: str


class FactRow(NamedTuple):
    """A row of ``facts``."""

    id: int
    reading_id: int
    source: str
    stream: str
    subject: str
    name: str
    value: str
    at: datetime
    answer_seq: int
    pointer: str


class CoverageRow(NamedTuple):
    """A row of ``coverage``; ``reading_id`` is None for a stream that was not asked, and for the mark of the END."""

    id: int
    run_id: int
    reading_id: int | None
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


END = ""
"""The stream that a certificate names last: the source was read to its end."""


class CellRow(NamedTuple):
    """A row of ``cells``."""

    coverage_id: int
    account: str
    asset: str
    rows: int
    first_at: datetime
    last_at: datetime


class ActRow(NamedTuple):
    """A row of ``acts``; ``facts`` is JSON, ``hash`` comes from recon.ledger.acts."""

    id: int
    run_id: int
    at: datetime
    about: str
    name: str
    act: str
    account: str
    person: str
    facts: str
    horizon: datetime | None
    hash: str


CHUNK = 10_000
"""How many rows a bulk read or append holds in memory at once."""

TABLE_OF: dict[type, str] = {
    SourceRow: "sources",
    RunRow: "runs",
    RunEndRow: "run_ends",
    AnswerRow: "answers",
    ReadingRow: "readings",
    RecordRow: "records",
    EntryRow: "entries",
    PostingRow: "postings",
    SnapshotRow: "snapshots",
    FactRow: "facts",
    LinkRow: "links",
    CoverageRow: "coverage",
    CellRow: "cells",
    ActRow: "acts",
}
