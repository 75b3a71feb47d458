-- title: Double entry
-- severity: error
-- why: Every entry takes from one account what it gives to another, so its postings sum to zero in each asset, and so
--   do all accounts together (the trial balance). Anything else is a fault of the program or of the database.
-- fix: Run recon verify. Keep the ledger as it is, and rebuild it from the evidence into another database.
-- reads: legs

select
    l.source as source,
    cast(null as string) as account,
    l.asset as asset,
    min(l.at) as at,
    cast(0 as decimal(38, 18)) as expected,
    coalesce(sum(l.quantity), 0) as actual,
    'entry ' || coalesce(cast(min(l.origin) as string), 'without number') as anchor,
    'unexplained' as kind,
    'the postings of the entry do not sum to zero' as text,
    l.entry as entry
from legs as l
group by l.source, l.entry, l.asset
having (coalesce(sum(l.quantity), 0) = 0 and count(l.quantity) = count(*)) is not true
union all
select
    cast(null as string) as source,
    cast(null as string) as account,
    l.asset as asset,
    cast(null as timestamp) as at,
    cast(0 as decimal(38, 18)) as expected,
    coalesce(sum(l.quantity), 0) as actual,
    'trial balance' as anchor,
    'unexplained' as kind,
    'the accounts of the ledger do not sum to zero' as text,
    cast(null as bigint) as entry
from legs as l
group by l.asset
having (coalesce(sum(l.quantity), 0) = 0) is not true;

select count(distinct l.entry) as examined
from legs as l;
