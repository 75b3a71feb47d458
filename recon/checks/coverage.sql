-- title: Coverage
-- severity: error
-- why: A balance proves nothing about rows that were never asked for. Every configured source must have been read, each
--   of its streams whole and late enough for the period, and a venue's own count must be the count of its rows.
-- fix: Run recon pull again, and see recon doctor for a source that does not answer. Where the venue counts more rows
--   than it lists, ask its support for the rest.
-- reads: readings, sources, period

with latest as (
    select
        r.source as source,
        r.stream as stream,
        max(r.reading) as reading,
        max(case when r.status = 'ok' then r.reading end) as whole,
        max(case when r.status = 'ok' and (r.stated <> r.seen) is not true then r.reading end) as agreed
    from readings as r
    join sources as s on s.source = r.source
    group by r.source, r.stream
),
failing as (
    select t.source as source, t.stream as stream, t.reading as reading, t.whole as whole, min(r.ended_at) as at
    from latest as t
    join readings as r on r.source = t.source and r.stream = t.stream and r.reading > coalesce(t.whole, -1)
    group by t.source, t.stream, t.reading, t.whole
),
miscounted as (
    select t.source as source, t.stream as stream, t.whole as whole, min(r.ended_at) as at
    from latest as t
    join readings as r
        on r.source = t.source and r.stream = t.stream and r.status = 'ok' and r.reading > coalesce(t.agreed, -1)
    group by t.source, t.stream, t.whole
)
select
    s.source as source,
    cast(null as string) as account,
    cast(null as string) as asset,
    cast(null as timestamp) as at,
    cast(null as decimal(38, 18)) as expected,
    cast(null as decimal(38, 18)) as actual,
    'never read' as anchor,
    'unexplained' as kind,
    'the source is configured but has never been read' as text
from sources as s
where not exists (select 1 as one from readings as r where r.source = s.source)
union all
select
    f.source as source,
    cast(null as string) as account,
    cast(null as string) as asset,
    f.at as at,
    cast(null as decimal(38, 18)) as expected,
    cast(null as decimal(38, 18)) as actual,
    'stream ' || f.stream || ' fails' as anchor,
    'unexplained' as kind,
    'stream ' || f.stream || ' could not be read whole, so its rows may be missing ('
    || coalesce(r.error_message, r.error_kind, 'no reason known') || '); it was '
    || coalesce('last read whole on ' || cast(w.ended_at as string) || ' UTC', 'never read whole') as text
from failing as f
cross join period as p
join readings as r on r.reading = f.reading
left join readings as w on w.reading = f.whole
where (w.ended_at >= p.ends_at) is not true
union all
select
    m.source as source,
    cast(null as string) as account,
    cast(null as string) as asset,
    m.at as at,
    cast(r.seen as decimal(38, 18)) as expected,
    cast(r.stated as decimal(38, 18)) as actual,
    'stream ' || m.stream || ' is miscounted' as anchor,
    case when r.stated > r.seen then 'missing_record' else 'unexplained' end as kind,
    'the venue counts ' || cast(r.stated as string) || ' rows in stream ' || m.stream || ' but listed '
    || cast(r.seen as string) as text
from miscounted as m
join readings as r on r.reading = m.whole;

select
    (select count(*) as unread from sources as s where not exists (
        select 1 as one from readings as r where r.source = s.source
    ))
    + count(*) as examined
from (
    select r.source as source, r.stream as stream
    from readings as r
    join sources as s on s.source = r.source
    group by r.source, r.stream
) as t;
