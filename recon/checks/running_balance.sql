-- title: Running balances
-- severity: error
-- why: A venue that states the balance after each row gives a proof of every row. The balance before, plus what the
--   rows since then moved, must be the balance stated. Where it is not, a row between the two is missing, too many
--   or wrong. A chain starts from zero or from the opening that is stated for it. Rows of one moment, whose order the
--   venue leaves open, stand in the order in which they chain where there is one.
-- fix: Read the diagnosis. Pull again, in case the venue has mended its rows. Otherwise send the text to the venue's
--   support, or state an opening where the history does not begin at zero.
-- reads: legs, readings, period

-- What people entered is no row of the venue's, so that it stands in no chain of rows.
-- drift is what the venue states beyond what we posted; it changes only at a row that breaks the chain, so that one
-- fault is one break. DECIMAL(37,18) holds ten times the largest amount, and the sum of two such fits 38 digits.
with posted_so_far as (
    select
        l.source as source,
        l.account as account,
        l.asset as asset,
        l.ordinal as ordinal,
        l.turn as turn,
        l.entry as entry,
        l.origin as number,
        l.at as at,
        l.balance_after as balance_after,
        cast(coalesce(sum(l.quantity) over (
            partition by l.source, l.account, l.asset
            order by l.ordinal asc nulls first, l.turn asc nulls first, l.entry asc nulls first
            rows between unbounded preceding and current row
        ), 0) as decimal(37, 18)) as posted
    from legs as l
    where l.class = 'assets' and l.live and (l.by_hand) is not true
),
stated as (
    select
        s.source as source,
        s.account as account,
        s.asset as asset,
        s.entry as entry,
        s.number as number,
        s.at as at,
        s.balance_after as balance_after,
        s.posted as posted,
        coalesce(lag(cast(s.balance_after - s.posted as decimal(37, 18))) over (
            partition by s.source, s.account, s.asset
            order by s.ordinal asc nulls first, s.turn asc nulls first, s.entry asc nulls first
        ), cast(0 as decimal(37, 18))) as drift_before
    from posted_so_far as s
    where s.balance_after is not null
)
select
    t.source as source,
    t.account as account,
    t.asset as asset,
    t.at as at,
    cast(t.posted + t.drift_before as decimal(38, 18)) as expected,
    cast(t.balance_after as decimal(38, 18)) as actual,
    'entry ' || cast(t.number as string) as anchor,
    'unexplained' as kind,
    'the balance stated after this row is not the one before it plus what was moved since' as text,
    t.entry as entry
from stated as t
cross join period as p
where
    t.at >= p.starts_at
    and t.at < p.ends_at
    and (t.balance_after = t.posted + t.drift_before) is not true;

select count(*) as examined
from legs as l
cross join period as p
where l.class = 'assets' and l.live and l.balance_after is not null and l.at >= p.starts_at and l.at < p.ends_at;
