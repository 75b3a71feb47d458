"""What was done about breaks, adjustments, periods and prices: never changed, each act chained to the one before."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import select

from recon.core.acts import About, Deed, Who
from recon.core.canonical import sha256, write_json
from recon.core.records import GENESIS
from recon.core.times import moment_text
from recon.ledger.rows import ActRow
from recon.ledger.tables import METADATA
from recon.ledger.transaction import Transaction

_ACTS = METADATA.tables["acts"]


def record(tx: Transaction, run: int, at: datetime, who: Who, deeds: Iterable[Deed]) -> list[ActRow]:
    """Appends acts of one moment and one person, in their order; the rows as they stand now."""
    prev = head(tx)
    rows = []
    for deed in deeds:
        told = (
            tx.next_id(ActRow),
            run,
            at,
            deed.about,
            deed.name,
            deed.act,
            *who,
            write_json(dict(deed.facts)),
        )
        row = ActRow(*told, deed.horizon, "")
        prev = link(prev, row)
        rows.append(row._replace(hash=prev))
    tx.append(ActRow, rows)
    return rows


def head(tx: Transaction) -> str:
    """The hash of the newest act."""
    return tx.connection.scalar(select(_ACTS.c.hash).order_by(_ACTS.c.id.desc()).limit(1)) or GENESIS


def acts(tx: Transaction, about: About | None = None) -> list[ActRow]:
    """Every act, oldest first; or those about one kind of thing."""
    found = select(_ACTS).order_by(_ACTS.c.id)
    if about is not None:
        found = found.where(_ACTS.c.about == about)
    return [ActRow(*row) for row in tx.connection.execute(found)]


def horizon(tx: Transaction) -> datetime | None:
    """The end of what is sealed: no entry may be dated before it. None while nothing is."""
    at = _ACTS.c.horizon
    return tx.connection.scalar(select(at).where(at.is_not(None)).order_by(_ACTS.c.id.desc()).limit(1))


def link(prev: str, row: ActRow) -> str:
    """The hash of an act, after the one whose hash is ``prev`` (GENESIS before the first)."""
    until = "" if row.horizon is None else moment_text(row.horizon)
    told = [row.id, row.run_id, moment_text(row.at), *row[3:9], until]
    return sha256(write_json([prev, *told]).encode())


def verify(tx: Transaction) -> Iterator[str]:
    """Walks the chain of acts again; yields each problem with its place."""
    prev, number = GENESIS, 0
    for row in acts(tx):
        if row.id != number + 1:
            yield f"act {row.id}: the one before it is {number}, so acts are missing"
        if link(prev, row) != row.hash:
            yield f"act {row.id} ({row.about} {row.name}: {row.act}): its hash is not that of its line"
        prev, number = row.hash, row.id
