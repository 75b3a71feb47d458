-- title: Negative balances
-- severity: error
-- why: A place cannot hold less than nothing. Where its rows take out more than came in, a row is missing, too many or
--   wrong, or an opening was not stated, whatever the balance is at the end.
-- fix: Look for what came in before that moment, such as a deposit that is missing or an opening that is not stated.
--   Where the venue itself states a balance below zero, ask its support what it lent.
-- reads: legs, period

-- The rows of one ordinal may be in any order, so a balance is judged after all of them. Where the venue states a
-- balance, that counts: a jump is what it states beyond what was posted, and there is one only where the chain breaks.
-- Only chains in which some row, in the order at hand, comes out below zero can dip. A dip is a run of ordinals below
-- zero, which all have as many ordinals before them that are not. What people entered counts only where the venue
-- states no balance, for a balance that it states holds already what they found missing. What came late for a sealed
-- period is posted behind it; here counts when it happened.
with stating as (
    select l.source as source, l.account as account, l.asset as asset
    from legs as l
    where l.class = 'assets' and l.live and l.balance_after is not null
    group by l.source, l.account, l.asset
),
chained as (
    select
        l.source as source,
        l.account as account,
        l.asset as asset,
        l.ordinal as ordinal,
        l.turn as turn,
        l.entry as entry,
        l.stated_at as at,
        l.quantity as quantity,
        l.balance_after as balance_after,
        cast(coalesce(sum(l.quantity) over (
            partition by l.source, l.account, l.asset
            order by l.ordinal asc nulls first, l.turn asc nulls first, l.entry asc nulls first
            rows between unbounded preceding and current row
        ), 0) as decimal(37, 18)) as posted,
        count(l.balance_after) over (
            partition by l.source, l.account, l.asset
            order by l.ordinal asc nulls first, l.turn asc nulls first, l.entry asc nulls first
            rows between unbounded preceding and current row
        ) as said
    from legs as l
    cross join period as p
    left join stating as b on b.source = l.source and b.account = l.account and b.asset = l.asset
    where l.class = 'assets' and l.live and l.stated_at < p.ends_at and ((l.by_hand) is not true or b.source is null)
),
low as (
    select c.source as source, c.account as account, c.asset as asset
    from chained as c
    where (c.balance_after is not null or c.said = 0) and (coalesce(c.balance_after, c.posted) >= 0) is not true
    union
    select c.source as source, c.account as account, c.asset as asset
    from chained as c
    join chained as s
        on s.source = c.source and s.account = c.account and s.asset = c.asset
        and s.said = c.said and s.balance_after is not null
    where c.balance_after is null and c.said > 0
    and (cast(s.balance_after - s.posted as decimal(38, 18)) + c.posted >= 0) is not true
),
posted_so_far as (
    select
        c.source as source,
        c.account as account,
        c.asset as asset,
        c.ordinal as ordinal,
        c.turn as turn,
        c.entry as entry,
        c.at as at,
        c.quantity as quantity,
        c.balance_after as balance_after,
        c.posted as posted
    from chained as c
    join low as w on w.source = c.source and w.account = c.account and w.asset = c.asset
),
stated as (
    select
        s.source as source,
        s.account as account,
        s.asset as asset,
        s.ordinal as ordinal,
        cast(s.balance_after - s.posted as decimal(37, 18)) as drift,
        coalesce(lag(cast(s.balance_after - s.posted as decimal(37, 18))) over (
            partition by s.source, s.account, s.asset
            order by s.ordinal asc nulls first, s.turn asc nulls first, s.entry asc nulls first
        ), cast(0 as decimal(37, 18))) as drift_before
    from posted_so_far as s
    where s.balance_after is not null
),
steps as (
    select
        o.source as source,
        o.account as account,
        o.asset as asset,
        o.ordinal as ordinal,
        o.at as at,
        o.entry as entry,
        case when o.quantity < 0 then o.entry end as taking,
        cast(o.quantity as decimal(38, 18)) as moved
    from posted_so_far as o
    union all
    select
        t.source as source,
        t.account as account,
        t.asset as asset,
        t.ordinal as ordinal,
        cast(null as timestamp) as at,
        cast(null as bigint) as entry,
        cast(null as bigint) as taking,
        cast(t.drift - t.drift_before as decimal(38, 18)) as moved
    from stated as t
    where t.drift <> t.drift_before
),
grouped as (
    select
        s.source as source,
        s.account as account,
        s.asset as asset,
        s.ordinal as ordinal,
        min(s.at) as at,
        coalesce(min(s.taking), min(s.entry)) as entry,
        coalesce(sum(s.moved), 0) as moved
    from steps as s
    group by s.source, s.account, s.asset, s.ordinal
),
levels as (
    select
        g.source as source,
        g.account as account,
        g.asset as asset,
        g.ordinal as ordinal,
        g.at as at,
        g.entry as entry,
        coalesce(sum(g.moved) over (
            partition by g.source, g.account, g.asset order by g.ordinal asc nulls first
            rows between unbounded preceding and current row
        ), 0) as held
    from grouped as g
),
counted as (
    select
        v.source as source,
        v.account as account,
        v.asset as asset,
        v.ordinal as ordinal,
        v.at as at,
        v.entry as entry,
        v.held as held,
        count(case when v.held >= 0 then 1 end) over (
            partition by v.source, v.account, v.asset order by v.ordinal asc nulls first
            rows between unbounded preceding and current row
        ) as sound
    from levels as v
),
dips as (
    select
        c.source as source,
        c.account as account,
        c.asset as asset,
        c.sound as sound,
        min(coalesce(c.ordinal, -1)) as ordinal,
        min(c.at) as at,
        min(c.held) as lowest
    from counted as c
    where (c.held >= 0) is not true
    group by c.source, c.account, c.asset, c.sound
)
select
    d.source as source,
    d.account as account,
    d.asset as asset,
    d.at as at,
    cast(0 as decimal(38, 18)) as expected,
    cast(d.lowest as decimal(38, 18)) as actual,
    'below zero from ' || cast(d.ordinal as string) as anchor,
    'unexplained' as kind,
    'by this row the place holds less than nothing, at the lowest ' || cast(d.lowest as string) || ' on '
    || cast(min(w.at) as string) || ' UTC, '
    || coalesce(
        'and is back above on ' || cast(min(u.at) as string) || ' UTC', 'and is still there at the end'
    ) as text,
    min(f.entry) as entry
from dips as d
cross join period as p
join counted as f
    on f.source = d.source and f.account = d.account and f.asset = d.asset
    and coalesce(f.ordinal, -1) = d.ordinal and f.sound = d.sound
join counted as w
    on w.source = d.source and w.account = d.account and w.asset = d.asset
    and w.sound = d.sound and w.held = d.lowest
left join counted as u
    on u.source = d.source and u.account = d.account and u.asset = d.asset
    and u.sound = d.sound + 1 and u.held >= 0
group by d.source, d.account, d.asset, d.at, d.lowest, d.ordinal, p.starts_at
having (min(u.at) <= p.starts_at) is not true;

select count(*) as examined
from legs as l
cross join period as p
where l.class = 'assets' and l.live and l.stated_at < p.ends_at;
