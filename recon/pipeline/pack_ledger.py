"""The ledger's own rows in an audit pack: all that its running hash covers, and what the reports count otherwise."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from recon.core.books import Books
from recon.core.document import Cell, Column
from recon.core.errors import ReconError
from recon.core.records import line_postings
from recon.core.times import aware, moment_text
from recon.ledger.chain import ChainedEntry, chained
from recon.ledger.copy import load as typed_copy
from recon.ledger.reads import heads, ledger_head
from recon.ledger.store import Ledger
from recon.ledger.transaction import Transaction
from recon.pipeline.config import Config
from recon.pipeline.pack_data import ROWS, Tables

_ENTRIES = (
    "source", "seq", "at", "ordinal", "kind", "key", "occurrence", "version", "answer", "pointer", "reverses",
    "stated_at", "hash",
)  # fmt: skip
_POSTINGS = ("source", "seq", "account", "asset", "quantity", "balance_after")
_RECLASSIFIED = ("source", "seq", "account", "asset", "quantity", "counts_until")
_LATE = "select distinct l.source, l.number, l.stated_at from legs as l where l.stated_at < l.at"
_LINKED = """
select l.source, l.number, l.ledger_account, l.asset, l.quantity, l.counted, l.counted_until
from legs as l
where l.entry in (select t.sent from ties as t union select t.received from ties as t)
order by l.source, l.number, l.ledger_account, l.asset
"""


def write_ledger(config: Config, ledger: Ledger, books: Books, tables: Tables) -> dict[str, Any]:
    """Writes every entry with its hash, every posting, and how links make reports count some otherwise.

    Raises ReconError where the ledger is no more the one that the books were read of.
    """
    with typed_copy(ledger, tables=("legs", "links"), kept=config.legs) as copy:
        told = copy.execute(_LATE).fetchall()
        late = {(source, number): moment_text(aware(at)) for source, number, at in told}
        linked = copy.execute(_LINKED).fetchall()
    with tables.table("ledger/reclassified", _columns(_RECLASSIFIED)) as add:
        add((*row[:5], _until(*row[5:])) for row in linked)
    count = 0
    with (
        ledger.transaction() as tx,
        tables.table("ledger/entries", _columns(_ENTRIES)) as add_entries,
        tables.table("ledger/postings", _columns(_POSTINGS)) as add_postings,
    ):
        walk = _walk(tx)
        while some := list(islice(walk, ROWS)):
            count += len(some)
            add_entries(_entry(one, stored, late.get((one.source, one.seq), "")) for one, stored in some)
            add_postings(row for one, _ in some for row in _postings(one))
        head = ledger_head(tx)
    if head != books.head:
        raise ReconError(
            "the ledger was added to while the audit pack was written",
            where="[ledger]",
            next_step="Run the command again when nothing else writes to it",
        )
    return {"entries": count, "ledger_head": head}


def _columns(titles: Sequence[str]) -> list[Column]:
    return [Column(title=title, kind="amount" if title == "quantity" else "code") for title in titles]


def _until(counted: bool, until: Any) -> str:
    """Up to when a leg counts: empty where it always does."""
    return "" if counted else "never" if until is None else moment_text(aware(until))


def _walk(tx: Transaction) -> Iterator[tuple[ChainedEntry, str]]:
    """Every entry with its hash, source after source."""
    for one in heads(tx):
        yield from chained(tx, one.source, 0)


def _entry(one: ChainedEntry, stored: str, stated_at: str) -> Sequence[Cell]:
    """``stated_at`` is when it happened, where it came late for a sealed period."""
    at = moment_text(one.at)
    return (one.source, one.seq, at, *one[3:11], stated_at, stored)


def _postings(one: ChainedEntry) -> Iterator[Sequence[Cell]]:
    """In the order in which the hash covers them."""
    for posting in sorted(one.postings, key=lambda part: part[:2]):
        ((*_, after),) = line_postings([posting])
        yield (one.source, one.seq, posting.account, posting.asset, posting.quantity, after)
