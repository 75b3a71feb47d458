"""Matches become the rows of a year's disposals, and their sums."""

from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple, TypeVar

from recon.core.activity import INCOME, OPENING, PURCHASE
from recon.core.lots import SHORT, Match, Movement, Outcome, part
from recon.core.tax import Row, Rulebook, Sums, Term, half_up
from recon.pipeline.value import Lack, View, treatment

K = TypeVar("K", bound=Hashable)
Key = tuple[str, str, Term | None, bool]
"""Pool, activity, term, and whether the gain counts."""
NO_LOTS = "this law knows no cost of one disposal: the costs of a year are taken from its revenue as a whole"


class Tally:
    """The sums of a year, while its matches go by: the matches of a disposal one after another, and pool after pool.

    ``spent`` and ``received`` are money by tax year, ``shorts`` the disposals that lots ran short for, with the units
    missing, ``unknown`` by pool the first match that is in no sum. ``listed`` are what a form adds up that lists the
    rows, each rounded.
    """

    def __init__(self, rules: Rulebook, year: int, view: View) -> None:
        self.view = view
        self.rules = rules
        self.first, self.after = (one.toordinal() for one in rules.year(year))
        self.sums: dict[Key, Sums] = {}
        self.income: dict[str, int] = {}
        self.spent: dict[int, int] = {}
        self.received: dict[int, int] = {}
        self.listed: dict[Term | None, tuple[int, int]] = {}
        self.shorts: list[tuple[str, Movement, int]] = []
        self.term = lru_cache(maxsize=100_000)(self._term)
        self.key = lru_cache(maxsize=1_000)(self._key)
        self.unknown: dict[str, Match] = {}
        self._gains: dict[Key, int] = {}
        self._first: dict[str, Lack] = {}

    def _term(self, acquired: int, disposed: int) -> Term | None:
        return self.rules.term(date.fromordinal(acquired), date.fromordinal(disposed))

    def _key(self, pool: str, activity: str, term: Term | None) -> Key:
        return pool, activity, term, treatment(self.rules, activity, arrives=False) == "gain"

    def add(self, match: Match, pool: str) -> Key:
        """Counts a match, and says as what."""
        movement, lot, _, quantity, proceeds, cost, _ = match
        key = self.key(pool, movement.activity, None if lot is None else self.term(lot.day, movement.day))
        sums = self.sums.get(key) or self.sums.setdefault(key, Sums())
        taxed = key[3]
        if proceeds is None and not taxed:
            proceeds = cost
        if proceeds is None or cost is None:
            sums.unknown += 1
            if taxed:
                self.unknown.setdefault(pool, match)
            return key
        sums.rows += 1
        sums.quantity += quantity
        sums.proceeds += proceeds
        sums.cost += cost
        self._gains[key] = self._gains.get(key, 0) + proceeds - cost
        grain = self.rules.grain
        if taxed and grain > 1:
            so_far = self.listed.get(key[2], (0, 0))
            self.listed[key[2]] = so_far[0] + half_up(proceeds, grain), so_far[1] + half_up(cost, grain)
        return key

    def brought(self, movement: Movement, pool: str) -> None:
        """Counts a disposal where the law knows no lots: it has no gain of its own."""
        sums = self.sums.setdefault((pool, movement.activity, None, True), Sums())
        if movement.amount is None:
            sums.unknown += 1
            return
        sums.disposals += 1
        sums.rows += 1
        sums.quantity -= movement.quantity
        sums.proceeds += movement.amount

    def close(self) -> None:
        """A disposal's matches are whole: its gain or loss is known."""
        for key, gain in self._gains.items():
            sums = self.sums[key]
            sums.disposals += 1
            if gain > 0:
                sums.gains += gain
            else:
                sums.losses -= gain
        self._gains.clear()

    def by(self, told: Callable[[Key], K]) -> dict[K, Sums]:
        """The sums put together by what ``told`` says of a key."""
        found: dict[K, Sums] = {}
        for key, sums in self.sums.items():
            whole = found.setdefault(told(key), Sums())
            for name, value in vars(sums).items():
                setattr(whole, name, getattr(whole, name) + value)
        return found

    def earned(self, movement: Movement) -> None:
        """Counts what arrived as income, and money spent and received, by tax year where the law goes by it.

        Of a purchase or sale there is nothing to count where the law knows lots.
        """
        what = movement.activity
        if (
            what.startswith(INCOME)
            and self.first <= movement.day < self.after
            and treatment(self.rules, what, arrives=True) == "income"
            and movement.amount is not None
        ):
            self.income[what] = self.income.get(what, 0) + movement.amount
        if self.rules.lots or movement.amount is None or movement.worth is None:
            return
        year = self.year_of(movement.day)
        if what in (PURCHASE, OPENING) and movement.quantity > 0:
            self.spent[year] = self.spent.get(year, 0) + movement.amount
        elif is_disposal(movement, self.rules):
            self.received[year] = self.received.get(year, 0) + movement.worth
            self.spent[year] = self.spent.get(year, 0) + movement.worth - movement.amount

    def first_lack(self, pool: str) -> Lack | None:
        """The first movement of a pool whose amount nothing tells. What was asked once stays: later ones are later."""
        if pool not in self._first:
            every = [one for one in self.view.lacks.values() if one.pool == pool]
            if every:
                self._first[pool] = min(every, key=lambda one: (one.moment, one.id))
        return self._first.get(pool)

    def year_of(self, day: int) -> int:
        """The tax year of a day."""
        on = date.fromordinal(day)
        return on.year if on >= self.rules.year(on.year)[0] else on.year - 1


class Moved(NamedTuple):
    """Units of a pool that arrived and left, and what ``came`` to own places and ``went`` from them between these."""

    arrived: int
    left: int
    came: int
    went: int


def moved(movements: Sequence[Movement], plain: tuple[int, int]) -> Moved:
    """Counts movements, and beside them the units that arrived and left by plain trades."""
    moves = [one.quantity for one in movements if one.transfer]
    others = [one.quantity for one in movements if not one.transfer]
    return Moved(
        plain[0] + sum(one for one in others if one > 0),
        plain[1] - sum(one for one in others if one < 0),
        sum(one for one in moves if one > 0),
        -sum(one for one in moves if one < 0),
    )


class Matched:
    """Matches as they come, and the outcome once they came to their end."""

    outcome: Outcome

    def __init__(self, matches: Generator[Match, None, Outcome]) -> None:
        self._matches = matches

    def __iter__(self) -> Generator[Match, None, None]:
        self.outcome = yield from self._matches


def matched(matches: Matched, pool: str, tally: Tally, *, listed: bool) -> Generator[Row, None, int]:
    """Counts the year, and gives its rows where they are to be ``listed``; in the end the units ever short."""
    short = 0
    first, after, daily = tally.first, tally.after, tally.rules.daily
    last: object = None
    for match in matches:
        movement = match.movement
        if match.rule == SHORT:
            short += match.quantity
            tally.shorts.append((pool, movement, match.quantity))
        if first <= movement.day < after:
            disposal = movement.day if daily else movement.id
            if disposal != last:
                tally.close()
                last = disposal
            key = tally.add(match, pool)
            if listed:
                yield row_of(match, key, tally)
    tally.close()
    tally.shorts += [(pool, *one) for one in matches.outcome.short]
    return short + sum(units for _, units in matches.outcome.short)


def is_disposal(movement: Movement, rules: Rulebook) -> bool:
    """Whether units left for good, so that a gain or a loss counts."""
    return (
        movement.quantity < 0
        and not movement.transfer
        and treatment(rules, movement.activity, arrives=False) == "gain"
    )


def unmatched(movements: Iterable[Movement], pool: str, tally: Tally, *, listed: bool) -> Iterator[Row]:
    """What left for a worth, where the law knows no lots: it is counted, and gives rows where these are ``listed``.

    So is what was spent and received.
    """
    for one in movements:
        tally.earned(one)
        if tally.first <= one.day < tally.after and is_disposal(one, tally.rules):
            tally.brought(one, pool)
            if listed:
                yield lotless(one, pool, tally)


def lotless(one: Movement, pool: str, tally: Tally) -> Row:
    """A disposal as a row, where the law knows no lots."""
    match = Match(one, None, "", -one.quantity, one.amount, None)
    lacks = tally.view.lacks.get(one.id) if one.amount is None else None
    row = row_of(match, (pool, one.activity, None, True), tally)
    return row._replace(lacks=NO_LOTS if lacks is None else f"proceeds: {lacks.why}")


def row_of(match: Match, key: Key, tally: Tally) -> Row:
    """A match as a row of the list of disposals."""
    movement, lot, rule, quantity, proceeds, cost, stock = match
    pool, activity, term, taxed = key
    if proceeds is None and not taxed:
        proceeds = cost
    return Row(
        movement.id,
        pool,
        movement.place,
        activity,
        rule,
        None if lot is None else date.fromordinal(lot.day),
        None if lot is None else lot.at,
        date.fromordinal(movement.day),
        movement.at,
        quantity,
        proceeds,
        cost,
        term,
        taxed,
        None if lot is None else lot.id,
        "" if proceeds is not None and cost is not None else _why(match, key, tally),
        _fees(match, taxed=taxed),
        stock,
    )


def _fees(match: Match, *, taxed: bool) -> int | None:
    """What was taken for leaving and is out of the proceeds, and for arriving and is in the cost, of these units."""
    movement, lot, _, quantity, *_ = match
    out = 0 if not taxed else _apart(movement.worth, movement.amount, quantity, -movement.quantity)
    into = 0 if lot is None else _apart(lot.amount, lot.worth, quantity, lot.quantity)
    return None if out is None or into is None else out + into


def _apart(more: int | None, less: int | None, units: int, of: int) -> int | None:
    return None if more is None or less is None else part(more - less, 0, units, of)


def _why(match: Match, key: Key, tally: Tally) -> str:
    """Why an amount of a match is not known."""
    lacks = tally.view.lacks
    pool, _, _, taxed = key
    said = []
    if match.proceeds is None and taxed:
        name = match.movement.id
        why = lacks[name].why if name in lacks else "not all that left on this day has a known amount"
        said.append(f"proceeds: {why}")
    if match.rule == SHORT:
        said.append("cost: no lot had these units when they left")
    elif match.cost is None and match.lot is not None:
        at = match.lot.id
        said.append(f"cost of {at}: {lacks[at].why if at in lacks else 'nothing tells what it cost'}")
    elif match.cost is None:
        first = tally.first_lack(pool)
        told = "" if first is None else f", first {first.id}: {first.why}"
        said.append(f"cost: the pool holds units whose cost nothing tells{told}")
    return "; ".join(said)
