"""The rows around a break, asked of the same tables that the checks read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from duckdb import DuckDBPyConnection

from recon.checks._ask import utc
from recon.checks._values import Failing, Leg, Unread

_UNREAD = """
select l.source, l.asset, l.entry, l.at, l.kind
from legs as l
where l.class = 'suspense' and l.live
    and not exists (select 1 from legs as a where a.entry = l.entry and a.class = 'assets')
order by l.entry, l.asset
"""

_FAILING = """
select t.source, t.stream, w.ended_at
from (
    select r.source, r.stream, max(r.reading) as latest,
        max(case when r.status = 'ok' then r.reading end) as whole
    from readings as r
    where r.reading <= $1
    group by r.source, r.stream
) as t
left join readings as w on w.reading = t.whole
where (t.whole = t.latest) is not true and (
    t.whole is null or exists (
        select 1 from readings as h
        where h.source = t.source and h.stream = t.stream and h.status = 'ok'
            and (h.first_at is not null or h.seen = 0)
    )
)
order by t.source, t.stream
"""


def unread_rows(connection: DuckDBPyConnection) -> list[Unread]:
    """The rows that stand in suspense and move nothing, as they could not be understood."""
    rows = connection.execute(_UNREAD).fetchall()
    return [Unread(source, asset, entry, _utc(at), kind) for source, asset, entry, at, kind in rows]


def failing_streams(connection: DuckDBPyConnection, reading: int = 2**62) -> list[Failing]:
    """The streams whose latest reading, as of a reading's number, was not whole.

    Streams known to bring no history (what they list has no times) are left out: they hold no row that is missing.
    """
    rows = connection.execute(_FAILING, [reading]).fetchall()
    return [Failing(source, stream, utc(whole)) for source, stream, whole in rows]


def leg_of(row: Sequence[Any]) -> Leg:
    """A row of a chain, from its columns in the order that Leg has."""
    place, entry, at, *others = row
    return Leg(place, entry, _utc(at), *others)


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)
