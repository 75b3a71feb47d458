"""What moved between places and the outside, on a typed copy whose legs do not follow its links yet."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from recon.core.times import aware

HASH = "0x[0-9a-f]+|[0-9a-fA-F]{64}|[1-9A-HJ-NP-Za-km-z]{43,88}"
"""What hashes of chains look like. Two of them that differ are two transfers; two banks' references need not be."""
_FEW = 20
"""Among more records of one amount no row looks for its hash."""
_MICROSECOND = timedelta(microseconds=1)


class Rules(NamedTuple):
    """What counts as a move between own places.

    ``pools`` say which assets are one, ``files`` which sources are files. ``fees`` are what a venue says that sending
    an asset costs, by source and asset; ``fee_max`` is allowed everywhere.
    """

    pools: Mapping[str, str]
    files: frozenset[str]
    own_addresses: Sequence[str]
    window: timedelta
    fee_max: Decimal
    fees: Mapping[tuple[str, str], Decimal]


class Movement(NamedTuple):
    """One row that moved an asset (what left is negative). ``number`` is that of its record's first entry."""

    record: int
    entry: int
    number: int
    source: str
    account: str
    asset: str
    quantity: Decimal
    at: datetime
    kind: str

    @property
    def name(self) -> str:
        """Its entry, as people are told of it."""
        return f"{self.source}/{self.number}"


_GIVEN = """
create or replace temp table pools(asset varchar, pool varchar);
create or replace temp table files(source varchar);
create or replace temp table own(address varchar, source varchar);
create or replace temp table fees(source varchar, asset varchar, fee decimal(36, 18));
create or replace temp table known as select l.kind, l.one_record, l.other_record from links as l;
create or replace temp view told_before as
with recursive held as (
    select k.one_record, k.other_record from known as k where k.kind = 'same'
    union
    select k.one_record, h.other_record from held as h join known as k on k.other_record = h.one_record
    where k.kind = 'same'
)
select h.other_record as record from held as h where h.one_record in (select l.record from legs as l where l.live);
"""
"""``told_before``: records of movements that another source holds too, and whose row counts."""

_OWN = """
insert into own
select distinct
    case when regexp_full_match(f.address, '0[xX][0-9a-fA-F]+') then lower(f.address) else f.address end, f.source
from (
    select unnest($addresses) as address, '' as source
    union all
    select cast(f.value as varchar), cast(f.source as varchar) from facts as f where f.name = 'deposit_address'
) as f
"""

_MOVEMENTS = """
create or replace temp table movements as
select l.record, l.entry, l.origin as number, l.source, a.account, l.asset, coalesce(p.pool, l.asset) as pool,
    cast(-l.quantity as decimal(36, 18)) as quantity, l.stated_at as moment, l.kind, l.txid, l.address,
    l.class = 'transit' as inside
from legs as l
join legs as a on a.entry = l.entry and a.asset = l.asset and a.class = 'assets'
left join pools as p on p.asset = l.asset
where l.live and l.class in ('external', 'transit') and l.quantity <> 0
"""

_ADOPT = """
create or replace temp table adopted as
with listed as (
    select b.source, b.account, b.asset, b.quantity, b.at as moment, b.txid, b.address,
        epoch_us(b.at) // $window as slot
    from beside as b
    where b.txid <> ''
),
asking as (
    select m.record, m.source, m.account, m.asset, m.quantity, m.moment,
        epoch_us(m.moment) // $window + unnest([-1, 0, 1]) as slot
    from movements as m
    semi join listed as b using (source, asset, quantity)
    where m.txid = '' and not m.inside
),
crowded as (
    select source, asset, quantity, slot from listed group by all having count(distinct txid) > $few
    union
    select source, asset, quantity, slot from asking group by all having count(*) > $few
),
lost as (
    select distinct a.record from asking as a join crowded using (source, asset, quantity, slot)
),
near as (
    select a.record, b.source, b.asset, b.quantity, b.txid, max(b.address) as address
    from (select * from asking anti join lost using (record)) as a
    join listed as b using (source, asset, quantity, slot)
    where b.account in ('', a.account) and abs(epoch_us(b.moment) - epoch_us(a.moment)) <= $window
    group by a.record, b.source, b.asset, b.quantity, b.txid
)
select n.record, n.txid, n.address
from near as n
where n.record in (select record from near group by record having count(*) = 1)
    and (n.source, n.asset, n.quantity, n.txid) in (
        select (source, asset, quantity, txid) from near group by source, asset, quantity, txid having count(*) = 1
    )
"""

_ADOPTED = """
update movements set txid = a.txid, address = case when movements.address = '' then a.address else movements.address end
from adopted as a where movements.record = a.record
"""


def prepare(copy: DuckDBPyConnection, rules: Rules) -> None:
    """Makes the tables that all else is asked of. A row without a hash takes that of the one record beside it."""
    copy.execute(_GIVEN)
    for table, rows in (
        ("pools", list(rules.pools.items())),
        ("files", [(one,) for one in sorted(rules.files)]),
        ("fees", [(*place, fee) for place, fee in sorted(rules.fees.items())]),
    ):
        for row in rows:
            copy.execute(f"insert into {table} values ({', '.join('?' * len(row))})", row)  # noqa: S608 - named here
    copy.execute(_OWN, {"addresses": list(rules.own_addresses) or [""]})
    copy.execute("delete from own where address = ''")
    copy.execute(_MOVEMENTS)
    copy.execute(_ADOPT, {"window": micros_of(rules.window), "few": _FEW})
    copy.execute(_ADOPTED)


def remember(copy: DuckDBPyConnection, links: Sequence[tuple[str, int, int]]) -> None:
    """New links (kind, one record, other record) that count from here on."""
    if links:
        kinds, ones, others = zip(*links, strict=True)
        copy.execute(
            "insert into known select unnest($1), unnest($2), unnest($3)",
            [list(kinds), list(ones), list(others)],
        )


def on_the_way(copy: DuckDBPyConnection, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int, Decimal]]:
    """Pairs of the records of transfers, each with what was sent and did not arrive."""
    if not pairs:
        return []
    return copy.execute(
        "select p.one, p.other, cast(-s.quantity - r.quantity as decimal(36, 18)) "
        "from (select unnest($1) as one, unnest($2) as other, unnest($3) as place) as p "
        "join movements as s on s.record = p.one join movements as r on r.record = p.other order by p.place",
        [*(list(side) for side in zip(*pairs, strict=True)), list(range(len(pairs)))],
    ).fetchall()


def described(copy: DuckDBPyConnection, records: Iterable[int]) -> dict[int, Movement]:
    """The movements of some records."""
    rows = copy.execute(
        "select m.record, m.entry, m.number, m.source, m.account, m.asset, m.quantity, m.moment, m.kind "
        "from movements as m where m.record in (select unnest($1))",
        [list(records) or [0]],
    ).fetchall()
    return {row[0]: Movement(*row)._replace(at=aware(row[7])) for row in rows}


def micros_of(span: timedelta) -> int:
    """A span as a whole number of microseconds."""
    return span // _MICROSECOND
