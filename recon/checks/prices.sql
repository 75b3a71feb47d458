-- title: Prices
-- severity: warning
-- why: What was held, earned, paid as a fee or moved to and from outside must be valued in base currency. A price from
--   another day, or one far from those around it, makes the value a guess.
-- fix: Fetch rates with recon prices pull, import a file with recon prices import, or state a price with recon prices
--   set. Widen max_age_days or band_percent in [prices] where the market was that thin or that fast. Otherwise look at
--   the trade that the price comes from, or name a further source of prices.
-- reads: legs, pricing, pools, prices, period

-- Without a row in pricing nobody asked for prices, and nothing is examined. A price of a trade serves what is near
-- enough in time, before or after it, any other what comes after it for as long as its rule says. What lacks one is
-- told together as far as it lies between the same two prices.
with pooled as (
    select
        coalesce(o.pool, l.asset) as asset,
        l.class as class,
        l.quantity as quantity,
        l.at as at,
        l.entry as entry
    from legs as l
    cross join pricing as g
    left join pools as o on o.asset = l.asset
    where l.live and l.counted and l.class in ('assets', 'external', 'income', 'fees') and l.quantity <> 0
),
needs as (
    select q.asset as asset, q.at as at, q.class as class, q.entry as entry
    from pooled as q
    cross join period as p
    cross join pricing as g
    where q.class <> 'assets' and q.asset <> g.base and q.at >= p.starts_at and q.at < p.ends_at
    union all
    select
        q.asset as asset,
        case when p.ends_at <= p.known_at then p.ends_at else p.known_at end as at,
        'assets' as class,
        cast(null as bigint) as entry
    from pooled as q
    cross join period as p
    cross join pricing as g
    where q.class = 'assets' and q.asset <> g.base and q.at < p.ends_at
    group by q.asset, p.ends_at, p.known_at
    having coalesce(sum(q.quantity), 0) <> 0
),
lined as (
    select
        c.asset as asset,
        c.at as at,
        0 as ordinal,
        c.at as priced,
        c.near_from as near_from,
        c.near_until as near_until,
        cast(null as string) as class,
        cast(null as bigint) as entry
    from prices as c
    union all
    select
        n.asset as asset,
        n.at as at,
        1 as ordinal,
        cast(null as timestamp) as priced,
        cast(null as timestamp) as near_from,
        cast(null as timestamp) as near_until,
        n.class as class,
        n.entry as entry
    from needs as n
),
looked as (
    select
        i.asset as asset,
        i.at as at,
        i.ordinal as ordinal,
        i.class as class,
        i.entry as entry,
        max(i.near_until) over (
            partition by i.asset order by i.at asc nulls first, i.ordinal asc nulls first
            rows between unbounded preceding and current row
        ) as near_until,
        max(i.priced) over (
            partition by i.asset order by i.at asc nulls first, i.ordinal asc nulls first
            rows between unbounded preceding and current row
        ) as before,
        min(i.near_from) over (
            partition by i.asset order by i.at desc nulls last, i.ordinal asc nulls first
            rows between unbounded preceding and current row
        ) as near_from,
        min(i.priced) over (
            partition by i.asset order by i.at desc nulls last, i.ordinal asc nulls first
            rows between unbounded preceding and current row
        ) as after
    from lined as i
),
lacking as (
    select k.asset as asset, k.at as at, k.class as class, k.entry as entry, k.before as before, k.after as after
    from looked as k
    where k.ordinal = 1 and (k.near_until >= k.at or k.near_from <= k.at) is not true
),
gathered as (
    select
        k.asset as asset,
        k.before as before,
        min(k.after) as after,
        min(k.at) as first_at,
        max(k.at) as last_at,
        count(case when k.class = 'external' then 1 end) as movements,
        count(case when k.class = 'income' then 1 end) as incomes,
        count(case when k.class = 'fees' then 1 end) as fees,
        count(case when k.class = 'assets' then 1 end) as holdings
    from lacking as k
    group by k.asset, k.before
)
select
    cast(null as string) as source,
    cast(null as string) as account,
    k.asset as asset,
    k.first_at as at,
    cast(null as decimal(38, 18)) as expected,
    cast(null as decimal(38, 18)) as actual,
    'no price after ' || coalesce(cast(k.before as string), 'the beginning') as anchor,
    'unexplained' as kind,
    g.who || ' gives a price within ' || cast(g.days as string) || ' days of what needs one from here to '
    || coalesce(cast(k.last_at as string), 'an unknown time') || ' UTC (moved to or from outside: '
    || cast(k.movements as string) || ', income: ' || cast(k.incomes as string) || ', fees: '
    || cast(k.fees as string) || ', held at the end: ' || cast(k.holdings as string) || '); '
    || coalesce('the last price before is of ' || cast(k.before as string) || ' UTC', 'there is none before') || ' and '
    || coalesce('the next of ' || cast(k.after as string) || ' UTC', 'none after') as text,
    min(l.entry) as entry
from gathered as k
cross join pricing as g
left join lacking as l
    on l.asset = k.asset and coalesce(l.before, k.first_at) = coalesce(k.before, k.first_at) and l.at = k.first_at
group by
    k.asset, k.before, k.after, k.first_at, k.last_at, k.movements, k.incomes, k.fees, k.holdings, g.days,
    g.who
union all
select
    case when c.entry is not null then c.source end as source,
    cast(null as string) as account,
    c.asset as asset,
    c.at as at,
    cast(null as decimal(38, 18)) as expected,
    cast(null as decimal(38, 18)) as actual,
    'price of ' || cast(c.at as string) as anchor,
    'unexplained' as kind,
    case when c.entry is not null then 'this trade' else c.source end || ' gives a price of ' || cast(c.price as string) || ' ' || g.base || ', more than '
    || cast(g.percent as string) || ' % away from those before and after it' as text,
    c.entry as entry
from prices as c
cross join pricing as g
cross join period as p
where
    c.at >= p.starts_at
    and c.at < p.ends_at
    and (
        (c.low_before is null and c.low_after is null)
        or (c.price >= c.low_before and c.price <= c.high_before)
        or (c.price >= c.low_after and c.price <= c.high_after)
    ) is not true;

with pooled as (
    select
        coalesce(o.pool, l.asset) as asset,
        l.class as class,
        l.quantity as quantity,
        l.at as at
    from legs as l
    cross join pricing as g
    left join pools as o on o.asset = l.asset
    where l.live and l.counted and l.class in ('assets', 'external', 'income', 'fees') and l.quantity <> 0
),
held as (
    select q.asset as asset
    from pooled as q
    cross join period as p
    cross join pricing as g
    where q.class = 'assets' and q.asset <> g.base and q.at < p.ends_at
    group by q.asset
    having coalesce(sum(q.quantity), 0) <> 0
)
select
    (select count(*) as held from held as h)
    + (
        select count(*) as prices
        from prices as c
        cross join period as p
        where c.at >= p.starts_at and c.at < p.ends_at
    )
    + count(*) as examined
from pooled as q
cross join period as p
cross join pricing as g
where q.class <> 'assets' and q.asset <> g.base and q.at >= p.starts_at and q.at < p.ends_at;
