"""Which of some numbers sum to another: an exact search from both halves, bounded, that says how far it went."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple


class Search(NamedTuple):
    """The smallest sets that sum to what was wanted, as the numbers' places; at most so many as were asked for.

    ``largest``: every set of up to so many numbers was looked at, and so all sets where it is how many there are.
    ``stopped``: there are more sets of the smallest size than are told.
    """

    found: tuple[tuple[int, ...], ...]
    largest: int
    stopped: bool


def subsets(amounts: Sequence[int], wanted: int, *, tries: int, steps: int, most: int) -> Search:
    """The smallest sets of ``amounts`` whose sum is ``wanted``.

    Sets are tried by size, as long as their number is no greater than ``tries`` and each half's no greater than
    ``steps``. The work grows with ``steps`` times ``most``, whatever the numbers are.
    """
    largest = _largest(len(amounts), tries, steps)
    middle = len(amounts) // 2
    left, right = range(middle), range(middle, len(amounts))
    for size in range(1, largest + 1):
        found: list[tuple[int, ...]] = []
        for taken in range(max(0, size - len(right)), min(size, len(left)) + 1):
            for one in _pairs(amounts, wanted, combinations(left, taken), combinations(right, size - taken)):
                if len(found) == most:
                    return Search(tuple(found), largest, stopped=True)
                found.append(one)
        if found:
            return Search(tuple(sorted(found)), largest, stopped=False)
    return Search((), largest, stopped=False)


def _largest(many: int, tries: int, steps: int) -> int:
    """Up to which size all sets may be tried."""
    half, tried, made = many - many // 2, 0, 0
    for size in range(1, many + 1):
        tried += comb(many, size)
        made += comb(half, size)
        if tried > tries or made > steps:
            return size - 1
    return many


def _pairs(
    amounts: Sequence[int], wanted: int, ones: Iterable[tuple[int, ...]], others: Iterable[tuple[int, ...]]
) -> Iterator[tuple[int, ...]]:
    by_sum: dict[int, list[tuple[int, ...]]] = {}
    for one in ones:
        by_sum.setdefault(sum(amounts[place] for place in one), []).append(one)
    for other in others:
        for one in by_sum.get(wanted - sum(amounts[place] for place in other), ()):
            yield (*one, *other)
