"""Sets of numbers that sum to another are found exactly, smallest first, and the search says how far it went."""

from itertools import combinations
from math import comb

from hypothesis import given
from hypothesis import strategies as st

from recon.checks._subsets import Search, subsets

AMOUNTS = st.lists(st.integers(-6, 6), max_size=9)


def _by_hand(amounts: list[int], wanted: int) -> list[tuple[int, ...]]:
    """Every set of the smallest size."""
    for size in range(1, len(amounts) + 1):
        found = [
            one for one in combinations(range(len(amounts)), size) if sum(amounts[n] for n in one) == wanted
        ]
        if found:
            return found
    return []


def _all(amounts: list[int], wanted: int) -> Search:
    return subsets(amounts, wanted, tries=10**6, steps=10**6, most=10**6)


@given(amounts=AMOUNTS, wanted=st.integers(-20, 20))
def test_the_search_finds_what_trying_all_sets_finds(amounts: list[int], wanted: int) -> None:
    assert _all(amounts, wanted) == (tuple(_by_hand(amounts, wanted)), len(amounts), False)


@given(amounts=AMOUNTS, wanted=st.integers(-20, 20), tries=st.integers(0, 600), steps=st.integers(0, 40))
def test_a_bounded_search_finds_the_same_up_to_the_size_it_names(
    amounts: list[int], wanted: int, tries: int, steps: int
) -> None:
    found = subsets(amounts, wanted, tries=tries, steps=steps, most=10**6)
    expected = [one for one in _by_hand(amounts, wanted) if len(one) <= found.largest]
    assert list(found.found) == expected
    assert sum(comb(len(amounts), size) for size in range(1, found.largest + 1)) <= tries


def test_nothing_sums_to_nothing_and_no_numbers_to_anything() -> None:
    assert _all([], 0) == ((), 0, False)
    assert _all([1, 2], 0).found == ()
    assert _all([1, 2], 3).found == ((0, 1),)


def test_numbers_beyond_sixty_four_bits_are_exact() -> None:
    nines = 10**38 - 1
    assert _all([nines, -1, nines - 1, 5], nines + nines - 1).found == ((0, 2),)
    assert _all([nines, -1, nines - 1, 5], nines + nines).found == ()


def test_of_many_sets_as_many_are_told_as_asked_for_and_that_there_are_more() -> None:
    many = subsets([1] * 30, 1, tries=10**9, steps=10**9, most=3)
    assert (len(many.found), many.stopped) == (3, True)
    exactly = subsets([1, 2, 1, 2], 1, tries=99, steps=99, most=2)
    assert (len(exactly.found), exactly.stopped) == (2, False)


def test_the_search_gives_up_before_a_size_that_has_too_many_sets() -> None:
    amounts = [2**place for place in range(40)]
    wanted = sum(amounts[:7])
    assert subsets(amounts, wanted, tries=10**12, steps=5_000, most=3) == ((), 3, False)
    assert subsets(amounts, wanted, tries=900, steps=10**6, most=3) == ((), 2, False)
    assert subsets(amounts, sum(amounts[8:11]), tries=10**12, steps=5_000, most=3).found == ((8, 9, 10),)


def test_forty_numbers_are_searched_up_to_four_at_once() -> None:
    amounts = [3**place for place in range(40)]
    wanted = amounts[3] + amounts[17] + amounts[28] + amounts[39]
    found = subsets(amounts, wanted, tries=10**6, steps=10_000, most=3)
    assert (found.found, found.largest) == (((3, 17, 28, 39),), 4)
