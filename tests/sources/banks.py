"""Stand-ins for the NBP and the ECB: tables by calendars of their own, 404 where none lies in a span."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from recon.demo.venues import Request, Response, Venue

CURRENCIES = ("EUR", "GBP", "USD")
MOST_DAYS = 93
_ONE = timedelta(days=1)
EASTER = {
    2020: (4, 12),
    2021: (4, 4),
    2022: (4, 17),
    2023: (4, 9),
    2024: (3, 31),
    2025: (4, 20),
    2026: (4, 5),
}
"""Easter Sunday, from the almanac."""


def polish(day: date) -> bool:
    """Whether it is a public holiday of Poland, from the act of 1951 as amended; 24 December since 2025."""
    fixed = {(1, 1), (1, 6), (5, 1), (5, 3), (8, 15), (11, 1), (11, 11), (12, 25), (12, 26)}
    if day.year >= 2025:
        fixed.add((12, 24))
    easter = date(day.year, *EASTER[day.year])
    moving = {easter, easter + _ONE, easter + timedelta(days=49), easter + timedelta(days=60)}
    return (day.month, day.day) in fixed or day in moving


def target(day: date) -> bool:
    """Whether TARGET is closed."""
    easter = date(day.year, *EASTER[day.year])
    fixed = {(1, 1), (5, 1), (12, 25), (12, 26)}
    return (day.month, day.day) in fixed or day in {easter - 2 * _ONE, easter + _ONE}


def days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _ONE


def rate(code: str, day: date) -> str:
    """A rate that tells its day and currency apart from every other."""
    return f"{4 + CURRENCIES.index(code)}.{day:%y%m%d}"


class Nbp(Venue):
    """``without`` are days whose table does not come; ``until`` is the last day that has one."""

    def __init__(self, until: date = date(2026, 12, 31)) -> None:
        super().__init__()
        self.until = until
        self.without: set[date] = set()

    def reply(self, request: Request) -> Response:
        *_, first, last, _ = request.path.split("/")
        start, end = date.fromisoformat(first), date.fromisoformat(last)
        if (end - start).days + 1 > MOST_DAYS or end < start:
            return Response(400, {}, b"400 BadRequest - Przekroczony limit 93 dni")
        tables = [
            self.table(day)
            for day in days(start, min(end, self.until))
            if day.weekday() < 5 and not polish(day) and day not in self.without
        ]
        if not tables:
            return Response(404, {}, b"404 NotFound - Not Found - Brak danych")
        return Response(200, {"Content-Type": "application/json"}, f"[{','.join(tables)}]".encode())

    @staticmethod
    def table(day: date) -> str:
        """Written by hand, so that a rate is the very lexeme."""
        rates = ",".join(f'{{"currency":"x","code":"{one}","mid":{rate(one, day)}}}' for one in CURRENCIES)
        number = f"{day:%j}/A/NBP/{day.year}"
        return f'{{"table":"A","no":"{number}","effectiveDate":"{day}","rates":[{rates}]}}'


class Ecb(Venue):
    """The portal: SDMX-JSON, values and days in two lists; an empty body where no day of the span has a rate."""

    quoted = ("GBP", "PLN", "USD")

    def reply(self, request: Request) -> Response:
        start, end = (date.fromisoformat(request.query[name]) for name in ("startPeriod", "endPeriod"))
        found = [day for day in days(start, end) if day.weekday() < 5]
        open_ = [day for day in found if not target(day)]
        if not open_:
            return Response(200, {"Content-Type": "application/json"}, b"")
        series = {
            f"0:{place}:0:0:0": {
                "observations": {
                    str(number): [None if target(day) else f"@{ecb_rate(code, day)}@"]
                    for number, day in enumerate(found)
                }
            }
            for place, code in enumerate(self.quoted)
        }
        structure = {
            "dimensions": {
                "series": [
                    {"id": "FREQ", "values": [{"id": "D"}]},
                    {"id": "CURRENCY", "values": [{"id": code} for code in self.quoted]},
                ],
                "observation": [{"id": "TIME_PERIOD", "values": [{"id": str(day)} for day in found]}],
            }
        }
        body = json.dumps({"dataSets": [{"series": series}], "structure": structure})
        return Response(
            200, {"Content-Type": "application/json"}, body.replace('"@', "").replace('@"', "").encode()
        )


def ecb_rate(code: str, day: date) -> str:
    """Units of a currency for one euro."""
    return str(Decimal(rate("EUR" if code == "PLN" else code, day)) + 1)
