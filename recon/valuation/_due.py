"""Which days of a publisher are to be asked for: those it should have published and that are not held."""

from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta

from recon.valuation._days import is_ecb_day, is_nbp_day

Span = tuple[date, date]
NBP_FIRST, ECB_FIRST = date(2002, 1, 2), date(1999, 1, 4)
LEAD = timedelta(days=14)
"""So many days before any is needed a span begins: no holidays are as long, so that it holds a rate."""
_ONE = timedelta(days=1)
_NEAR = timedelta(days=31)


def nbp_due(held: Collection[date], needed: date, today: date) -> list[Span]:
    """Every missing table, also one that was left out among others that are held."""
    first = max(needed - LEAD, NBP_FIRST)
    missing = [day for day in _days(first, today, is_nbp_day) if day not in held]
    return list(_spans(missing, sorted(held), first))


def ecb_due(held: Collection[date], needed: date, today: date) -> list[Span]:
    """What lies before the first and behind the last day held: between them a day without a rate had none."""
    first = max(needed - LEAD, ECB_FIRST)
    missing = [
        day for day in _days(first, today, is_ecb_day) if not held or not min(held) <= day <= max(held)
    ]
    return list(_spans(missing, sorted(held), first))


def _days(first: date, last: date, published: Callable[[date], bool]) -> Iterator[date]:
    day = first
    while day <= last:
        if published(day):
            yield day
        day += _ONE


def _spans(missing: list[date], held: list[date], first: date) -> Iterator[Span]:
    """Missing days that lie near one another are asked for together, from a day on that has a rate."""
    while missing:
        count = 1
        while count < len(missing) and missing[count] - missing[count - 1] <= _NEAR:
            count += 1
        start, end = missing[0], missing[count - 1]
        missing = missing[count:]
        yield max((day for day in held if day < start), default=first), end
