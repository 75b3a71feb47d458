"""Rows of tables that are made while they are walked, and the days that they are dated at."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from recon.core.document import Cell
from recon.core.times import EPOCH

T = TypeVar("T")


class Rows(Collection[Sequence[Cell]], Generic[T]):
    """A row of cells for each of some values, which are not held: a million of them may lie in a file."""

    def __init__(self, values: Collection[T], make: Callable[[T], Sequence[Cell]]) -> None:
        self._values = values
        self._make = make

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        return map(self._make, self._values)

    def __contains__(self, row: object) -> bool:
        return any(row == one for one in self)


def local_days(zone: str) -> Callable[[datetime], date]:
    """The day of a moment in a zone. It is asked a million times, and remembers each hour that it looked up."""
    there = ZoneInfo(zone)

    @cache
    def day(quarter: int) -> date:
        return datetime.fromtimestamp(quarter * 900, there).date()

    def local_day(at: datetime) -> date:
        since = at - EPOCH
        return day(since.days * 96 + since.seconds // 900)

    return local_day
