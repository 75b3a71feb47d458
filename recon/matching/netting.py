"""Moves between the accounts of one source: what left one must arrive at another."""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple


class Move(NamedTuple):
    """One side of a move of a fixed amount of an asset."""

    entry: int
    account: str
    arrives: bool
    at: datetime


def alone(moves: Iterable[Move], window: timedelta) -> list[Move]:
    """The sides that have no other within the window, where the earliest that fit belong together.

    ``moves`` are of one source, asset and amount. Either side may be stated first. What left an account and came back
    to it has netted too, but only where no other account could be meant: some venues state one account's side alone.
    """
    apart = _unpaired(moves, window, lambda one, other: one.account != other.account)
    return _unpaired(apart, window, lambda one, other: True)


def _unpaired(moves: Iterable[Move], window: timedelta, fit: Callable[[Move, Move], bool]) -> list[Move]:
    waiting: dict[bool, deque[Move]] = {True: deque(), False: deque()}
    left: list[Move] = []
    for one in sorted(moves, key=_time):
        others = waiting[not one.arrives]
        while others and one.at - others[0].at > window:
            left.append(others.popleft())
        other = next((each for each in others if fit(one, each)), None)
        if other is None:
            waiting[one.arrives].append(one)
        else:
            others.remove(other)
    return sorted([*left, *waiting[True], *waiting[False]], key=_time)


def _time(one: Move) -> tuple[datetime, int]:
    return one.at, one.entry
