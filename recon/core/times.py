"""Moments and periods. A moment is an aware UTC datetime; a period is half-open, in the entity's zone."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recon.core.errors import ConfigError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
QUARTER_HOUR = 900_000_000
"""In microseconds. No zone's clocks change but at a quarter of an hour."""
EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
"""No venue has rows from before the first coin."""
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"[0-9]{9,17}\Z")
_PERIOD = re.compile(r"([0-9]{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?\Z")


def moment_text(at: datetime) -> str:
    """The one way a moment is written in the ledger and the evidence: ``2025-01-14T14:20:01.000000Z``."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def short_text(at: datetime) -> str:
    """A moment for JSON and people: as moment_text, the fraction left out when it is zero."""
    return moment_text(at).replace(".000000Z", "Z")


def said_text(at: datetime) -> str:
    """A moment in a sentence: ``2025-01-14 14:20:01 UTC``, with the fraction of the second where there is one."""
    return short_text(at).replace("T", " ").replace("Z", " UTC")


def naive(at: datetime) -> datetime:
    """A moment as the typed tables hold it: UTC without a zone."""
    return at.astimezone(UTC).replace(tzinfo=None)


def aware(at: datetime) -> datetime:
    """A moment of the typed tables with its zone."""
    return at.replace(tzinfo=UTC)


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


def from_iso(text: str) -> datetime:
    """The moment an ISO 8601 text with a zone states, between 2009 and 2100. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("it has no time zone")
    if not EARLIEST <= at < _LATEST:
        raise ValueError("it does not lie between 2009 and 2100")
    return at.astimezone(UTC)


def from_epoch(text: str) -> datetime:
    """The moment a count of s, ms or us since 1970 states: venues mix units, so magnitude decides.

    Raises ValueError where the text is no such count, or where no unit gives a moment between 2009 and 2100.
    """
    if not _DIGITS.match(text):
        raise ValueError(f"{text[:30]!r} is not a count of seconds, milliseconds or microseconds")
    count = int(text)
    for per_second in (1, 1_000, 1_000_000):
        if count < 4_102_444_800 * per_second:
            at = EPOCH + timedelta(microseconds=count * (1_000_000 // per_second))
            break
    else:
        raise ValueError(f"{text} lies beyond the year 2100 in every unit")
    if not EARLIEST <= at < _LATEST:
        raise ValueError(f"{text} is {at.isoformat()}, which is before 2009")
    return at


@dataclass(frozen=True, kw_only=True)
class Period:
    """A half-open span of time with the name a user gave it. ``all`` has no bounds."""

    name: str
    start: datetime | None
    end: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether the moment lies inside."""
        return (self.start is None or at >= self.start) and (self.end is None or at < self.end)


def period(name: str, zone: ZoneInfo, now: datetime) -> Period:
    """The period a user named: ``2025-01``, ``2025-Q1``, ``2025``, ``all`` or ``last-month``."""
    if name == "all":
        return Period(name=name, start=None, end=None)
    if name == "last-month":
        last = now.astimezone(zone).date().replace(day=1) - timedelta(days=1)
        name = f"{last.year:04}-{last.month:02}"
    found = _PERIOD.match(name)
    if not found or not 2009 <= int(found[1]) < 2100:
        raise ConfigError(
            f"{name!r} is not a period",
            where="PERIOD",
            next_step="Give one like 2025-01, 2025-Q1, 2025, all or last-month",
        )
    year = int(found[1])
    first, months = 1, 12
    if found[2]:
        first, months = int(found[2]), 1
    elif found[3]:
        first, months = int(found[3]) * 3 - 2, 3
    return Period(
        name=name,
        start=_local(year, first, zone),
        end=_local(year + (first + months - 1) // 12, (first + months - 1) % 12 + 1, zone),
    )


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The calendar day of a moment in a zone."""
    return at.astimezone(zone).date()


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins in a zone."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _local(year: int, month: int, zone: ZoneInfo) -> datetime:
    return day_start(date(year, month, 1), zone)


def zone_name(name: str) -> str:
    """The name of a time zone, as it came. Raises ValueError, fit to be shown, where no zone is called so."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError("expected the name of a time zone, like Europe/Warsaw") from None
    return name
