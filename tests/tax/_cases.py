"""Reads worked cases, and matches their movements."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from recon.core.lots import UNIT, Match, Method, Movement, Outcome, Plan, Scope, order
from recon.core.registry import catalogue

CASES = Path(__file__).parents[1] / "cases" / "tax"
METHODS = catalogue("recon.tax.methods", "METHOD", Method)
EVER = -(2**62)
EACH_PLACE = Plan(scopes=(Scope(EVER, lambda place: place),))
LONDON = ZoneInfo("Europe/London")

Row = dict[str, str]


def rows(path: str) -> list[Row]:
    """The rows of a file, in its order."""
    with (CASES / path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def by(key: str, some: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by what they say under ``key``."""
    found: dict[str, list[Row]] = {}
    for row in some:
        found.setdefault(row[key], []).append(row)
    return found


def units(number: str | Decimal) -> int:
    """Exactly so many units of 10^-18."""
    exact = Fraction(number) * UNIT
    assert exact.denominator == 1, number
    return exact.numerator


def moment(text: str) -> datetime:
    """A moment; a day alone begins at midnight in London."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=LONDON)


def movement(
    name: str,
    at: str,
    quantity: int,
    amount: int | None,
    *,
    worth: int | None = None,
    place: str = "",
    transfer: str = "",
) -> Movement:
    """A movement on its London day, for which no fees were told unless ``worth`` is given."""
    when = moment(at)
    passed = (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    day = when.astimezone(LONDON).toordinal()
    return Movement(
        name, passed, day, place, quantity, amount, amount if worth is None else worth, "", transfer
    )


def matched(
    method: Method, movements: Iterable[Movement], plan: Plan | None = None
) -> tuple[list[Match], Outcome]:
    """What a method makes of movements, which may come in any order."""
    outcome: list[Outcome] = []

    def matching() -> Iterator[Match]:
        outcome.append((yield from method.match(sorted(movements, key=order), plan or Plan())))

    return list(matching()), outcome[0]


def near(found: int | None, expected: str, within: str) -> bool:
    """Whether an amount is a figure, as exactly as the figure was written."""
    return found is not None and abs(Fraction(found, UNIT) - Fraction(expected)) <= Fraction(within)
