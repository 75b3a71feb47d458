"""Prices that trades themselves bring: what one unit cost in base currency, by the entry that says so.

A trade against base currency gives one at once. One against another fiat currency gives one where that currency has a
price of its own near enough. Assets of one pool are one asset.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
    localcontext,
)
from itertools import groupby
from typing import NamedTuple

import pyarrow as pa
from duckdb import DuckDBPyConnection

from recon.core.money import FRACTION_DIGITS, WHOLE_DIGITS, round_to, text
from recon.core.prices import FIAT, Price
from recon.core.times import EPOCH, MICROSECOND, aware, naive
from recon.pipeline.config import Config
from recon.valuation import Series

_UNITS = 100
"""A price is as exact as its fiat leg: one of fewer smallest units than these may be half a percent of rounding."""
_CENTS = 2

_LEGS = """
select l.entry, l.source, l.stated_at as "at", l.asset, l.quantity
from legs as l
where l.class = 'trading' and l.live and l.counted and not l.by_hand and l.quantity <> 0
"""
_PLAIN = """
union all select p.entry, p.source, p.at, p.asset, p.quantity from plain as p
union all select p.entry, p.source, p.at, p.currency, p.paid from plain as p
"""

# Of trades at the same time the largest comes last: it is the least rounded.
_TRADES = """
sides as (
    select l.entry, l.source, l.at, coalesce(o.pool, l.asset) as asset, abs(l.quantity) as quantity
    from traded as l
    left join (select unnest($assets) as asset, unnest($pools) as pool) as o on o.asset = l.asset
    where l.at >= $since and l.at < $until
),
priced as (
    select b.asset, q.asset as quote, b.at, b.quantity, q.quantity as paid, b.entry, b.source,
        row_number() over (partition by b.asset order by b.at desc, b.entry desc) as back
    from sides as b
    join sides as q on q.entry = b.entry and q.asset <> b.asset
    where b.asset <> $base
        and (q.asset = $base or (list_contains($fiat, q.asset) and not list_contains($fiat, b.asset)))
)
select asset, quote, "at", quantity, paid, entry, source
from priced
where back <= $latest
order by asset, "at", paid, entry
"""
_ALL = 2**62
LIMIT = Decimal(10) ** WHOLE_DIGITS
"""No price is as large."""


class _Trade(NamedTuple):
    """``asset`` for ``quote``, each quantity without its sign."""

    asset: str
    quote: str
    at: datetime
    quantity: Decimal
    paid: Decimal
    entry: int
    source: str


class TradePrice(NamedTuple):
    """What one unit of an asset cost in base currency, rounded half even at 18 decimals; no entry: not by a trade."""

    asset: str
    at: datetime
    price: Decimal
    entry: int | None
    source: str


def trade_prices(
    copy: DuckDBPyConnection,
    config: Config,
    since: datetime,
    until: datetime,
    *,
    near: timedelta | None = None,
    latest: int = _ALL,
) -> list[TradePrice]:
    """The prices of trades in a span of time, by asset and time; ``latest``: of each asset's last so many trades.

    ``near`` is how far a fiat currency's own price may lie; any before it serves without.
    """
    base = pooled(config, config.entity.base_currency)
    asked = {
        "since": naive(since), "until": naive(until), "latest": latest, "base": base, "fiat": sorted(FIAT),
        "assets": list(config.pools), "pools": list(config.pools.values()),
    }  # fmt: skip
    trades = [
        one._replace(at=aware(one.at))
        for one in map(_Trade._make, copy.execute(_traded(copy) + _TRADES, asked).fetchall())
    ]
    told = _exact_enough(trades)
    direct = [price for one in told if one.quote == base for price in _price(one, Decimal(1))]
    of_fiat = {asset: list(prices) for asset, prices in groupby(_one_a_moment(direct), lambda one: one.asset)}
    crossed = [
        price
        for one in told
        if one.quote != base
        for rate in _before(of_fiat.get(one.quote, []), one.at, near)
        for price in _price(one, rate)
    ]
    return _one_a_moment([*crossed, *direct])


def _exact_enough(trades: Sequence[_Trade]) -> list[_Trade]:
    """The trades whose fiat leg is not mostly rounding. Its smallest unit is the smallest seen, a cent at the most."""
    places: dict[str, int] = {}
    for one in trades:
        behind = len(text(one.paid).partition(".")[2])
        places[one.quote] = max(places.get(one.quote, _CENTS), behind)
    return [one for one in trades if one.paid >= Decimal(_UNITS).scaleb(-places[one.quote])]


def _price(one: _Trade, rate: Decimal) -> Iterator[TradePrice]:
    """The price, where it is a number that the books can hold."""
    with wide() as context:
        context.traps[Inexact] = False
        price = one.paid * rate / one.quantity
    if price < LIMIT:
        rounded = round_to(price, FRACTION_DIGITS, "half_even")
        if 0 < rounded < LIMIT:
            yield TradePrice(one.asset, one.at, rounded, one.entry, one.source)


def wide() -> AbstractContextManager[Context]:
    """Arithmetic that holds the product of two quantities to the last digit."""
    return localcontext(
        Context(prec=160, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow, FloatOperation])
    )


def _one_a_moment(prices: Iterable[TradePrice]) -> list[TradePrice]:
    """By asset and time; of several at the same time the last one told."""
    return sorted({(one.asset, one.at): one for one in prices}.values())


def _before(prices: Sequence[TradePrice], at: datetime, near: timedelta | None) -> list[Decimal]:
    """The last price up to a moment, where there is one near enough."""
    place = bisect_right(prices, at, key=lambda one: one.at)
    if place == 0 or (near is not None and at - prices[place - 1].at > near):
        return []
    return [prices[place - 1].price]


def pooled(config: Config, asset: str) -> str:
    """The asset that an asset counts as."""
    return config.pools.get(asset, asset)


_SIDES = """
sides as (
    select l.entry, l.at, coalesce(o.pool, l.asset) as asset, abs(l.quantity) as quantity
    from traded as l
    left join (select unnest($assets) as asset, unnest($pools) as pool) as o on o.asset = l.asset
),
priced as (
    select b.asset, q.asset as quote, b.at, b.quantity, q.quantity as paid, b.entry
    from sides as b
    join sides as q on q.entry = b.entry and q.asset <> b.asset
    where b.asset <> $base
        and (q.asset = $base or (list_contains($fiat, q.asset) and not list_contains($fiat, b.asset)))
)
"""
_PAIRS = """
select asset, quote, max(length(rtrim(split_part(cast(paid as varchar), '.', 2), '0'))) as places
from priced group by asset, quote
"""
# Far from what the books can hold, so that a quotient of doubles is near enough to tell.
_OF_PAIR = """
select epoch_us("at") as us, quantity, paid, entry
from priced
where asset = $asset and quote = $quote and paid >= $least
    and cast(paid as double) / cast(quantity as double) between 1e-17 and 9e17
qualify row_number() over (partition by "at" order by paid desc, entry desc) = 1
order by us
"""


def trade_pairs(copy: DuckDBPyConnection, config: Config) -> dict[tuple[str, str], int]:
    """The (asset, fiat currency) that were traded, and the most decimals that the fiat side ever had."""
    found = copy.execute(_traded(copy) + _SIDES + _PAIRS, _asked(config)).fetchall()
    return {(asset, quote): places for asset, quote, places in found}


def trades_of(copy: DuckDBPyConnection, config: Config, asset: str, quote: str, places: int) -> Series:
    """The prices of a pair's trades, whose fiat side has so many decimals at the most. One a moment.

    A price is rounded half even at 18 decimals; a trade of which it would be mostly rounding gives none.
    """
    least = Decimal(_UNITS).scaleb(-max(places, _CENTS))
    asked = {**_asked(config), "asset": asset, "quote": quote, "least": least}
    question = _traded(copy) + _SIDES + _OF_PAIR
    table: pa.Table = copy.cursor().sql(question, params=asked).to_arrow_table()
    ats = array("q", table["us"].to_pylist())
    quantities, paid, entries = (table[name].combine_chunks() for name in ("quantity", "paid", "entry"))

    def price(place: int) -> Price:
        with wide() as context:
            context.traps[Inexact] = False
            value = paid[place].as_py() / quantities[place].as_py()
        rounded = round_to(value, FRACTION_DIGITS, "half_even")
        at = EPOCH + ats[place] * MICROSECOND
        return Price(asset, quote, at, rounded, "trades", f"entry {entries[place].as_py()}")

    return Series(ats, price)


def _traded(copy: DuckDBPyConnection) -> str:
    """How a question begins that is about sides of trades. A copy may tell plain trades apart from its legs."""
    apart = copy.execute("select count(*) from duckdb_tables() where table_name = 'plain'").fetchone()
    return f"with traded as ({_LEGS}{_PLAIN if apart and apart[0] else ''}),"


def _asked(config: Config) -> dict[str, object]:
    return {
        "base": pooled(config, config.entity.base_currency),
        "fiat": sorted(FIAT),
        "assets": list(config.pools),
        "pools": list(config.pools.values()),
    }
