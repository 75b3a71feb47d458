-- title: Duplicates
-- severity: error
-- why: A transfer has one hash, so one hash posted twice by one source for one asset and direction is one row too many.
--   What two sources hold under one hash counts once; what only looks alike may be counted twice.
-- fix: Ask the venue which of the rows is right, and correct the file that holds one twice. Where two sources tell of one
--   account, let only one of them hold the rows, or let both state the hashes.
-- reads: legs, alike, period

with hashed as (
    select
        l.source as source,
        l.asset as asset,
        l.txid as txid,
        case when l.quantity < 0 then 'sent' else 'received' end as way,
        l.entry as entry
    from legs as l
    where
        l.class = 'assets' and l.live and l.txid <> '' and l.quantity <> 0
        and exists (
            select 1 as one
            from legs as x
            where x.entry = l.entry and x.asset = l.asset and x.class <> 'assets' and x.class <> 'fees'
        )
),
twice as (
    select
        h.source as source,
        h.asset as asset,
        h.txid as txid,
        h.way as way,
        min(h.entry) as entry,
        max(h.entry) as later,
        count(distinct h.entry) as rows_posted
    from hashed as h
    group by h.source, h.asset, h.txid, h.way
)
select
    l.source as source,
    l.account as account,
    l.asset as asset,
    l.at as at,
    cast(null as decimal(38, 18)) as expected,
    cast(null as decimal(38, 18)) as actual,
    t.way || ' ' || t.txid as anchor,
    'duplicate_record' as kind,
    cast(null as string) as severity,
    'the hash ' || t.txid || ' is posted ' || cast(t.rows_posted as string) || ' times as ' || t.way || ': on '
    || cast(f.at as string) || ' UTC ' || cast(f.quantity as string) || ' (' || f.kind || '), on '
    || cast(l.at as string) || ' UTC ' || cast(l.quantity as string) || ' (' || l.kind || ')' as text,
    l.entry as entry,
    f.entry as later,
    l.quantity as quantity
from twice as t
join legs as f on f.entry = t.entry and f.asset = t.asset and f.class = 'assets'
join legs as l on l.entry = t.later and l.asset = t.asset and l.class = 'assets'
cross join period as p
where l.at < p.ends_at and (t.rows_posted = 1) is not true
union all
select
    l.source as source,
    l.account as account,
    l.asset as asset,
    l.at as at,
    cast(null as decimal(38, 18)) as expected,
    cast(null as decimal(38, 18)) as actual,
    'like ' || f.source || '/' || cast(f.origin as string) || ' ' || l.source || '/' || cast(l.origin as string)
    as anchor,
    'unexplained' as kind,
    'warning' as severity,
    'two sources hold rows that look like one movement, without a hash that would prove it: '
    || f.source || ' ' || f.account || ', ' || cast(f.at as string) || ' UTC: ' || cast(f.quantity as string)
    || ' ' || f.asset || ' (' || f.kind || ') | '
    || l.source || ' ' || l.account || ', ' || cast(l.at as string) || ' UTC: ' || cast(l.quantity as string)
    || ' ' || l.asset || ' (' || l.kind || ')' as text,
    l.entry as entry,
    f.entry as later,
    l.quantity as quantity
from alike as a
join legs as f on f.entry = a.entry and f.asset = a.asset and f.class = 'assets'
join legs as l on l.entry = a.later and l.asset = a.later_asset and l.class = 'assets'
cross join period as p
where l.at < p.ends_at;

select count(distinct l.entry) as examined
from legs as l
cross join period as p
where l.live and l.class = 'assets' and l.at < p.ends_at;
