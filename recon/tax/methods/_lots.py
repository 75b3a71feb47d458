"""Books that keep lots apart, and the orders in which they give them."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

from recon.core.lots import Lot, Match, Movement, Outcome, Plan
from recon.tax.methods._walk import Source, Taken, walk

_EXACT = 10**72
"""Two unequal prices per unit differ by more than this part of one: a quantity has at most 36 digits."""


class OneLot(Source):
    """A lot and its number: they are numbered as they were acquired, by time and then by id."""

    __slots__ = ("lot", "number")

    lot: Lot

    def __init__(self, movement: Movement, number: int) -> None:
        self.lot = movement
        self.whole = movement.quantity
        self.cost = movement.amount
        self.given = self.spent = 0
        self.number = number


class Order(NamedTuple):
    """Which lot of a book is next: the one of the smallest rank. A rank ends in the lot, and no two are equal."""

    name: str
    rank: Callable[[OneLot], tuple[Any, ...]]


class Shelf:
    """The books of one walk, which number their lots together and give them in one order.

    ``choices`` name the lots that a movement takes before the order decides; ``unmet`` is what they could not have.
    """

    def __init__(self, order: Order, choices: Mapping[str, Sequence[tuple[str, int]]] | None = None) -> None:
        self.order = order
        self.choices = dict(choices or {})
        self.unmet: list[tuple[str, str, int]] = []
        self.named: dict[str, OneLot | None] = {
            lot: None for some in self.choices.values() for lot, _ in some
        }
        self.acquired = 0

    def book(self) -> "LotBook":
        """A new book, which is empty."""
        return LotBook(self)


class LotBook:
    """How many units of which lots are left, and the lots in the order in which they are given.

    The queue may hold a lot of which nothing is left any more, or hold one twice: what is left decides.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._order = shelf.order
        self._left: dict[OneLot, int] = {}
        self._queue: list[tuple[Any, ...]] = []

    def receive(self, movement: Movement) -> None:
        """A new lot."""
        shelf = self._shelf
        shelf.acquired += 1
        lot = OneLot(movement, shelf.acquired)
        self._left[lot] = lot.whole
        heappush(self._queue, self._order.rank(lot))
        if shelf.named and movement.id in shelf.named:
            shelf.named[movement.id] = lot

    def take(self, units: int, movement: str) -> list[Taken]:
        """Chosen lots, then the next ones in order."""
        rule = self._shelf.order.name
        if movement not in self._shelf.choices:
            return [(lot.lot, rule, some, lot.give(some), None) for lot, some in self._next(units)]
        chosen = self._chosen(units, movement)
        units -= sum(some for _, some in chosen)
        by_rule = [("specific", piece) for piece in chosen] + [(rule, piece) for piece in self._next(units)]
        return [(lot.lot, name, some, lot.give(some), None) for name, (lot, some) in by_rule]

    def depart(self, units: int, movement: str) -> list[tuple[OneLot, int]]:
        """The same lots as a disposal would take."""
        chosen = self._chosen(units, movement) if movement in self._shelf.choices else []
        return chosen + self._next(units - sum(some for _, some in chosen))

    def arrive(self, parcels: Iterable[tuple[OneLot, int]]) -> None:
        """Lots of which units may be here already."""
        for lot, units in parcels:
            self._left[lot] = self._left.get(lot, 0) + units
            heappush(self._queue, self._order.rank(lot))

    def forget(self, units: int, move: str) -> int:
        """The lots that the move made, for want of others."""
        forgotten = 0
        for lot in [one for one in self._left if one.lot.transfer == move] if units else ():
            some = min(self._left[lot], units - forgotten)
            forgotten += some
            self._left[lot] -= some
            if not self._left[lot]:
                del self._left[lot]
        return forgotten

    def stock(self) -> list[tuple[OneLot, int]]:
        """What is left of each lot, the oldest first."""
        return sorted(self._left.items(), key=lambda piece: piece[0].number)

    def _next(self, units: int) -> list[tuple[OneLot, int]]:
        if self._order is not self._shelf.order:
            self._order = self._shelf.order
            self._queue = [self._order.rank(lot) for lot in self._left]
            heapify(self._queue)
        queue, left, taken = self._queue, self._left, []
        while units and queue:
            lot = queue[0][-1]
            there = left.get(lot, 0)
            if there > units:
                left[lot] = there - units
                taken.append((lot, units))
                break
            heappop(queue)
            if there:
                del left[lot]
                taken.append((lot, there))
                units -= there
        return taken

    def _chosen(self, units: int, movement: str) -> list[tuple[OneLot, int]]:
        """The lots that were chosen for a movement, as far as they are here; what is not is told in ``unmet``."""
        taken = []
        for name, wanted in self._shelf.choices.pop(movement):
            lot = self._shelf.named[name]
            there = self._left.get(lot, 0) if lot else 0
            some = min(wanted, there, units)
            if lot and some:
                self._left[lot] = there - some
                if some == there:
                    del self._left[lot]
                taken.append((lot, some))
                units -= some
            if some < wanted:
                self._shelf.unmet.append((movement, name, wanted - some))
        return taken


def _price(lot: OneLot, sign: int) -> tuple[bool, int, int, OneLot]:
    """A lot whose worth nothing tells comes last; lots of one price in the order in which they were acquired."""
    worth = lot.lot.worth
    return worth is None, sign * (worth or 0) * _EXACT // lot.whole, lot.number, lot


ORDERS = {
    order.name: order
    for order in (
        Order("fifo", lambda lot: (lot.number, lot)),
        Order("lifo", lambda lot: (-lot.number, lot)),
        Order("hifo", lambda lot: _price(lot, -1)),
        Order("lofo", lambda lot: _price(lot, 1)),
    )
}


def in_order(name: str) -> Callable[[Iterable[Movement], Plan], Generator[Match, None, Outcome]]:
    """The matching of a method that gives lots in one of the ORDERS."""
    return lambda movements, plan: walk(movements, plan, Shelf(ORDERS[name]).book)
