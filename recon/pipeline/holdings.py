"""A period by the company's own books: its lots and gains, what was and is held, at cost and at fair value.

They are those of the rulebook generic and its first method over all places together, with a year that is the period.
Lots are dated when things happened, the ledger when they were posted: what came late for a sealed period is told apart.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from recon.core.books import Trial
from recon.core.holdings import Earned, Gain, OpenLot, Position, PriceUsed, Stock
from recon.core.lots import Held, Movement, Plan, part
from recon.core.money import ZERO
from recon.core.prices import Lacking, Valued
from recon.core.tax import Row
from recon.core.times import EPOCH, MICROSECOND, Period, local_day, micros
from recon.ledger.store import Ledger
from recon.pipeline.config import Config
from recon.pipeline.earned import FEES_AND_INCOME, Worths, earned
from recon.pipeline.gains import Matched, Tally, matched
from recon.pipeline.general_ledger import Taken
from recon.pipeline.on_disk import OnDisk
from recon.pipeline.price_list import quotient
from recon.pipeline.spool import Spool
from recon.pipeline.tax import Books, Want, books_of, wanted
from recon.pipeline.trade_prices import pooled
from recon.pipeline.units import number, scaled
from recon.pipeline.used_prices import Noted, rests_on, used

RULES = "generic"


@dataclass(frozen=True, kw_only=True)
class Posted:
    """What the ledger says that lots and values are laid beside.

    ``held`` is by asset what happened before the end: in places, and between them.
    """

    trial: Sequence[Trial]
    held: Mapping[str, tuple[Decimal, Decimal]]
    taken: OnDisk[Taken]


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """A period's lots and values; ``trial`` is the trial balance with its values.

    ``linked``: so many links are not in the ledger yet.
    """

    method: str
    trial: Sequence[Trial]
    positions: Sequence[Position]
    gains: Collection[Gain]
    open_lots: Collection[OpenLot]
    earned: Sequence[Earned]
    prices: Sequence[PriceUsed]
    linked: int


def holdings(
    config: Config, ledger: Ledger, period: Period, as_of: datetime | None, posted: Posted, files: ExitStack
) -> Holdings:
    """Values the period, with prices of its last moment, or of the latest reading's where that comes first.

    Gains and lots lie in ``files``.
    """
    want = _want(config, period)
    ends = [at for at in (period.end, as_of) if at is not None]
    with books_of(config, ledger, want.rules, None) as opened:
        noted = Noted(opened.view.rate)
        seen = replace(opened, view=replace(opened.view, rate=noted.rate))
        walk = _Walk(opened, seen, want, period, min(ends, default=EPOCH) - MICROSECOND, noted)
        gains, lots = files.enter_context(Spool(walk.gain)), files.enter_context(Spool(_open_lot))
        pools = [walk.pool(name, posted, gains, lots) for name in opened.pools]
        trial = [_valued(one, walk) for one in posted.trial]
        told = earned(posted.taken, config, walk.worths, noted.rate)
        prices = used(noted, opened.copy, ledger)
        walk.rests_on = rests_on(noted, opened, walk.names)
    return Holdings(
        method="" if want.method is None else want.method.title,
        trial=trial,
        positions=[
            one for one in pools if any((*one.opening, *one.added, *one.disposed, *one.closing, one.ledger))
        ],
        gains=gains.whole(),
        open_lots=lots.whole(),
        earned=told,
        prices=prices,
        linked=opened.linked,
    )


def _want(config: Config, period: Period) -> Want:
    """What is asked of lots: the rulebook with the period's days for its year, and nothing of what came after."""
    want = wanted(1, RULES, None, None)
    first = date.min if period.start is None else local_day(period.start, config.zone)
    after = date.max if period.end is None else local_day(period.end, config.zone)
    return want._replace(rules=replace(want.rules, year=lambda year: (first, after)), until=period.end)


class _Sums:
    """What arrived and left in a period, in 10^-18, while it goes by."""

    def __init__(self) -> None:
        self.added = [0, 0, 0]
        self.disposed = [0, 0, 0]
        self.proceeds = self.realised = self.unpriced = self.uncosted_proceeds = self.unknown = 0

    def left(self, row: Row) -> None:
        """Counts a match of the period. What counts for no gain leaves at cost."""
        brought = row.proceeds if row.taxed else row.cost
        self.unknown += brought is None or row.cost is None
        if row.lot is not None:
            _count(self.disposed, row.quantity, row.cost)
        if row.cost is None:
            self.uncosted_proceeds += brought or 0
        elif brought is None:
            self.unpriced += row.cost
        else:
            self.proceeds += brought
            self.realised += brought - row.cost


class _Walk:
    """The way through a period's pools. ``opened`` are the units as they are, ``seen`` with their prices noted.

    ``names`` are the movements that gains are made of, as far as prices were asked for.
    """

    def __init__(
        self, opened: Books, seen: Books, want: Want, period: Period, last: datetime, noted: Noted
    ) -> None:
        self.opened, self.seen, self.want, self.period, self.last = opened, seen, want, period, last
        self.noted = noted
        self.names: set[str] = set()
        self.rests_on: Mapping[str, Collection[int]] = {}
        self.plan: Plan = opened.plan(want)
        self.tally = Tally(want.rules, want.year, seen.view)
        self.worths: Worths = {}
        self.sources = sorted((one.name for one in opened.config.sources), key=len, reverse=True)

    def pool(self, pool: str, posted: Posted, gains: Spool[Gain], lots: Spool[OpenLot]) -> Position:
        """One pool from the period's beginning to its end."""
        assert self.want.method is not None
        opening = self._opening(pool)
        sums = _Sums()
        moves = sum(one.quantity for one in self.opened.beside(pool, self.want.end) if one.transfer)
        matches = Matched(self.want.method.match(self._counted(pool, sums), self.plan))
        rows = matched(matches, pool, self.tally, listed=True)
        for row in rows:
            sums.left(row)
            gains.add(self._members(row))
            if self.noted:
                self.names |= {row.id, row.lot or ""}
        short = sum(units for name, _, units in self.tally.shorts if name == pool)
        for held in matches.outcome.held:
            lots.add(self._lot(pool, held))
        between = sum(scaled(posted.held[one][1]) for one in posted.held if self._pooled(one) == pool)
        happened = (
            sum(scaled(posted.held[one][0]) for one in posted.held if self._pooled(one) == pool) + between
        )
        ledger = sum(
            scaled(one.closing)
            for one in posted.trial
            if one.account.startswith(("assets:", "transit")) and self._pooled(one.asset) == pool
        )
        return self._position(
            pool, opening, sums, _stock(matches.outcome.held), short, ledger, happened - ledger,
            moves + between,
        )  # fmt: skip

    def value(self, asset: str, at: datetime) -> Valued | Lacking:
        """What one unit of an asset was worth in base currency."""
        return self.seen.view.rate(asset, self.seen.view.currency, at, "moment")

    def _pooled(self, asset: str) -> str:
        return pooled(self.opened.config, asset)

    def _opening(self, pool: str) -> list[int]:
        """The lots at the period's beginning, walked apart from all that came later."""
        assert self.want.method is not None
        if self.period.start is None:
            return [0, 0, 0]
        earlier = Matched(
            self.want.method.match(self.opened.movements(pool, micros(self.period.start)), self.plan)
        )
        for _ in earlier:
            pass
        return _stock(earlier.outcome.held)

    def _counted(self, pool: str, sums: _Sums) -> Iterator[Movement]:
        """A pool's movements, with what arrived in the period counted, and what fees and income were worth noted."""
        first = self.tally.first
        entries = {
            one.id: one.entry for one in self.seen.others.get(pool, ()) if one.activity in FEES_AND_INCOME
        }
        for one in self.seen.movements(pool, self.want.end):
            if one.quantity > 0 and not one.transfer and one.day >= first:
                _count(sums.added, one.quantity, one.amount)
            if one.id in entries:
                lack = self.seen.view.lacks.get(one.id)
                self.worths.setdefault((entries[one.id], pool), []).append(
                    (one.worth, "" if lack is None else lack.why)
                )
            yield one

    def _position(
        self, pool: str, opening: Sequence[int], sums: _Sums, closing: Sequence[int], short: int, ledger: int,
        late: int, outside: int,
    ) -> Position:  # fmt: skip
        start = self.period.start
        before = None if start is None else self.value(pool, start - MICROSECOND) if opening[0] else None
        after = self.value(pool, self.last) if closing[0] or ledger else None
        lack = self.tally.first_lack(pool) if opening[2] or closing[2] or sums.unknown else None
        whys = [one.why for one in (before, after) if isinstance(one, Lacking)]
        whys += [] if lack is None else [f"{lack.id}: {lack.why}"]
        return Position(
            asset=pool,
            opening=_of(opening),
            added=_of(sums.added),
            disposed=_of(sums.disposed),
            closing=_of(closing),
            proceeds=number(sums.proceeds),
            realised=number(sums.realised),
            unpriced=number(sums.unpriced),
            uncosted_proceeds=number(sums.uncosted_proceeds),
            opening_price=_price(before),
            closing_price=_price(after),
            opening_value=_worth(opening[0] - opening[2], before),
            closing_value=_worth(closing[0] - closing[2], after),
            uncosted_value=_worth(closing[2], after),
            short=number(short),
            ledger=number(ledger),
            late=number(late),
            outside=number(outside),
            unknown=sums.unknown,
            lacks="; ".join(dict.fromkeys(whys)),
        )

    def gain(self, members: list[Any]) -> Gain:
        """A gain of its members."""
        *told, name, lot = members
        at, acquired_at = _moment(told[2]), _moment(told[9])
        prices = sorted({*self.rests_on.get(name, ()), *self.rests_on.get(lot, ())})
        return Gain._make(
            (*told[:2], at, *told[3:5], *map(_number, told[5:9]), acquired_at, *told[10:], prices)
        )

    def _members(self, row: Row) -> Sequence[Any]:
        brought = row.proceeds if row.taxed else row.cost
        gain = None if brought is None or row.cost is None else brought - row.cost
        return (
            row.asset, row.activity, row.disposed_at, self._entry(row.id), row.place, row.quantity, brought, row.cost,
            gain, row.acquired_at, self._entry(row.lot or ""), row.rule, row.taxed, row.lacks, row.id, row.lot,
        )  # fmt: skip

    def _lot(self, pool: str, held: Held) -> Sequence[Any]:
        lot = held.lot
        if lot is None:
            return pool, None, "", "", held.quantity, held.cost
        return pool, lot.at, self._entry(lot.id), lot.activity, held.quantity, held.cost

    def _entry(self, name: str) -> str:
        """The entry that a movement is of: ``egera/12`` of ``egera-000000012-fee``."""
        for source in self.sources:
            number = name[len(source) + 1 :].partition("-")[0]
            if name.startswith(f"{source}-") and number.isdecimal():
                return f"{source}/{int(number)}"
        return name


def _open_lot(members: list[Any]) -> OpenLot:
    return OpenLot(members[0], _moment(members[1]), *members[2:4], *map(_number, members[4:]))


def _moment(at: int | None) -> Any:
    return None if at is None else EPOCH + MICROSECOND * at


def _number(units: int | None) -> Any:
    return None if units is None else number(units)


def _count(sums: list[int], units: int, cost: int | None) -> None:
    sums[0] += units
    if cost is None:
        sums[2] += units
    else:
        sums[1] += cost


def _stock(every: Iterable[Held]) -> list[int]:
    sums = [0, 0, 0]
    for one in every:
        _count(sums, one.quantity, one.cost)
    return sums


def _of(sums: Sequence[int]) -> Stock:
    return Stock(*map(number, sums))


def _price(found: Valued | Lacking | None) -> Decimal | None:
    return quotient(found) if isinstance(found, Valued) else None


def _worth(units: int, found: Valued | Lacking | None) -> Decimal | None:
    """What units are worth; none are worth nothing, whatever the price."""
    if not units:
        return ZERO
    if not isinstance(found, Valued):
        return None
    worth = part(found.numerator, 0, units, found.denominator)
    assert worth is not None
    return number(worth)


def _valued(one: Trial, walk: _Walk) -> Trial:
    """A line of the trial balance with its price and value."""
    if not one.closing:
        return one._replace(value=ZERO)
    found = walk.value(one.asset, walk.last)
    lacks = found.why if isinstance(found, Lacking) else ""
    return one._replace(price=_price(found), value=_worth(scaled(one.closing), found), lacks=lacks)
