"""From a sealed reading to the ledger: which rows are new, changed or gone, and their entries.

A reading is compared as a multiset with what the ledger knows of its family. Equal rows are matched one to one; a row
whose identity is known but whose content is not is a new version; more copies are new records, fewer are vanished.
A new version of what was posted reverses that entry and is posted anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from recon.core.canonical import identity
from recon.core.contracts import Pass, Stream
from recon.core.errors import SourceError
from recon.core.failpoints import failpoint
from recon.core.money import exact
from recon.core.records import GENESIS, Posting, Row
from recon.ledger.acts import horizon
from recon.ledger.chain import ChainedEntry, link
from recon.ledger.known import Known, content_digest, known_records
from recon.ledger.reads import heads, live_entries, record_of
from recon.ledger.rows import EntryRow, FactRow, PostingRow, RecordRow, SnapshotRow
from recon.ledger.transaction import Transaction

_CHUNK = 5_000
Place = tuple[str, int, int]
"""A record's place in its family: key, occurrence, version."""


@dataclass
class Cell:
    """The rows of one account and asset."""

    rows: int
    first: datetime
    last: datetime


@dataclass
class Tally:
    """What one reading brought; ``cells`` by account and asset."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    vanished: int = 0
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)

    @property
    def first(self) -> datetime | None:
        """The earliest moment of a row."""
        return min((cell.first for cell in self.cells.values()), default=None)

    @property
    def last(self) -> datetime | None:
        """The latest moment of a row."""
        return max((cell.last for cell in self.cells.values()), default=None)

    def meet(self, row: Row) -> None:
        """Counts a row, once for each asset it moves."""
        self.seen += 1
        self._meet(row, row.asset)
        for asset in {posting.asset for posting in row.postings} - {row.asset}:
            self._meet(row, asset)

    def _meet(self, row: Row, asset: str) -> None:
        cell = self.cells.get((row.account, asset))
        if cell is None:
            self.cells[row.account, asset] = Cell(1, row.at, row.at)
            return
        cell.rows += 1
        if row.at < cell.first:
            cell.first = row.at
        elif row.at > cell.last:
            cell.last = row.at


class Ids:
    """A set of record ids, a bit for each: a million take an eighth of a megabyte, where a set takes eighty."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        """Puts an id in."""
        place = number >> 3
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        self._bits[place] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return place < len(self._bits) and bool(self._bits[place] >> (number & 7) & 1)


class Reading(NamedTuple):
    """What a post needs to know of the reading it posts. ``start``: nothing before it is posted."""

    id: int
    source: str
    stream: Stream
    passed: Pass
    start: datetime | None


def post_rows(tx: Transaction, reading: Reading, touched: Ids, last_of_family: bool) -> Tally:
    """Posts a history's reading.

    ``touched`` gathers the family's records that its files still hold; at the last file, what none holds is vanished.
    """
    assert reading.stream.rows is not None
    family = reading.stream.family or reading.stream.name
    known = known_records(tx, reading.source, family)
    writer = _Writer(tx, reading, family)
    tally = Tally()
    odd: list[tuple[str, Row]] = []
    with exact():
        for row in reading.stream.rows(reading.passed.answers):
            tally.meet(row)
            key = identity(row.identity)
            if reading.start is not None and row.at < reading.start:
                if (same := known.repeated(key, _digest(row))) is not None:
                    touched.add(same)  # posted before the start was moved, and still there
                continue
            if not known.holds(key):
                touched.add(writer.record(row, (key, known.next_occurrence(key), 1)))
                tally.new += 1
            elif (same := known.repeated(key, _digest(row))) is not None:
                touched.add(same)
            else:
                odd.append((key, row))
        for key, row in odd:
            # of an identity that is known, but to the letter like none: a change of one that is left, else one more
            before = known.unmatched(key)
            if before is not None and before.record_id in touched:
                raise SourceError(
                    "bad_row",
                    f"row {row.pointer}: another file of this pull has a row of the same id with other cells",
                    where=reading.stream.name,
                    next_step="Keep the file that is right; nothing of this one was posted",
                )
            if before is not None:
                touched.add(before.record_id)
                touched.add(writer.change(before, row))
                tally.changed += 1
            else:
                touched.add(writer.record(row, (key, known.next_occurrence(key), 1)))
                tally.new += 1
        short = reading.passed.stated is not None and tally.seen < reading.passed.stated
        if last_of_family and not short:  # what a short list leaves out is not gone
            for before in known.in_force():
                if before.record_id not in touched:
                    writer.vanish(before)
                    tally.vanished += 1
        writer.flush()
    failpoint("post.rows-written")
    return tally


def _digest(row: Row) -> bytes:
    return content_digest(row.data, row.status, row.kind, row.at, row.account, row.asset, row.quantity)


class _Writer:
    """Buffers records, entries and postings, and chains the entries of one source."""

    def __init__(self, tx: Transaction, reading: Reading, family: str) -> None:
        self.tx = tx
        self.reading = reading
        self.family = family
        head = next((one for one in heads(tx) if one.source == reading.source), None)
        self.seq, self.hash = (head.seq, head.hash) if head else (0, GENESIS)
        self.horizon = horizon(tx)
        self.digests = {one.seq: one.sha256 or "" for one in reading.passed.answers}
        self.records: list[RecordRow] = []
        self.entries: list[EntryRow] = []
        self.postings: list[PostingRow] = []

    def record(self, row: Row, place: Place) -> int:
        """A record's first version with its entry; the record's id."""
        record_id = self._record(row, place, row.status)
        if row.postings:
            self._entry(row, place, record_id, row.postings)
        return record_id

    def change(self, before: Known, row: Row) -> int:
        """A new version: the entry of the one before is reversed, and the row posted as it now stands."""
        place = (before.key, before.occurrence, before.version + 1)
        record_id = self._record(row, place, row.status)
        self._reverse(before, row, place, record_id)
        if row.postings:
            self._entry(row, place, record_id, row.postings)
        return record_id

    def vanish(self, before: Known) -> None:
        """A version that says the venue shows the row no more; its entry is reversed."""
        stated = record_of(self.tx, before.record_id)
        row = Row(
            identity=(), at=stated.at, ordinal=0, kind=stated.kind, status="settled", account=stated.account,
            asset=stated.asset, quantity=stated.quantity, data=stated.data,
            seq=self.reading.passed.answers[-1].seq, pointer="", postings=(),
        )  # fmt: skip
        place = (before.key, before.occurrence, before.version + 1)
        self._reverse(before, row, place, self._record(row, place, "vanished"))

    def _record(self, row: Row, place: Place, status: str) -> int:
        record_id = self.tx.next_id(RecordRow)
        self.records.append(
            RecordRow(
                record_id, self.reading.id, self.reading.source, self.reading.stream.name, self.family, *place, status,
                row.kind, row.at, row.account, row.asset, row.quantity, row.data, row.seq, row.pointer,
                row.txid or None, row.address or None,
            )
        )  # fmt: skip
        if len(self.records) >= _CHUNK:
            self.flush()
        return record_id

    def _reverse(self, before: Known, row: Row, place: Place, record_id: int) -> None:
        """Dated as the entry it takes back, so that balances at any time are as if that had never been."""
        for live in live_entries(self.tx, [before.record_id]):
            back = tuple(
                p._replace(quantity=p.quantity.copy_negate(), balance_after=None) for p in live.postings
            )
            entry = live.entry
            taken = row._replace(at=entry.at, ordinal=entry.ordinal, kind=f"reversal: {entry.kind}"[:200])
            self._entry(taken, place, record_id, back, entry)

    def _entry(
        self,
        row: Row,
        place: Place,
        record_id: int,
        postings: Sequence[Posting],
        back: EntryRow | None = None,
    ) -> None:
        """Dated as its row; what comes late for a sealed period is dated at its end, and its record tells when."""
        self.seq += 1
        at = row.at if self.horizon is None else max(row.at, self.horizon)
        chained = ChainedEntry(
            self.reading.source, self.seq, at, row.ordinal, row.kind, *place, self.digests[row.seq], row.pointer,
            back.seq if back else 0, postings,
        )  # fmt: skip
        _, self.hash = link(self.hash, chained)
        entry_id = self.tx.next_id(EntryRow)
        self.entries.append(
            EntryRow(
                entry_id, self.reading.source, self.seq, at, row.ordinal, row.kind, record_id,
                back.id if back else None, self.hash,
            )
        )  # fmt: skip
        self.postings.extend(PostingRow(entry_id, *posting) for posting in postings)

    def flush(self) -> None:
        """Writes what is buffered, records first."""
        self.tx.append(RecordRow, self.records)
        self.tx.append(EntryRow, self.entries)
        self.tx.append(PostingRow, self.postings)
        self.records, self.entries, self.postings = [], [], []
        failpoint("post.chunk-written")


def post_holdings(tx: Transaction, reading: Reading) -> Tally:
    """Writes what the venue says it holds now."""
    assert reading.stream.holdings is not None
    with exact():
        rows = [
            SnapshotRow(
                tx.next_id(SnapshotRow), reading.id, reading.source, held.account, held.asset, held.at, held.total,
                held.locked, held.seq, held.pointer,
            )
            for held in reading.stream.holdings(reading.passed.answers)
        ]  # fmt: skip
    tx.append(SnapshotRow, rows)
    return Tally(seen=len(rows))


def post_facts(tx: Transaction, reading: Reading) -> Tally:
    """Writes what else the venue states now."""
    assert reading.stream.facts is not None
    with exact():
        rows = [
            FactRow(tx.next_id(FactRow), reading.id, reading.source, reading.stream.name, *fact)
            for fact in reading.stream.facts(reading.passed.answers)
        ]
    tx.append(FactRow, rows)
    return Tally(seen=reading.stream.seen(reading.passed.answers))
