"""What a source's rule is, and the prices of one pair that it picks from."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from recon.core.prices import Price
from recon.core.times import EPOCH, MICROSECOND, said_text

DAY = 24 * 3600 * 10**6
"""Microseconds."""


class Series(NamedTuple):
    """The prices of one pair by one source: their moments in microseconds, rising, and the price at a place."""

    ats: Sequence[int]
    price: Callable[[int], Price]


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule:
    """How a source's prices apply. Its file ends in ``RULE = Rule(...)`` and has its name.

    ``serves`` takes a price's moment and that age, and gives the first and the last moment that it applies to.
    ``pick`` takes a pair's prices, a moment and the age in microseconds that a price may have; it gives the place of
    the price that applies, or None. It never gives a later one. ``lack`` says in a few words why there is none.
    ``daily``: its choice changes only at full quarters of an hour, as days begin in every zone. ``official``: a rate
    that authorities take. ``timeless``: it holds at every moment alike, and has no age. ``cure`` is what may bring the
    price that lacks.
    """

    name: str
    title: str
    pick: Callable[[Series, int, int], int | None]
    lack: Callable[[Series, int, int], str]
    cure: str
    serves: Callable[[int, int], tuple[int, int]] = lambda at, age: (at, at + age)
    daily: bool = False
    official: bool = False
    timeless: bool = False


def latest(series: Series, at: int, age: int) -> int | None:
    """The last price at or before a moment that is not too old."""
    place = bisect_right(series.ats, at) - 1
    return place if place >= 0 and at - series.ats[place] <= age else None


def lack_of_latest(series: Series, at: int, age: int) -> str:
    """What there is instead: an older one, or only later ones."""
    place = bisect_right(series.ats, at) - 1
    if place < 0:
        return f"its first is later, of {said(series.ats[0])}" if series.ats else "it has none"
    return f"the last before is of {said(series.ats[place])}, {lasting(at - series.ats[place])} older"


def said(at: int) -> str:
    """A moment in microseconds in a sentence."""
    return said_text(EPOCH + at * MICROSECOND)


def lasting(micros: int) -> str:
    """A length of time in a sentence."""
    span = timedelta(microseconds=micros)
    if span >= timedelta(days=2):
        return f"{span.days} days"
    hours = span // timedelta(hours=1)
    return f"{hours} hours" if hours >= 2 else f"{span // timedelta(minutes=1)} minutes"
