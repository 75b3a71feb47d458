"""How many digits a number has, and how many of them a workbook's cell can hold."""

from collections.abc import Iterable
from decimal import Decimal

from recon.core.money import FRACTION_DIGITS, ZERO, exact, text

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


class Reach:
    """What some numbers ask of the cells that hold them and their sum. Numbers are added and forgotten."""

    def __init__(self) -> None:
        self.count = 0
        self.total = ZERO
        self.weight = ZERO
        """The sum without the signs: no sum on the way to the total is larger."""
        self.largest = ZERO
        self.behind = 0
        self.shown = 0
        """The decimals a column needs to show each number as far as a cell can hold it."""
        self.longest = 0
        """In characters of the number's text."""
        self.fits = True
        """Whether cells can hold all of them exactly."""
        self.limit: int | None = None
        """The fewest decimals at which a cell that holds one of them is rounded, where one is."""

    def add(self, numbers: Iterable[Decimal]) -> None:
        """Counts these in."""
        with exact():
            for one in numbers:
                self.count += 1
                written = text(one)
                self.longest = max(self.longest, len(written))
                if not one:
                    continue
                size = abs(one)
                self.total += one
                self.weight += size
                self.largest = max(self.largest, size)
                digits, point = one.adjusted() + 1, written.find(".")
                behind = len(written) - point - 1 if point > 0 else 0
                self.behind = max(self.behind, behind)
                if behind > self.shown:
                    self.shown = max(self.shown, min(behind, CELL_DIGITS - digits))
                if behind + digits > CELL_DIGITS and self.fits:
                    self.fits = fits_cell(one)

    def round_at(self, places: int) -> None:
        """Says that a cell holds one of the numbers rounded."""
        self.limit = places if self.limit is None else min(self.limit, places)

    @property
    def places(self) -> int:
        """As ``sum_places``, for these alone."""
        return sum_places([self])


def sum_places(reaches: Iterable[Reach]) -> int:
    """The decimals at which a sum of all these, reckoned in doubles, is free of binary noise, which grows with them.

    Those of the numbers are kept as long as there is room for them at all, as they are what a reader will compare.
    """
    several = list(reaches)
    room = CELL_DIGITS - 2 - sum((one.weight for one in several), ZERO).adjusted()
    safe = min(room, FRACTION_DIGITS) - len(str(sum(one.count for one in several))) // 3
    behind = max((one.behind for one in several), default=0)
    limits = [one.limit for one in several if one.limit is not None]
    return min([behind if safe < behind <= room else safe, *limits])
