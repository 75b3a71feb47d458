-- title: Transfers
-- severity: warning
-- why: What leaves one place of one's own must arrive at another, once and in time. Until it does, it is in nobody's
--   balance; and a transfer taken for income or expense is taxed as one.
-- fix: Ask the venue that sent it for the hash, and the other whether it came. Pull the source it went to. Where
--   several rows could be meant, hashes or own_addresses in [transfers] of recon.toml tell them apart.
-- reads: strays, legs, period

-- Rows are paired before the checks are asked: by hash, else by address, else by an amount that nothing else could be.
-- What is left of rows that must have another half, and pairs that no longer agree, stand in strays.
select
    l.source as source,
    l.account as account,
    l.asset as asset,
    l.at as at,
    s.expected as expected,
    s.actual as actual,
    s.anchor as anchor,
    case when s.until > p.known_at then 'in_transit' else 'unexplained' end as kind,
    s.text as text,
    l.entry as entry,
    s.later as later,
    l.quantity as quantity
from strays as s
join legs as l on l.entry = s.entry and l.asset = s.asset and l.class = 'assets'
cross join period as p
where l.live and (l.at >= p.ends_at) is not true;

select count(*) as examined
from legs as l
cross join period as p
where l.live and l.at < p.ends_at and (l.class = 'external' or l.class = 'transit');
