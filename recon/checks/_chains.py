"""The chains whose running balances break, asked of the same tables that the checks read."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from recon.checks._around import leg_of
from recon.checks._ask import Chain, ask
from recon.checks._catalogue import Check
from recon.checks._gaps import LONGEST, Window
from recon.checks._values import Gap, Leg
from recon.core.money import exact
from recon.core.records import Rate

_SEGMENTS = """
with spans as (
    select n.source, n.account, n.asset, n.entry, n.place as last,
        max(case when n.balance_after is not null then n.place end) over (
            partition by n.source, n.account, n.asset order by n.place
            rows between unbounded preceding and 1 preceding
        ) as first,
        min(case when n.balance_after is not null then n.place end) over (
            partition by n.source, n.account, n.asset order by n.place
            rows between 1 following and unbounded following
        ) as next
    from chained as n
)
select g.source, g.account, g.asset, g.entry, s.first, s.last, s.next,
    r.place, r.entry, r.at, r.kind, r.quantity, r.balance_after,
    exists (select 1 from legs as x where x.entry = r.entry and x.class = 'suspense' and x.live)
from gaps as g
join spans as s using (source, account, asset, entry)
join chained as r
    on r.source = s.source and r.account = s.account and r.asset = s.asset
    and r.place between coalesce(s.first, 0) and s.last + 1
order by g.source, g.account, g.asset, s.last, r.place
"""

_LENGTHS = """
select c.source, c.account, c.asset, max(c.place),
    max(length(rtrim(split_part(cast(c.quantity as varchar), '.', 2), '0'))),
    max(length(rtrim(split_part(cast(c.balance_after as varchar), '.', 2), '0')))
from chained as c
group by c.source, c.account, c.asset
"""

_WITHIN = """
select w.number, c.place, c.entry, c.at, c.kind, c.quantity, c.balance_after, false, c.ordinal
from (
    select unnest($1) as number, unnest($2) as source, unnest($3) as account, unnest($4) as asset,
        unnest($5) as first, unnest($6) as last
) as w
join chained as f on f.source = w.source and f.account = w.account and f.asset = w.asset and f.place = w.first
join chained as l on l.source = w.source and l.account = w.account and l.asset = w.asset and l.place = w.last
join chained as c
    on c.source = w.source and c.account = w.account and c.asset = w.asset
    and c.place between w.first - $7 and w.last + $7
    and (c.place >= w.first or c.ordinal = f.ordinal) and (c.place <= w.last or c.ordinal = l.ordinal)
order by w.number, c.place
"""

_FEES = """
with fees as (
    select c.source, c.account, c.asset, c.place, c.quantity, f.quantity as fee,
        row_number() over (partition by c.source, c.account, c.asset order by c.place desc) as latest
    from chained as c
    join legs as f on f.entry = c.entry and f.asset = c.asset and f.class = 'fees' and f.live and f.quantity > 0
)
select f.source, f.account, f.asset, f.fee, f.quantity + f.fee, b.quantity
from fees as f
left join chained as b
    on b.source = f.source and b.account = f.account and b.asset = f.asset and b.place = f.place - 1
where f.latest <= 500
"""

_SHARED_BY = 3
_FINEST = 10**10
"""A rate has at most ten decimals."""


class _Span(NamedTuple):
    """Places in a chain: the statement before a broken row, the broken row, the statement after it."""

    first: int | None
    last: int
    following: int | None


class _Habits(NamedTuple):
    """A chain's length, the most decimals of its numbers, and the rates known of it."""

    length: int
    decimals: int
    rates: tuple[Rate, ...]


def all_gaps(
    connection: DuckDBPyConnection, running: Check, rates: Mapping[str, Sequence[Rate]]
) -> list[Gap]:
    """Every break of every chain at any time, with the rows around it, each chain in its own order.

    ``rates`` are those known of each source. To be asked after recon.checks._order.settle, which leaves the tables.
    """
    asked = ask(connection, running._replace(question="select * from gaps"))
    broken = {(one.chain, one.entry): one for one in asked}
    habits = _habits(connection, rates)
    spans: dict[tuple[Chain, int], tuple[_Span, list[Leg]]] = {}
    for row in connection.execute(_SEGMENTS).fetchall():
        source, account, asset, entry, first, last, following, *leg = row
        span = _Span(first, last, following)
        spans.setdefault(((source, account, asset), entry), (span, []))[1].append(leg_of(leg))
    ends = {(chain, span.last) for (chain, _), (span, _) in spans.items()}
    return [
        Gap(
            found=broken[chain, entry],
            before=next((leg for leg in legs if leg.place == span.first), None),
            rows=tuple(leg for leg in legs if (span.first or 0) < leg.place <= span.last),
            after=next((leg for leg in legs if leg.place == span.last + 1), None),
            following=habits[chain].length - span.last,
            is_last=span.following is None,
            holds_after=(chain, span.following) not in ends,
            decimals=habits[chain].decimals,
            rates=habits[chain].rates,
        )
        for (chain, entry), (span, legs) in spans.items()
    ]


def rows_of(
    connection: DuckDBPyConnection, gaps: Sequence[Gap], windows: Sequence[Window]
) -> dict[Window, list[tuple[Leg, int]]]:
    """The rows of each window with their ordinals, and those around it that share the first or the last of these."""
    found: dict[Window, list[tuple[Leg, int]]] = {one: [] for one in windows}
    if windows:
        columns = zip(
            *((number, *gaps[one.first].found.chain, *one.places) for number, one in enumerate(windows)),
            strict=True,
        )
        given = [*(list(one) for one in columns), LONGEST]
        for number, *leg, ordinal in connection.execute(_WITHIN, given).fetchall():
            found[windows[number]].append((leg_of(leg), ordinal))
    return found


def _habits(connection: DuckDBPyConnection, rates: Mapping[str, Sequence[Rate]]) -> dict[Chain, _Habits]:
    shared = _shared_rates(connection)
    return {
        (source, account, asset): _Habits(
            length,
            max(moved, stated or 0),
            (
                *(one for one in rates.get(source, ()) if one.asset in {"", asset}),
                *shared.get((source, account, asset), ()),
            ),
        )
        for source, account, asset, length, moved, stated in connection.execute(_LENGTHS).fetchall()
    }


def _shared_rates(connection: DuckDBPyConnection) -> dict[Chain, list[Rate]]:
    """The exact rates that at least three fees of a chain have, of what their entries moved or else the row before."""
    seen: dict[Chain, Counter[Decimal]] = defaultdict(Counter)
    for source, account, asset, fee, moved, before in connection.execute(_FEES).fetchall():
        rate = _rate(fee, moved or before)
        if rate is not None:
            seen[source, account, asset][rate] += 1
    found: dict[Chain, list[Rate]] = defaultdict(list)
    for chain, rates in seen.items():
        found[chain] = [
            Rate(chain[2] or "", f"the rate of {times} fees of this history", rate, None)
            for rate, times in sorted(rates.items())
            if times >= _SHARED_BY
        ]
    return found


def _rate(fee: Decimal, moved: Decimal | None) -> Decimal | None:
    """The fee as a part of what was moved, where it is one of at most ten decimals."""
    if not moved:
        return None
    part = abs(Fraction(fee) / Fraction(moved))
    if part >= 1 or _FINEST % part.denominator:
        return None
    with exact():
        return Decimal(part.numerator * (_FINEST // part.denominator)) / _FINEST
