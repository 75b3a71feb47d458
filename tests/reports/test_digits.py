"""What a workbook's cell can hold of a number, and where its formulas round."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from recon.core.money import exact, round_to
from reports._render._digits import decimals, fits_cell, rounding_places

AMOUNTS = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places),
    st.integers(min_value=-(10**18) + 1, max_value=10**18 - 1),
    st.integers(min_value=0, max_value=18),
)


@given(AMOUNTS)
def test_a_number_that_fits_comes_back_from_a_cell_as_it_went_in(number: Decimal) -> None:
    if fits_cell(number):
        assert Decimal(f"{float(number):.15g}") == number


@given(AMOUNTS)
def test_a_number_that_does_not_fit_is_told_apart(number: Decimal) -> None:
    if not fits_cell(number):
        assert Decimal(f"{float(number):.15g}") != number


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_a_sum_that_is_zero_is_zero_in_a_rounded_formula(
    opening: Decimal, inward: Decimal, outward: Decimal
) -> None:
    with exact():
        closing = opening + inward - outward
    places = rounding_places([opening, inward, outward, closing])
    reckoned = float(opening) + float(inward) - float(outward) - float(closing)
    assert round(reckoned, places) == 0


@given(AMOUNTS, AMOUNTS)
def test_rounding_hides_no_unit_of_figures_that_a_cell_can_hold(ledger: Decimal, venue: Decimal) -> None:
    places = rounding_places([ledger, venue])
    if places == max(decimals(ledger), decimals(venue)):
        with exact():
            difference = venue - ledger
        assert round_to(difference, places, "half_up") == difference
        assert round(float(venue) - float(ledger), places) == float(difference)


def test_formulas_round_where_the_figures_end_as_far_as_a_cell_reaches() -> None:
    assert rounding_places([Decimal("21000.00000001")]) == 8
    assert rounding_places([Decimal("3.358859707090140726"), Decimal("0.5")]) == 13
    assert rounding_places([Decimal(10**17)]) == -4
    assert rounding_places([]) == 0
