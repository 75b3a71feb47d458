"""Prices and rates: what one unit of an asset was worth in another, who said so, and the way from one to the other."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

FIAT = frozenset((
    "AED", "AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR",
    "ISK", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "UAH", "USD",
    "ZAR",
))  # fmt: skip
"""Currencies of states. Only between them is a price turned round, and only by them does a way lead on."""


class Price(NamedTuple):
    """One unit of ``asset`` was worth ``value`` of ``quote`` at a moment.

    ``source`` is who says so, by the word of ``[prices] sources``; ``where`` is the place in the evidence: the answer's
    seq and the pointer into it, or the entry of a trade.
    """

    asset: str
    quote: str
    at: datetime
    value: Decimal
    source: str
    where: str


class Leg(NamedTuple):
    """One step of a valuation: a price, turned round where ``inverse``; ``age_s`` seconds older than what it values."""

    price: Price
    inverse: bool
    age_s: int


class Valued(NamedTuple):
    """What one unit is worth: exactly ``numerator`` / ``denominator``, by these legs; none for the currency itself."""

    numerator: int
    denominator: int
    legs: Sequence[Leg] = ()


class Lacking(NamedTuple):
    """Why there is no price, and what would cure it, in a sentence."""

    why: str
