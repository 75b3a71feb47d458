"""Reads from the ledger, once, everything that a period's reports say. No clock: the same ledger, the same books."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from recon import __version__
from recon.core.books import BalanceProof, Books, Curve, RegisteredBreak, Signature, Transfer
from recon.core.breaks import CheckResult
from recon.core.money import exact
from recon.core.seals import CLOSED, SIGNED, document_of
from recon.core.times import EPOCH, Period, aware, from_iso, naive, said_text
from recon.evidence.archive import answers
from recon.ledger.acts import acts
from recon.ledger.copy import TABLES
from recon.ledger.copy import load as typed_copy
from recon.ledger.reads import evidence_head, latest_readings, ledger_head, runs
from recon.ledger.store import Ledger
from recon.ledger.transaction import Transaction
from recon.pipeline.adjusted import posted_adjustments
from recon.pipeline.config import Config
from recon.pipeline.coverage import certify
from recon.pipeline.general_ledger import held, postings, taken, told, transactions, trial_balance
from recon.pipeline.holdings import Posted, holdings
from recon.pipeline.late import posted
from recon.pipeline.policies import policies
from recon.pipeline.prices import values
from recon.pipeline.reconcile import examine, registered
from recon.pipeline.rolled import rolled
from recon.pipeline.seals import seals
from recon.pipeline.trade_prices import pooled

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


@contextmanager
def books(
    config: Config, ledger: Ledger, period: Period, results: Sequence[CheckResult] | None = None
) -> Iterator[Books]:
    """The books of one period, for as long as the block takes: what is too long to hold lies in files until then.

    Moments are aware UTC; quantities exact. ``results``: where the checks ran already.
    """
    if results is None:
        results = examine(config, ledger, period)
    with TemporaryDirectory(prefix="recon-books-") as passing:
        yield _read(config, ledger, period, results, Path(passing))


def _read(
    config: Config, ledger: Ledger, period: Period, results: Sequence[CheckResult], folder: Path
) -> Books:
    span = {"start": naive(period.start or EPOCH), "end": naive(period.end or _LATEST)}
    currency = pooled(config, config.entity.base_currency)
    base = [currency, *(asset for asset, pool in config.pools.items() if pool == currency)]
    with typed_copy(ledger, tables={*TABLES, "origins"}, kept=config.legs) as copy:
        roll_forward, against = rolled(copy, period)
        looks = copy.execute(_LOOKS).fetchall()
        proofs = [proof for look in _chosen(looks, period) for proof in _proofs(copy, *look)]
        transfers = copy.execute(_TRANSFERS, span).fetchall()
        curves = _curves(copy.execute(_CURVES, span).fetchall())
        worth = values(copy, config, period, results)
        with ledger.transaction() as tx:
            prior_items = posted(config, tx, copy, period)
        told(copy)
        transactions_, postings_ = transactions(copy, span, folder), postings(copy, span, folder)
        stands = Posted(
            trial=trial_balance(copy, span),
            held=held(copy, span["end"]),
            taken=taken(copy, span, base, folder),
        )
    with ledger.transaction() as tx:
        readings = latest_readings(tx)
        as_of = max((one.ended_at for one in readings), default=None)
        found = registered(tx, period, results, as_of or EPOCH)
        head, sealed = ledger_head(tx), evidence_head(tx)
        certified = certify(tx, config, period)
        adjusted = posted_adjustments(tx, [one.name for one in config.sources], period.end)
        seal, signatures = _sealed(tx, period)
        run = _run(tx, max((one.run_id for one in readings), default=0))
    valued = holdings(config, ledger, period, as_of, stands, folder)
    breaks = [one._replace(value=worth.get(one.found.id)) for one in found.breaks]
    needed = {record.answer for one in breaks for record in one.evidence}
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
        roll_forward=roll_forward,
        against=against,
        balances=_explained(proofs, breaks, results),
        transactions=transactions_,
        transfers=[
            Transfer(*row)._replace(sent_at=aware(row[2]), received_at=aware(row[7])) for row in transfers
        ],
        prior_items=prior_items,
        adjustments=adjusted,
        coverage=certified.cells,
        seconds=certified.seconds,
        checks=results,
        breaks=breaks,
        curves=curves,
        answers={one.sha256: one for one in answers(config.evidence) if one.sha256 and one.sha256 in needed},
        clean=found.clean,
        postings=postings_,
        trial_balance=valued.trial,
        positions=valued.positions,
        gains=valued.gains,
        open_lots=valued.open_lots,
        earned=valued.earned,
        prices=valued.prices,
        policies=policies(config, valued.method, valued.linked),
        run=run,
        seal=seal,
        signatures=signatures,
    )


def _sealed(tx: Transaction, period: Period) -> tuple[str, list[Signature]]:
    """The seal of the period, and who put it and signed it; nothing while it is open."""
    standing = next((one for one in seals(tx) if one.period.name == period.name), None)
    if standing is None:
        return "", []
    steps = [document_of(one.facts) for one in acts(tx, "period")]
    done = [one for one in steps if one["act"] in (CLOSED, SIGNED) and one["seal"] == standing.hash]
    return standing.hash, [
        Signature(one["act"], one["by"]["person"], one["by"]["account"], from_iso(one["at"])) for one in done
    ]


def _run(tx: Transaction, number: int) -> str:
    """The run that brought the newest rows: its number, what it was, and when it began."""
    return next(
        (f"{one.id}: {one.command}, {said_text(one.started_at)}" for one in runs(tx) if one.id == number), ""
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


def _curves(rows: Iterable[Sequence[Any]]) -> list[Curve]:
    """One point a day and place: the last of the day."""
    found = []
    for place, days in groupby(rows, key=lambda row: tuple(row[:3])):
        points = [row[3:] for row in days]
        ours = [(aware(at), balance) for at, balance, _, _ in points]
        theirs = [(aware(at), after) for _, _, at, after in points if at is not None]
        found.append(Curve(place[0], place[1], place[2], ours, theirs))
    return found
