"""The general ledger and the trial balance of a period, and its movements: from the typed copy, posting by posting.

What a movement held by two sources did to the books once, and no longer does, is taken off where the seal ends that it
counted in (see recon.pipeline.rolled): then its posting stands here a second time, with its sign turned.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from recon.core.books import Posting, Transaction, Trial
from recon.pipeline.on_disk import OnDisk, asked

_TOLD = """
create or replace temp view told as
select l.entry, l.number, l.ordinal, l.source, l.kind, l.class, l.ledger_account as account, l.asset, l.at,
    l.stated_at, l.quantity, l.balance_after
from legs as l
where l.counted or l.counted_until is not null
union all
select l.entry, l.number, l.ordinal, l.source, 'held by another source', l.class, l.ledger_account, l.asset,
    l.counted_until, l.stated_at, -l.quantity, null
from legs as l
where l.counted_until is not null
"""

_POSTINGS = """
select w.account, w.asset, w.at, w.source, w.source || '/' || w.number, w.kind, w.quantity, w.balance,
    w.balance_after, o.answer, o.pointer
from (
    select t.*, sum(t.quantity) over (
        partition by t.account, t.asset order by t.at, t.source, t.ordinal, t.entry, t.quantity
        rows between unbounded preceding and current row
    ) as balance
    from told as t
    where t.at < $end
) as w
join origins as o on o.entry = w.entry
where w.at >= $start
order by w.account, w.asset, w.at, w.source, w.ordinal, w.entry, w.quantity
"""

_TRIAL = """
select t.account, t.asset,
    coalesce(sum(t.quantity) filter (where t.at < $start), 0) as opening,
    coalesce(sum(t.quantity) filter (where t.at >= $start and t.quantity > 0), 0) as debit,
    coalesce(-sum(t.quantity) filter (where t.at >= $start and t.quantity < 0), 0) as credit,
    sum(t.quantity) as closing
from told as t
where t.at < $end
group by t.account, t.asset
having opening <> 0 or count(*) filter (where t.at >= $start) > 0
order by t.account, t.asset
"""

_TRANSACTIONS = """
select own.at, own.source, own.account, own.kind, own.asset, own.quantity,
    coalesce(string_agg(distinct other.ledger_account, ', ' order by other.ledger_account), ''),
    own.balance_after, own.source || '/' || own.number, o.answer, o.pointer
from legs as own
join origins as o on o.entry = own.entry
left join legs as other
    on other.entry = own.entry and other.asset = own.asset and other.ledger_account <> own.ledger_account
where own.class = 'assets' and own.live and own.at >= $start and own.at < $end
group by own.at, own.source, own.account, own.kind, own.asset, own.quantity, own.balance_after, own.entry,
    own.number, o.answer, o.pointer
order by own.at, own.source, own.entry, own.account, own.asset
"""

_HELD = """
select l.asset, coalesce(sum(l.quantity) filter (where l.class = 'assets'), 0),
    coalesce(sum(l.quantity) filter (where l.class = 'transit'), 0)
from legs as l
where l.live and l.counted and l.class in ('assets', 'transit') and l.stated_at < $end
group by l.asset
order by l.asset
"""

_DIGESTS = """
select distinct o.answer from told as t join origins as o on o.entry = t.entry where t.at >= $start and t.at < $end
"""

_TAKEN = """
select t.source, t.account, t.asset, case when list_contains($base, t.asset) then 0 else t.entry end as entry,
    case when list_contains($base, t.asset) then null else t.stated_at end as moment, count(*) as postings,
    sum(t.quantity) as units
from told as t
where t.class in ('fees', 'income') and t.at >= $start and t.at < $end
group by all
order by t.source, t.account, t.asset, moment, entry
"""


class Taken(NamedTuple):
    """Fees (``units`` above zero) or income (below) of one entry; those in base currency (``entry`` 0) all at once."""

    source: str
    account: str
    asset: str
    entry: int
    at: datetime | None
    rows: int
    units: Decimal


def told(copy: DuckDBPyConnection) -> None:
    """Makes the view that the ledger and the trial balance are read from; after ``tie``."""
    copy.execute(_TOLD)


def transactions(copy: DuckDBPyConnection, span: Mapping[str, datetime], folder: Path) -> OnDisk[Transaction]:
    """Every movement of a place that is in force."""
    return asked(copy, _TRANSACTIONS, span, folder / "transactions", Transaction)


def postings(copy: DuckDBPyConnection, span: Mapping[str, datetime], folder: Path) -> OnDisk[Posting]:
    """Every posting, by account, asset and moment, with the account's balance after it."""
    return asked(copy, _POSTINGS, span, folder / "postings", Posting)


def trial_balance(copy: DuckDBPyConnection, span: Mapping[str, datetime]) -> list[Trial]:
    """What each account held at the beginning, what was posted, and, summed apart, what it holds at the end."""
    return [Trial(*row) for row in copy.execute(_TRIAL, dict(span)).fetchall()]


def held(copy: DuckDBPyConnection, end: datetime) -> dict[str, tuple[Decimal, Decimal]]:
    """By asset what places hold of what happened before the end, whenever it was posted; and what is between them."""
    rows = copy.execute(_HELD, {"end": end}).fetchall()
    return {asset: (places, between) for asset, places, between in rows}


def taken(
    copy: DuckDBPyConnection, span: Mapping[str, datetime], base: Sequence[str], folder: Path
) -> OnDisk[Taken]:
    """What fees and income the period brought. ``base`` are the assets that need no price."""
    return asked(copy, _TAKEN, {**span, "base": list(base)}, folder / "taken", Taken)


def digests(copy: DuckDBPyConnection, span: Mapping[str, datetime]) -> set[str]:
    """Those of the sealed answers that the period's postings rest on."""
    return {digest for (digest,) in copy.execute(_DIGESTS, dict(span)).fetchall()}
