"""What the ``prices`` check looks at, and what differences are worth by the last trades."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import (
    ROUND_HALF_EVEN,
    Decimal,
    Inexact,
)
from itertools import groupby, pairwise
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from recon.checks import Price, Pricing
from recon.core.breaks import CheckResult
from recon.core.money import FRACTION_DIGITS, exact, round_to
from recon.core.prices import Valued
from recon.core.times import EPOCH, MICROSECOND, Period, micros
from recon.pipeline.config import Config
from recon.pipeline.price_book import price_book
from recon.pipeline.trade_prices import LIMIT, TradePrice, pooled, trade_prices, wide

_ASSETS = """
select distinct coalesce(o.pool, l.asset) as asset from legs as l
left join (select unnest($assets) as asset, unnest($pools) as pool) as o on o.asset = l.asset
where l.live and l.counted and l.class in ('assets', 'external', 'income', 'fees') order by 1
"""
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def latest_prices(copy: DuckDBPyConnection, config: Config, until: datetime) -> dict[str, Decimal]:
    """Of each asset the price of the last trade before a moment; the base currency's is 1."""
    prices = trade_prices(copy, config, _EARLIEST, until, latest=20)
    base = pooled(config, config.entity.base_currency)
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
        price = prices.get(pooled(config, asset))
        if price is not None:
            with wide() as context:
                product = abs(amount * price)
                context.traps[Inexact] = False
                found[name] = product.quantize(Decimal(1).scaleb(-FRACTION_DIGITS), ROUND_HALF_EVEN)
    return found


def pricing(copy: DuckDBPyConnection, config: Config, period: Period) -> Pricing | None:
    """The prices that a period can use and how they are judged; None where [prices] names no source.

    A trade serves what lies near it, before it or after. What others state serves from its moment on, as their rules
    have it; of them the first way from an asset to base currency counts. Of one moment a trade's price counts.
    """
    asked = config.prices
    if not asked.named:
        return None
    near = timedelta(days=asked.max_age_days)
    since = max(period.start - near - near, _EARLIEST) if period.start else _EARLIEST
    until = min(period.end + near + near, _LATEST) if period.end else _LATEST
    found = trade_prices(copy, config, since, until, near=near) if "trades" in asked.named else []
    serving = [_Point(one, one.at - near, one.at + near) for one in found]
    if asked.named != {"trades"} or asked.parity:
        serving = sorted(
            {
                (one.price.asset, one.price.at): one
                for one in [*_stated(copy, config, since, until), *serving]
            }.values()
        )
    judged = [
        price
        for _, prices in groupby(serving, lambda one: one.price.asset)
        for price in _judged(list(prices), near, asked.band_percent)
    ]
    return Pricing(
        base=pooled(config, config.entity.base_currency),
        days=asked.max_age_days,
        percent=asked.band_percent,
        pools=config.pools,
        prices=judged,
        who="no trade" if asked.named == {"trades"} else f"none of {', '.join(sorted(asked.named))}",
    )


class _Point(NamedTuple):
    """A price and the time that it serves."""

    price: TradePrice
    since: datetime
    until: datetime


def _stated(copy: DuckDBPyConnection, config: Config, since: datetime, until: datetime) -> Iterator[_Point]:
    """What others than trades state of the assets in the books, and what trades give by way of these."""
    book = price_book(copy, config)
    pools = {"assets": list(config.pools), "pools": list(config.pools.values())}
    for (asset,) in copy.execute(_ASSETS, pools).fetchall():
        for way in reversed(book.ways(asset, book.order.base)):
            if any(step.rule.name != "trades" for step in way):
                for first, last, valued in book.points(way, micros(since), micros(until)):
                    price = _rounded(valued)
                    if 0 < price < LIMIT:
                        at, end = EPOCH + first * MICROSECOND, min(EPOCH + last * MICROSECOND, _LATEST)
                        yield _Point(TradePrice(asset, at, price, None, way[0].rule.name), at, end)


def _rounded(valued: Valued) -> Decimal:
    with wide() as context:
        context.traps[Inexact] = False
        value = Decimal(valued.numerator) / valued.denominator
        return round_to(value, FRACTION_DIGITS, "half_even") if value < LIMIT else LIMIT


def _judged(prices: Sequence[_Point], near: timedelta, percent: int) -> Iterator[Price]:
    """Each price with what the one before and the one after it allow, where these are near enough.

    Of two that have only one another the earlier is taken for right: both would be told for one cause.
    """
    told = [one.price for one in prices]
    close = [later.at - one.at <= near for one, later in pairwise(told)]
    for place, one in enumerate(prices):
        has_before = place > 0 and close[place - 1]
        has_after = place < len(close) and close[place]
        if has_after and not has_before and not (place + 1 < len(close) and close[place + 1]):
            has_after = False
        before = _band(told[place - 1], percent) if has_before else (None, None)
        after = _band(told[place + 1], percent) if has_after else (None, None)
        yield Price(*one.price, one.since, one.until, *before, *after)


def _band(one: TradePrice, percent: int) -> tuple[Decimal, Decimal]:
    """The lowest and the highest price that lie so many percent from this one."""
    with exact():
        part = one.price.scaleb(-2) * percent
        low, high = one.price - part, min(one.price + part, LIMIT - 1)
    return round_to(low, FRACTION_DIGITS, "up"), round_to(high, FRACTION_DIGITS, "down")
