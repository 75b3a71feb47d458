-- title: Restated rows
-- severity: error
-- why: A row that a venue had given, and that was posted, must stay as it was. Where the venue changes or drops it, it
--   rewrites history that may be in closed books and tax returns.
-- fix: Ask the venue's support why the row was changed or dropped. What the ledger posts for it now follows what the
--   venue shows now; both versions stay in the evidence.
-- reads: legs, reversals, period

-- A record's first entry is compared with the one in force. What changes no posting (a hash, a confirmation, a note),
-- and what was dropped and came back as it was, is none of it; that a pending row settles reverses nothing. An opening
-- is stated by people, who may correct it. A transfer's legs stand in transit instead of outside, less its fee, which
-- is no change of the venue's.
with turned as (
    select l.source as source, l.record as record, max(v.entry) as entry, max(v.at) as at
    from reversals as v
    join legs as l on l.entry = v.reversed
    where (v.stream = 'opening') is not true
    group by l.source, l.record
),
posted as (
    select
        l.source as source,
        l.record as record,
        l.entry as entry,
        l.account as account,
        l.asset as asset,
        l.quantity as quantity,
        l.number as number,
        l.at as at,
        l.kind as kind,
        l.live as live,
        case
            when l.class = 'assets' then 'place'
            when l.class in ('external', 'transit', 'fees') then 'outside'
            else l.ledger_account
        end as side
    from turned as t
    join legs as l on l.source = t.source and l.record = t.record
    where not exists (select 1 as one from reversals as v where v.entry = l.entry)
),
ends as (
    select
        o.source as source,
        o.record as record,
        min(o.entry) as first_entry,
        max(case when o.live then o.entry end) as last_entry
    from posted as o
    group by o.source, o.record
),
told as (
    select
        e.source as source,
        e.record as record,
        min(case when o.entry = e.first_entry then o.number end) as number,
        min(case when o.entry = e.first_entry then o.at end) as first_at,
        min(case when o.entry = e.last_entry then o.at end) as last_at,
        min(case when o.entry = e.first_entry then o.kind end) as first_kind,
        min(case when o.entry = e.last_entry then o.kind end) as last_kind,
        count(distinct o.account) as accounts
    from ends as e
    join posted as o on o.source = e.source and o.record = e.record
    where o.entry = e.first_entry or o.live
    group by e.source, e.record
),
sides as (
    select
        e.source as source,
        e.record as record,
        o.side as side,
        o.account as account,
        o.asset as asset,
        coalesce(sum(case when o.entry = e.first_entry then o.quantity end), 0) as before,
        coalesce(sum(case when o.entry = e.last_entry then o.quantity end), 0) as now
    from ends as e
    join posted as o on o.source = e.source and o.record = e.record
    group by e.source, e.record, o.side, o.account, o.asset
),
named as (
    select
        s.source as source,
        s.record as record,
        s.account as account,
        s.asset as asset,
        s.before as before,
        s.now as now,
        s.asset || case when t.accounts > 1 then ' in ' || coalesce(s.account, '') else '' end as label
    from sides as s
    join told as t on t.source = s.source and t.record = s.record
    where s.side = 'place' and (s.before = s.now) is not true
),
changed as (
    select
        n.source as source,
        n.record as record,
        count(*) as places,
        min(n.label) as one,
        max(n.label) as other,
        count(distinct n.account) as accounts,
        count(distinct n.asset) as assets,
        min(n.account) as account,
        min(n.asset) as asset
    from named as n
    group by n.source, n.record
),
moved as (
    select s.source as source, s.record as record, count(*) as sides
    from sides as s
    where (s.before = s.now) is not true
    group by s.source, s.record
),
places as (
    select
        s.source as source,
        s.record as record,
        min(s.account) as account,
        count(distinct s.account) as accounts,
        min(s.asset) as asset,
        count(distinct s.asset) as assets
    from sides as s
    where s.side = 'place'
    group by s.source, s.record
)
select
    e.source as source,
    case when coalesce(c.accounts, h.accounts) = 1 then coalesce(c.account, h.account) end as account,
    case when coalesce(c.assets, h.assets) = 1 then coalesce(c.asset, h.asset) end as asset,
    t.first_at as at,
    cast(case when c.places = 1 then a.before end as decimal(38, 18)) as expected,
    cast(case when c.places = 1 then a.now end as decimal(38, 18)) as actual,
    'entry ' || cast(t.number as string) as anchor,
    case when e.last_entry is null and r.status = 'vanished' then 'vanished' else 'restated' end as kind,
    case
        when e.last_entry is not null then 'the venue changed this row after it had given it'
        else 'the venue had given this row (' || coalesce(t.first_kind, 'no kind')
        || coalesce(' of ' || cast(a.before as string) || ' ' || c.one, '')
        || case when c.places > 2 then ', further assets' else '' end
        || coalesce(' and ' || cast(b.before as string) || ' ' || c.other, '')
        || case
            when r.status = 'vanished' then '), and shows it no more'
            when r.status = 'pending' then '), and calls it pending again'
            else '), and it moves nothing any more'
        end
    end
    || ', as read on ' || cast(u.at as string) || ' UTC'
    || case when e.last_entry is null then '' else
        coalesce(
            '; it moved ' || cast(a.before as string) || ' ' || c.one
            || coalesce(' and ' || cast(b.before as string) || ' ' || c.other, '')
            || ', and moves ' || cast(a.now as string) || ' ' || c.one
            || coalesce(' and ' || cast(b.now as string) || ' ' || c.other, '')
            || case when c.places > 2 then ', and further assets' else '' end,
            ''
        )
        || case
            when (t.first_at = t.last_at) is not true
                then '; it was dated ' || coalesce(cast(t.first_at as string), 'nowhen') || ' UTC, and is dated '
                || coalesce(cast(t.last_at as string), 'nowhen') || ' UTC'
            else ''
        end
        || case
            when (t.first_kind = t.last_kind) is not true
                then '; its kind was ' || coalesce(t.first_kind, 'unstated') || ', and is '
                || coalesce(t.last_kind, 'unstated')
            when c.places is null and t.first_at = t.last_at then '; it stands against another account than before'
            else ''
        end
    end as text,
    e.first_entry as entry,
    coalesce(e.last_entry, u.entry) as later
from ends as e
cross join period as p
join told as t on t.source = e.source and t.record = e.record
join turned as u on u.source = e.source and u.record = e.record
join reversals as r on r.entry = u.entry
left join moved as m on m.source = e.source and m.record = e.record
left join places as h on h.source = e.source and h.record = e.record
left join changed as c on c.source = e.source and c.record = e.record
left join named as a on a.source = c.source and a.record = c.record and a.label = c.one
left join named as b
    on b.source = c.source and b.record = c.record and b.label = c.other and c.places > 1
where
    u.at >= p.starts_at
    and (t.first_at >= p.ends_at and coalesce(t.last_at, t.first_at) >= p.ends_at) is not true
    and (m.sides is null and t.first_at = t.last_at) is not true;

select count(distinct l.record) as examined
from legs as l
cross join period as p
where l.at < p.ends_at;
