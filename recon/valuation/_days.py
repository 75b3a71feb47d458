"""Days in a zone, and the days on which banks publish."""

from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from recon.core.times import EPOCH, MICROSECOND, day_start, micros

ONE = timedelta(days=1)


@lru_cache(maxsize=100_000)
def begins(day: date, zone: ZoneInfo) -> int:
    """The moment a day begins in a zone, in microseconds since 1970."""
    return micros(day_start(day, zone))


def day_of(at: int, zone: ZoneInfo) -> date:
    """The day of a moment in microseconds."""
    return (EPOCH + at * MICROSECOND).astimezone(zone).date()


def is_nbp_day(day: date) -> bool:
    """Whether the NBP publishes a table: on no week-end and no public holiday of Poland."""
    return day.weekday() < 5 and day not in _poland()


def is_ecb_day(day: date) -> bool:
    """Whether the ECB publishes reference rates: on days of TARGET."""
    return day.weekday() < 5 and day not in _target()


@lru_cache(maxsize=100_000)
def nbp_day_before(day: date) -> date:
    """The last day before one on which the NBP publishes."""
    before = day - ONE
    while not is_nbp_day(before):
        before -= ONE
    return before


def nbp_day_after(day: date) -> date:
    """The next day after one on which the NBP publishes."""
    after = day + ONE
    while not is_nbp_day(after):
        after += ONE
    return after


@cache
def _poland() -> Any:
    # Here for start-up time: few commands need a calendar.
    import holidays  # noqa: PLC0415

    return holidays.country_holidays("PL")


@cache
def _target() -> Any:
    # Here for start-up time: the same.
    import holidays  # noqa: PLC0415

    return holidays.financial_holidays("ECB")
