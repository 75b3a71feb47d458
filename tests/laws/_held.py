"""All that a ledger ever posted, and what must hold of it at any time."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from recon.core.records import Posting
from recon.ledger.reads import ledger_head
from recon.ledger.rows import EntryRow, PostingRow, RecordRow
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction


class Held(NamedTuple):
    """All that a ledger ever posted."""

    records: Sequence[RecordRow]
    entries: Sequence[EntryRow]
    postings: Sequence[PostingRow]
    head: str

    def newest(self) -> list[RecordRow]:
        """The newest version of each record, vanished ones too."""
        latest = {(one.source, one.family, one.key, one.occurrence): one for one in self.records}
        return list(latest.values())

    def read_anew(self, first: int) -> Counter[tuple[str, str]]:
        """Of the records from the ``first`` on, those that restate a row which is the same to the letter."""
        versions = {
            (one.source, one.family, one.key, one.occurrence, one.version): one for one in self.records
        }
        found: Counter[tuple[str, str]] = Counter()
        for one in self.records[first:]:
            before = versions.get((one.source, one.family, one.key, one.occurrence, one.version - 1))
            if before and before.data == one.data and "vanished" not in (before.status, one.status):
                assert made_of(before) != made_of(one), "a new version says what the one before said"
                found[one.source, one.family] += 1
        return found

    def live(self) -> Counter[tuple[Any, ...]]:
        """The entries in force, by what they say: no id, no number, no version."""
        reversed_ones = {one.reverses for one in self.entries}
        found: Counter[tuple[Any, ...]] = Counter()
        for one in self.entries:
            if one.reverses is None and one.id not in reversed_ones:
                legs = sorted((Posting(*leg[1:]) for leg in self.postings if leg.entry_id == one.id), key=str)
                found[one.source, one.at, one.ordinal, one.kind, tuple(legs)] += 1
        return found

    def balances(self) -> dict[tuple[str, str], Any]:
        found: Counter[tuple[str, str]] = Counter()
        for leg in self.postings:
            found[leg.account, leg.asset] += leg.quantity  # type: ignore[assignment]
        return {place: quantity for place, quantity in found.items() if quantity}

    def in_force(self) -> Counter[tuple[Any, ...]]:
        """What its records say, posted or not."""
        return Counter(
            (
                one.source,
                one.family,
                one.status,
                one.kind,
                one.at,
                one.account,
                one.asset,
                one.quantity,
                one.data,
            )
            for one in self.newest()
            if one.status != "vanished"
        )


def made_of(one: RecordRow) -> tuple[Any, ...]:
    """What was made of a row."""
    return one.status, one.kind, one.at, one.account, one.asset, one.quantity


def held(tx: Transaction) -> Held:
    """Reads a ledger whole."""
    tables = [select(METADATA.tables[name]) for name in ("records", "entries")]
    records, entries = (tx.connection.execute(one.order_by(one.selected_columns.id)).all() for one in tables)
    postings = tx.connection.execute(select(METADATA.tables["postings"])).all()
    return Held(
        [RecordRow(*one) for one in records],
        [EntryRow(*one) for one in entries],
        [PostingRow(*one) for one in postings],
        ledger_head(tx),
    )


def hold_together(before: Held, now: Held) -> None:
    """Nothing is gone; entries sum to zero; of a record nothing but its newest version is posted, and that once."""
    for then, left in zip(before[:3], now[:3], strict=True):
        assert set(then) <= set(left)
    legs: dict[int, list[Posting]] = {one.id: [] for one in now.entries}
    for leg in now.postings:
        legs[leg.entry_id].append(Posting(*leg[1:]))
    for postings in legs.values():
        for asset in {one.asset for one in postings}:
            assert sum(one.quantity for one in postings if one.asset == asset) == 0
    entries = {one.id: one for one in now.entries}
    undone = Counter(one.reverses for one in now.entries if one.reverses is not None)
    for one in now.entries:
        if one.reverses is not None:
            first = entries[one.reverses]
            assert (
                first.reverses is None
                and undone[first.id] == 1
                and (one.at, one.source) == (first.at, first.source)
            )
            moves = [(leg.account, leg.asset, -leg.quantity) for leg in legs[first.id]]
            assert Counter((leg.account, leg.asset, leg.quantity) for leg in legs[one.id]) == Counter(moves)
    newest = {one.id: one for one in now.newest()}
    versions: dict[tuple[str, str, str], dict[int, list[int]]] = {}
    for record in now.records:
        place = versions.setdefault((record.source, record.family, record.key), {})
        place.setdefault(record.occurrence, []).append(record.version)
    for twins in versions.values():
        assert sorted(twins) == list(range(len(twins)))
        assert all(found == list(range(1, len(found) + 1)) for found in twins.values())
    posted = [one for one in now.entries if one.reverses is None]
    assert all((undone[one.id] == 0) == (one.record_id in newest) for one in posted)
    assert len({one.record_id for one in posted}) == len(posted)
    assert not any(newest[one.record_id].status == "vanished" for one in posted if one.record_id in newest)
