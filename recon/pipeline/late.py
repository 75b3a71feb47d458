"""What came late for a sealed period: entries that are posted behind it, and the period they belong to.

A movement that was sealed twice, and only then found to be held by two sources, comes off behind the seal too.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from duckdb import DuckDBPyConnection

from recon.core.books import PriorItem
from recon.core.times import Period, aware, naive
from recon.ledger.reads import entry_evidence
from recon.ledger.transaction import Transaction
from recon.pipeline.config import Config
from recon.pipeline.seals import ever_sealed

_LATE = """
with told as (
    select l.entry, l.stated_at, l.at, l.source, l.class, l.ledger_account, l.kind, l.asset, l.quantity,
        l.counted or l.counted_until is not null as counted
    from legs as l
    where l.stated_at < l.at
    union all
    select l.entry, l.stated_at, l.counted_until, l.source, l.class, l.ledger_account,
        'held by another source: ' || l.kind, l.asset, -l.quantity, true
    from legs as l
    where l.counted_until is not null
)
select l.entry, l.stated_at, l.at, l.source, l.ledger_account, l.kind, l.asset, l.quantity
from told as l
where {which}
order by l.stated_at, l.entry, l.ledger_account, l.asset
"""
_POSTED = "l.class = 'assets' and l.counted and ($start is null or l.at >= $start) and ($end is null or l.at < $end)"
_BELONGING = "l.stated_at < $end and l.at >= $end"
_PLACE = "assets:"


def posted(config: Config, tx: Transaction, copy: DuckDBPyConnection, period: Period) -> list[PriorItem]:
    """What moved a place, is posted in the period and belongs to one before."""
    bounds = {name: at and naive(at) for name, at in (("start", period.start), ("end", period.end))}
    return _items(config.zone, tx, copy, _POSTED, bounds)


def belonging(config: Config, tx: Transaction, copy: DuckDBPyConnection, end: datetime) -> list[PriorItem]:
    """What happened before a moment and is posted at it or later, on every account of the ledger."""
    return _items(config.zone, tx, copy, _BELONGING, {"end": naive(end)})


def _items(
    zone: ZoneInfo,
    tx: Transaction,
    copy: DuckDBPyConnection,
    which: str,
    bounds: dict[str, datetime | None],
) -> list[PriorItem]:
    rows = copy.execute(_LATE.format(which=which), bounds).fetchall()
    origins = {one.entry_id: one for one in entry_evidence(tx, {row[0] for row in rows})}
    closed = ever_sealed(tx)
    return [
        PriorItem(
            _period(closed, zone, aware(stated)), aware(stated), aware(at), source,
            account.removeprefix(f"{_PLACE}{source}:") if which == _POSTED else account, kind, asset, quantity,
            f"{source}/{origins[entry].seq}", origins[entry].answer, origins[entry].pointer,
        )
        for entry, stated, at, source, account, kind, asset, quantity in rows
    ]  # fmt: skip


def _period(closed: Sequence[Period], zone: ZoneInfo, at: datetime) -> str:
    """The period that was sealed over a moment, last if it was several times; else its month."""
    return next((one.name for one in reversed(closed) if one.holds(at)), f"{at.astimezone(zone):%Y-%m}")
