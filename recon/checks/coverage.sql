-- title: Coverage
-- severity: error
-- why: A balance proves nothing about rows that were never asked for. Every configured source must have been read, each
--   of its streams whole, and after the period had ended, and a venue's own count must be the count of its rows.
-- fix: Run recon pull again, and see recon doctor for a source that does not answer. Where the venue counts more rows
--   than it lists, ask its support for the rest.
-- reads: readings, coverage, seconds, sources, period

-- What a source named since it was last read to its end, which the line without a stream marks.
with named as (
    select c.source as source, c.stream as stream, max(c.certificate) as certificate
    from coverage as c
    join sources as s on s.source = c.source
    left join (
        select n.source as source, max(n.run) as run from coverage as n where n.stream = '' group by n.source
    ) as t on t.source = c.source
    where c.stream <> '' and c.run >= coalesce(t.run, 0)
    group by c.source, c.stream
),
grey as (
    select c.source as source, c.stream as stream, c.until as until, w.until as read_until
    from named as n
    join coverage as c on c.certificate = n.certificate
    cross join period as p
    left join (
        select e.source as source, e.stream as stream, max(e.until) as until
        from coverage as e
        where e.outcome in ('whole', 'empty', 'not_served')
        group by e.source, e.stream
    ) as w on w.source = n.source and w.stream = n.stream
    where
        c.outcome <> 'not_queried'
        and (p.ends_at <= p.known_at or c.outcome = 'incomplete')
        and (w.until >= p.ends_at) is not true
),
latest as (
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
join readings as r on r.reading = m.whole
union all
select
    g.source as source,
    cast(null as string) as account,
    cast(null as string) as asset,
    coalesce(max(g.read_until), max(g.until)) as at,
    cast(null as decimal(38, 18)) as expected,
    cast(null as decimal(38, 18)) as actual,
    'not read to the end' as anchor,
    'unexplained' as kind,
    cast(count(*) as string) || ' of its streams, such as ' || min(g.stream)
    || ', were not read whole since the period ended ('
    || coalesce('last whole on ' || cast(max(g.read_until) as string) || ' UTC', 'never whole') || ')' as text
from grey as g
where not exists (
    select 1 as one from failing as f
    where f.source = g.source and f.stream = g.stream
)
and not exists (
    select 1 as one from miscounted as m
    where m.source = g.source and m.stream = g.stream
)
group by g.source
union all
select
    d.source as source,
    cast(null as string) as account,
    cast(null as string) as asset,
    cast(null as timestamp) as at,
    cast(d.books as decimal(38, 18)) as expected,
    cast(d.second as decimal(38, 18)) as actual,
    'second reading of ' || d.about as anchor,
    'unexplained' as kind,
    'the venue says twice what belongs together, and not the same: ' || d.about || ' by stream ' || d.stream as text
from seconds as d;

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
