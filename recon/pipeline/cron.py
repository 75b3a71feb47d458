"""Cron expressions: five fields, read the way every crontab reads them, and refused where programs would differ."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Name = Literal["minute", "hour", "day", "month", "weekday"]
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?:(\*)|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:/([0-9]{1,2}))?\Z")
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, 7, WEEKDAYS),
)


class Cron(NamedTuple):
    """When a job is due: each field's values as numbers between commas, ``*`` where it is all of them.

    Sunday is 0. At most one of ``day`` and ``weekday`` is not ``*``.
    """

    minute: str
    hour: str
    day: str
    month: str
    weekday: str

    def __str__(self) -> str:
        return " ".join(self)

    def has(self, field: Name, value: int) -> bool:
        """Whether the value is one of the field's."""
        values: str = getattr(self, field)
        return values == "*" or str(value) in values.split(",")


def parse(text: str) -> Cron:
    """The expression's fields. Raises ValueError with what was expected."""
    parts = text.lower().split()
    if len(parts) != len(_FIELDS):
        raise ValueError(
            "expected five fields: minute, hour, day of the month, month, weekday; like 30 6 2 * *"
        )
    found = [_values(field, part) for field, part in zip(_FIELDS, parts, strict=True)]
    found[4] = {value % 7 for value in found[4]}
    wholes = [len(values) == size for values, size in zip(found, (60, 24, 31, 12, 7), strict=True)]
    if not wholes[2] and not wholes[4]:
        raise ValueError(
            "expected * as day of the month or as weekday: given both, some programs want either, some want both"
        )
    if min(found[2]) > max(_LONGEST_MONTH[month - 1] for month in found[3]):
        raise ValueError("expected a day that one of the months has")
    return Cron(*("*" if whole else _listed(values) for whole, values in zip(wholes, found, strict=True)))


def _values(field: _Field, text: str) -> set[int]:
    return {value for part in text.split(",") for value in _span(field, part)}


def _span(field: _Field, part: str) -> Iterator[int]:
    said = _PART.match(part)
    if not said or (said[4] and not (said[1] or said[3])):
        raise ValueError(f"{field.name}: expected *, 1, 1-5, 1,5 or */2, and {part!r} is none of them")
    low = field.low if said[1] else _number(field, said[2])
    high = field.high if said[1] else _number(field, said[3] or said[2])
    step = int(said[4] or 1)
    if step < 1 or low > high:
        raise ValueError(f"{field.name}: expected a range that goes upwards, and {part!r} does not")
    yield from range(low, high + 1, step)


def _number(field: _Field, text: str) -> int:
    if text in field.names:
        return field.names.index(text) + field.low
    if not text.isdecimal() or not field.low <= int(text) <= field.high:
        raise ValueError(f"{field.name}: expected {field.low} to {field.high}, and {text!r} is not")
    return int(text)


def _listed(values: set[int]) -> str:
    return ",".join(map(str, sorted(values)))
