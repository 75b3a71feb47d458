"""The rows that breaks rest on, each with those before and after it in its chain."""

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from recon.core.books import ChainRow
from recon.core.breaks import Break
from recon.core.times import aware

_AROUND = """
with cited as (
    select unnest($number) as number, unnest($entry) as entry, unnest($account) as account, unnest($asset) as asset
),
chains as (
    select distinct c.number, l.source, l.account, l.asset
    from cited as c
    join legs as l on l.entry = c.entry
    where l.class = 'assets' and coalesce(l.account = c.account, true) and coalesce(l.asset = c.asset, true)
),
rests as (
    select distinct entry from cited
),
numbered as (
    select l.source, l.account, l.asset, l.number, l.entry, l.at, l.kind, l.quantity, l.balance_after, l.live,
        row_number() over (partition by l.source, l.account, l.asset order by l.ordinal, l.turn, l.entry) as place
    from legs as l
    left join rests as r on r.entry = l.entry
    where l.class = 'assets' and (l.live or r.entry is not null)
        and (l.source, l.account, l.asset) in (select (h.source, h.account, h.asset) from chains as h)
),
spots as (
    select h.number, n.source, n.account, n.asset, n.entry, n.place
    from chains as h
    join cited as c on c.number = h.number
    join numbered as n
        on n.entry = c.entry and n.source = h.source and n.account = h.account and n.asset = h.asset
)
select s.number, n.source || '/' || n.number, n.source, n.account, n.asset, n.at, n.kind, n.quantity, n.balance_after,
    n.live, bool_or(n.place = s.place)
from spots as s
join numbered as n
    on n.source = s.source and n.account = s.account and n.asset = s.asset
    and n.place between s.place - $reach and s.place + $reach
group by all
order by s.number, n.source, n.account, n.asset, min(n.place)
"""
_REACH = 2
"""How many rows before and after one that a break rests on are shown."""


def around(copy: DuckDBPyConnection, breaks: Sequence[Break]) -> list[list[ChainRow]]:
    """For each break the rows of its chains, in the venue's own order."""
    found: list[list[ChainRow]] = [[] for _ in breaks]
    cited = [
        # the asset of a price may be a pool
        (number, entry, one.account, None if one.check == "prices" else one.asset)
        for number, one in enumerate(breaks)
        for entry in one.entries
    ]
    if not cited:
        return found
    asked = dict(
        zip(("number", "entry", "account", "asset"), map(list, zip(*cited, strict=True)), strict=True)
    )
    for number, entry, source, account, asset, at, *row in copy.execute(
        _AROUND, {**asked, "reach": _REACH}
    ).fetchall():
        found[number].append(ChainRow(entry, source, account, asset, aware(at), *row))
    return found
