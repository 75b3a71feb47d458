"""Prices that trades themselves bring: what one unit cost in base currency, by the entry that says so.

A trade against base currency gives one at once. One against another fiat currency gives one where that currency has a
price of its own near enough. Assets of one pool are one asset.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
    localcontext,
)
from itertools import groupby, pairwise
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from recon.checks import Price, Pricing
from recon.core.breaks import CheckResult
from recon.core.money import FRACTION_DIGITS, WHOLE_DIGITS, exact, round_to, text
from recon.core.times import Period, aware, naive
from recon.pipeline.config import Config

FIAT = frozenset((
    "AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "INR", "JPY", "KRW",
    "MXN", "NOK", "NZD", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "UAH", "USD", "ZAR",
))  # fmt: skip
"""Currencies that a trade's price may be in."""
_UNITS = 100
"""A price is as exact as its fiat leg: one of fewer smallest units than these may be half a percent of rounding."""
_CENTS = 2

# Of trades at the same time the largest comes last: it is the least rounded.
_TRADES = """
with sides as (
    select l.entry, l.source, l.at, coalesce(o.pool, l.asset) as asset, abs(l.quantity) as quantity
    from legs as l
    left join (select unnest($assets) as asset, unnest($pools) as pool) as o on o.asset = l.asset
    where l.class = 'trading' and l.live and l.counted and not l.by_hand and l.quantity <> 0
        and l.at >= $since and l.at < $until
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
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_LIMIT = Decimal(10) ** WHOLE_DIGITS


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
    """What one unit of an asset cost in base currency, rounded half even at 18 decimals."""

    asset: str
    at: datetime
    price: Decimal
    entry: int
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
    base = _pool(config, config.entity.base_currency)
    asked = {
        "since": naive(since), "until": naive(until), "latest": latest, "base": base, "fiat": sorted(FIAT),
        "assets": list(config.pools), "pools": list(config.pools.values()),
    }  # fmt: skip
    trades = [
        one._replace(at=aware(one.at)) for one in map(_Trade._make, copy.execute(_TRADES, asked).fetchall())
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


def latest_prices(copy: DuckDBPyConnection, config: Config, until: datetime) -> dict[str, Decimal]:
    """Of each asset the price of the last trade before a moment; the base currency's is 1."""
    prices = trade_prices(copy, config, _EARLIEST, until, latest=20)
    base = _pool(config, config.entity.base_currency)
    return {one.asset: one.price for one in prices} | {base: Decimal(1)}


def values(
    copy: DuckDBPyConnection, config: Config, period: Period, results: Sequence[CheckResult]
) -> dict[str, Decimal]:
    """What each break's difference is worth in base currency at the period's end, without a sign, by the break's id."""
    found = {
        one.id: (one.asset, one.difference)
        for result in results
        for one in result.breaks
        if one.asset is not None and one.difference is not None
    }
    return worth(copy, config, period.end or _LATEST, found)


def worth(
    copy: DuckDBPyConnection, config: Config, until: datetime, amounts: Mapping[str, tuple[str, Decimal]]
) -> dict[str, Decimal]:
    """What amounts of assets are worth in base currency by the last trades before a moment, without a sign, by name.

    To 18 decimals, half even. What no trade gives a price for is left out.
    """
    prices = latest_prices(copy, config, until) if amounts else {}
    found = {}
    for name, (asset, amount) in amounts.items():
        price = prices.get(_pool(config, asset))
        if price is not None:
            with _wide() as context:
                product = abs(amount * price)
                context.traps[Inexact] = False
                found[name] = product.quantize(Decimal(1).scaleb(-FRACTION_DIGITS), ROUND_HALF_EVEN)
    return found


def pricing(copy: DuckDBPyConnection, config: Config, period: Period) -> Pricing | None:
    """The prices that a period can use and how they are judged; None where [prices] names no source."""
    asked = config.prices
    if not asked.sources:
        return None
    near = timedelta(days=asked.max_age_days)
    since = max(period.start - near - near, _EARLIEST) if period.start else _EARLIEST
    until = min(period.end + near + near, _LATEST) if period.end else _LATEST
    found = trade_prices(copy, config, since, until, near=near)
    judged = [
        price
        for _, prices in groupby(found, lambda one: one.asset)
        for price in _judged(list(prices), near, asked.band_percent)
    ]
    return Pricing(
        base=_pool(config, config.entity.base_currency),
        days=asked.max_age_days,
        percent=asked.band_percent,
        pools=config.pools,
        prices=judged,
    )


def _exact_enough(trades: Sequence[_Trade]) -> list[_Trade]:
    """The trades whose fiat leg is not mostly rounding. Its smallest unit is the smallest seen, a cent at the most."""
    places: dict[str, int] = {}
    for one in trades:
        behind = len(text(one.paid).partition(".")[2])
        places[one.quote] = max(places.get(one.quote, _CENTS), behind)
    return [one for one in trades if one.paid >= Decimal(_UNITS).scaleb(-places[one.quote])]


def _price(one: _Trade, rate: Decimal) -> Iterator[TradePrice]:
    """The price, where it is a number that the books can hold."""
    with _wide() as context:
        context.traps[Inexact] = False
        price = one.paid * rate / one.quantity
    if price < _LIMIT:
        rounded = round_to(price, FRACTION_DIGITS, "half_even")
        if 0 < rounded < _LIMIT:
            yield TradePrice(one.asset, one.at, rounded, one.entry, one.source)


def _wide() -> AbstractContextManager[Context]:
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


def _judged(prices: Sequence[TradePrice], near: timedelta, percent: int) -> Iterator[Price]:
    """Each price with what the one before and the one after it allow, where these are near enough.

    Of two that have only one another the earlier is taken for right: both would be told for one cause.
    """
    close = [later.at - one.at <= near for one, later in pairwise(prices)]
    for place, one in enumerate(prices):
        has_before = place > 0 and close[place - 1]
        has_after = place < len(close) and close[place]
        if has_after and not has_before and not (place + 1 < len(close) and close[place + 1]):
            has_after = False
        before = _band(prices[place - 1], percent) if has_before else (None, None)
        after = _band(prices[place + 1], percent) if has_after else (None, None)
        yield Price(*one, one.at - near, one.at + near, *before, *after)


def _band(one: TradePrice, percent: int) -> tuple[Decimal, Decimal]:
    """The lowest and the highest price that lie so many percent from this one."""
    with exact():
        part = one.price.scaleb(-2) * percent
        low, high = one.price - part, min(one.price + part, _LIMIT - 1)
    return round_to(low, FRACTION_DIGITS, "up"), round_to(high, FRACTION_DIGITS, "down")


def _pool(config: Config, asset: str) -> str:
    return config.pools.get(asset, asset)
