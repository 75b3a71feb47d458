-- title: Unsettled rows
-- severity: warning
-- why: A pending row is in no balance. One that stays pending may be stuck, or the venue may have settled it without
--   saying so.
-- fix: Ask the venue what became of it. It is posted by itself once the venue says that it settled.
-- reads: pending, readings, sources, period

-- Age counts to the latest reading of the source or the period's end, whichever is earlier. The number tells equal
-- rows apart, so that a new version of a row that is still pending keeps its break.
with latest as (
    select r.source as source, max(r.ended_at) as ended_at
    from readings as r
    group by r.source
),
counted as (
    select
        w.record as record,
        w.source as source,
        w.stream as stream,
        w.account as account,
        w.asset as asset,
        w.quantity as quantity,
        w.at as at,
        w.kind as kind,
        row_number() over (
            partition by w.source, w.stream, w.account, w.asset, w.quantity, w.at
            order by w.record asc nulls first
        ) as number
    from pending as w
)
select
    w.source as source,
    w.account as account,
    w.asset as asset,
    w.at as at,
    cast(null as decimal(38, 18)) as expected,
    cast(null as decimal(38, 18)) as actual,
    w.stream || ' ' || cast(w.at as string) || ' ' || cast(w.quantity as string)
    || ' ' || cast(w.number as string) as anchor,
    'unexplained' as kind,
    'a row (' || w.kind || ') of stream ' || w.stream || ' has been pending for '
    || cast(s.unsettled_days as string) || ' days or more' as text,
    w.record as record,
    w.quantity as quantity
from counted as w
join sources as s on s.source = w.source
cross join period as p
left join latest as t on t.source = w.source
where
    w.at < p.ends_at
    and (
        w.at > case when t.ended_at < p.ends_at then t.ended_at else p.ends_at end - s.unsettled_age
    ) is not true;

select count(*) as examined
from pending as w
join sources as s on s.source = w.source
cross join period as p
where w.at < p.ends_at;
