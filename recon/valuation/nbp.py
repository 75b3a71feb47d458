"""The NBP's mid rate of the last business day before the day of the event, in Warsaw.

A rate of the event's own day never applies. The day is reckoned by the calendar and its table must be held: where it
is not, that is a lack, and no older rate stands in for it. Source: art. 11a of the Polish act on personal income tax
(ustawa z 26.07.1991 o podatku dochodowym od osob fizycznych).
"""

from bisect import bisect_left
from zoneinfo import ZoneInfo

from recon.valuation._days import ONE, begins, day_of, nbp_day_after, nbp_day_before
from recon.valuation._rule import Rule, Series

ZONE = ZoneInfo("Europe/Warsaw")


def _day_before(series: Series, at: int, age: int) -> int | None:
    wanted = begins(nbp_day_before(day_of(at, ZONE)), ZONE)
    place = bisect_left(series.ats, wanted)
    return place if place < len(series.ats) and series.ats[place] == wanted else None


def _lack(series: Series, at: int, age: int) -> str:
    wanted = nbp_day_before(day_of(at, ZONE))
    place = bisect_left(series.ats, begins(wanted, ZONE)) - 1
    held = (
        f"the last before it is of {day_of(series.ats[place], ZONE)}" if place >= 0 else "none before it is"
    )
    return f"the table of {wanted} is not held ({held})"


def _next_days(at: int, age: int) -> tuple[int, int]:
    """From the next day on, through the next business day."""
    day = day_of(at, ZONE)
    return begins(day + ONE, ZONE), begins(nbp_day_after(day) + ONE, ZONE) - 1


RULE = Rule(
    name="nbp",
    title="NBP table A",
    pick=_day_before,
    lack=_lack,
    serves=_next_days,
    cure="Fetch it with recon prices pull",
    daily=True,
    official=True,
)
