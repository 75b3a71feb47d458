"""Share matching, as the United Kingdom asks of individuals: the same day, the 30 days after, then the pool.

All disposals of a day are one, and so are all acquisitions (TCGA 1992, section 105(1)(a)). A disposal is matched with
the acquisitions of its own day (section 105(1)(b)); then with what is left of those of the 30 days after it, the
earlier acquisition first, and the earlier disposal before the later one (section 106A(4) and (5)); then with the pool
of all else, at its average cost (section 104). That this holds for tokens: HMRC's Cryptoassets Manual, CRYPTO22200
and the examples of CRYPTO22250 and the pages after it.

What was stolen or lost is no disposal, and takes no part in this: it leaves the pool, after all else of its day.

Days are those of London. There is one pool whatever the places, so that moves between own places change nothing.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from itertools import groupby

from recon.core.activity import LOST
from recon.core.lots import UNIVERSAL, Match, Method, Movement, Outcome, Plan
from recon.tax.methods._pool import Pool
from recon.tax.methods._walk import Source, Taken, holdings, matches

DAYS_AFTER = 30


class _Day:
    """What was acquired and what was disposed of on a day, and how much of both is not matched yet."""

    def __init__(self, day: int, movements: Iterable[Movement]) -> None:
        self.day = day
        self.acquired: Movement | None = None
        self.disposed: Movement | None = None
        self.lost: Movement | None = None
        for one in movements:
            if one.transfer:
                continue
            if one.quantity > 0:
                self.acquired = _joined(self.acquired, one)
            elif one.activity == LOST:
                self.lost = _joined(self.lost, one)
            else:
                self.disposed = _joined(self.disposed, one)
        self.left = self.acquired.quantity if self.acquired else 0
        self.open = -self.disposed.quantity if self.disposed else 0
        self.taken: list[Taken] = []
        self.source = Source(self.acquired, self.left, self.acquired.amount) if self.acquired else None

    def give(self, disposal: "_Day", rule: str) -> None:
        """Matches a day's disposals with this day's acquisitions, as far as both go."""
        units = min(self.left, disposal.open)
        if self.source and units:
            disposal.taken.append((self.source.lot, rule, units, self.source.give(units), None))
            self.left -= units
            disposal.open -= units


def _match(movements: Iterable[Movement], plan: Plan) -> Generator[Match, None, Outcome]:
    pool = Pool("section 104")
    waiting: deque[_Day] = deque()
    last = 0
    for number, some in groupby(movements, key=lambda one: one.day):
        if number < last:
            raise ValueError(f"the movements of day {number} come after those of day {last}")
        last = number
        yield from _settled(waiting, pool, number)
        day = _Day(number, some)
        day.give(day, "same day")
        for earlier in waiting:
            day.give(earlier, "30 days")
        waiting.append(day)
    yield from _settled(waiting, pool, None)
    return Outcome(holdings((UNIVERSAL, *piece) for piece in pool.stock()))


def _settled(waiting: deque[_Day], pool: Pool, today: int | None) -> Iterator[Match]:
    """The days that no acquisition of today or later can touch, in turn, and those between them.

    What they left open comes from the pool, and what they left over goes there.
    """
    while waiting:
        day = waiting[0]
        if day.open and today is not None and day.day >= today - DAYS_AFTER:
            return
        waiting.popleft()
        if day.disposed:
            yield from matches(day.disposed, [*day.taken, *pool.take(day.open, day.disposed.id)])
        if day.source and day.left:
            pool.add(day.left, day.source.give(day.left))
        if day.lost:
            yield from matches(day.lost, pool.take(-day.lost.quantity, day.lost.id))


def _joined(first: Movement | None, other: Movement) -> Movement:
    """Two of a day as one, under the first one's name; an amount is known where both are."""
    if first is None:
        return other
    return first._replace(
        place=first.place if first.place == other.place else "",
        quantity=first.quantity + other.quantity,
        amount=_sum(first.amount, other.amount),
        worth=_sum(first.worth, other.worth),
        activity=first.activity if first.activity == other.activity else "",
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


METHOD = Method(
    name="uk", title="Share matching (United Kingdom)", match=_match, scoped=False, ahead=DAYS_AFTER
)
