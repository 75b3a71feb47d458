-- title: Closing balances
-- severity: error
-- why: What the ledger holds, rolled to the moment of a look at the venue's balances, must be what the venue says it
--   holds, locked units included. It proves rows whose venue states no running balance. Rolled to the period's end, it
--   must hold the rows that the venue has before that moment, no more and no fewer.
-- fix: Read the diagnosis. Pull again, in case a row was late. Otherwise ask the venue for the rows of the interval
--   named, or state an opening where the history does not begin at zero.
-- reads: legs, looks, snapshots, pending, readings, period

-- Of each source one look counts: the first at or after the period's end, else the latest. A look covers the whole
-- source, so what it does not list is zero. Each is compared with the entries known when it was taken. A break is a
-- step: between two looks the difference moved, and no later look comes back to where it was by rows that have come
-- meanwhile, which would prove that what was missing has come. So faults in several intervals are several breaks, each
-- with its own amount; and what the venue adds and takes away again without any row is two of them.
with numbered as (
    select
        k.source as source,
        k.reading as reading,
        k.at as at,
        coalesce(k.entry_cut, 0) as entry_cut,
        row_number() over (
            partition by k.source order by k.at asc nulls first, k.reading asc nulls first
        ) as look
    from looks as k
),
chosen as (
    select
        n.source as source,
        coalesce(min(case when n.at >= p.ends_at then n.look end), max(n.look)) as look
    from numbered as n
    cross join period as p
    group by n.source
),
chains as (
    select l.source as source, l.account as account, l.asset as asset
    from legs as l
    where l.class = 'assets'
    union
    select s.source as source, s.account as account, s.asset as asset
    from snapshots as s
),
listed as (
    select
        s.reading as reading,
        s.account as account,
        s.asset as asset,
        coalesce(sum(s.total), 0) as total
    from snapshots as s
    group by s.reading, s.account, s.asset
),
moves as (
    select
        l.source as source,
        l.account as account,
        l.asset as asset,
        l.entry as entry,
        0 as look,
        l.quantity as quantity,
        cast(0 as decimal(38, 18)) as venue
    from legs as l
    where l.class = 'assets'
    union all
    select
        c.source as source,
        c.account as account,
        c.asset as asset,
        n.entry_cut as entry,
        n.look as look,
        cast(0 as decimal(36, 18)) as quantity,
        coalesce(t.total, cast(0 as decimal(38, 18))) as venue
    from chains as c
    join numbered as n on n.source = c.source
    left join listed as t on t.reading = n.reading and t.account = c.account and t.asset = c.asset
),
rolled as (
    select
        m.source as source,
        m.account as account,
        m.asset as asset,
        m.look as look,
        m.venue as venue,
        coalesce(sum(m.quantity) over (
            partition by m.source, m.account, m.asset
            order by m.entry asc nulls first, m.look asc nulls first
            rows between unbounded preceding and current row
        ), 0) as ledger,
        coalesce(sum(case when m.look = 0 then 1 else 0 end) over (
            partition by m.source, m.account, m.asset
            order by m.entry asc nulls first, m.look asc nulls first
            rows between unbounded preceding and current row
        ), 0) as posted
    from moves as m
),
-- Look 0 is the beginning, when both held nothing.
levels as (
    select
        c.source as source,
        c.account as account,
        c.asset as asset,
        0 as look,
        cast(0 as decimal(38, 18)) as venue,
        cast(0 as decimal(38, 18)) as apart,
        0 as posted
    from chains as c
    union all
    select
        r.source as source,
        r.account as account,
        r.asset as asset,
        r.look as look,
        r.venue as venue,
        cast(r.venue - r.ledger as decimal(38, 18)) as apart,
        r.posted as posted
    from rolled as r
    where r.look > 0
),
-- The look before that was as far apart, and how many rows were posted then.
met as (
    select
        v.source as source, v.account as account, v.asset as asset, v.look as look, v.apart as apart,
        v.posted as posted,
        lag(v.look) over (
            partition by v.source, v.account, v.asset, v.apart order by v.look asc nulls first
        ) as look_then,
        lag(v.posted) over (
            partition by v.source, v.account, v.asset, v.apart order by v.look asc nulls first
        ) as posted_then
    from levels as v
),
turns as (
    select
        m.source as source, m.account as account, m.asset as asset, m.look as look, m.apart as apart,
        coalesce(sum(case when m.look > m.look_then + 1 and m.posted = m.posted_then then 1 else 0 end) over (
            partition by m.source, m.account, m.asset, m.apart
            order by m.look asc nulls first
            rows between unbounded preceding and current row
        ), 0) as turn
    from met as m
),
returns as (
    select
        v.source as source, v.account as account, v.asset as asset, v.look as look, v.apart as apart,
        max(v.look) over (
            partition by v.source, v.account, v.asset, v.apart, v.turn
            order by v.look asc nulls first
            rows between unbounded preceding and unbounded following
        ) as last
    from turns as v
),
-- A stretch ends where no later look comes back to a level that was seen before.
reaches as (
    select
        r.source as source, r.account as account, r.asset as asset, r.look as look, r.apart as apart,
        r.last as last,
        coalesce(max(r.last) over (
            partition by r.source, r.account, r.asset
            order by r.look asc nulls first
            rows between unbounded preceding and 1 preceding
        ), 0) as reach
    from returns as r
),
stretched as (
    select
        r.source as source,
        r.account as account,
        r.asset as asset,
        r.look as look,
        r.apart as apart,
        r.last as last,
        max(case when r.look > r.reach then r.look else 0 end) over (
            partition by r.source, r.account, r.asset
            order by r.look asc nulls first
            rows between unbounded preceding and current row
        ) as stretch
    from reaches as r
),
stretches as (
    select
        s.source as source,
        s.account as account,
        s.asset as asset,
        s.stretch as first,
        max(s.look) as final,
        max(case when s.look = s.stretch then s.last end) as last
    from stretched as s
    group by s.source, s.account, s.asset, s.stretch
),
ends as (
    select
        s.source as source,
        s.account as account,
        s.asset as asset,
        s.first as first,
        s.last as last,
        b.apart as opening,
        e.apart as closing,
        coalesce(p.apart, cast(0 as decimal(38, 18))) as before
    from stretches as s
    join levels as b on b.source = s.source and b.account = s.account and b.asset = s.asset and b.look = s.first
    join levels as e on e.source = s.source and e.account = s.account and e.asset = s.asset and e.look = s.final
    left join levels as p
        on p.source = s.source and p.account = s.account and p.asset = s.asset and p.look = s.first - 1
),
steps as (
    select
        e.source as source,
        e.account as account,
        e.asset as asset,
        e.first as look,
        e.first as until,
        e.before as earlier,
        e.opening as later
    from ends as e
    where (e.before = e.opening) is not true
    union all
    select
        e.source as source,
        e.account as account,
        e.asset as asset,
        e.last + 1 as look,
        min(v.look) as until,
        e.opening as earlier,
        e.closing as later
    from ends as e
    join levels as v
        on v.source = e.source and v.account = e.account and v.asset = e.asset
        and v.look > e.last and v.apart = e.closing
    where (e.opening = e.closing) is not true
    group by e.source, e.account, e.asset, e.last, e.opening, e.closing
),
-- Rows on both sides of the period's end, in the venue's order, of places whose rows state balances. A row that came
-- late for a sealed period is posted behind it; here counts when it happened.
sides as (
    select
        l.source as source,
        l.account as account,
        l.asset as asset,
        max(case when l.stated_at < p.ends_at then l.ordinal end) as last,
        min(case when l.stated_at >= p.ends_at then l.ordinal end) as first,
        coalesce(sum(case when l.stated_at < p.ends_at then l.quantity end), 0) as ledger
    from legs as l
    cross join period as p
    where l.class = 'assets' and l.live and (l.by_hand) is not true
    group by l.source, l.account, l.asset
    having count(l.balance_after) > 0
),
crossing as (
    select
        l.source as source,
        l.account as account,
        l.asset as asset,
        max(s.last) as last,
        max(s.first) as first,
        max(s.ledger) as ledger,
        max(case when l.ordinal < s.last and l.stated_at >= p.ends_at then l.stated_at end) as latest,
        min(case when l.ordinal > s.first and l.stated_at < p.ends_at then l.stated_at end) as earliest
    from legs as l
    cross join period as p
    join sides as s
        on s.source = l.source and s.account = l.account and s.asset = l.asset and s.first < s.last
    where l.class = 'assets' and l.live and (l.by_hand) is not true
    group by l.source, l.account, l.asset
),
-- How many rows are dated later than one behind them, and how many earlier than one before them. The fewer are wrong.
dated as (
    select
        l.source as source,
        l.account as account,
        l.asset as asset,
        l.entry as entry,
        l.stated_at as at,
        case when l.ordinal < c.last and l.stated_at > c.earliest then 1 end as may_be_late,
        case when l.ordinal > c.first and l.stated_at < c.latest then 1 end as may_be_early,
        min(l.stated_at) over (
            partition by l.source, l.account, l.asset
            order by l.ordinal asc nulls first, l.turn asc nulls first, l.entry asc nulls first
            rows between 1 following and unbounded following
        ) as behind,
        max(l.stated_at) over (
            partition by l.source, l.account, l.asset
            order by l.ordinal asc nulls first, l.turn asc nulls first, l.entry asc nulls first
            rows between unbounded preceding and 1 preceding
        ) as before
    from legs as l
    join crossing as c on c.source = l.source and c.account = l.account and c.asset = l.asset
    where l.class = 'assets' and l.live and (l.by_hand) is not true
),
weighed as (
    select
        d.source as source,
        d.account as account,
        d.asset as asset,
        count(case when d.may_be_late = 1 and d.at > d.behind then d.entry end) as late,
        count(case when d.may_be_early = 1 and d.at < d.before then d.entry end) as early
    from dated as d
    group by d.source, d.account, d.asset
)
select
    t.source as source,
    t.account as account,
    t.asset as asset,
    f.at as at,
    cast(v.venue - (t.later - t.earlier) as decimal(38, 18)) as expected,
    v.venue as actual,
    'look of ' || cast(f.at as string) as anchor,
    'unexplained' as kind,
    'the ledger does not hold what the venue says it holds' as text,
    cast(null as bigint) as entry,
    t.earlier as quantity,
    a.at as since,
    coalesce(a.entry_cut, 0) as since_entry,
    u.at as until,
    u.entry_cut as until_entry,
    n.entry_cut as known_entry,
    u.reading as reading
from steps as t
join chosen as h on h.source = t.source and t.look <= h.look
join levels as v on v.source = t.source and v.account = t.account and v.asset = t.asset and v.look = t.until
join numbered as n on n.source = h.source and n.look = h.look
join numbered as f on f.source = t.source and f.look = t.look
join numbered as u on u.source = t.source and u.look = t.until
left join numbered as a on a.source = t.source and a.look = t.look - 1
union all
select
    l.source as source,
    l.account as account,
    l.asset as asset,
    l.stated_at as at,
    cast(c.ledger as decimal(38, 18)) as expected,
    cast(
        c.ledger + case when l.stated_at < p.ends_at then -l.quantity else l.quantity end as decimal(38, 18)
    ) as actual,
    'end by entry ' || cast(l.origin as string) as anchor,
    case when w.late = w.early then 'unexplained' else 'cutoff' end as kind,
    'the date puts this row on another side of the end of the period than its place in the order of the venue' as text,
    l.entry as entry,
    cast(l.quantity as decimal(38, 18)) as quantity,
    cast(null as timestamp) as since,
    0 as since_entry,
    cast(null as timestamp) as until,
    0 as until_entry,
    0 as known_entry,
    0 as reading
from legs as l
cross join period as p
join crossing as c on c.source = l.source and c.account = l.account and c.asset = l.asset
join weighed as w on w.source = l.source and w.account = l.account and w.asset = l.asset
where
    l.class = 'assets'
    and l.live
    and (l.by_hand) is not true
    and (
        (w.early < w.late and l.stated_at < p.ends_at and l.ordinal > c.first)
        or ((w.early < w.late) is not true and l.stated_at >= p.ends_at and l.ordinal < c.last)
    );

with numbered as (
    select
        k.source as source,
        k.reading as reading,
        k.at as at,
        coalesce(k.entry_cut, 0) as entry_cut,
        row_number() over (
            partition by k.source order by k.at asc nulls first, k.reading asc nulls first
        ) as look
    from looks as k
),
chosen as (
    select
        n.source as source,
        coalesce(min(case when n.at >= p.ends_at then n.look end), max(n.look)) as look
    from numbered as n
    cross join period as p
    group by n.source
),
compared as (
    select l.source as source, l.account as account, l.asset as asset
    from legs as l
    join chosen as h on h.source = l.source
    join numbered as n on n.source = h.source and n.look = h.look and l.entry <= n.entry_cut
    where l.class = 'assets'
    union
    select s.source as source, s.account as account, s.asset as asset
    from snapshots as s
    join chosen as h on h.source = s.source
    join numbered as n on n.source = h.source and n.look = h.look and n.reading = s.reading
    union
    select l.source as source, l.account as account, l.asset as asset
    from legs as l
    cross join period as p
    where l.class = 'assets' and l.live and (l.by_hand) is not true
    group by l.source, l.account, l.asset
    having
        count(l.balance_after) > 0
        and count(case when l.stated_at < p.ends_at then l.entry end) > 0
        and count(case when l.stated_at >= p.ends_at then l.entry end) > 0
)
select count(*) as examined
from compared as c;
