"""What prices are held, by source, and what an asset is worth at a moment with the way to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from duckdb import DuckDBPyConnection

from recon.core.lots import UNIT, upto
from recon.core.money import FRACTION_DIGITS, text
from recon.core.prices import Lacking, Leg, Price, Valued
from recon.core.times import aware, local_day, short_text
from recon.ledger.copy import load
from recon.ledger.store import Ledger
from recon.pipeline.config import Config
from recon.pipeline.price_book import Held, price_book
from recon.pipeline.trade_prices import pooled
from recon.sources import ecb, nbp
from recon.valuation import PriceBook, rules

NBP_TABLES = "select facts.\"at\", value from facts where source = 'nbp' and subject = 'table'"
_ASSETS = "select distinct asset from legs where live and class = 'assets' order by 1"


@dataclass(frozen=True, kw_only=True)
class HeldPrices:
    """The prices of one pair by one source; ``newest`` is the latest of them."""

    source: str
    prices: int
    first: datetime
    newest: Price
    age_s: int

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        one = self.newest
        return {
            "source": self.source,
            "asset": one.asset,
            "quote": one.quote,
            "prices": self.prices,
            "first": short_text(self.first),
            "last": short_text(one.at),
            "value": text(one.value),
            "age_s": self.age_s,
            "where": one.where,
        }


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What one unit of an asset is worth in another at a moment; ``tables`` are the NBP's numbers by their day."""

    asset: str
    quote: str
    at: datetime
    found: Valued | Lacking
    tables: Mapping[datetime, str]

    @property
    def value(self) -> Decimal | None:
        """Half even at 18 decimals, for reading; None where nothing tells."""
        if isinstance(self.found, Lacking):
            return None
        return quotient(self.found)

    @property
    def text(self) -> str:
        """The calculation as a person would write it."""
        if isinstance(self.found, Lacking):
            return self.found.why
        steps = "".join(f" x {self._step(leg)}" for leg in self.found.legs)
        return f"1 {self.asset}{steps} = {text(quotient(self.found))} {self.quote}"

    def facts(self) -> dict[str, Any]:
        """As the JSON answer states it."""
        found = self.found
        return {
            "asset": self.asset,
            "quote": self.quote,
            "at": short_text(self.at),
            "value": None if self.value is None else text(self.value),
            "numerator": None if isinstance(found, Lacking) else str(found.numerator),
            "denominator": None if isinstance(found, Lacking) else str(found.denominator),
            "legs": [] if isinstance(found, Lacking) else [leg_facts(one) for one in found.legs],
            "text": self.text,
            "lacking": found.why if isinstance(found, Lacking) else None,
        }

    def _step(self, leg: Leg) -> str:
        one = leg.price
        number = f"{text(one.value)} {one.quote}/{one.asset}"
        said = {rule.name: rule.title for rule in rules().values()}[one.source]
        when = short_text(one.at)
        if one.source == "nbp":
            said, when = f"{said} {self.tables.get(one.at, '')}".strip(), str(local_day(one.at, nbp.ZONE))
        elif one.source == "ecb":
            when = str(local_day(one.at, ecb.ZONE))
        told = said if one.source == "parity" else f"{said} of {when}, {one.where}"
        return f"{'1 / ' if leg.inverse else ''}{number} ({told})"


def quotient(found: Valued) -> Decimal:
    """A valuation as a number, half even at 18 decimals."""
    sign, digits, _ = Decimal(upto(found.numerator, UNIT, found.denominator)).as_tuple()
    return Decimal((sign, digits, -FRACTION_DIGITS))


def held(config: Config, ledger: Ledger, now: datetime, asset: str | None) -> list[HeldPrices]:
    """Every pair that a source has prices of, whether [prices] names the source or not."""
    with load(ledger, tables={"legs", "facts"}, kept=config.legs) as copy:
        return list(_held(Held(copy, config), now, None if asset is None else pooled(config, asset)))


def worth(config: Config, ledger: Ledger, at: datetime, asset: str | None, quote: str | None) -> list[Worth]:
    """What one unit of an asset, or of each that was ever held, is worth at a moment by [prices]."""
    with load(ledger, tables={"legs", "facts"}, kept=config.legs) as copy:
        book = price_book(copy, config)
        tables = {aware(day): number for day, number in copy.execute(NBP_TABLES).fetchall()}
        currency = book.pooled(quote or config.entity.base_currency)
        return [
            Worth(asset=one, quote=currency, at=at, found=book.rate(one, currency, at), tables=tables)
            for one in _assets(copy, book, asset)
            if one != currency
        ]


def _assets(copy: DuckDBPyConnection, book: PriceBook, asset: str | None) -> Sequence[str]:
    if asset is not None:
        return [book.pooled(asset)]
    return sorted({book.pooled(one) for (one,) in copy.execute(_ASSETS).fetchall()})


def _held(prices: Held, now: datetime, asset: str | None) -> Iterator[HeldPrices]:
    for source in rules():
        for one, quote in sorted(prices.pairs(source)):
            if asset is None or asset in (one, quote):
                series = prices.series(source, one, quote)
                if series.ats and source != "parity":
                    newest = series.price(len(series.ats) - 1)
                    yield HeldPrices(
                        source=source,
                        prices=len(series.ats),
                        first=series.price(0).at,
                        newest=newest,
                        age_s=max(0, int((now - newest.at).total_seconds())),
                    )


def leg_facts(one: Leg) -> dict[str, Any]:
    """A leg as JSON states it."""
    price = one.price
    return {
        "asset": price.asset,
        "quote": price.quote,
        "at": short_text(price.at),
        "value": text(price.value),
        "source": price.source,
        "inverse": one.inverse,
        "age_s": one.age_s,
        "where": price.where,
    }
