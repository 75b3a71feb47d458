"""What one number tells of another: decimals, digits, and the fee that a rate takes. Pure, on exact numbers."""

from decimal import Decimal

from recon.core.money import exact, round_to, text

ROUNDED_OFF = 100
"""What is rounded off is at most this part of a row: more of it may be money."""


def decimals(number: Decimal) -> int:
    """How many decimals a number needs."""
    return len(text(number).partition(".")[2])


def digits(number: Decimal) -> tuple[int, tuple[int, ...]]:
    """Its sign and its digits, wherever the point stands."""
    with exact():
        sign, found, _ = number.normalize().as_tuple()
    return sign, found


def swaps(number: Decimal, places: int) -> set[Decimal]:
    """The number with two neighbouring digits swapped, written with so many decimals; without leading zeros."""
    sign = "-" if number < 0 else ""
    whole, _, fraction = text(number.copy_abs()).partition(".")
    written = whole + fraction.ljust(places, "0")
    found = set()
    for place in range(len(written) - 1):
        swapped = written[:place] + written[place + 1] + written[place] + written[place + 2 :]
        if swapped != written and not (len(whole) > 1 and swapped[0] == "0"):
            found.add(Decimal(f"{sign}{swapped[: len(whole)]}.{swapped[len(whole) :]}"))
    return found


def taken(quantity: Decimal, rate: Decimal, places: int) -> set[Decimal]:
    """The fee of so much at a rate, as venues round it."""
    with exact():
        fee = abs(quantity) * rate
    return {round_to(fee, places, rounding) for rounding in ("half_up", "down")}
