"""Prices laid out by hand for a book, and its answers as fractions."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from recon.core.prices import Lacking, Price, Valued
from recon.core.times import micros
from recon.valuation import Order, PriceBook, Series

WARSAW = ZoneInfo("Europe/Warsaw")
Laid = Mapping[str, Sequence[tuple[str, str, datetime, str]]]
"""By source: asset, quote, moment and value."""


class Shelf:
    """A store of the prices given."""

    def __init__(self, laid: Laid, parity: Mapping[str, str]) -> None:
        self.laid = {
            word: [Price(*row[:3], Decimal(row[3]), word, "shelf") for row in rows]
            for word, rows in laid.items()
        }
        at = datetime(1970, 1, 1, tzinfo=UTC)
        self.laid["parity"] = [
            Price(one, other, at, Decimal(1), "parity", "") for one, other in parity.items()
        ]

    def pairs(self, source: str) -> AbstractSet[tuple[str, str]]:
        return {(one.asset, one.quote) for one in self.laid.get(source, ())}

    def series(self, source: str, asset: str, quote: str) -> Series:
        found = sorted(one for one in self.laid[source] if (one.asset, one.quote) == (asset, quote))
        return Series([micros(one.at) for one in found], found.__getitem__)


def book(
    laid: Laid,
    *sources: str,
    base: str = "PLN",
    age: int = 3,
    parity: Mapping[str, str] | None = None,
    assets: Mapping[str, Sequence[str]] | None = None,
    pools: Mapping[str, str] | None = None,
) -> PriceBook:
    order = Order(sources or tuple(laid), assets or {}, age, base, WARSAW, pools or {})
    return PriceBook(Shelf(laid, parity or {}), order)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str, zone: ZoneInfo = WARSAW) -> datetime:
    """A moment on the clock of a zone, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def fraction(found: Valued | Lacking) -> Fraction:
    assert isinstance(found, Valued), found
    return Fraction(found.numerator, found.denominator)
