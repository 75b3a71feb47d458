"""Every method gives what its slow and obvious twin gives."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.lots import SHORT, Match, Movement, Plan
from tests.tax import _reference as slow
from tests.tax._cases import EACH_PLACE, METHODS, matched
from tests.tax._histories import histories

ROUNDED = 1
"""A cost is a part rounded at both its ends."""
ROUNDED_AGAIN = 8
"""A pool's cost is rounded at every arrival, by half a unit; there are at most fourteen."""


@pytest.mark.parametrize("name", ["fifo", "lifo", "hifo", "lofo", "specific"])
@given(history=histories(), each_place=st.booleans())
def test_lots_are_matched_as_the_slow_twin_matches_them(
    name: str, history: list[Movement], each_place: bool
) -> None:
    found, _ = matched(METHODS[name], history, EACH_PLACE if each_place else Plan())
    expected = slow.by_lots("fifo" if name == "specific" else name, history, each_place=each_place)
    _same(found, expected, ROUNDED)


@given(history=histories())
def test_the_average_is_the_slow_twins(history: list[Movement]) -> None:
    _same(matched(METHODS["average"], history)[0], slow.average(history), ROUNDED_AGAIN)


@given(history=histories())
def test_shares_are_matched_as_the_slow_twin_matches_them(history: list[Movement]) -> None:
    _same(matched(METHODS["uk"], history)[0], slow.uk(history), ROUNDED_AGAIN)


def _same(found: list[Match], expected: slow.Given, within: int) -> None:
    assert [_shape(one) for one in found] == [
        (movement, None if lot == "short" else lot, units) for movement, lot, units, _ in expected
    ]
    for match, (_, _, _, cost) in zip(found, expected, strict=True):
        assert (match.cost is None) == (cost is None)
        assert abs(Fraction(match.cost or 0) - (cost or 0)) <= within
        assert match.rule != SHORT or match.cost is None


def _shape(one: Match) -> tuple[str, str | None, int]:
    return one.movement.id, one.lot and one.lot.id, one.quantity
