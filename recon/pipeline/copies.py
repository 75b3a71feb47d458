"""Which movements several sources hold, on a typed copy that recon.pipeline.movements prepared."""

from collections.abc import Iterator
from itertools import groupby

from duckdb import DuckDBPyConnection

from recon.matching.copies import Copy
from recon.pipeline.movements import HASH

_COPIES = """
with marked as (
    select l.record, l.source, coalesce(p.pool, l.asset) as pool, -l.quantity as quantity,
        coalesce(a.txid, l.txid) as txid, l.address
    from legs as l
    left join adopted as a on a.record = l.record
    left join pools as p on p.asset = l.asset
    where l.live and l.class not in ('assets', 'fees') and l.quantity <> 0 and coalesce(a.txid, l.txid) <> ''
),
held as (
    select m.record, min(m.source) as source, min(m.txid) as txid,
        string_agg(m.pool || ' ' || cast(m.quantity as varchar), ' ' order by m.pool, m.quantity) as what
    from marked as m
    where m.txid in (select txid from marked group by txid having min(source) <> max(source))
        -- One hash may pay several addresses: where they differ, so do the movements.
        and m.txid not in (
            select txid from marked where address <> '' group by txid having min(address) <> max(address)
        )
    group by m.record
),
groups as (
    select h.txid, h.what
    from held as h
    where not exists (select 1 from known as k where k.kind = 'same' and k.other_record = h.record)
    group by h.txid, h.what
    having min(h.source) <> max(h.source)
)
select h.txid, h.what, h.record, h.source, h.source in (select f.source from files as f),
    exists (select 1 from known as k where k.kind = 'transfer' and h.record in (k.one_record, k.other_record)),
    exists (select 1 from known as k where k.kind = 'same' and h.record = k.one_record),
    exists (select 1 from known as k where k.kind = 'same' and h.record = k.other_record)
from held as h join groups using (txid, what)
order by min(h.record) over (partition by h.txid, h.what), h.record
"""

_ALIKE = """
with held as (
    select l.entry, l.record, l.source, coalesce(p.pool, l.asset) as pool, l.asset, -l.quantity as quantity,
        l.stated_at as moment, date_trunc('minute', l.stated_at) as minute, coalesce(a.txid, l.txid) as txid
    from legs as l
    left join pools as p on p.asset = l.asset
    left join adopted as a on a.record = l.record
    where l.live and l.quantity <> 0 and l.class not in ('assets', 'fees', 'suspense', 'opening', 'adjustments')
),
shared as (
    select distinct h.entry
    from held as h
    join (select pool, quantity, minute from held group by all having min(source) <> max(source))
        using (pool, quantity, minute)
),
whole as (
    select h.entry, min(h.record) as record, min(h.source) as source, min(h.asset) as asset, min(h.minute) as minute,
        min(h.moment) as moment, min(h.txid) as txid,
        string_agg(h.pool || ' ' || cast(h.quantity as varchar), ' ' order by h.pool, h.quantity) as what
    from held as h join shared using (entry)
    group by h.entry
),
told as (
    select w.*, w.source in (select source from files) as from_file
    from whole as w
    where w.record not in (select b.record from told_before as b)
),
counted as (
    select t.*, row_number() over (partition by t.what, t.minute, t.source order by t.moment, t.entry) as turn
    from told as t
),
ranked as (
    select c.*, row_number() over (partition by c.what, c.minute, c.turn order by c.from_file, c.entry) as place
    from counted as c
)
select o.entry, o.asset, t.entry, t.asset
from ranked as o
join ranked as t on t.what = o.what and t.minute = o.minute and t.turn = o.turn and o.place = 1 and t.place > 1
where not (o.txid <> t.txid and regexp_full_match(o.txid, $hash) and regexp_full_match(t.txid, $hash))
    and not (
        o.record in (select unnest([one_record, other_record]) from known where kind = 'transfer')
        and t.record in (select unnest([one_record, other_record]) from known where kind = 'transfer')
    )
order by o.entry, t.entry
"""


def copies(copy: DuckDBPyConnection) -> Iterator[tuple[list[Copy], set[int], set[int]]]:
    """The rows of each movement that several sources hold by one hash, and which of them are linked so far."""
    rows = copy.execute(_COPIES).fetchall()
    for _, group in groupby(rows, key=lambda row: row[:2]):
        every = list(group)
        yield (
            [Copy(record, source, from_file, tied) for _, _, record, source, from_file, tied, _, _ in every],
            {row[2] for row in every if row[6]},
            {row[2] for row in every if row[7]},
        )


def alike(copy: DuckDBPyConnection) -> list[tuple[int, str, int, str]]:
    """Rows of different sources that move the same at the same minute, as two entries, each with an asset of it."""
    return copy.execute(_ALIKE, {"hash": HASH}).fetchall()
