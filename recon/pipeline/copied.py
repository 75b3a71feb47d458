"""What a period's books take from the typed copy of the ledger, while it is there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from recon.core.books import (
    BalanceProof,
    ChainRow,
    Curve,
    Posting,
    PriorItem,
    RollForward,
    Transaction,
    Transfer,
)
from recon.core.breaks import CheckResult
from recon.core.money import exact
from recon.core.times import EPOCH, Period, aware, naive
from recon.ledger.copy import TABLES, load
from recon.ledger.store import Ledger
from recon.pipeline.around import around
from recon.pipeline.config import Config
from recon.pipeline.general_ledger import digests, held, postings, taken, told, transactions, trial_balance
from recon.pipeline.holdings import Posted
from recon.pipeline.late import posted
from recon.pipeline.on_disk import OnDisk
from recon.pipeline.prices import values
from recon.pipeline.rolled import rolled
from recon.pipeline.trade_prices import pooled

_MEMORY = "700MB"
"""What the copy may hold: a report has time, and a month of a million trades is to leave room for others."""
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_TRANSFERS = """
with held as (
    select t.link, t.kind, k.basis, t.sent, t.received, t.fee, min(t.asset) as asset,
        arg_min(t.other_asset, t.asset) as other_asset
    from ties as t join links as k on k.link = t.link
    group by all
)
select k.kind, k.basis, one.at, one.source || ' ' || one.account, one.asset, abs(one.quantity),
    one.source || '/' || one.number, other.at, other.source || ' ' || other.account, other.asset,
    abs(other.quantity), other.source || '/' || other.number,
    k.fee, case when k.kind = 'transfer' and one.at < $end and other.at >= $end then abs(other.quantity) else 0 end
from held as k
join legs as one on one.entry = k.sent and one.asset = k.asset and one.class = 'assets'
join legs as other on other.entry = k.received and other.asset = k.other_asset and other.class = 'assets'
where (k.kind = 'transfer' or one.counted) and greatest(one.at, other.at) >= $start and least(one.at, other.at) < $end
order by one.at, one.entry, other.entry
"""

_LOOKS = """
select k.reading, k.source, k.at, k.entry_cut from looks as k order by k.source, k.reading
"""

_BALANCES = """
with held as (
    select l.account, l.asset, sum(l.quantity) as quantity,
        sum(case when l.by_hand then l.quantity else 0 end) as adjusted
    from legs as l
    where l.class = 'assets' and l.source = $source and (l.entry <= $cut or (l.by_hand and l.at <= $at))
    group by l.account, l.asset
), said as (
    select s.account, s.asset, s.total, s.locked from snapshots as s where s.reading = $reading
)
select coalesce(held.account, said.account) as account, coalesce(held.asset, said.asset) as asset,
    coalesce(held.quantity, 0) as ledger, coalesce(said.total, 0) as venue, coalesce(said.locked, 0) as locked,
    coalesce(held.adjusted, 0) as adjusted
from held full outer join said on held.account = said.account and held.asset = said.asset
order by 1, 2
"""

# What people entered has no place in the venue's order: it stands behind the rows that are dated no later.
_CURVES = """
with placed as (
    select l.*, case when l.by_hand then coalesce(max(case when not l.by_hand then l.ordinal end) over (
        partition by l.source, l.account, l.asset order by l.at, l.entry
        rows between unbounded preceding and current row
    ), l.ordinal) else l.ordinal end as spot
    from legs as l
    where l.class = 'assets' and l.live
)
select w.source, w.account, w.asset, max_by(w.at, w.turn), max_by(w.balance, w.turn),
    max_by(w.at, w.turn) filter (where w.balance_after is not null),
    max_by(w.balance_after, w.turn) filter (where w.balance_after is not null)
from (
    select l.*, sum(l.quantity) over (
        partition by l.source, l.account, l.asset order by l.spot, l.entry
        rows between unbounded preceding and current row
    ) as balance,
    row_number() over (partition by l.source, l.account, l.asset order by l.spot, l.entry) as turn
    from placed as l
) as w
where w.at >= $start and w.at < $end
group by w.source, w.account, w.asset, cast(w.at as date)
order by w.source, w.account, w.asset, min(w.turn)
"""


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What the copy said. ``chains`` and ``worth`` are by the id of a break, ``digests`` those of answers."""

    roll_forward: Sequence[RollForward]
    against: Mapping[str, Decimal]
    proofs: Sequence[BalanceProof]
    transfers: Sequence[Transfer]
    curves: Sequence[Curve]
    prior_items: Sequence[PriorItem]
    chains: Mapping[str, tuple[ChainRow, ...]]
    worth: Mapping[str, Decimal]
    transactions: OnDisk[Transaction]
    postings: OnDisk[Posting]
    posted: Posted
    digests: set[str]


def copied(
    config: Config, ledger: Ledger, period: Period, results: Sequence[CheckResult], folder: Path
) -> Copied:
    """Reads all of it from one copy; what is too long to hold goes into the folder."""
    span = {"start": naive(period.start or EPOCH), "end": naive(period.end or _LATEST)}
    currency = pooled(config, config.entity.base_currency)
    base = [currency, *(asset for asset, pool in config.pools.items() if pool == currency)]
    with load(ledger, tables={*TABLES, "origins"}, kept=config.legs, memory=_MEMORY) as copy:
        roll_forward, against = rolled(copy, period)
        looks = copy.execute(_LOOKS).fetchall()
        with ledger.transaction() as tx:
            prior_items = posted(config, tx, copy, period)
        told(copy)
        return Copied(
            roll_forward=roll_forward,
            against=against,
            proofs=[proof for look in _chosen(looks, period) for proof in _proofs(copy, *look)],
            transfers=[
                Transfer(*row)._replace(sent_at=aware(row[2]), received_at=aware(row[7]))
                for row in copy.execute(_TRANSFERS, span).fetchall()
            ],
            curves=_curves(copy.execute(_CURVES, span).fetchall()),
            prior_items=prior_items,
            chains={
                one.id: tuple(rows)
                for result in results
                for one, rows in zip(result.breaks, around(copy, result.breaks), strict=True)
            },
            worth=values(copy, config, period, results),
            transactions=transactions(copy, span, folder),
            postings=postings(copy, span, folder),
            posted=Posted(
                trial=trial_balance(copy, span),
                held=held(copy, span["end"]),
                taken=taken(copy, span, base, folder),
            ),
            digests=digests(copy, span),
        )


def _chosen(looks: Sequence[Sequence[Any]], period: Period) -> Iterator[Sequence[Any]]:
    """Each source's first look at or after the period's end, else its latest."""
    for _, group in groupby(looks, key=lambda row: row[1]):
        every = list(group)
        after = [row for row in every if period.end is not None and aware(row[2]) >= period.end]
        yield after[0] if after else every[-1]


def _proofs(copy: Any, reading: int, source: str, at: datetime, cut: int) -> list[BalanceProof]:
    """Place by place, the ledger as it was known at a look, and what the venue said.

    What people entered since counts from the moment that it is dated at.
    """
    rows = copy.execute(_BALANCES, {"source": source, "reading": reading, "cut": cut, "at": at}).fetchall()
    with exact():
        return [
            BalanceProof(source, account, asset, aware(at), ours, theirs, locked, theirs - ours, (), adjusted)
            for account, asset, ours, theirs, locked, adjusted in rows
            if ours or theirs or locked or adjusted
        ]


def _curves(rows: Iterable[Sequence[Any]]) -> list[Curve]:
    """One point a day and place: the last of the day."""
    found = []
    for place, days in groupby(rows, key=lambda row: tuple(row[:3])):
        points = [row[3:] for row in days]
        ours = [(aware(at), balance) for at, balance, _, _ in points]
        theirs = [(aware(at), after) for _, _, at, after in points if at is not None]
        found.append(Curve(place[0], place[1], place[2], ours, theirs))
    return found
