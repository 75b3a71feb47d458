"""How many digits a number has, and how many of them a workbook's cell can hold."""

from collections.abc import Iterable
from decimal import Decimal

from recon.core.money import text

CELL_DIGITS = 15
"""A cell holds a binary double, which keeps any 15 significant decimal digits, and no more."""


def decimals(number: Decimal) -> int:
    """Digits behind the point, trailing zeros left out."""
    return len(text(number).partition(".")[2])


def fits_cell(number: Decimal) -> bool:
    """Whether a cell can hold the number exactly."""
    return len(text(number).replace(".", "").lstrip("-0").rstrip("0")) <= CELL_DIGITS


def shown_decimals(numbers: Iterable[Decimal]) -> int:
    """The decimals a column needs to show each number as far as a cell can hold it."""
    return max((min(decimals(one), CELL_DIGITS - 1 - one.adjusted()) for one in numbers if one), default=0)


def rounding_places(inputs: Iterable[Decimal]) -> int:
    """The decimals at which a sum of ``inputs``, reckoned in doubles, is free of binary noise.

    Those of the inputs, so that not even their last unit is hidden; fewer where the largest input leaves no room for
    them among 15 digits, one of which is given up to the noise.
    """
    numbers = [one for one in inputs if one]
    if not numbers:
        return 0
    return min(max(map(decimals, numbers)), CELL_DIGITS - 2 - max(one.adjusted() for one in numbers))
