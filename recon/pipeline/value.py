"""What units cost when they arrived and brought when they left, by a rulebook: parts of entries become movements.

A fee goes into the cost of a purchase and out of the proceeds of a sale; of a swap it goes out of the proceeds of what
was given. A fee paid in units is a movement of its own besides. Where nothing tells an amount it is None, and the view
keeps what lacked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from recon.core.activity import (
    ADJUSTMENT,
    INCOME,
    OPENING,
    PURCHASE,
    SALE,
    SWAP_IN,
    SWAP_OUT,
    UNKNOWN,
    WITHDRAWAL,
)
from recon.core.lots import Movement, part
from recon.core.prices import Lacking, Valued
from recon.core.tax import Arrives, Leaves, Rulebook
from recon.core.times import EPOCH, QUARTER_HOUR
from recon.pipeline.said import Said
from recon.pipeline.units import Part, Trade, Trades

_UNTOLD = {WITHDRAWAL, ADJUSTMENT, UNKNOWN}
"""Units that go so may have brought anything, or nothing."""
Rate = Callable[[str, str, datetime, Literal["moment", "day before"]], Valued | Lacking]
"""What one unit of an asset was worth in a currency at a moment."""


class Lack(NamedTuple):
    """An amount that nothing tells: for which movement, and why not."""

    id: str
    pool: str
    moment: int
    activity: str
    why: str


class Use(NamedTuple):
    """What units of an asset were worth in a movement, or what was taken for it as a ``fee``; ``amount`` as rated."""

    id: str
    fee: bool
    asset: str
    units: int
    rate: Valued
    amount: int


class Days(dict[int, int]):
    """The day in a zone, as ``date.toordinal``, by the number of the quarter of an hour since 1970."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__()
        self.zone = zone

    def __missing__(self, quarter: int) -> int:
        at = EPOCH + timedelta(microseconds=quarter * QUARTER_HOUR)
        day = self[quarter] = at.astimezone(self.zone).toordinal()
        return day


@dataclass(frozen=True, kw_only=True)
class View:
    """How one rulebook sees the ledger: its currency, its days, where rates come from, what was said and what lacks.

    ``said`` is by the part's id. Where ``used`` is a list, it gets every amount that was used, with its prices.
    """

    rules: Rulebook
    base: str
    currency: str
    days: Days
    rate: Rate
    said: Mapping[str, Said] = field(default_factory=dict)
    lacks: dict[str, Lack] = field(default_factory=dict)
    used: list[Use] | None = None

    def day(self, moment: int) -> date:
        """The day of a moment, in microseconds, in the rulebook's zone."""
        return date.fromordinal(self.days[moment // QUARTER_HOUR])


def treatment(rules: Rulebook, activity: str, arrives: bool) -> Arrives | Leaves | Literal["nothing"]:
    """What a rulebook makes of an activity; a kind of income that it does not name is other income."""
    treats: Mapping[str, Arrives] | Mapping[str, Leaves] = rules.arrives if arrives else rules.leaves
    if activity.startswith(INCOME) and activity not in treats:
        activity = f"{INCOME}: other"
    return treats.get(activity, "unknown" if arrives else "gain")


def of_trades(view: View, batches: Iterable[Trades], pool: str) -> Iterator[Movement]:
    """The movements of a pool's plain trades. Those paid in the currency itself are valued in columns."""
    days = view.days
    for batch in batches:
        ids, moments, places, currencies, quantities, paid, fees = batch
        if view.used is not None or {*currencies} != {view.currency}:
            yield from (of_trade(view, trade, pool) for trade in map(Trade._make, zip(*batch, strict=True)))
            continue
        on = [days[moment // QUARTER_HOUR] for moment in moments]
        with_fees = [
            worth + fee if units > 0 else worth - fee
            for units, worth, fee in zip(quantities, paid, fees, strict=True)
        ]
        what = [PURCHASE if units > 0 else SALE for units in quantities]
        columns = (ids, moments, on, places, quantities, with_fees, paid, what, [""] * len(ids))
        yield from map(Movement._make, zip(*columns, strict=True))


def of_trade(view: View, trade: Trade, pool: str) -> Movement:
    """The movement of a plain trade."""
    name, moment, place, currency, quantity, paid, fee = trade
    what = PURCHASE if quantity > 0 else SALE
    lack = Lack(name, pool, moment, what, "")
    worth = _worth(view, currency, paid, lack)
    cost = _worth(view, currency, fee, lack, fee=True) if fee else 0
    amount = None if worth is None or cost is None else worth + cost if quantity > 0 else worth - cost
    return Movement(name, moment, view.days[moment // QUARTER_HOUR], place, quantity, amount, worth, what)


def movement(view: View, one: Part) -> Movement:
    """The movement that a part is, valued as the rulebook has it."""
    arrives = one.quantity > 0
    treated = treatment(view.rules, one.activity, arrives)
    transfer = one.transfer or (one.activity.split()[0] if treated == "nothing" else "")
    worth = amount = None
    stated = view.said.get(one.id, Said()).worth is not None
    if transfer:
        pass
    elif one.activity == OPENING and arrives:
        worth = amount = _opened(view, one)
    elif treated == "no gain":
        worth = amount = _valued(view, one) if stated else None
    elif treated != "unknown" and (stated or one.activity not in _UNTOLD):
        worth = _valued(view, one)
        fees = _fees(view, one, worth)
        amount = None if worth is None or fees is None else worth + fees if arrives else worth - fees
    else:
        view.lacks.setdefault(
            one.id, _lack(one, f"nobody said what this {one.activity} was; a rule in [rules] can")
        )
    return Movement(
        one.id, one.moment, view.days[one.moment // QUARTER_HOUR], one.place, one.quantity, amount, worth,
        one.activity, transfer,
    )  # fmt: skip


def _opened(view: View, one: Part) -> int | None:
    """An opening's cost is told in the entity's base currency."""
    cost = view.said.get(one.id, Said()).cost
    if cost is None:
        view.lacks.setdefault(one.id, _lack(one, "the opening states no cost; give it one in [[opening]]"))
        return None
    return _worth(view, view.base, cost, _lack(one))


def _valued(view: View, one: Part) -> int | None:
    """What the units were worth: by what was paid, by what the row says, or by a price."""
    units = abs(one.quantity)
    if one.money:
        paid = _worth(view, *one.money, _lack(one))
        return part(paid, 0, units, one.per) if one.per else paid
    if stated := view.said.get(one.id, Said()).worth:
        currency, amount, of = stated
        return part(_worth(view, currency, amount, _lack(one)), 0, units, of)
    if one.activity in (SWAP_IN, SWAP_OUT) and one.other:
        if view.rules.swap == "neutral":
            return None
        received = (one.pool, units) if one.quantity > 0 else one.other
        given = one.other if one.quantity > 0 else (one.pool, units)
        first, second = (received, given) if view.rules.swap == "received" else (given, received)
        found = _rated(view, *first, one.moment, one.id)
        if isinstance(found, Lacking):
            found = _rated(view, *second, one.moment, one.id)
        if isinstance(found, Lacking):
            view.lacks.setdefault(one.id, _lack(one, found.why))
            return None
        return found
    return _worth(view, one.pool, units, _lack(one))


def _fees(view: View, one: Part, worth: int | None) -> int | None:
    """What was taken for it. A fee in the asset itself is worth what the asset was in this very trade."""
    total = 0
    for asset, units, is_money in one.fees:
        fee = (
            part(worth, 0, units, abs(one.quantity))
            if asset == one.pool and one.money and not is_money
            else _worth(view, asset, units, _lack(one), fee=True)
        )
        if fee is None:
            return None
        total += fee
    return total


def _worth(view: View, asset: str, units: int, of: Lack, *, fee: bool = False) -> int | None:
    """What units were worth; where nothing tells it, ``of`` is noted as lacking, with the reason."""
    found = _rated(view, asset, units, of.moment, of.id, fee=fee)
    if isinstance(found, int):
        return found
    view.lacks.setdefault(of.id, of._replace(why=found.why))
    return None


def _rated(view: View, asset: str, units: int, moment: int, name: str, *, fee: bool = False) -> int | Lacking:
    """So many units in the rulebook's currency, rounded half even."""
    if asset == view.currency:
        if view.used is not None:
            view.used.append(Use(name, fee, asset, units, Valued(1, 1), units))
        return units
    found = view.rate(asset, view.currency, EPOCH + timedelta(microseconds=moment), view.rules.rates)
    if isinstance(found, Lacking):
        return found
    amount = part(found.numerator, 0, units, found.denominator)
    assert amount is not None
    if view.used is not None:
        view.used.append(Use(name, fee, asset, units, found, amount))
    return amount


def _lack(one: Part, why: str = "") -> Lack:
    return Lack(one.id, one.pool, one.moment, one.activity, why)
