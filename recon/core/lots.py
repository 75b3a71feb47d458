"""Units that arrive and leave, and the lots they are matched with: what values, methods and rulebooks tell one another.

Quantities and amounts are whole numbers of 10^-18 units, so that arithmetic on them is exact and fast. An amount is in
the currency of the rulebook that asks. Moments are microseconds since 1970 in UTC, days are those of ``date.toordinal``
in the rulebook's zone.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

UNIT = 10**18
UNIVERSAL = ""
"""The book of all places together."""
TRANSIT = "transit"
"""Where units are held that left one place and have not arrived at the other."""
UNPLACED = "unplaced"
"""Where lots are held that no place had the units for when a scope changed: nothing is ever taken from there."""


class Movement(NamedTuple):
    """Units of one pool that arrive at a place (``quantity`` above 0) or leave it (below 0).

    ``amount`` is what arriving units cost, with fees, or what leaving units brought, less fees; ``worth`` is the same
    without fees. Both are None where nothing tells them: an amount is never taken for zero. ``activity`` says what
    happened (see recon.core.activity). The two sides of a move between own places have the same ``transfer`` and no
    amounts: what leaves takes its lots along, and what arrives has them. The side that leaves is dated no later than
    the one that arrives, also where a venue's clock says otherwise.
    """

    id: str
    at: int
    day: int
    place: str
    quantity: int
    amount: int | None
    worth: int | None
    activity: str
    transfer: str = ""


Lot = Movement
"""Units that were acquired at once are told by the movement that brought them: its ``amount`` is what they cost.

That of units which a move brought from nowhere known has its ``transfer``, and no amount.
"""


class Stock(NamedTuple):
    """Units of a pool and what they cost; None where the cost is not known."""

    quantity: int
    cost: int | None

    def less(self, units: int, cost: int | None) -> "Stock":
        """What is left of it."""
        left = None if self.cost is None or cost is None else self.cost - cost
        return Stock(self.quantity - units, left)


class Match(NamedTuple):
    """Units of a movement that left, and the lot they came from; None: from a pool, or from nothing known.

    ``rule`` says by which step of the method. ``short`` units left that no lot had: they have no cost. The proceeds of
    a movement's matches sum to its amount, and the costs of all that a lot gave sum to its cost, to the last unit.
    ``stock`` is what the pool held before; None where the units came from none.
    """

    movement: Movement
    lot: Lot | None
    rule: str
    quantity: int
    proceeds: int | None
    cost: int | None
    stock: Stock | None = None


SHORT = "short"
"""The rule of a match of units that nothing was there for."""


class Held(NamedTuple):
    """Units that are left in a book: of a lot, or (None) of a pool."""

    book: str
    lot: Lot | None
    quantity: int
    cost: int | None


class Outcome(NamedTuple):
    """What stands when all movements of a pool are matched.

    ``allocated`` is how lots were laid out over books each time the scope changed: the moment, and what each book got.
    ``unmet`` are choices of a plan that could not be followed: a movement's id, a lot's, and units. ``short`` are moves
    that took units which no lot had and that arrived, and how many of these.
    """

    held: Sequence[Held]
    allocated: Sequence[tuple[int, Sequence[Held]]] = ()
    unmet: Sequence[tuple[str, str, int]] = ()
    short: Sequence[tuple[Movement, int]] = ()


class Scope(NamedTuple):
    """From the moment ``since`` on, ``book`` names the book of a place: only lots of one book serve a disposal of it.

    It names either every place's book UNIVERSAL, or none.
    """

    since: int
    book: Callable[[str], str]


class Plan(NamedTuple):
    """How a pool's movements are to be matched.

    ``scopes`` are in order of time; the first begins before all movements. ``choices`` give for a movement the lots
    that it takes, by their ids, and how many units of each; they are for specific identification.
    """

    scopes: Sequence[Scope] = (Scope(-(2**62), lambda place: UNIVERSAL),)
    choices: Mapping[str, Sequence[tuple[str, int]]] = {}


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to match. Its file ends in ``METHOD = Method(...)``.

    ``match`` takes the movements of one pool, ordered by ``order``, and yields a match for every unit that left, the
    matches of one movement together; what moves between own places is no match. ``scoped`` is False for a method that
    knows one book only. ``ahead``: so many days after a disposal units may still arrive that it is matched with.
    """

    name: str
    title: str
    match: Callable[[Iterable[Movement], Plan], Generator[Match, None, Outcome]]
    scoped: bool = True
    ahead: int = 0


def order(movement: Movement) -> tuple[int, int, str]:
    """What movements are sorted by.

    Of one moment what arrives comes before what leaves, so that it can leave at once. Between the two come moves
    between own places, each leaving before it arrives.
    """
    leaves = movement.quantity < 0
    return movement.at, 2 - leaves if movement.transfer else 3 * leaves, movement.id


def part(amount: int | None, start: int, stop: int, whole: int) -> int | None:
    """What units ``start`` to ``stop`` of ``whole`` carry of an amount: parts laid end to end sum to it."""
    return None if amount is None else upto(amount, stop, whole) - upto(amount, start, whole)


def upto(amount: int, stop: int, whole: int) -> int:
    """What the first ``stop`` units of ``whole`` carry of an amount, rounded half even.

    Each cut is rounded by itself, so that a part does not depend on how the rest is cut.
    """
    if stop == whole:
        return amount
    quotient, rest = divmod(amount * stop, whole)
    rest *= 2
    return quotient + 1 if rest > whole or (rest == whole and quotient % 2) else quotient
