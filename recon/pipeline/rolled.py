"""The roll-forward of a period in units: what each leg is follows from the class of the account it stands against.

Every unit lands in one column. An entry with one place and several accounts against it is split among these; one with
several places goes whole where all that stands against it is of one class, between the places where nothing does.
A row that was taken back at the moment it was dated is as if it had never been; what came late is told apart. So is
what was sealed and is since known to be held by another source too: it is taken off where the seal ends.
"""

from datetime import UTC, datetime
from decimal import Decimal

from duckdb import DuckDBPyConnection

from recon.core.books import RollForward
from recon.core.times import EPOCH, Period, naive

_LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_USED = """
create or replace temp table used as
with turned as (
    select r.entry, r.reversed from reversals as r
    where exists (select 1 from legs as l where l.entry = r.entry and l.stated_at = l.at)
),
gone as (select t.entry from turned as t union select t.reversed from turned as t),
told as (
    select l.entry, l.source, l.asset, l.class, l.ledger_account, l.account, l.at, l.quantity,
        l.stated_at < l.at as late
    from legs as l
    where l.counted or l.counted_until is not null
    union all
    select -l.entry, l.source, l.asset, l.class, l.ledger_account, l.account, l.counted_until, -l.quantity, true
    from legs as l
    where l.counted_until is not null
)
select l.entry, l.source, l.asset, l.class, l.ledger_account, l.at, l.quantity,
    case when l.class = 'assets' then l.account else 'transit' end as account,
    case when l.class = 'assets' then l.source else 'between places' end as place,
    l.late, g.entry is not null as gone
from told as l
left join gone as g on g.entry = l.entry
"""

_FLOWS = """
create or replace temp table flows as
with own as (
    select u.entry, u.asset, count(*) as places from used as u where u.class = 'assets' group by u.entry, u.asset
),
against as (
    select u.entry, u.asset, u.class, sum(u.quantity) as quantity
    from used as u where u.class <> 'assets' group by u.entry, u.asset, u.class
),
classes as (
    select a.entry, a.asset, count(*) as classes, min(a.class) as class from against as a group by a.entry, a.asset
)
select u.place, u.account, u.asset, u.at, a.class as flow, cast(-a.quantity as decimal(38, 18)) as quantity
from used as u
join own as o on o.entry = u.entry and o.asset = u.asset and o.places = 1
join against as a on a.entry = u.entry and a.asset = u.asset
where u.class = 'assets' and not u.late and not u.gone
union all
select u.place, u.account, u.asset, u.at,
    case when c.classes is null then 'transit' when c.classes = 1 then c.class else 'other' end, u.quantity
from used as u
join own as o on o.entry = u.entry and o.asset = u.asset and o.places > 1
left join classes as c on c.entry = u.entry and c.asset = u.asset
where u.class = 'assets' and not u.late and not u.gone
union all
select u.place, u.account, u.asset, u.at, 'transit', u.quantity from used as u
where u.class = 'transit' and not u.late and not u.gone
union all
select u.place, u.account, u.asset, u.at, 'late', u.quantity from used as u
where u.class in ('assets', 'transit') and u.late
"""

_ROLLED = """
with moved as (
    select f.place, f.account, f.asset,
        sum(case when f.flow = 'external' and f.quantity > 0 then f.quantity end) as deposits,
        sum(case when f.flow = 'trading' and f.quantity > 0 then f.quantity end) as buys,
        sum(case when f.flow = 'income' then f.quantity end) as income,
        sum(case when f.flow = 'transit' and f.quantity > 0 then f.quantity end) as transfers_in,
        sum(case when f.flow = 'trading' and f.quantity < 0 then -f.quantity end) as sells,
        sum(case when f.flow = 'external' and f.quantity < 0 then -f.quantity end) as withdrawals,
        sum(case when f.flow = 'fees' then -f.quantity end) as fees,
        sum(case when f.flow = 'transit' and f.quantity < 0 then -f.quantity end) as transfers_out,
        sum(case when f.flow = 'adjustments' then f.quantity end) as adjustments,
        sum(case when f.flow = 'late' then f.quantity end) as prior_items,
        sum(case when f.flow = 'opening' then f.quantity end) as openings,
        sum(case when f.flow not in (
            'external', 'trading', 'income', 'transit', 'fees', 'adjustments', 'late', 'opening'
        ) then f.quantity end) as other
    from flows as f
    where f.at >= $start and f.at < $end
    group by f.place, f.account, f.asset
),
held as (
    select u.place, u.account, u.asset,
        coalesce(sum(case when u.at < $start then u.quantity end), 0) as opening,
        coalesce(sum(case when u.at < $end then u.quantity end), 0) as closing
    from used as u
    where u.class in ('assets', 'transit')
    group by u.place, u.account, u.asset
)
select h.place, h.account, h.asset, h.opening,
    coalesce(m.deposits, 0), coalesce(m.buys, 0), coalesce(m.income, 0), coalesce(m.transfers_in, 0),
    coalesce(m.sells, 0), coalesce(m.withdrawals, 0), coalesce(m.fees, 0), coalesce(m.transfers_out, 0),
    coalesce(m.adjustments, 0), coalesce(m.prior_items, 0), coalesce(m.openings, 0), coalesce(m.other, 0), h.closing
from held as h
left join moved as m on m.place = h.place and m.account = h.account and m.asset = h.asset
order by h.place, h.account, h.asset
"""

_AGAINST = """
select u.asset, sum(u.quantity) as quantity
from used as u
where u.class not in ('assets', 'transit') and u.at < $end
group by u.asset
order by u.asset
"""


def rolled(copy: DuckDBPyConnection, period: Period) -> tuple[list[RollForward], dict[str, Decimal]]:
    """The rows of every place that held or moved anything, and what stands against all of them at the end by asset."""
    start, end = naive(period.start or EPOCH), naive(period.end or _LATEST)
    copy.execute(_USED)
    copy.execute(_FLOWS)
    rows = [RollForward(*row) for row in copy.execute(_ROLLED, {"start": start, "end": end}).fetchall()]
    against = dict(copy.execute(_AGAINST, {"end": end}).fetchall())
    return [row for row in rows if any(row[3:])], against
