"""The number: one parser, one arithmetic context, rounding by purpose, one printer.

Every quantity has at most 18 digits before and 18 behind the point. A float is refused at the door.
"""

import decimal
import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal

from recon.core.errors import NumberRefused

WHOLE_DIGITS = 18
FRACTION_DIGITS = 18
ZERO = Decimal(0)

_LIMIT = Decimal(10) ** WHOLE_DIGITS
_TEXT = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?\Z")
_JSON = re.compile(r"-?(?:0|[1-9][0-9]{0,59})(?:\.[0-9]{1,60})?(?:[eE][+-]?[0-9]{1,3})?\Z")
_BASE_UNITS = re.compile(r"[0-9]{1,39}\Z")

_EXACT = decimal.Context(
    prec=60,
    rounding=decimal.ROUND_HALF_EVEN,
    traps=[
        decimal.Inexact,
        decimal.InvalidOperation,
        decimal.DivisionByZero,
        decimal.Overflow,
        decimal.FloatOperation,
    ],
)

ROUNDINGS = {
    "half_up": decimal.ROUND_HALF_UP,
    "half_even": decimal.ROUND_HALF_EVEN,
    "down": decimal.ROUND_DOWN,
    "up": decimal.ROUND_UP,
}


class JsonNumber(str):
    """The lexeme of a number in a JSON text, kept as it was written."""

    __slots__ = ()


def parse(value: object) -> Decimal:
    """The Decimal that ``value`` states: a decimal string, or a JSON number's lexeme (which may carry an exponent).

    Raises NumberRefused, naming the reason, for anything else: floats, booleans, nulls, spaces, underscores,
    digits of other scripts, NaN, infinities, and whatever does not fit 18 digits before and 18 behind the point.
    """
    if type(value) is str:
        if _TEXT.match(value):
            return Decimal(value)
        raise NumberRefused(
            f"{_shown(value)} is not a number of the form -?digits[.digits]: {_reason(value)}"
        )
    if isinstance(value, JsonNumber):
        if not _JSON.match(value):
            raise NumberRefused(f"JSON number {_shown(value)} is longer than any quantity can be")
        return fit(Decimal(value))
    raise NumberRefused(
        f"{_shown(value)} is of type {type(value).__name__}, not a decimal string or JSON number"
    )


def parse_base_units(value: object, decimals: int) -> Decimal:
    """The quantity that an integer count of base units (wei) states, for a token of ``decimals`` decimals."""
    if not isinstance(value, str) or not _BASE_UNITS.match(value):
        raise NumberRefused(f"{_shown(value)} is not a count of base units (1 to 39 digits)")
    return fit(Decimal(value).scaleb(-decimals, context=_EXACT))


def fit(number: Decimal) -> Decimal:
    """``number`` itself when it is finite and fits 18 digits before and 18 behind the point; else NumberRefused."""
    if not number.is_finite():
        raise NumberRefused(f"{number} is not a finite number")
    if not -_LIMIT < number < _LIMIT:
        raise NumberRefused(f"{number:.6e} has more than {WHOLE_DIGITS} digits before the point")
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if exponent < -FRACTION_DIGITS and any(digits[exponent + FRACTION_DIGITS :]):
        raise NumberRefused(f"{number} has more than {FRACTION_DIGITS} digits behind the point")
    return number


def text(number: Decimal) -> str:
    """The one way a number is written: fixed point, no exponent, no trailing zeros, no negative zero."""
    written = format(number, "f")
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def exact() -> AbstractContextManager[decimal.Context]:
    """A block in which arithmetic is exact: 60 digits, and a lost digit raises decimal.Inexact."""
    return decimal.localcontext(_EXACT)


def total(numbers: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    with exact():
        return sum(numbers, ZERO)


def round_to(number: Decimal, places: int, rounding: str) -> Decimal:
    """``number`` at ``places`` decimals. ``rounding`` is a name of ROUNDINGS: a venue's or a form's stated habit."""
    with decimal.localcontext(_EXACT) as context:
        context.traps[decimal.Inexact] = False
        return number.quantize(Decimal(1).scaleb(-places), rounding=ROUNDINGS[rounding])


def aligned(amounts: Sequence[str]) -> list[str]:
    """Amounts padded behind, so that their decimal points stand in one line."""
    behind = max((len(one.partition(".")[2]) for one in amounts), default=0)
    width = behind + 1 if behind else 0
    return [one + " " * (width - len(one) + len(one.partition(".")[0])) for one in amounts]


def _shown(value: object) -> str:
    shown = ascii(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."


def _reason(value: str) -> str:
    if not value:
        return "it is empty"
    if not value.isascii():
        return "it has characters outside ASCII"
    if value != value.strip():
        return "it has white space around it"
    if value.lstrip("+-").lower() in {"nan", "snan", "inf", "infinity"}:
        return "it is not a finite number"
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        whole = value.lstrip("-").partition(".")[0]
        side = "before" if len(whole) > WHOLE_DIGITS else "behind"
        return f"more than {WHOLE_DIGITS} digits {side} the point"
    if re.fullmatch(r"[+-]?[0-9.]+[eE][+-]?[0-9]+", value):
        return "a string may not carry an exponent"
    return "it has a character that is not a digit, or a point out of place"
