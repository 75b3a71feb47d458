-- title: Unclassified rows
-- severity: error
-- why: A row of an unknown type, currency or shape is kept and stands in suspense, since to guess what it means would
--   be to invent books. Nobody can say what a period earned while something is in suspense.
-- fix: Look at the row as received. A new type needs a posting rule for its source; a row the venue stated wrongly
--   needs a correction by the venue.
-- reads: legs, period

with suspended as (
    select
        l.source as source,
        l.entry as entry,
        min(l.origin) as number,
        min(l.at) as at,
        min(l.kind) as kind,
        count(distinct l.asset) as assets,
        min(l.asset) as asset
    from legs as l
    where l.live and (l.by_hand) is not true and (l.class <> 'suspense') is not true
    group by l.source, l.entry
),
placed as (
    select
        l.source as source,
        l.entry as entry,
        count(distinct l.account) as accounts,
        min(l.account) as account,
        coalesce(sum(l.quantity), 0) as quantity
    from legs as l
    join suspended as s on s.source = l.source and s.entry = l.entry and s.asset = l.asset
    where l.live and l.class = 'assets'
    group by l.source, l.entry
)
select
    s.source as source,
    case when w.accounts = 1 then w.account end as account,
    case when s.assets = 1 then s.asset end as asset,
    s.at as at,
    cast(null as decimal(38, 18)) as expected,
    cast(null as decimal(38, 18)) as actual,
    'entry ' || cast(s.number as string) as anchor,
    'unknown_type' as kind,
    case
        when w.entry is null then 'a row could not be understood and moves nothing in the ledger yet ('
        else 'a row is posted against suspense, since its type or currency is unknown ('
    end || coalesce(s.kind, 'no kind') || ')' as text,
    s.entry as entry,
    case when s.assets = 1 then w.quantity end as quantity
from suspended as s
cross join period as p
left join placed as w on w.source = s.source and w.entry = s.entry
where s.at < p.ends_at;

select count(distinct l.entry) as examined
from legs as l
cross join period as p
where l.live and l.at < p.ends_at;
