"""How far a ledger is looked at: by the newest id of each table, which is one state of it, as nothing ever changes.

What came later for the time before a moment stands between two such states, and is told one by one.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import and_, func, or_, select

from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

_TABLES = METADATA.tables
_ENTRIES = _TABLES["entries"]
_RECORDS = _TABLES["records"]
_READINGS = _TABLES["readings"].c
_ANSWERS = _TABLES["answers"].c
_FACTS = _TABLES["facts"].c
_LINKS = _TABLES["links"].c
_COVERAGE = _TABLES["coverage"].c


class Cuts(NamedTuple):
    """The newest id of each of these tables that counts; 0 for none."""

    entries: int
    records: int
    readings: int
    coverage: int
    links: int

    def further(self, **ids: int) -> "Cuts":
        """No less far than these ids."""
        return self._replace(**{name: max(one, getattr(self, name)) for name, one in ids.items()})


class Came(NamedTuple):
    """One thing that came later.

    ``kind`` is the entry's, "prices: " with the stream, or the link's; ``entry`` and ``other`` are entries by source
    and number, empty for prices; ``at`` is when it happened, ``answer`` and ``pointer`` where its bytes are.
    """

    kind: str
    entry: str
    other: str
    at: datetime
    answer: str
    pointer: str


class Step(NamedTuple):
    """Things that came at once, the run that they came with, and how far the ledger is looked at with them."""

    run: int
    came: tuple[Came, ...]
    cuts: Cuts


def newest(tx: Transaction) -> Cuts:
    """All there is."""
    return Cuts(*(tx.connection.scalar(select(func.max(_TABLES[name].c.id))) or 0 for name in Cuts._fields))


def as_of(tx: Transaction, entries: Mapping[str, int], answer: int, run: int) -> Cuts:
    """All up to one entry of each source, by its number, one line of the evidence, and what one run left."""
    ids = [
        tx.connection.scalar(
            select(_ENTRIES.c.id).where(_ENTRIES.c.source == source, _ENTRIES.c.seq == number)
        )
        for source, number in entries.items()
    ]
    reading = tx.connection.scalar(select(func.max(_READINGS.id)).where(_READINGS.last_seq <= answer)) or 0
    record = tx.connection.scalar(select(func.max(_RECORDS.c.id)).where(_RECORDS.c.reading_id <= reading))
    left = [
        tx.connection.scalar(select(func.max(one.id)).where(one.run_id <= run)) for one in (_COVERAGE, _LINKS)
    ]
    return Cuts(max((one or 0 for one in ids), default=0), record or 0, reading, *(one or 0 for one in left))


def later(tx: Transaction, cuts: Cuts, end: datetime) -> list[Step]:
    """What came after ``cuts`` and is of before ``end``, in the order in which it came.

    An entry, with the one that it takes back; the prices of one reading; a link of rows of which one is of before.
    """
    found = [*_entries(tx, cuts, end), *_prices(tx, cuts, end), *_links(tx, cuts, end)]
    ends = _ends(tx, cuts)
    steps: list[Step] = []
    for (run, link, _), together in groupby(sorted(found, key=lambda one: one[0]), key=lambda one: one[0]):
        every = [one[1:] for one in together]
        if link:  # it may tie what is of after the end, which no step tells of
            for _, end_of in (one for one in ends if one[0] <= run):
                cuts = cuts.further(**end_of)
        for _, ids in every:
            cuts = cuts.further(**ids)
        steps.append(Step(run, tuple(came for came, _ in every), cuts))
    return steps


_Found = tuple[tuple[int, bool, tuple[int, int]], Came, Mapping[str, int]]
"""What it is sorted by (run, whether it is a link, ids), the thing, and the ids up to which it is looked at."""


def _ends(tx: Transaction, cuts: Cuts) -> list[tuple[int, dict[str, int]]]:
    """The newest entry, record and reading of each run behind the cuts that read anything."""
    asked = (
        select(_READINGS.run_id, func.max(_ENTRIES.c.id), func.max(_RECORDS.c.id), func.max(_READINGS.id))
        .select_from(_READINGS.id.table.outerjoin(_RECORDS, _RECORDS.c.reading_id == _READINGS.id))
        .outerjoin(_ENTRIES, _ENTRIES.c.record_id == _RECORDS.c.id)
        .where(_READINGS.id > cuts.readings)
        .group_by(_READINGS.run_id)
    )
    names = ("entries", "records", "readings")
    return [
        (run, dict(zip(names, (one or 0 for one in ids), strict=True)))
        for run, *ids in tx.connection.execute(asked)
    ]


def _entries(tx: Transaction, cuts: Cuts, end: datetime) -> Iterator[_Found]:
    entry, told = _ENTRIES.c, _RECORDS.c
    turned, taken = _ENTRIES.alias().c, _RECORDS.alias().c
    at = func.coalesce(taken.at, told.at)
    asked = (
        select(_READINGS.run_id, told.reading_id, told.id, entry.id, entry.source, entry.seq, entry.kind, at)
        .add_columns(_ANSWERS.sha256, told.pointer)
        .select_from(_ENTRIES.join(_RECORDS, told.id == entry.record_id))
        .join(_READINGS.id.table, _READINGS.id == told.reading_id)
        .join(_ANSWERS.seq.table, _ANSWERS.seq == told.answer_seq)
        .outerjoin(turned.id.table, turned.id == entry.reverses)
        .outerjoin(taken.id.table, taken.id == turned.record_id)
        .where(entry.id > cuts.entries, at < end)
        .order_by(entry.id)
    )
    for run, reading, record, number, source, seq, kind, moment, answer, pointer in tx.connection.execute(
        asked
    ):
        came = Came(kind, f"{source}/{seq}", "", moment, answer or "", pointer)
        ids = {"entries": number, "records": record, "readings": reading}
        yield (run, False, (reading, record)), came, ids


def _prices(tx: Transaction, cuts: Cuts, end: datetime) -> Iterator[_Found]:
    """Of all that is stated beside rows and balances only prices are dated before they were read."""
    asked = (
        select(_READINGS.run_id, _READINGS.id, _READINGS.source, _READINGS.stream, func.min(_FACTS.at))
        .add_columns(func.min(_FACTS.answer_seq))
        .select_from(_READINGS.id.table.join(_FACTS.id.table, _FACTS.reading_id == _READINGS.id))
        .where(_READINGS.id > cuts.readings, _FACTS.at < end)
        .group_by(_READINGS.run_id, _READINGS.id, _READINGS.source, _READINGS.stream)
    )
    for run, reading, source, stream, at, seq in tx.connection.execute(asked).all():
        answer = tx.connection.scalar(select(_ANSWERS.sha256).where(_ANSWERS.seq == seq))
        came = Came(f"prices: {source}/{stream}", "", "", at, answer or "", "")
        yield (run, False, (reading, 0)), came, {"readings": reading}


def _links(tx: Transaction, cuts: Cuts, end: datetime) -> Iterator[_Found]:
    one, other = _RECORDS.alias().c, _RECORDS.alias().c
    asked = (
        select(_LINKS.run_id, _LINKS.id, _LINKS.kind, one.id, other.id, one.at, other.at, _ANSWERS.sha256)
        .add_columns(one.pointer)
        .select_from(_LINKS.id.table)
        .join(one.id.table, one.id == _LINKS.one_record)
        .join(other.id.table, other.id == _LINKS.other_record)
        .join(_ANSWERS.seq.table, _ANSWERS.seq == one.answer_seq)
        .where(_LINKS.id > cuts.links, or_(one.at < end, other.at < end))
    )
    rows = tx.connection.execute(asked).all()
    names = _names(tx, {record for row in rows for record in row[3:5]})
    for run, link, kind, first, second, at, then, answer, pointer in rows:
        said = "transfer found" if kind == "transfer" else "held by another source"
        came = Came(said, names.get(first, ""), names.get(second, ""), min(at, then), answer or "", pointer)
        yield (run, True, (link, 0)), came, {"links": link}


def _names(tx: Transaction, records: Iterable[int]) -> dict[int, str]:
    """The first entry of each of these records, by source and number."""
    entry = _ENTRIES.c
    found = {}
    for record in sorted(set(records)):
        first = tx.connection.execute(
            select(entry.source, entry.seq)
            .where(and_(entry.record_id == record, entry.reverses.is_(None)))
            .order_by(entry.id)
            .limit(1)
        ).first()
        if first is not None:
            found[record] = f"{first.source}/{first.seq}"
    return found
