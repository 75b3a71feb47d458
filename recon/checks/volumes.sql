-- title: Volumes and fee rates
-- severity: warning
-- why: A venue that counts what was traded gives a second opinion on every trade, and one that states a fee tier on
--   every fee. A trade that is missing, or a fee of another tier, shows here even where balances agree.
-- fix: Pull again, in case a trade was late. Otherwise ask the venue's support for the trades behind its volume, or for
--   the tier that it charged.
-- reads: volumes, charges

-- Over which time a volume counts may not be known: the one that fits the venue's statements best was chosen before,
-- and where none fits, booked is null.
select
    v.source as source,
    cast(null as string) as account,
    v.asset as asset,
    v.at as at,
    cast(v.booked as decimal(38, 18)) as expected,
    cast(v.stated as decimal(38, 18)) as actual,
    'traded volume' as anchor,
    'unexplained' as kind,
    'the venue says that ' || coalesce(cast(v.stated as string), 'something') || ' were traded, and its trades '
    || case when v.booked is null then 'give that over no time: ' else 'do not add up to that: ' end
    || coalesce(v.about, '') as text,
    cast(null as bigint) as entry,
    cast(null as bigint) as later
from volumes as v
where (v.stated = v.booked) is not true
union all
select
    c.source as source,
    cast(null as string) as account,
    cast(null as string) as asset,
    c.first_at as at,
    cast(null as decimal(38, 18)) as expected,
    cast(null as decimal(38, 18)) as actual,
    'rate ' || c.rate || ' ' || cast(c.charged as string) || ' in tier '
    || coalesce(cast(c.tier as string), 'none') as anchor,
    'unexplained' as kind,
    cast(c.trades as string) || ' trades, from this one to ' || cast(c.last_at as string) || ' UTC, were charged '
    || cast(c.charged as string) || ' (' || c.rate || ', in the unit of the venue) where the fee tier in force says '
    || coalesce(cast(c.tier as string), 'nothing') as text,
    c.first_entry as entry,
    case when c.last_entry <> c.first_entry then c.last_entry end as later
from charges as c
where (c.charged = c.tier) is not true;

select
    (select count(*) as volumes from volumes as v) + coalesce(sum(c.trades), 0) as examined
from charges as c;
