"""The rows around a break, asked of the same tables that the checks read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from duckdb import DuckDBPyConnection

from recon.checks._ask import Chain, Found, ask, utc
from recon.checks._catalogue import Check
from recon.checks._values import Candidate, Difference, Failing, Gap, Leg, Pending, Unread
from recon.core.breaks import Break
from recon.core.money import ZERO, exact

_ALL_TIME = """
create or replace temp table gaps as
with period as (select timestamp '0001-01-01' as starts_at, timestamp '9999-12-31' as ends_at)
select * from ({question}) as asked
"""

_SEGMENTS = """
with numbered as (
    select l.source, l.account, l.asset, l.entry, l.at, l.kind, l.quantity, l.balance_after,
        row_number() over (partition by l.source, l.account, l.asset order by l.ordinal, l.entry) as place
    from legs as l
    where l.class = 'assets' and l.live and exists (
        select 1 from gaps as g where g.source = l.source and g.account = l.account and g.asset = l.asset
    )
),
spans as (
    select n.source, n.account, n.asset, n.entry, n.place as last,
        max(case when n.balance_after is not null then n.place end) over (
            partition by n.source, n.account, n.asset order by n.place
            rows between unbounded preceding and 1 preceding
        ) as first,
        min(case when n.balance_after is not null then n.place end) over (
            partition by n.source, n.account, n.asset order by n.place
            rows between 1 following and unbounded following
        ) as next
    from numbered as n
)
select g.source, g.account, g.asset, g.entry, s.first, s.last, s.next,
    r.place, r.entry, r.at, r.kind, r.quantity, r.balance_after,
    exists (select 1 from legs as x where x.entry = r.entry and x.class = 'suspense' and x.live)
from gaps as g
join spans as s using (source, account, asset, entry)
join numbered as r
    on r.source = s.source and r.account = s.account and r.asset = s.asset
    and r.place between coalesce(s.first, 0) and s.last + 1
order by g.source, g.account, g.asset, s.last, r.place
"""

_UNREAD = """
select l.source, l.asset, l.entry, l.at, l.kind
from legs as l
where l.class = 'suspense' and l.live
    and not exists (select 1 from legs as a where a.entry = l.entry and a.class = 'assets')
order by l.entry, l.asset
"""

_FAILING = """
select t.source, t.stream, w.ended_at
from (
    select r.source, r.stream, max(r.reading) as latest,
        max(case when r.status = 'ok' then r.reading end) as whole
    from readings as r
    where r.reading <= $1
    group by r.source, r.stream
) as t
left join readings as w on w.reading = t.whole
where (t.whole = t.latest) is not true and (
    t.whole is null or exists (
        select 1 from readings as h
        where h.source = t.source and h.stream = t.stream and h.status = 'ok'
            and (h.first_at is not null or h.seen = 0)
    )
)
order by t.source, t.stream
"""

_STATEMENT = """
select l.ordinal, l.entry, l.at, l.kind, l.quantity, l.balance_after
from legs as l
where l.class = 'assets' and l.live and l.source = $1 and l.account = $2 and l.asset = $3
    and l.entry <= $4 and l.balance_after is not null
order by l.ordinal desc, l.entry desc
limit 1
"""

_CANDIDATES = """
with chained as (
    select l.ordinal, l.entry, l.at, l.kind, l.quantity, l.balance_after,
        row_number() over (order by l.ordinal, l.entry) as place,
        lag(l.quantity) over (order by l.ordinal, l.entry) as quantity_before,
        lag(l.kind) over (order by l.ordinal, l.entry) as kind_before,
        lead(l.quantity) over (order by l.ordinal, l.entry) as quantity_next,
        lead(l.kind) over (order by l.ordinal, l.entry) as kind_next
    from legs as l
    where l.class = 'assets' and l.live and l.source = $1 and l.account = $2 and l.asset = $3
)
select c.place, c.entry, c.at, c.kind, c.quantity, c.balance_after,
    exists (select 1 from legs as x where x.entry = c.entry and x.class = 'suspense' and x.live),
    coalesce(c.quantity = c.quantity_before and c.kind = c.kind_before, false)
    or coalesce(c.quantity = c.quantity_next and c.kind = c.kind_next, false)
from chained as c
where c.entry > $4 and c.entry <= $5
    and ($6 is null or c.ordinal > $6 or (c.ordinal = $6 and c.entry > $7))
    and (c.quantity = $8 or c.quantity + c.quantity = $8)
order by c.place
"""

_OPENING = """
select coalesce(sum(l.quantity), 0)
from legs as l
where l.class = 'assets' and l.live and l.kind = 'opening' and l.source = $1 and l.account = $2 and l.asset = $3
"""

_PENDING = """
select w.record, w.at, w.kind, w.quantity
from pending as w
where w.source = $1 and w.account = $2 and w.asset = $3 and w.at <= $4 and w.quantity = $5
order by w.at, w.record
"""


def all_gaps(connection: DuckDBPyConnection, running: Check) -> list[Gap]:
    """Every break of every chain at any time, with the rows around it, each chain in its own order."""
    connection.execute(_ALL_TIME.format(question=running.question))
    asked = ask(connection, running._replace(question="select * from gaps"))
    broken = {(one.chain, one.entry): one for one in asked}
    spans: dict[tuple[Chain, int], tuple[_Span, list[Leg]]] = {}
    for row in connection.execute(_SEGMENTS).fetchall():
        source, account, asset, entry, first, last, following, *leg = row
        span = _Span(first, last, following)
        spans.setdefault(((source, account, asset), entry), (span, []))[1].append(_leg(leg))
    ends = {(chain, span.last) for (chain, _), (span, _) in spans.items()}
    return [
        Gap(
            found=broken[chain, entry],
            before=next((leg for leg in legs if leg.place == span.first), None),
            rows=tuple(leg for leg in legs if (span.first or 0) < leg.place <= span.last),
            after=next((leg for leg in legs if leg.place == span.last + 1), None),
            is_last=span.following is None,
            holds_after=(chain, span.following) not in ends,
        )
        for (chain, entry), (span, legs) in spans.items()
    ]


def unread_rows(connection: DuckDBPyConnection) -> list[Unread]:
    """The rows that stand in suspense and move nothing, as they could not be understood."""
    rows = connection.execute(_UNREAD).fetchall()
    return [Unread(source, asset, entry, _utc(at), kind) for source, asset, entry, at, kind in rows]


def failing_streams(connection: DuckDBPyConnection, reading: int = 2**62) -> list[Failing]:
    """The streams whose latest reading, as of a reading's number, was not whole.

    Streams known to bring no history (what they list has no times) are left out: they hold no row that is missing.
    """
    rows = connection.execute(_FAILING, [reading]).fetchall()
    return [Failing(source, stream, utc(whole)) for source, stream, whole in rows]


def difference(connection: DuckDBPyConnection, found: Found, gaps: Sequence[Break]) -> Difference:
    """A closing balance that does not agree, with all that may explain what ``gaps`` leave of it.

    ``gaps`` are the running_balance breaks of the chain at entries known to the look.
    """
    assert found.actual is not None and found.expected is not None and found.until is not None
    with exact():
        rest = found.actual - found.expected - sum((one.difference or ZERO for one in gaps), ZERO)
        wanted, chain = rest.copy_negate(), list(found.chain)
    stated = connection.execute(_STATEMENT, [*chain, found.until_entry]).fetchone()
    after = (None, None) if stated is None else stated[:2]
    nearby = connection.execute(
        _CANDIDATES, [*chain, found.since_entry, found.until_entry, *after, wanted]
    ).fetchall()
    opening = connection.execute(_OPENING, chain).fetchone()
    until = found.until.replace(tzinfo=None)
    waiting = connection.execute(_PENDING, [*chain, until, rest]).fetchall()
    assert opening is not None
    return Difference(
        found=found,
        gaps=tuple(gaps),
        rest=rest,
        statement=None if stated is None else _leg([0, *stated[1:], False]),
        candidates=tuple(Candidate(_leg(row[:-1]), row[-1]) for row in nearby),
        pending=tuple(Pending(record, _utc(at), kind, quantity) for record, at, kind, quantity in waiting),
        opening=opening[0],
    )


class _Span(NamedTuple):
    """Places in a chain: the statement before a broken row, the broken row, the statement after it."""

    first: int | None
    last: int
    following: int | None


def _leg(row: Sequence[Any]) -> Leg:
    place, entry, at, *others = row
    return Leg(place, entry, _utc(at), *others)


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)
