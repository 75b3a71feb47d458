"""The book of prices over a typed copy of the ledger: prices of trades from its legs, all others from its facts."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from recon.core.contracts import Quoting
from recon.core.errors import NumberRefused
from recon.core.money import parse
from recon.core.price_acts import FILES, MANUAL, PRICES
from recon.core.prices import Price
from recon.core.times import EPOCH, aware, micros
from recon.pipeline.config import Config
from recon.pipeline.trade_prices import pooled, trade_pairs, trades_of
from recon.sources import ecb, nbp
from recon.valuation import Order, PriceBook, Series

_STREAMS = {
    "nbp": ("nbp", (nbp.STREAM,)),
    "ecb": ("ecb", (ecb.HISTORY, ecb.STREAM)),
    "files": (PRICES, (FILES,)),
    "manual": (PRICES, (MANUAL,)),
}
"""Of each word whose prices are facts with the asset as subject and the quote as name: its source and streams."""
_FACTS = """
select subject, name, facts."at", value, seq, pointer from facts
where source = $source and list_contains($streams, stream) and subject <> 'table' order by facts."at", fact
"""
_QUOTES = """
select reading, stream, subject, facts."at", name, value, seq, pointer from facts
where source = $source and list_contains($streams, split_part(stream, '/', 1)) and list_contains($names, name)
order by reading, stream, subject, facts."at", fact
"""
Pair = tuple[str, str]


class _Fact(NamedTuple):
    at: datetime
    value: str
    seq: int
    pointer: str


def price_book(copy: DuckDBPyConnection, config: Config) -> PriceBook:
    """The book of what a copy with the tables legs and facts holds, by [prices]; it lasts as long as the copy."""
    prices = config.prices
    order = Order(
        sources=prices.sources,
        assets={pooled(config, asset): one.sources for asset, one in prices.assets.items()},
        max_age_days=prices.max_age_days,
        base=pooled(config, config.entity.base_currency),
        zone=config.zone,
        pools=config.pools,
    )
    return PriceBook(Held(copy, config), order)


class Held:
    """The prices that a copy holds, read when they are first asked for. Of one moment the latest told counts."""

    def __init__(self, copy: DuckDBPyConnection, config: Config) -> None:
        self._copy = copy
        self._config = config
        self._told: dict[str, Mapping[Pair, Sequence[_Fact]]] = {}

    @cached_property
    def _traded(self) -> Mapping[Pair, int]:
        return trade_pairs(self._copy, self._config)

    def pairs(self, source: str) -> AbstractSet[Pair]:
        """The (asset, quote) that a source has prices of."""
        if source == "trades":
            return self._traded.keys()
        if source == "parity":
            return {
                (pooled(self._config, asset), pooled(self._config, currency))
                for asset, currency in self._config.prices.parity.items()
            }
        return self._facts(source).keys()

    def series(self, source: str, asset: str, quote: str) -> Series:
        """The prices of a pair, the earliest first."""
        if source == "trades":
            return trades_of(self._copy, self._config, asset, quote, self._traded[asset, quote])
        if source == "parity":
            declared = Price(asset, quote, EPOCH, Decimal(1), source, f"recon.toml [prices.parity] {asset}")
            return Series([0], lambda place: declared)
        facts = list({one.at: one for one in self._facts(source)[asset, quote]}.values())

        def price(place: int) -> Price:
            one = facts[place]
            return Price(asset, quote, one.at, parse(one.value), source, f"answer {one.seq} {one.pointer}")

        return Series([micros(one.at) for one in facts], price)

    def _facts(self, source: str) -> Mapping[Pair, Sequence[_Fact]]:
        if source not in self._told:
            told = self._quoted() if source == "venues" else self._stated(source)
            found: dict[Pair, list[_Fact]] = {}
            for asset, quote, fact in told:
                pair = (pooled(self._config, asset), pooled(self._config, quote))
                if pair[0] != pair[1]:
                    found.setdefault(pair, []).append(fact)
            self._told[source] = found
        return self._told[source]

    def _stated(self, word: str) -> Iterator[tuple[str, str, _Fact]]:
        source, streams = _STREAMS[word]
        asked = {"source": source, "streams": list(streams)}
        for asset, quote, at, value, seq, pointer in self._copy.execute(_FACTS, asked).fetchall():
            yield asset, quote, _Fact(aware(at), value, seq, pointer)

    def _quoted(self) -> list[tuple[str, str, _Fact]]:
        """What venues quote, by time; of several at one moment that of the source named last."""
        found = [
            one
            for source in self._config.sources
            for one in self._of_venue(source.name, source.source.quoting)
        ]
        return sorted(found, key=lambda one: one[2].at)

    def _of_venue(self, source: str, quoting: Quoting | None) -> Iterator[tuple[str, str, _Fact]]:
        if quoting is None:
            return
        asked = {"source": source, "streams": sorted(quoting.streams), "names": sorted(quoting.names)}
        rows = self._copy.execute(_QUOTES, asked).fetchall()
        for (_, stream, subject, at), told in groupby(rows, key=lambda row: row[:4]):
            facts = {name: _Fact(aware(at), value, seq, pointer) for *_, name, value, seq, pointer in told}
            quoted = quoting.price(stream, subject, {name: one.value for name, one in facts.items()})
            if quoted and is_price(facts[quoted.name].value):
                yield quoted.asset, quoted.quote, facts[quoted.name]


def is_price(stated: str) -> bool:
    """Whether what was stated is a number above zero: a venue may state anything."""
    try:
        return parse(stated) > 0
    except NumberRefused:
        return False
