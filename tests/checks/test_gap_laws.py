"""Laws of running balances: one planted fault is found once, at its row, with its amount, and by no false name."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recon.checks._figures import swaps
from recon.core.breaks import Break
from recon.core.money import ZERO, exact, round_to
from recon.core.records import Rate
from tests.checks._ledger import START, Ledger

EXAMPLES = settings(max_examples=settings().max_examples // 10)
RATE = Decimal("0.0017")
SEEDS = st.integers(0, 2**32)
DECIMALS = pytest.mark.parametrize("decimals", [2, 18])


class Row(NamedTuple):
    """A row of the venue's one chain; ``name`` numbers the rows as they moved."""

    name: int
    second: int
    quantity: Decimal
    after: Decimal | None


class Fault(NamedTuple):
    """What was done to the rows: the break stands at the row ``at``, by ``amount``."""

    rows: list[Row]
    at: Row
    amount: Decimal


Plant = Callable[[list[Row], int, Random, int], Fault]


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    """Without the optimizer: it costs these small tables most of their time."""
    fresh = Ledger()
    fresh.connection.execute("pragma disable_optimizer")
    return fresh


def _chain(random: Random, decimals: int, *, ties: bool = True) -> list[Row]:
    """Up to nine rows, some of one second. Amounts have as many digits as it takes that none is like another."""
    rows, balance, second = [], ZERO, 0
    for name in range(random.randrange(3, 10)):
        second += random.randrange(2) if ties else 1
        digits = random.randrange(10**6, 10**9) if decimals == 2 else random.randrange(10**15, 10**23)
        quantity = Decimal(digits * 10 + random.randrange(1, 10)).scaleb(-decimals) * random.choice([1, -1])
        balance += quantity
        rows.append(Row(name, second, quantity, balance))
    return rows


def _shuffled(rows: Sequence[Row], random: Random) -> list[Row]:
    """In any order within a second."""
    drawn = {id(row): random.random() for row in rows}
    return sorted(rows, key=lambda row: (row.second, drawn[id(row)]))


def _breaks(ledger: Ledger, rows: Sequence[Row]) -> tuple[list[Break], dict[int, Row]]:
    """What is found, and the row of each entry."""
    ledger.clear()
    posted = {}
    for row in rows:
        at = START + timedelta(seconds=row.second)
        posted[ledger.row(row.quantity, row.after, ordinal=row.second, at=at)] = row
    return list(ledger.results(names=["running_balance"])["running_balance"].breaks), posted


def _dropped(rows: list[Row], number: int, random: Random, decimals: int) -> Fault:
    number = min(number, len(rows) - 2)
    return Fault(rows[:number] + rows[number + 1 :], rows[number + 1], rows[number].quantity)


def _doubled(rows: list[Row], number: int, random: Random, decimals: int) -> Fault:
    return Fault([*rows[: number + 1], *rows[number:]], rows[number], -rows[number].quantity)


def _restated(rows: list[Row], number: int, quantity: Decimal) -> Fault:
    wrong = rows[number]._replace(quantity=quantity)
    return Fault([*rows[:number], wrong, *rows[number + 1 :]], wrong, rows[number].quantity - quantity)


def _flipped(rows: list[Row], number: int, random: Random, decimals: int) -> Fault:
    return _restated(rows, number, -rows[number].quantity)


def _shifted(rows: list[Row], number: int, random: Random, decimals: int) -> Fault:
    places = random.choice([-1, 1, 2, 6] if decimals == 18 else [-12, -1, 1, 2, 6])
    quantity = rows[number].quantity
    return _restated(rows, number, quantity.scaleb(places if decimals == 2 or places > 0 else 1))


def _swapped_digits(rows: list[Row], number: int, random: Random, decimals: int) -> Fault:
    ways = sorted(swaps(rows[number].quantity, decimals))
    ways = [one for one in ways if rows[number].quantity in swaps(one, decimals)]
    assume(ways)
    return _restated(rows, number, random.choice(ways))


def _rounded(rows: list[Row], number: int, random: Random, decimals: int) -> Fault:
    unit = Decimal(1).scaleb(-decimals) * random.choice([1, -1])
    assume((rows[number].quantity + unit).scaleb(decimals) % 10)
    return _restated(rows, number, rows[number].quantity + unit)


def _misstated(rows: list[Row], number: int, random: Random, decimals: int) -> Fault:
    """By an amount like no other."""
    return _restated(rows, number, rows[number].quantity + Decimal(7654321 + number).scaleb(-2))


PLANTS = {
    "missing_record": (_dropped, _misstated),
    "duplicate_record": (_doubled,),
    "sign_flipped": (_flipped,),
    "decimal_shift": (_shifted,),
    "transposed_digits": (_swapped_digits,),
    "rounding": (_rounded,),
}
KINDS = [pytest.param(kind, plant, id=plant.__name__) for kind, plants in PLANTS.items() for plant in plants]


@DECIMALS
@EXAMPLES
@given(seed=SEEDS)
def test_a_clean_chain_never_breaks_in_any_order_within_its_seconds(
    ledger: Ledger, decimals: int, seed: int
) -> None:
    random = Random(seed)
    with exact():
        rows = _shuffled(_chain(random, decimals), random)
    assert _breaks(ledger, rows)[0] == []


@DECIMALS
@pytest.mark.parametrize(("kind", "plant"), KINDS)
@EXAMPLES
@given(seed=SEEDS, where=st.sampled_from(["first", "last", "any"]))
def test_one_fault_is_found_once_at_its_row_with_its_amount_and_name(
    ledger: Ledger, kind: str, plant: Plant, decimals: int, seed: int, where: str
) -> None:
    random = Random(seed)
    with exact():
        rows = _chain(random, decimals)
        number = {"first": 0, "last": len(rows) - 1, "any": random.randrange(len(rows))}[where]
        fault = plant(rows, number, random, decimals)
    (found,), posted = _breaks(ledger, _shuffled(fault.rows, random))
    assert (found.diagnosis.kind, found.difference) == (kind, fault.amount)
    assert posted[found.entries[0]] == fault.at


@DECIMALS
@EXAMPLES
@given(seed=SEEDS, where=st.sampled_from(["first", "last", "any"]))
def test_two_rows_in_each_others_seconds_are_one_break(
    ledger: Ledger, decimals: int, seed: int, where: str
) -> None:
    random = Random(seed)
    with exact():
        rows = _chain(random, decimals)
    apart = [one for one in range(len(rows) - 1) if rows[one].second != rows[one + 1].second]
    assume(apart)
    one = {"first": apart[0], "last": apart[-1], "any": random.choice(apart)}[where]
    early, late = rows[one], rows[one + 1]
    rows[one : one + 2] = [late._replace(second=early.second), early._replace(second=late.second)]
    (found,), _ = _breaks(ledger, _shuffled(rows, random))
    assert (found.diagnosis.kind, found.difference) == ("reordered", early.quantity)
    assert len(found.diagnosis.members) in {1, 2}


@DECIMALS
@EXAMPLES
@given(seed=SEEDS)
def test_one_misstated_balance_is_one_break_without_a_name(ledger: Ledger, decimals: int, seed: int) -> None:
    random = Random(seed)
    with exact():
        rows = _chain(random, decimals, ties=False)
        number = random.randrange(len(rows) - 1)
        amount = Decimal(random.randrange(10**5, 10**7)).scaleb(-2)
        rows[number] = rows[number]._replace(after=(rows[number].after or ZERO) + amount)
    (found,), posted = _breaks(ledger, rows)
    assert (found.diagnosis.kind, found.difference) == ("unexplained", amount)
    assert posted[found.entries[0]] == rows[number]
    assert len(found.diagnosis.members) == 1


@DECIMALS
@EXAMPLES
@given(seed=SEEDS)
def test_a_fee_without_a_row_is_named(ledger: Ledger, decimals: int, seed: int) -> None:
    random = Random(seed)
    ledger.rates = {"fuse": (Rate("", "a fee", RATE, None),)}
    rows, balance = [], ZERO
    with exact():
        for name, row in enumerate(_chain(random, decimals)):
            fee = -round_to(abs(row.quantity) * RATE, decimals, "half_up")
            for part, quantity in enumerate((row.quantity, fee)):
                balance += quantity
                rows.append(Row(2 * name + part, row.second, quantity, balance))
    lost = random.randrange(1, len(rows) - 1, 2)
    following = rows[lost + 1]
    (found,), posted = _breaks(ledger, _shuffled(rows[:lost] + rows[lost + 1 :], random))
    ledger.rates = {}
    assert (found.diagnosis.kind, found.difference) == ("fee_not_posted", rows[lost].quantity)
    assert posted[found.entries[0]] == following
