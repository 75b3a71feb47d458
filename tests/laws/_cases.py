"""A case: what a venue has, what we hold of it, what was planted, and by plain arithmetic where that must show."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from recon.core.money import ZERO, text
from recon.core.times import Period
from tests.checks._ledger import JANUARY
from tests.laws._venues import END, Books, Place, Row


class Fault(NamedTuple):
    """What was planted: ``row`` as the venue has it, and by how much each chain is out.

    ``names`` are true of it. ``sure``: where it shows without statements, it can be proved all the same.
    """

    kind: str
    row: Row
    amounts: dict[Place, Decimal]
    names: frozenset[str]
    sure: bool = False


@dataclass
class Case:
    """``ours`` is what we hold. ``failed``: streams whose rows stop, and whose readings fail from a pull on."""

    books: Books
    ours: list[Row]
    period: Period
    faults: list[Fault] = field(default_factory=list)
    failed: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def end(self) -> datetime:
        """The period's end."""
        return END if self.period is JANUARY else datetime.max  # noqa: DTZ901 # as the tables hold it

    def chain(self, place: Place) -> list[Row]:
        """Our rows of a chain in the order of their ordinals, twins and ties as the venue lists them."""
        found = [row for row in self.ours if row.until is None and place in row.places()]
        return sorted(found, key=lambda row: (row.ordinal, row.turn))


class Spot(NamedTuple):
    """Where a fault must show, and by how much. ``amount`` None: whatever is said."""

    check: str
    place: Place
    at: datetime
    amount: Decimal | None


def gaps(case: Case, place: Place) -> Iterator[tuple[Row, Decimal, list[Row]]]:
    """Our rows of a chain whose statement does not follow, by how much, and the rows since the statement before."""
    balance, since = ZERO, []
    for row in case.chain(place):
        balance += row.moved(place)
        since.append(row)
        after = next((leg.after for leg in row.held if (row.source, leg.account, leg.asset) == place), None)
        if after is not None:
            if after != balance:
                yield row, after - balance, since
            balance, since = after, []


def spots(case: Case, fault: Fault) -> list[Spot]:
    """Where a fault shows that has its chains for itself. The moment END stands for any."""
    if fault.kind in ("cut", "lost_leg", "restated"):
        check = {"cut": "coverage", "lost_leg": "transfers", "restated": "restated"}[fault.kind]
        return [Spot(check, fault.row.places()[0], fault.row.at, None)]
    found = []
    for place, amount in fault.amounts.items():
        if fault.kind == "zone" and fault.row.source == "gas":
            found.append(Spot("closing_balance", place, END, amount))
            continue
        if fault.kind == "fee_currency":
            found.append(Spot("closing_balance", place, END, None))
            continue
        first = next(((row.at, gap) for row, gap, _ in gaps(case, place)), None)
        if first is not None and first[0] < case.end:
            found.append(Spot("running_balance", place, *first))
        elif (look := _look(case, place)) is not None:
            found.append(Spot("closing_balance", place, *look))
    return found


def _look(case: Case, place: Place) -> tuple[datetime, Decimal] | None:
    """The first look that does not agree, of those that count, and by how much."""
    if place[0] == "broker":
        return None
    for number, at in enumerate(case.books.pulls):
        held = sum((row.moved(place) for row in case.ours if _known(row, place[0], number)), ZERO)
        apart = case.books.held(place[0], number).get(place, ZERO) - held
        if apart:
            return at, apart
        if at >= case.end:
            break
    return None


def _known(row: Row, source: str, pull: int) -> bool:
    return row.source == source and row.pull <= pull and (row.until is None or pull < row.until)


def kinds_fitting(chain: list[Row], place: Place, row: Row, gap: Decimal) -> set[str]:
    """The kinds by which one row alone explains a gap exactly."""
    number, quantity = chain.index(row), row.moved(place)
    alike = [(one.kind, one.moved(place)) for one in chain[max(number - 1, 0) : number + 2]]
    true = quantity + gap
    found = {"duplicate_record"} if not true and alike.count((row.kind, quantity)) > 1 else set()
    found |= {"sign_flipped"} if true == -quantity else set()
    shifts = (quantity.scaleb(k) for k in range(-18, 19) if k)
    found |= {"decimal_shift"} if true and true in shifts else set()
    return found | ({"transposed_digits"} if true in set(transposed(quantity)) else set())


def transposed(number: Decimal) -> Iterator[Decimal]:
    """The number with two neighbouring digits swapped, also across the point, in its plain writing."""
    written = text(number)
    digits = [place for place, sign in enumerate(written) if sign.isdigit()]
    for one, other in pairwise(digits):
        if written[one] != written[other]:
            signs = list(written)
            signs[one], signs[other] = signs[other], signs[one]
            yield Decimal("".join(signs))
