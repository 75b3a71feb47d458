"""The calculation of one disposal: what left, what it brought, what it is matched with, and the evidence behind it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

from recon.core.activity import LOST
from recon.core.errors import ConfigError
from recon.core.lots import SHORT, Match, Movement, Plan, order
from recon.core.tax import Row
from recon.core.times import EPOCH, MICROSECOND, aware
from recon.ledger.reads import EntryEvidence, entry_evidence
from recon.ledger.store import Ledger
from recon.pipeline.config import Config
from recon.pipeline.gains import NO_LOTS, Tally, is_disposal, lotless, row_of
from recon.pipeline.price_list import NBP_TABLES
from recon.pipeline.said import Said
from recon.pipeline.tax import Books, Taxed, Want, books
from recon.pipeline.units import plain_trade
from recon.pipeline.value import Use, View, movement, of_trade

_LONGEST = 800
"""No term turns later than so many days after an acquisition."""


class Stock(NamedTuple):
    """Units of a pool and what they cost; None where the cost is not known."""

    quantity: int
    cost: int | None


@dataclass(frozen=True, kw_only=True)
class Event:
    """A movement with what stands behind it: the other side of the trade, what was said, which amounts were used.

    ``against`` and ``fees`` are pools and units. ``lacks`` says why an amount is not known.
    """

    movement: Movement
    entry: int
    against: tuple[str, int] | None
    fees: Sequence[tuple[str, int]]
    said: Said
    uses: Sequence[Use]
    lacks: str
    evidence: EntryEvidence | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One match of the disposal: the row of the list, what was acquired, and the pool before and after.

    ``events`` are the acquisitions of the lot, several where a law joins those of a day. ``long_from`` is the first day
    on which units of this lot are held for the long term.
    """

    row: Row
    events: Sequence[Event] = ()
    long_from: date | None = None
    pool: tuple[Stock, Stock] | None = None


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A disposal. ``events`` are what left, several where a law joins those of a day; ``tables`` are NBP's by day."""

    found: Taxed
    events: Sequence[Event]
    steps: Sequence[Step]
    tables: Mapping[datetime, str]

    @property
    def lacks(self) -> bool:
        """Whether an amount of it is not known that the law asks for."""
        return any(step.row.lacks not in ("", NO_LOTS) for step in self.steps)

    @property
    def zone(self) -> str:
        """Where its days are reckoned."""
        return self.found.view.days.zone.key

    def local(self, micros: int) -> datetime:
        """A moment in that zone."""
        return (EPOCH + MICROSECOND * micros).astimezone(self.found.view.days.zone)


def explain(config: Config, ledger: Ledger, want: Want, name: str) -> Explained:
    """The disposal of this id in the tax year; its pool alone is matched. Raises ConfigError where there is none."""
    with books(config, ledger, want) as opened:
        tally = Tally(want.rules, want.year, opened.view)
        pool, asked = _asked(opened, tally, name)
        steps, left = [Step(row=lotless(asked, pool, tally))], [name]
        if want.method is not None:
            plan = opened.plan(want)
            seen = _Seen(opened.movements(pool), asked, joined=want.rules.daily)
            matches = seen.matched(want, plan)
            left = seen.left or left
            steps = []
            for match in matches:
                row = row_of(match, tally.add(match, pool), tally)
                steps.append(
                    Step(
                        row=row,
                        events=[_event(opened, one) for one in seen.acquired(row)],
                        long_from=_long_from(tally, row),
                        pool=_pool(opened, want, plan, pool, seen, match),
                    )
                )
        tables = {aware(day): number for day, number in opened.copy.execute(NBP_TABLES).fetchall()}
        found = Taxed(want=want, view=opened.view, rows=iter(()), tally=tally)
        events = [_event(opened, one) for one in left]
        return _proved(ledger, Explained(found=found, events=events, steps=steps, tables=tables))


def _asked(opened: Books, tally: Tally, name: str) -> tuple[str, Movement]:
    """The disposal's pool and movement."""
    found = _named(opened, opened.view, name)
    if found is None:
        raise _refused(name, "there is no disposal of this id")
    event, pool = found
    one = event.movement
    rules = tally.rules
    if one.transfer:
        raise _refused(
            name, f"this {one.activity} is no disposal: its units stay one's own, and their lots with them"
        )
    if one.quantity > 0:
        raise _refused(name, f"this {one.activity} is no disposal: its units arrived")
    if not rules.lots and not is_disposal(one, rules):
        raise _refused(name, f"by {rules.title} this {one.activity} is no disposal: nothing counts")
    if not tally.first <= one.day < tally.after:
        raise _refused(name, f"it is a disposal of the tax year {tally.year_of(one.day)}")
    return pool, one


def _refused(name: str, what: str) -> ConfigError:
    return ConfigError(
        what,
        where=f"--explain {name}",
        next_step="recon tax lists the year's disposals with their ids; with --json it lists all of them",
    )


def _event(opened: Books, name: str) -> Event:
    """What stands behind a movement of this id."""
    found = _named(opened, replace(opened.view, used=[]), name)
    assert found is not None, name
    return found[0]


def _named(opened: Books, view: View, name: str) -> tuple[Event, str] | None:
    """What stands behind a movement, and its pool."""
    lacks = view.lacks
    for pool, some in opened.others.items():
        for one in some:
            if one.id == name:
                event = Event(
                    movement=movement(view, one),
                    entry=one.entry,
                    against=one.other if one.money is None or one.per else one.money,
                    fees=[(asset, units) for asset, units, _ in one.fees],
                    said=view.said.get(name, Said()),
                    uses=view.used or (),
                    lacks=lacks[name].why if name in lacks else "",
                )
                return event, pool
    told = plain_trade(opened.copy, name)
    if told is None:
        return None
    entry, asset, trade = told
    pool = opened.config.pools.get(asset, asset)
    event = Event(
        movement=of_trade(view, trade, pool),
        entry=entry,
        against=(trade.currency, trade.paid),
        fees=[(trade.currency, trade.fee)] if trade.fee else (),
        said=Said(),
        uses=view.used or (),
        lacks=lacks[name].why if name in lacks else "",
    )
    return event, pool


class _Seen:
    """A pool's movements on their way to a method, and what is to be remembered of them.

    Where a law joins what happened on a day, ``left`` and the days' acquisitions are remembered by their ids from the
    day of the disposal on, and before it how many units arrived on each day, at which cost, that no lot was matched of.
    """

    def __init__(self, movements: Iterable[Movement], asked: Movement, *, joined: bool) -> None:
        self.left: list[str] = []
        self.stock: dict[int, Stock] = {}
        self.drawn: dict[int, Stock] = {}
        self._movements = movements
        self._asked = asked
        self._joined = joined
        self._arrived: dict[int, list[str]] = {}

    def matched(self, want: Want, plan: Plan) -> list[Match]:
        """The matches of the disposal."""
        assert want.method is not None
        found: list[Match] = []
        movements = self._noted() if self._joined else self._movements
        for match in want.method.match(movements, plan):
            of = match.movement
            if self._is_asked(of) if self._joined else of.id == self._asked.id:
                found.append(match)
            elif found:
                break
            elif self._joined:
                self._taken(match)
        return found

    def acquired(self, row: Row) -> list[str]:
        """The ids of what a row's lot was acquired by."""
        if row.lot is None or row.acquired is None:
            return []
        return self._arrived[row.acquired.toordinal()] if self._joined else [row.lot]

    def pool(self) -> Stock:
        """What the pool held before the disposal: day after day what was drawn from it, and what was left over."""
        units = 0
        cost: int | None = 0
        until = self._asked.day + (self._asked.activity == LOST)
        for day in sorted(day for day in {*self.stock, *self.drawn} if day < until):
            for sign, side in ((-1, self.drawn), (1, self.stock)):
                more = side.get(day)
                if more is not None and more.quantity:
                    units += sign * more.quantity
                    cost = None if cost is None or more.cost is None else cost + sign * more.cost
                    cost = cost if units else 0
        return Stock(units, cost)

    def _is_asked(self, one: Movement) -> bool:
        """Whether it is of the disposal's day. What was lost on a day is matched apart, after all else."""
        return one.day == self._asked.day and (one.activity == LOST) == (self._asked.activity == LOST)

    def _noted(self) -> Iterator[Movement]:
        for one in self._movements:
            if not one.transfer:
                if one.quantity > 0:
                    self._arrived.setdefault(one.day, []).append(one.id)
                    self.stock[one.day] = _more(self.stock.get(one.day), one.quantity, one.amount)
                elif self._is_asked(one):
                    self.left.append(one.id)
            yield one

    def _taken(self, match: Match) -> None:
        if match.lot is not None:
            cost = None if match.cost is None else -match.cost
            self.stock[match.lot.day] = _more(self.stock[match.lot.day], -match.quantity, cost)
        elif match.rule != SHORT:
            day = match.movement.day
            self.drawn[day] = _more(self.drawn.get(day), match.quantity, match.cost)


def _more(stock: Stock | None, units: int, cost: int | None) -> Stock:
    if stock is None:
        return Stock(units, cost)
    return Stock(stock.quantity + units, None if stock.cost is None or cost is None else stock.cost + cost)


def _pool(
    opened: Books, want: Want, plan: Plan, pool: str, seen: _Seen, match: Match
) -> tuple[Stock, Stock] | None:
    """The pool that a match drew on, before it and after it; None where it drew on none."""
    if match.lot is not None or match.rule == SHORT or want.method is None:
        return None
    if want.rules.daily:
        before = seen.pool()
        cost = None if before.cost is None or match.cost is None else before.cost - match.cost
        return before, Stock(before.quantity - match.quantity, cost)
    until = order(match.movement)
    matches = want.method.match(takewhile(lambda one: order(one) <= until, opened.movements(pool)), plan)
    while True:
        try:
            next(matches)
        except StopIteration as end:
            held = end.value.held
            break
    name = [scope for scope in plan.scopes if scope.since <= match.movement.at][-1].book(match.movement.place)
    after = next((Stock(one.quantity, one.cost) for one in held if one.book == name), Stock(0, 0))
    cost = None if after.cost is None or match.cost is None else after.cost + match.cost
    return Stock(after.quantity + match.quantity, cost), after


def _long_from(tally: Tally, row: Row) -> date | None:
    """The first day of the long term; None where the rulebook knows no terms."""
    if row.acquired is None or row.term is None:
        return None
    days = (row.acquired + timedelta(days=number) for number in range(_LONGEST))
    return next((day for day in days if tally.rules.term(row.acquired, day) == "long"), None)


def _proved(ledger: Ledger, found: Explained) -> Explained:
    """The same with the sealed rows that stand behind each movement."""
    every = [*found.events, *(one for step in found.steps for one in step.events)]
    with ledger.transaction() as tx:
        rows = {one.entry_id: one for one in entry_evidence(tx, (one.entry for one in every))}

    def proved(events: Sequence[Event]) -> list[Event]:
        return [replace(one, evidence=rows.get(one.entry)) for one in events]

    steps = [replace(step, events=proved(step.events)) for step in found.steps]
    return replace(found, events=proved(found.events), steps=steps)
