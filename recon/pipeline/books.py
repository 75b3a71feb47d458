"""Reads from the ledger, once, everything that a period's reports say. No clock: the same ledger, the same books."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from recon import __version__
from recon.core.books import BalanceProof, Books, Curve, RegisteredBreak, Transaction, Transfer
from recon.core.breaks import CheckResult
from recon.core.money import exact
from recon.core.times import EPOCH, Period, aware, naive
from recon.evidence.archive import answers
from recon.ledger.copy import load as typed_copy
from recon.ledger.reads import EntryEvidence, entry_evidence, evidence_head, latest_readings, ledger_head
from recon.ledger.store import Ledger
from recon.pipeline.adjusted import posted_adjustments
from recon.pipeline.around import around
from recon.pipeline.config import Config
from recon.pipeline.coverage import certify
from recon.pipeline.late import posted
from recon.pipeline.reconcile import examine, registered
from recon.pipeline.rolled import rolled
from recon.pipeline.seals import seals

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

_TRANSACTIONS = """
select own.at, own.source, own.account, own.kind, own.asset, own.quantity, own.balance_after, own.entry,
    string_agg(distinct other.ledger_account, ', ' order by other.ledger_account) as contra
from legs as own
left join legs as other
    on other.entry = own.entry and other.asset = own.asset and other.ledger_account <> own.ledger_account
where own.class = 'assets' and own.live and own.at >= $start and own.at < $end
group by all
order by own.at, own.source, own.entry, own.account, own.asset
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
select w.source, w.account, w.asset, w.at, w.balance_after, w.balance
from (
    select l.*, sum(l.quantity) over (
        partition by l.source, l.account, l.asset order by l.spot, l.entry
        rows between unbounded preceding and current row
    ) as balance
    from placed as l
) as w
where w.at >= $start and w.at < $end
order by w.source, w.account, w.asset, w.spot, w.entry
"""


def books(
    config: Config, ledger: Ledger, period: Period, results: Sequence[CheckResult] | None = None
) -> Books:
    """The books of one period. Moments are aware UTC; quantities exact. ``results``: where the checks ran already."""
    if results is None:
        results = examine(config, ledger, period)
    span = {
        "start": naive(period.start or EPOCH),
        "end": naive(period.end or datetime(2200, 1, 1, tzinfo=UTC)),
    }
    with typed_copy(ledger, kept=config.legs) as copy:
        roll_forward, against = rolled(copy, period)
        looks = copy.execute(_LOOKS).fetchall()
        proofs = [proof for look in _chosen(looks, period) for proof in _proofs(copy, *look)]
        transactions = copy.execute(_TRANSACTIONS, span).fetchall()
        transfers = copy.execute(_TRANSFERS, span).fetchall()
        curves = _curves(copy.execute(_CURVES, span).fetchall())
        with ledger.transaction() as tx:
            prior_items = posted(config, tx, copy, period)
        chains = {
            one.id: rows
            for result in results
            for one, rows in zip(result.breaks, around(copy, result.breaks), strict=True)
        }
    with ledger.transaction() as tx:
        as_of = max((one.ended_at for one in latest_readings(tx)), default=None)
        found = registered(tx, period, results, as_of or EPOCH)
        origins = {one.entry_id: one for one in entry_evidence(tx, {row[7] for row in transactions})}
        head, sealed = ledger_head(tx), evidence_head(tx)
        certified = certify(tx, config, period)
        adjusted = posted_adjustments(tx, [one.name for one in config.sources], period.end)
        sealed_periods = seals(tx)
    needed = {one.answer for one in origins.values()} | {one.answer for one in prior_items}
    needed |= {record.answer for one in found.breaks for record in one.evidence}
    needed |= {digest for one in adjusted for digest in one.attachments}
    return Books(
        entity=config.entity.name,
        zone=config.entity.timezone,
        base_currency=config.entity.base_currency,
        period=period,
        as_of=as_of,
        version=__version__,
        head=head,
        evidence_head=sealed,
        assumptions=config.assumptions(),
        sources=[(one.name, one.source.title) for one in config.sources],
        known_as={one.name: one.source.known_as(one.settings) for one in config.sources},
        roll_forward=roll_forward,
        against=against,
        balances=_explained(proofs, found.breaks, results),
        transactions=[_transaction(row, origins[row[7]]) for row in transactions],
        transfers=[
            Transfer(*row)._replace(sent_at=aware(row[2]), received_at=aware(row[7])) for row in transfers
        ],
        prior_items=prior_items,
        adjustments=adjusted,
        coverage=certified.cells,
        seconds=certified.seconds,
        checks=results,
        breaks=[one._replace(chain=tuple(chains.get(one.found.id, ()))) for one in found.breaks],
        curves=curves,
        answers={one.sha256: one for one in answers(config.evidence) if one.sha256 and one.sha256 in needed},
        clean=found.clean,
        seals=sealed_periods,
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


def _explained(
    proofs: Sequence[BalanceProof], breaks: Sequence[RegisteredBreak], results: Sequence[CheckResult]
) -> list[BalanceProof]:
    """Each difference with the breaks of its place; those of a later period where only these make it."""
    ids: dict[tuple[str | None, ...], tuple[str, ...]] = {}
    for result in results:
        for where, later in result.later:
            ids[where] = (*ids.get(where, ()), *later)
    for one in breaks:
        place = (one.found.source, one.found.account, one.found.asset)
        ids[place] = (*ids.get(place, ()), one.found.id)
    return [one._replace(breaks=ids.get(one[:3], ()) if one.difference else ()) for one in proofs]


def _transaction(row: Sequence[Any], origin: EntryEvidence) -> Transaction:
    at, source, account, kind, asset, quantity, after, _, contra = row
    return Transaction(
        at=aware(at),
        source=source,
        account=account,
        kind=kind,
        asset=asset,
        quantity=quantity,
        contra=contra or "",
        balance_after=after,
        entry=f"{source}/{origin.seq}",
        answer=origin.answer,
        pointer=origin.pointer,
    )


def _curves(rows: Iterable[Sequence[Any]]) -> list[Curve]:
    """One point a day and place: the last of the day."""
    found = []
    for (source, account, asset), points in groupby(rows, key=lambda row: tuple(row[:3])):
        ours: dict[Any, tuple[datetime, Decimal]] = {}
        theirs: dict[Any, tuple[datetime, Decimal]] = {}
        for *_, at, after, balance in points:
            ours[at.date()] = (aware(at), balance)
            if after is not None:
                theirs[at.date()] = (aware(at), after)
        found.append(Curve(source, account, asset, list(ours.values()), list(theirs.values())))
    return found
