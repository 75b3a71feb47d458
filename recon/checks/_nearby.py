"""What may hold closing differences, asked of the tables for all of them at once."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from duckdb import DuckDBPyConnection

from recon.checks._aims import aim
from recon.checks._around import leg_of
from recon.checks._ask import Found
from recon.checks._values import Candidate, Difference, Group, Pending
from recon.core.breaks import Break
from recon.core.records import Rate
from recon.core.times import aware, naive

SHOWN = 40
"""How many rows of a difference are looked at one by one. What explains it alone is found among all of them."""

_ASKED = """
create or replace temp table asked(
    number bigint, source string, account string, asset string, since_entry bigint, until_entry bigint,
    until timestamp, reading bigint, rest decimal(38, 18)
)
"""

_FILL = """
insert into asked
select unnest($1), unnest($2), unnest($3), unnest($4), unnest($5), unnest($6), unnest($7), unnest($8),
    cast(unnest($9) as decimal(38, 18))
"""

_CHAINED = """
create or replace temp table chained as
select l.source, l.account, l.asset, l.entry, l.at, l.kind, l.quantity, l.balance_after, l.ordinal, l.turn,
    row_number() over chain as place,
    coalesce(l.quantity = lag(l.quantity) over chain and l.kind = lag(l.kind) over chain, false)
    or coalesce(l.quantity = lead(l.quantity) over chain and l.kind = lead(l.kind) over chain, false) as twin,
    length(rtrim(split_part(cast(l.quantity as string), '.', 2), '0')) as decimals,
    length(rtrim(split_part(cast(l.balance_after as string), '.', 2), '0')) as balance_decimals
from legs as l
where l.class = 'assets' and l.live
    and exists (select 1 from asked as a where a.source = l.source and a.account = l.account and a.asset = l.asset)
window chain as (partition by l.source, l.account, l.asset order by l.ordinal, l.turn, l.entry)
"""

_STATED = """
create or replace temp table stated as
with marks as (
    select c.source, c.account, c.asset, c.entry, 0 as number,
        {'ordinal': c.ordinal, 'turn': c.turn, 'entry': c.entry} as spot
    from chained as c
    where c.balance_after is not null
    union all
    select a.source, a.account, a.asset, a.until_entry, a.number, null from asked as a
),
newest as (
    select m.number, max(m.spot) over (
        partition by m.source, m.account, m.asset order by m.entry, m.number
        rows between unbounded preceding and current row
    ) as spot
    from marks as m
)
select n.number, n.spot from newest as n where n.number > 0 and n.spot is not null
"""

_NEARBY = """
create or replace temp table nearby as
with known as (
    select a.number, a.since_entry, c.*
    from chained as c
    asof join asked as a
        on a.source = c.source and a.account = c.account and a.asset = c.asset and c.entry <= a.until_entry
    where a.rest <> 0
),
since as (
    select k.* from known as k
    left join stated as s on s.number = k.number
    where k.entry > k.since_entry and (
        s.spot is null or {'ordinal': k.ordinal, 'turn': k.turn, 'entry': k.entry} > s.spot
    )
),
others as (
    select l.entry, l.asset,
        coalesce(sum(case when l.class = 'fees' then l.quantity end), 0) as fee,
        bool_or(l.class = 'trading') as traded,
        bool_or(l.class = 'suspense') as suspended
    from legs as l
    where l.live and l.class in ('fees', 'trading', 'suspense')
        and exists (select 1 from since as s where s.entry = l.entry)
    group by l.entry, l.asset
),
suspended as (select o.entry from others as o where o.suspended group by o.entry)
select s.number, s.place, s.entry, s.at, s.kind, s.quantity, s.balance_after, s.twin, s.decimals,
    coalesce(o.fee, 0) as fee, coalesce(o.traded, false) as traded, x.entry is not null as suspended
from since as s
left join others as o on o.entry = s.entry and o.asset = s.asset
left join suspended as x on x.entry = s.entry
"""

_COUNTS = """
with finest as (
    select c.source, c.account, c.asset, max(greatest(c.decimals, coalesce(c.balance_decimals, 0))) as decimals
    from chained as c
    group by c.source, c.account, c.asset
),
counts as (
    select n.number, count(*) as rows, count(*) filter (n.twin) as twins, count(*) filter (n.suspended) as odd,
        min(abs(n.quantity)) filter (n.quantity <> 0) as smallest,
        count(*) filter (n.traded and n.decimals = f.decimals) as rounded
    from nearby as n
    join asked as a on a.number = n.number
    join finest as f on f.source = a.source and f.account = a.account and f.asset = a.asset
    group by n.number
),
held as (
    select a.number, sum(s.locked) as locked
    from asked as a
    join snapshots as s on s.reading = a.reading and s.account = a.account and s.asset = a.asset
    group by a.number
),
openings as (
    select c.source, c.account, c.asset, sum(c.quantity) as opening
    from chained as c where c.kind = 'opening' group by c.source, c.account, c.asset
)
select a.number, coalesce(f.decimals, 0), coalesce(n.rows, 0), coalesce(n.twins, 0), coalesce(n.odd, 0),
    coalesce(n.rounded, 0), n.smallest, h.locked, coalesce(o.opening, 0)
from asked as a
left join finest as f on f.source = a.source and f.account = a.account and f.asset = a.asset
left join counts as n on n.number = a.number
left join held as h on h.number = a.number
left join openings as o on o.source = a.source and o.account = a.account and o.asset = a.asset
"""

_STATEMENTS = """
select s.number, c.place, c.entry, c.at, c.kind, c.quantity, c.balance_after, false
from stated as s
join asked as a on a.number = s.number
join chained as c on c.source = a.source and c.account = a.account and c.asset = a.asset and c.entry = s.spot.entry
"""

_ROWS = """
with marked as (
    select n.*,
        exists (
            select 1 from targets as t where t.number = n.number and t.low = t.high and t.low = n.quantity
        ) or exists (
            select 1 from targets as t
            where t.number = n.number and t.low < t.high and abs(n.quantity) between t.low and t.high
        ) or exists (
            select 1 from asked as a where a.number = n.number and n.fee = a.rest
        ) or exists (
            select 1 from swaps as w
            where w.number = n.number and w.moved = sign(n.quantity) * 9 * (
                cast(replace(cast(abs(n.quantity) as string), '.', '') as hugeint) // w.unit % 10
                - cast(replace(cast(abs(n.quantity) as string), '.', '') as hugeint) // w.unit // 10 % 10
            )
        ) as hit
    from nearby as n
),
ranked as (
    select m.*, row_number() over (partition by m.number, m.hit order by m.place desc, m.entry desc) as rank
    from marked as m
)
select r.number, r.place, r.entry, r.at, r.kind, r.quantity, r.balance_after, r.suspended, r.twin, r.fee, r.traded,
    r.hit
from ranked as r
where r.rank <= $1
order by r.number, r.place
"""

_GROUPS = """
select n.number, 'all rows of the kind ' || n.kind, count(*), sum(n.quantity), bool_and(n.suspended)
from nearby as n group by n.number, n.kind having count(*) > 1
union all
select n.number, 'all trades', count(*), sum(n.quantity), bool_and(n.suspended)
from nearby as n where n.traded group by n.number having count(*) > 1 and count(distinct n.kind) > 1
union all
select n.number, 'all fees taken with other rows', count(*), -sum(n.fee), false
from nearby as n where n.fee <> 0 group by n.number having count(*) > 1
union all
select n.number, 'all fees taken with rows of the kind ' || n.kind, count(*), -sum(n.fee), false
from nearby as n where n.fee <> 0
group by n.number, n.kind
having count(*) > 1 and count(*) < (
    select count(*) from nearby as o where o.number = n.number and o.fee <> 0
)
"""

_PENDING = """
with ranked as (
    select a.number, w.record, w.at, w.kind, w.quantity,
        row_number() over (partition by a.number order by w.quantity = a.rest desc, w.at, w.record) as rank
    from pending as w
    join asked as a on a.source = w.source and a.account = w.account and a.asset = w.asset and w.at <= a.until
    where a.rest <> 0 and w.quantity <> 0
)
select r.number, r.record, r.at, r.kind, r.quantity from ranked as r where r.rank <= 10 order by r.number, r.rank
"""

_LATE = """
with newest as (select k.source, max(coalesce(k.entry_cut, 0)) as cut from looks as k group by k.source)
select a.number, 0, l.entry, l.at, l.kind, l.quantity, l.balance_after, false
from asked as a
join newest as w on w.source = a.source
join legs as l
    on l.source = a.source and l.account = a.account and l.asset = a.asset and l.quantity = a.rest
    and l.entry > w.cut and l.stated_at <= a.until
where a.rest <> 0 and l.class = 'assets' and l.live
order by a.number, l.entry
"""

_RESTATED = """
with turned as (
    select distinct a.number, a.source, a.account, a.asset, a.since_entry, a.until_entry, a.rest, l.record
    from asked as a
    join reversals as v on v.entry > a.since_entry and v.entry <= a.until_entry
    join legs as l on l.entry = v.reversed and l.source = a.source
    where a.rest <> 0 and l.record is not null
)
select t.number, unnest(list(distinct l.entry))
from turned as t
join legs as l
    on l.record = t.record and l.source = t.source and l.account = t.account and l.asset = t.asset
    and l.class = 'assets' and l.entry > t.since_entry and l.entry <= t.until_entry
group by t.number, t.record, t.rest
having sum(l.quantity) + t.rest = 0
order by 1, 2
"""


class Apart(NamedTuple):
    """A closing difference, the running_balance breaks in it, and what they leave of it."""

    found: Found
    gaps: tuple[Break, ...]
    rest: Decimal


def differences(
    connection: DuckDBPyConnection, aparts: Sequence[Apart], rates: Mapping[str, Sequence[Rate]]
) -> list[Difference]:
    """Each with all that may explain its rest. No two of one chain may overlap."""
    if not aparts:
        return []
    _fill(connection, aparts)
    for statement in (_CHAINED, _STATED, _NEARBY):
        connection.execute(statement)
    counts = {row[0]: row[1:] for row in connection.execute(_COUNTS).fetchall()}
    known = [_rates(rates, one.found) for one in aparts]
    numbers = range(1, len(aparts) + 1)
    aim(connection, [one.rest for one in aparts], known, [counts[number][0] for number in numbers])
    rows = _by_number(connection.execute(_ROWS, [SHOWN]).fetchall())
    groups = _by_number(connection.execute(f"{_GROUPS} order by 1, 2").fetchall())
    pending = _by_number(connection.execute(_PENDING).fetchall())
    late = _by_number(connection.execute(_LATE).fetchall())
    restated = _by_number(connection.execute(_RESTATED).fetchall())
    statements = _by_number(connection.execute(_STATEMENTS).fetchall())
    found = []
    for number, one in enumerate(aparts, start=1):
        decimals, many, twins, odd, rounded, smallest, locked, opening = counts[number]
        found.append(
            Difference(
                found=one.found,
                gaps=one.gaps,
                rest=one.rest,
                statement=next((leg_of(row) for row in statements.get(number, ())), None),
                candidates=tuple(Candidate(leg_of(row[:7]), *row[7:]) for row in rows.get(number, ())),
                groups=tuple(Group(*row) for row in groups.get(number, ())),
                pending=tuple(Pending(row[0], aware(row[1]), *row[2:]) for row in pending.get(number, ())),
                late=tuple(leg_of(row) for row in late.get(number, ())),
                restated=tuple(row[0] for row in restated.get(number, ())),
                rates=known[number - 1],
                opening=opening,
                locked=locked,
                decimals=decimals,
                rows=many,
                twins=twins,
                suspended=odd,
                rounded=rounded,
                smallest=smallest,
            )
        )
    return found


def _fill(connection: DuckDBPyConnection, aparts: Sequence[Apart]) -> None:
    connection.execute(_ASKED)
    columns = zip(
        *(
            (
                number,
                *one.found.chain,
                one.found.since_entry,
                one.found.until_entry,
                naive(one.found.until) if one.found.until else None,
                one.found.reading,
                format(one.rest, "f"),
            )
            for number, one in enumerate(aparts, start=1)
        ),
        strict=True,
    )
    connection.execute(_FILL, [list(column) for column in columns])


def _rates(rates: Mapping[str, Sequence[Rate]], found: Found) -> tuple[Rate, ...]:
    return tuple(one for one in rates.get(found.source or "", ()) if one.asset in {"", found.asset})


def _by_number(rows: Sequence[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for number, *row in rows:
        found.setdefault(number, []).append(tuple(row))
    return found
