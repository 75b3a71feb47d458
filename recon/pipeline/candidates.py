"""Which rows sent and received may be one transfer, on a typed copy that recon.pipeline.movements prepared.

Candidates are found by equal keys, so that a million movements take seconds; what comes of them is decided elsewhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from recon.core.times import aware
from recon.matching.netting import Move
from recon.matching.pairs import Edge
from recon.pipeline.movements import HASH, Rules, micros_of

CLOCKS = timedelta(minutes=10)
"""By how much an arrival may be stated before what was sent: venues' clocks differ, and so does what they call sent."""
_CROWD = 1_000
"""So many possible pairs of one amount in one window are no longer listed."""
_MANY = 50
"""What stands on more rows than this is no hash of a transfer, but a word that is written on all."""


class Candidate(NamedTuple):
    """Two rows of one amount in the window. ``by_address``: what was sent went to where it was received."""

    edge: Edge
    by_address: bool


class Crowd(NamedTuple):
    """So many rows of about one amount that nobody can say which is whose. ``first``: the earliest record sent."""

    first: int
    sent: int
    received: int


_FREE = """
create or replace temp table free as
select m.*, cast($fee_max as decimal(36, 18)) as most, greatest($fee_max, coalesce(f.fee, 0)) as fee
from movements as m
left join fees as f on f.source = m.source and f.asset = m.asset
where m.kind <> 'gift'
    and m.record not in (select one_record from known where kind = 'transfer')
    and m.record not in (select other_record from known where kind = 'transfer')
    and m.record not in (select t.record from told_before as t)
"""

_BY_TXID = """
with told as (
    select f.* from free as f where f.txid <> '' and (not f.inside or f.source in (select source from files))
),
ids as (
    select t.txid, t.pool from told as t group by all
    having count(*) <= $many and max(t.quantity) > 0 and min(t.quantity) < 0
)
select s.record, r.record,
    r.quantity <= -s.quantity and (-s.quantity - r.quantity <= s.most or -s.quantity - r.quantity = s.fee)
from told as s
join ids using (txid, pool)
join told as r using (txid, pool)
where s.quantity < 0 and r.quantity > 0 and (s.source, s.account) <> (r.source, r.account)
"""

_MOVES = """
with sides as (
    select f.entry, f.source, f.asset, abs(f.quantity) as amount, f.account, f.quantity > 0 as arrives, f.moment
    from free as f where f.inside
),
counted as (
    select s.*, row_number() over (
        partition by s.source, s.asset, s.amount, s.arrives order by s.moment, s.entry
    ) as turn
    from sides as s
),
odd as (
    select distinct coalesce(o.source, i.source) as source, coalesce(o.asset, i.asset) as asset,
        coalesce(o.amount, i.amount) as amount
    from (select * from counted where not arrives) as o
    full join (select * from counted where arrives) as i
        on i.source = o.source and i.asset = o.asset and i.amount = o.amount and i.turn = o.turn
    where (abs(epoch_us(o.moment) - epoch_us(i.moment)) <= $window) is not true
)
select s.source, s.asset, s.amount, s.entry, s.account, s.arrives, s.moment
from sides as s join odd using (source, asset, amount)
order by s.source, s.asset, s.amount, s.entry
"""

_KEYED = """
create or replace temp table keyed as
with open as (
    select f.record, f.entry, f.source, f.account, f.pool, f.quantity, f.moment, f.txid, f.address, f.fee,
        f.most,
        cast(replace(cast(abs(f.quantity) as varchar), '.', '') as hugeint) as units,
        epoch_us(f.moment) // $window as slot
    from free as f
    where not f.inside or f.source in (select source from files)
),
steps as (
    select o.pool, max(cast(replace(cast(o.fee as varchar), '.', '') as hugeint)) as step
    from open as o where o.quantity < 0 group by o.pool
)
select o.*, case when s.step = 0 then o.units else o.units // s.step end as size, s.step > 0 as loose
from open as o join steps as s using (pool)
"""

_CANDIDATES = """
create or replace temp table candidates as
with sent as (
    select k.*, k.slot + unnest([-1, 0, 1]) as near from keyed as k where k.quantity < 0
),
received as (
    select k.*, k.size + unnest(case when k.loose then [0, 1] else [0] end) as fitting
    from keyed as k where k.quantity > 0
),
crowds as materialized (
    select pool, size
    from (select pool, size, near, count(*) as many from sent group by all) as s
    join (select pool, fitting as size, slot as near, count(*) as more from received group by all) as r
        using (pool, size, near)
    group by pool, size having max(many * more) > $crowd
),
homes as (
    select o.address, bool_or(o.source = '') as anywhere from own as o group by o.address
),
apart as (
    select s.record as sent, r.record as received,
        (s.address <> '' and s.address = r.address)
        or exists (select 1 from own as o where o.address = s.address and o.source in ('', r.source)) as by_address
    from (select * from sent anti join crowds using (pool, size)) as s
    join received as r on r.pool = s.pool and r.fitting = s.size and r.slot = s.near
    left join homes as h on h.address = s.address and s.address <> ''
    where r.quantity <= -s.quantity and (-s.quantity - r.quantity <= s.most or -s.quantity - r.quantity = s.fee)
        and r.moment >= s.moment - $clocks and r.moment <= s.moment + $window_i
        and (s.source, s.account) <> (r.source, r.account)
        and not (s.address <> '' and r.address <> '' and s.address <> r.address)
        and not (s.txid <> r.txid and regexp_full_match(s.txid, $hash) and regexp_full_match(r.txid, $hash))
        and (h.address is null or h.anywhere or exists (
            select 1 from own as o where o.address = s.address and o.source = r.source
        ))
)
select a.sent, a.received, a.by_address, false as crowded, 0 as many from apart as a
union all
select arg_min(s.record, (s.moment, s.record)), max(r.received), false, true, count(distinct s.record)
from crowds as c
join sent as s using (pool, size)
join (
    select pool, fitting as size, count(distinct record) as received from received group by all
) as r using (pool, size)
group by c.pool, c.size
"""

_LOST = """
select f.record from free as f
where f.quantity < 0 and not f.inside and f.address in (select o.address from own as o where o.source = '')
    and not exists (
        select 1 from movements as m
        where f.txid <> '' and m.txid = f.txid and m.quantity > 0 and (m.source, m.account) <> (f.source, f.account)
    )
order by f.moment, f.record
"""


_PARTED = """
select k.one_record, k.other_record, (
    select min(l.entry) from legs as l where not l.live and l.record in (k.one_record, k.other_record)
)
from links as k
where k.kind = 'transfer' and k.link not in (select t.link from ties as t)
    and exists (select 1 from movements as m where m.record in (k.one_record, k.other_record))
order by k.link
"""


def free(copy: DuckDBPyConnection, rules: Rules) -> None:
    """Begins to pair transfers: every row that is in no pair yet and counts is free."""
    copy.execute(_FREE, {"fee_max": rules.fee_max})


def take(copy: DuckDBPyConnection, records: Iterable[int]) -> None:
    """These rows are free no more."""
    copy.execute("delete from free where record in (select unnest($1))", [list(records) or [0]])


def by_txid(copy: DuckDBPyConnection) -> list[Edge]:
    """Rows sent and received under one hash, at different places."""
    return [Edge(*row) for row in copy.execute(_BY_TXID, {"many": _MANY}).fetchall()]


def moves(copy: DuckDBPyConnection, rules: Rules) -> Iterator[list[Move]]:
    """The free sides of moves inside one source, by asset and amount, where they do not net one after another."""
    rows = copy.execute(_MOVES, {"window": micros_of(rules.window)}).fetchall()
    for _, group in groupby(rows, key=lambda row: row[:3]):
        yield [Move(entry, account, arrives, aware(at)) for *_, entry, account, arrives, at in group]


def net(copy: DuckDBPyConnection, alone: Sequence[int]) -> None:
    """Of the moves inside one source only the entries ``alone`` are free from here on."""
    copy.execute("delete from free where inside and entry not in (select unnest($1))", [list(alone) or [0]])


def by_amount(copy: DuckDBPyConnection, rules: Rules) -> tuple[list[Candidate], list[Crowd]]:
    """Free rows of one amount, less a fee, sent and received at different places within the window."""
    window = {"window": micros_of(rules.window)}
    copy.execute(_KEYED, window)
    copy.execute(
        _CANDIDATES,
        {"crowd": _CROWD, "clocks": CLOCKS, "window_i": rules.window, "hash": HASH},
    )
    rows = copy.execute("select * from candidates order by sent, received").fetchall()
    return (
        [Candidate(Edge(sent, received), near) for sent, received, near, crowded, _ in rows if not crowded],
        [Crowd(first, many, more) for first, more, _, crowded, many in rows if crowded],
    )


def lost(copy: DuckDBPyConnection) -> list[int]:
    """The free rows that went to an address declared one's own.

    What another place received under the same hash is not lost, by whatever code or amount.
    """
    return [record for (record,) in copy.execute(_LOST).fetchall()]


def fallen_apart(copy: DuckDBPyConnection) -> list[tuple[int, int, int]]:
    """The two records of each transfer that holds no more, and the first entry of them that was taken back.

    At least one of the two is still posted. The copy is tied.
    """
    return copy.execute(_PARTED).fetchall()


def still_inside(copy: DuckDBPyConnection) -> list[int]:
    """The free sides of moves inside one source."""
    rows = copy.execute(
        "select f.record from free as f where f.inside order by f.moment, f.record"
    ).fetchall()
    return [record for (record,) in rows]
