"""Rows that their date puts on another side of the period's end than their place in the venue's order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from recon.checks._ask import Found
from recon.checks._diagnose import figures, record
from recon.checks._sentences import padded, place, told_row
from recon.checks._values import Leg
from recon.core.breaks import Diagnosis
from recon.core.times import aware, said_text

QUARTER = timedelta(minutes=15)
_JITTER = timedelta(seconds=1)
FARTHEST = 26 * 4
"""Zones lie at most 26 hours apart."""

_AROUND = """
with crossing as (select unnest($1::bigint[]) as entry),
chained as (
    select l.source, l.account, l.asset, l.entry, l.stated_at as at, l.kind, l.quantity, l.balance_after,
        x.entry is not null as odd,
        row_number() over chain as place,
        lag(case when x.entry is null then l.stated_at end ignore nulls) over chain as before,
        lead(case when x.entry is null then l.stated_at end ignore nulls) over chain as after
    from legs as l
    left join crossing as x on x.entry = l.entry
    where l.class = 'assets' and l.live and not l.by_hand
    window chain as (partition by l.source, l.account, l.asset order by l.ordinal, l.turn, l.entry)
)
select c.source, c.account, c.asset, c.place, c.entry, c.at, c.kind, c.quantity, c.balance_after, c.before, c.after
from chained as c
where c.odd
"""


class Cutoff(NamedTuple):
    """Such a row, the times of the rows around it, and by how many quarter hours its own may be too late."""

    found: Found
    leg: Leg
    before: datetime | None
    after: datetime | None
    shifts: frozenset[int]


def cutoffs(connection: DuckDBPyConnection, found: Sequence[Found]) -> list[Cutoff]:
    """Each with the rows around it that are where they belong; not those out of order by no more than a second.

    A venue that numbers rows of one moment as they come may date them as they began.
    """
    if not found:
        return []
    rows = connection.execute(_AROUND, [[one.entry for one in found]]).fetchall()
    around = {(tuple(row[:3]), row[4]): row[3:] for row in rows}
    made = []
    for one in found:
        number, entry, at, kind, quantity, balance, before, after = around[one.chain, one.entry]
        leg = Leg(number, entry, aware(at), kind, quantity, balance, suspended=False)
        first, last = (each and aware(each) for each in (before, after))
        apart = max(first - leg.at if first else _JITTER, leg.at - last if last else _JITTER)
        if apart > _JITTER:
            made.append(Cutoff(one, leg, first, last, shifts(leg.at, first, last)))
    return made


def shifts(at: datetime, before: datetime | None, after: datetime | None) -> frozenset[int]:
    """By how many quarter hours a time may be too late (below zero: too early) to lie between the two."""
    return frozenset(
        number
        for number in range(-FARTHEST, FARTHEST + 1)
        if number
        and (before is None or before <= at - number * QUARTER)
        and (after is None or at - number * QUARTER <= after)
    )


def order_shifts(order: Sequence[Leg]) -> frozenset[int]:
    """By how many quarter hours one row's time may be too late, where it alone is out of order among these."""
    found: frozenset[int] = frozenset()
    for number, leg in enumerate(order):
        others = [each.at for each in (*order[:number], *order[number + 1 :])]
        if others == sorted(others):
            before = order[number - 1].at if number else None
            found |= shifts(leg.at, before, order[number + 1].at if number + 1 < len(order) else None)
    return found


def tell_cutoff(one: Cutoff) -> Diagnosis:
    """Named where another zone would put the row where it stands."""
    found = one.found
    write = padded(found.expected, found.actual, *figures([one.leg]))
    assert found.expected is not None and found.actual is not None
    stands = " and ".join(
        f"{word} a row of {said_text(at)}"
        for word, at in (("after", one.before), ("before", one.after))
        if at
    )
    side = "but its date puts it on another side of the end of the period"
    words = [
        f"{place(found)}: {told_row(one.leg, write)} stands {stands} in the venue's order, {side}.",
        f"By dates the balance then is {write(found.expected)}, in the venue's order {write(found.actual)}.",
    ]
    kind = found.kind if one.shifts else "unexplained"
    if one.shifts:
        nearest = min(one.shifts, key=lambda each: (abs(each), each))
        words.append(
            f"Its time fits there if it is stated in another zone: by {_hours(abs(nearest))} too "
            f"{'late' if nearest > 0 else 'early'}, say."
        )
    else:
        words.append("No zone would put it there.")
    if found.kind == "unexplained":
        words.append("The row next to it in that order may as well be the one with the wrong date.")
    return Diagnosis(kind=kind, text=" ".join(words), records=(record(one.leg),))


def _hours(quarters: int) -> str:
    hours, rest = divmod(quarters, 4)
    parts = [f"{hours} h"] if hours else []
    return " ".join([*parts, f"{rest * 15} min"] if rest else parts)
