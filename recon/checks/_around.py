"""The rows around a break, asked of the same tables that the checks read."""

from collections.abc import Collection, Sequence
from typing import Any

from duckdb import DuckDBPyConnection

from recon.checks._ask import utc
from recon.checks._values import Failing, Leg, Unread
from recon.core.times import aware

_UNREAD = """
select l.source, l.asset, l.entry, l.at, l.kind
from legs as l
where l.class = 'suspense' and l.live and not l.by_hand
    and not exists (select 1 from legs as a where a.entry = l.entry and a.class = 'assets')
order by l.entry, l.asset
"""

_FAILING = """
with looked as (select unnest($1) as look),
known as (
    select k.look, r.source, r.stream, max(r.reading) as latest,
        max(case when r.status = 'ok' then r.reading end) as whole
    from looked as k
    join readings as r on r.reading <= k.look
    where exists (
        select 1 from readings as f where f.source = r.source and f.stream = r.stream and f.status <> 'ok'
    )
    group by k.look, r.source, r.stream
)
select t.look, t.source, t.stream, w.ended_at
from known as t
left join readings as w on w.reading = t.whole
where (t.whole = t.latest) is not true and (
    t.whole is null or exists (
        select 1 from readings as h
        where h.source = t.source and h.stream = t.stream and h.status = 'ok'
            and (h.first_at is not null or h.seen = 0)
    )
)
order by t.look, t.source, t.stream
"""
NOW = 2**62
"""Behind every reading."""


def unread_rows(connection: DuckDBPyConnection) -> list[Unread]:
    """The rows that stand in suspense and move nothing, as they could not be understood."""
    rows = connection.execute(_UNREAD).fetchall()
    return [Unread(source, asset, entry, aware(at), kind) for source, asset, entry, at, kind in rows]


def failing_streams(connection: DuckDBPyConnection, looks: Collection[int]) -> dict[int, list[Failing]]:
    """By a reading's number, or NOW: the streams whose latest reading as of it was not whole.

    Streams known to bring no history (what they list has no times) are left out: they hold no row that is missing.
    """
    found: dict[int, list[Failing]] = {}
    for look, source, stream, whole in (
        connection.execute(_FAILING, [sorted(looks)]).fetchall() if looks else ()
    ):
        found.setdefault(look, []).append(Failing(source, stream, utc(whole)))
    return found


def leg_of(row: Sequence[Any]) -> Leg:
    """A row of a chain, from its columns in the order that Leg has."""
    place, entry, at, *others = row
    return Leg(place, entry, aware(at), *others)
