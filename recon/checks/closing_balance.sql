-- title: Closing balances
-- severity: error
-- why: What the ledger holds, rolled to the moment of a look at the venue's balances, must be what the venue says it
--   holds, locked units included. It proves rows whose venue states no running balance.
-- fix: Read the diagnosis. Pull again, in case a row was late. Otherwise ask the venue for the rows of the interval
--   named, or state an opening where the history does not begin at zero.
-- reads: legs, looks, snapshots, pending, readings, period

-- Of each source one look counts: the first at or after the period's end, else the latest. A look covers the whole
-- source, so what it does not list is zero. It is compared with the entries known when it was taken, and the break
-- belongs to the first look of the run of looks that do not agree. A later look that agrees proves the balance too:
-- what was missing has come.
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
steps as (
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
        s.source as source,
        s.account as account,
        s.asset as asset,
        s.look as look,
        s.venue as venue,
        coalesce(sum(s.quantity) over (
            partition by s.source, s.account, s.asset
            order by s.entry asc nulls first, s.look asc nulls first
            rows between unbounded preceding and current row
        ), 0) as ledger
    from steps as s
),
compared as (
    select
        r.source as source,
        r.account as account,
        r.asset as asset,
        h.look as look,
        max(case when r.look = h.look then r.ledger end) as ledger,
        max(case when r.look = h.look then r.venue end) as venue,
        coalesce(max(case when r.ledger = r.venue and r.look < h.look then r.look end), 0) as agreed,
        count(case when r.ledger = r.venue and r.look >= h.look then r.look end) as proofs
    from rolled as r
    join chosen as h on h.source = r.source
    where r.look > 0
    group by r.source, r.account, r.asset, h.look
)
select
    c.source as source,
    c.account as account,
    c.asset as asset,
    f.at as at,
    cast(c.ledger as decimal(38, 18)) as expected,
    cast(c.venue as decimal(38, 18)) as actual,
    'look of ' || cast(f.at as string) as anchor,
    'unexplained' as kind,
    'the ledger does not hold what the venue says it holds' as text,
    a.at as since,
    coalesce(a.entry_cut, 0) as since_entry,
    n.at as until,
    n.entry_cut as until_entry,
    n.reading as reading
from compared as c
join numbered as n on n.source = c.source and n.look = c.look
join numbered as f on f.source = c.source and f.look = c.agreed + 1
left join numbered as a on a.source = c.source and a.look = c.agreed
where (c.proofs > 0) is not true;

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
)
select count(*) as examined
from compared as c;
