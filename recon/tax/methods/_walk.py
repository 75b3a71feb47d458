"""Walks through a pool's movements, book by book: what all methods but share matching have in common.

What differs from method to method is the book: it gives up its units in an order of its own, lot by lot or as a pool.
"""

from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from recon.core.lots import (
    SHORT,
    TRANSIT,
    UNIVERSAL,
    UNPLACED,
    Held,
    Lot,
    Match,
    Movement,
    Outcome,
    Plan,
    Scope,
    Stock,
    part,
    upto,
)

_NEVER = 2**62

Taken = tuple[Lot | None, str, int, int | None, Stock | None]
"""A lot, by which rule, how many of its units, their cost; and, of a pool, what it held before."""


class Source:
    """Units that share one cost, and how many of them were given.

    Whose units they are, book by book, is no part of it: a unit costs the same wherever it lies, and the next unit to
    be given is the same one too. So a lot that is spread over places, or moved to and fro, loses nothing by rounding.
    """

    __slots__ = ("cost", "given", "lot", "spent", "whole")

    def __init__(self, lot: Lot | None, whole: int, cost: int | None) -> None:
        self.lot = lot
        self.whole = whole
        self.cost = cost
        self.given = 0
        self.spent = 0

    def give(self, units: int) -> int | None:
        """The cost of the next units."""
        self.given += units
        if self.cost is None:
            return None
        before, self.spent = self.spent, upto(self.cost, self.given, self.whole)
        return self.spent - before


S = TypeVar("S", bound=Source)
T = TypeVar("T")


class Book(Protocol[S]):
    """The units that disposals of some places draw on."""

    def receive(self, movement: Movement) -> None:
        """Units are acquired."""

    def take(self, units: int, movement: str) -> Iterable[Taken]:
        """Units leave for good; fewer where there are fewer."""

    def depart(self, units: int, movement: str) -> list[tuple[S, int]]:
        """Units leave for another book; fewer where there are fewer."""

    def arrive(self, parcels: Iterable[tuple[S, int]]) -> None:
        """Units come that departed from a book."""

    def forget(self, units: int, move: str) -> int:
        """Units go back that a move brought from nowhere known, as far as they are still here; how many."""

    def stock(self) -> list[tuple[S, int]]:
        """What is there, the oldest first."""


def walk(
    movements: Iterable[Movement], plan: Plan, new_book: Callable[[], Book[S]]
) -> Generator[Match, None, Outcome]:
    """Matches movements, which come in order; else ValueError."""
    places = _Places(plan.scopes, new_book)
    changes = len(plan.scopes) > 1
    last = -_NEVER
    for movement in movements:
        at = movement.at
        if at < last:
            raise ValueError(f"movement {movement.id} comes before one that was matched already")
        last = at
        if changes:
            while at >= places.change:
                places.change_scope()
            places.count(movement)
        book = places.books.get(movement.place) or places.open(movement.place)
        if movement.transfer:
            places.move(movement, book)
        elif movement.quantity > 0:
            book.receive(movement)
        else:
            yield from matches(movement, book.take(-movement.quantity, movement.id))
    return Outcome(places.held(), places.allocated, short=places.short)


def matches(movement: Movement, taken: Iterable[Taken]) -> list[Match]:
    """The matches of a movement that left, and what it went short of."""
    whole, amount = -movement.quantity, movement.amount
    found: list[Match] = []
    stop = told = 0
    proceeds: int | None = None
    for lot, rule, units, cost, stock in taken:
        stop += units
        if amount is not None:
            before, told = told, upto(amount, stop, whole)
            proceeds = told - before
        found.append(Match(movement, lot, rule, units, proceeds, cost, stock))
    if stop < whole:
        rest = None if amount is None else amount - told
        found.append(Match(movement, None, SHORT, whole - stop, rest, None))
    return found


def holdings(pieces: Iterable[tuple[str, S, int]]) -> list[Held]:
    """What pieces of sources cost: of each source the next units, in the order in which the pieces come."""
    given: dict[S, int] = {}
    held = []
    for book, source, units in pieces:
        start = given.get(source, source.given)
        stop = given[source] = start + units
        held.append(Held(book, source.lot, units, part(source.cost, start, stop, source.whole)))
    return held


class _Places(Generic[S]):
    """Which book each place has, what stands in each place, and what is between two of them.

    A move takes its lots out of one book, and they lie parked under its name until it arrives; parked units that never
    arrive are held in transit. What arrives and was not parked has no known cost. Where it departed without a lot, the
    place that it left was short of it; else it came from nowhere known and is owed: what departs later under that name
    is what came so, and no lot. In the book of all places a move changes nothing, and only its units are counted.
    """

    def __init__(self, scopes: Sequence[Scope], new_book: Callable[[], Book[S]]) -> None:
        self.books: dict[str, Book[S]] = {}
        self.allocated: list[tuple[int, Sequence[Held]]] = []
        self._new_book = new_book
        self._named: dict[str, Book[S]] = {}
        self._standing: dict[str, int] = {}
        self._parked: dict[str, deque[tuple[S, int]]] = {}
        self._under_way: dict[str, int] = {}
        self._owed: dict[str, int] = {}
        self.short: list[tuple[Movement, int]] = []
        self._lacking: dict[str, deque[tuple[Movement, int]]] = {}
        self._sent: dict[str, Movement] = {}
        self._name, self._coming = scopes[0].book, deque(scopes[1:])

    @property
    def change(self) -> int:
        """The moment at which the scope changes next."""
        return self._coming[0].since if self._coming else _NEVER

    def open(self, place: str) -> Book[S]:
        """The book of a place that was not met yet."""
        self.books[place] = self._book(self._name(place))
        return self.books[place]

    def count(self, movement: Movement) -> None:
        """Notes what stands in a place, by which a change of scope lays out the lots."""
        self._standing[movement.place] = self._standing.get(movement.place, 0) + movement.quantity

    def move(self, movement: Movement, book: Book[S]) -> None:
        """Takes a move's lots out of a book, or puts them into it, with their dates."""
        name, units = movement.transfer, movement.quantity
        if units < 0:
            self._sent[name] = movement
        if self._name(movement.place) == UNIVERSAL:
            self._under_way[name] = self._under_way.get(name, 0) - units
            if not self._under_way[name]:
                del self._under_way[name]
        elif units < 0:
            back = book.forget(min(-units, self._owed.get(name, 0)), name)
            self._owed[name] = self._owed.get(name, 0) - back
            self._park(name, -units - back, book.depart(-units - back, movement.id))
        else:
            waiting = self._parked.pop(name, deque())
            parcels = _portion(waiting, units)
            if waiting:
                self._parked[name] = waiting
            book.arrive(parcels)
            missing = units - _units(parcels)
            if missing:
                book.receive(movement._replace(quantity=missing, amount=None, worth=None))
                lacked = _portion(self._lacking.get(name, deque()), missing)
                self.short += lacked
                self._owed[name] = self._owed.get(name, 0) + missing - _units(lacked)

    def _park(self, name: str, units: int, parcels: Collection[tuple[S, int]]) -> None:
        """Puts aside what departed, and notes how much of it had no lot."""
        if parcels:
            self._parked.setdefault(name, deque()).extend(parcels)
        if units > _units(parcels):
            self._lacking.setdefault(name, deque()).append((self._sent[name], units - _units(parcels)))

    def held(self) -> list[Held]:
        """What every book holds, and what is in transit, with its cost."""
        return holdings(
            [
                *((name, *piece) for name in sorted(self._named) for piece in self._named[name].stock()),
                *((TRANSIT, *piece) for name in sorted(self._parked) for piece in self._parked[name]),
            ]
        )

    def change_scope(self) -> None:
        """Lays out what each book holds over the new books of its places, by the units that stand there."""
        old, before = self._name, self._named
        scope = self._coming.popleft()
        self._name, self._named, self.books = scope.book, {}, {}
        targets: dict[str, dict[str, int]] = {}
        for place, units in self._standing.items():
            wanted = targets.setdefault(old(place), {})
            name = self._name(place)
            wanted[name] = wanted.get(name, 0) + max(units, 0)
        if any(UNIVERSAL in wanted for wanted in targets.values()):
            self._put_together(before)
        else:
            for name in sorted(before):
                self._lay_out(deque(before[name].stock()), targets.get(name, {}))
        self.allocated.append((scope.since, self.held()))

    def _put_together(self, before: dict[str, Book[S]]) -> None:
        """All goes to the book of all places, what is under way too."""
        everywhere = self._book(UNIVERSAL)
        for name in sorted(before):
            everywhere.arrive(before[name].stock())
        for name in sorted({*self._parked, *self._lacking}):
            parcels = self._parked.pop(name, deque())
            self._under_way[name] = _units(parcels) + _units(self._lacking.pop(name, ()))
            everywhere.arrive(parcels)

    def _lay_out(self, stock: deque[tuple[S, int]], wanted: dict[str, int]) -> None:
        """To one book goes all; to several, by their names, the oldest lots first, and then to what is under way."""
        if len(wanted) == 1 and not self._under_way:
            for name in wanted:
                self._book(name).arrive(stock)
            return
        for name in sorted(wanted):
            self._book(name).arrive(_portion(stock, wanted[name]))
        for name, units in sorted(self._under_way.items()):
            self._park(name, units, _portion(stock, units))
        self._under_way.clear()
        if stock:
            self._book(UNPLACED).arrive(stock)

    def _book(self, name: str) -> Book[S]:
        if name not in self._named:
            self._named[name] = self._new_book()
        return self._named[name]


def _units(parcels: Iterable[tuple[Any, int]]) -> int:
    return sum(units for _, units in parcels)


def _portion(parcels: deque[tuple[T, int]], units: int) -> list[tuple[T, int]]:
    """Takes so many units off the front; fewer where there are fewer."""
    portion = []
    while parcels and units > 0:
        source, there = parcels.popleft()
        if there > units:
            parcels.appendleft((source, there - units))
            there = units
        portion.append((source, there))
        units -= there
    return portion
