"""The methods again, slow and obvious: whole lists searched for each unit, and fractions that nobody rounds."""

from collections.abc import Callable
from copy import copy
from fractions import Fraction
from typing import Any

from recon.core.lots import Movement
from tests.tax._histories import came, gone

Given = list[tuple[str, str | None, int, Fraction | None]]
"""Of which movement, from which lot (None: a pool, or nothing), how many units, at what cost."""


class _Unit:
    """Some units of a lot, and where they are."""

    def __init__(self, movement: Movement, number: int, quantity: int, place: str) -> None:
        self.id, self.number, self.place, self.quantity = movement.id, number, place, quantity
        self.cost = None if movement.amount is None else Fraction(movement.amount, movement.quantity)
        self.price = None if movement.worth is None else Fraction(movement.worth, movement.quantity)


ORDERS: dict[str, Callable[[_Unit], Any]] = {
    "fifo": lambda unit: unit.number,
    "lifo": lambda unit: -unit.number,
    "hifo": lambda unit: (unit.price is None, -(unit.price or 0), unit.number),
    "lofo": lambda unit: (unit.price is None, unit.price or 0, unit.number),
}


def by_lots(name: str, history: list[Movement], *, each_place: bool) -> Given:
    """Lots one by one. Units on their way lie in a place of the move's name, in the order in which they left."""
    stock: list[_Unit] = []
    given: Given = []
    for number, one in enumerate(history):
        place = one.place if each_place else "all"
        wanted = abs(one.quantity)
        if one.transfer and not each_place:
            continue
        if one.quantity > 0:
            on_the_way = [unit for unit in stock if one.transfer and unit.place == _road(one)]
            for unit in on_the_way:
                wanted -= _carry(stock, unit, min(unit.quantity, wanted), place)
            stock.append(_Unit(one, number, wanted, place))
            continue
        for unit in sorted((unit for unit in stock if unit.place == place), key=ORDERS[name]):
            part = min(unit.quantity, wanted)
            wanted -= part
            if one.transfer:
                _carry(stock, unit, part, _road(one))
            elif part:
                unit.quantity -= part
                given.append((one.id, unit.id, part, None if unit.cost is None else unit.cost * part))
        if wanted and not one.transfer:
            given.append((one.id, None, wanted, None))
    return _joined(given)


def _road(one: Movement) -> str:
    return "on the way of " + one.transfer


def _carry(stock: list[_Unit], unit: _Unit, quantity: int, place: str) -> int:
    moved = copy(unit)
    moved.quantity, moved.place = quantity, place
    unit.quantity -= quantity
    stock.append(moved)
    return quantity


def _joined(given: Given) -> Given:
    """Units of one lot that were apart and came together again are one."""
    totals: dict[tuple[str, str | None], tuple[int, Fraction | None]] = {}
    for movement, lot, units, cost in given:
        before, paid = totals.get((movement, lot), (0, Fraction(0)))
        totals[movement, lot] = before + units, None if cost is None or paid is None else paid + cost
    return [(*key, *value) for key, value in totals.items()]


def average(history: list[Movement]) -> Given:
    """One pool of all places; what it lacks is short."""
    given: Given = []
    pool = _Pool()
    for one in history:
        if came(one):
            pool.add(one.quantity, None if one.amount is None else Fraction(one.amount))
        elif gone(one):
            pool.take(one.id, -one.quantity, given)
    return given


class _Pool:
    def __init__(self) -> None:
        self.units = 0
        self.cost: Fraction | None = Fraction(0)

    def add(self, units: int, cost: Fraction | None) -> None:
        self.units += units
        self.cost = None if self.cost is None or cost is None else self.cost + cost

    def take(self, name: str, wanted: int, given: Given) -> None:
        units = min(self.units, wanted)
        if units:
            cost = None if self.cost is None else self.cost * units / self.units
            given.append((name, None, units, cost))
            self.units -= units
            self.cost = (
                Fraction(0)
                if not self.units
                else None
                if cost is None or self.cost is None
                else self.cost - cost
            )
        if wanted > units:
            given.append((name, "short", wanted - units, None))


def uk(history: list[Movement]) -> Given:
    """The three rules one after the other over the whole history, day by day."""
    days = sorted({one.day for one in history if not one.transfer})
    sells = {day: [one for one in history if one.day == day and gone(one)] for day in days}
    buys = {day: [one for one in history if one.day == day and came(one)] for day in days}
    open_ = {day: -sum(one.quantity for one in sells[day]) for day in days}
    left = {day: sum(one.quantity for one in buys[day]) for day in days}
    paid = {day: _sum([one.amount for one in buys[day]]) for day in days}
    by_day: dict[int, Given] = {day: [] for day in days}

    def match(sold: int, bought: int) -> None:
        units = min(open_[sold], left[bought])
        cost, whole = paid[bought], sum(one.quantity for one in buys[bought])
        if units:
            part = None if cost is None else cost * units / whole
            by_day[sold].append((sells[sold][0].id, buys[bought][0].id, units, part))
            open_[sold] -= units
            left[bought] -= units

    for day in days:
        match(day, day)
    for sold in days:
        for bought in days:
            if sold < bought <= sold + 30:
                match(sold, bought)
    pool = _Pool()
    for day in days:
        if open_[day]:
            pool.take(sells[day][0].id, open_[day], by_day[day])
        if left[day]:
            cost, whole = paid[day], sum(one.quantity for one in buys[day])
            pool.add(left[day], None if cost is None else cost * left[day] / whole)
    return [one for day in days for one in by_day[day]]


def _sum(amounts: list[int | None]) -> Fraction | None:
    known = [amount for amount in amounts if amount is not None]
    return Fraction(sum(known)) if len(known) == len(amounts) else None
