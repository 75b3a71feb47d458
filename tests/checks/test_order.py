"""Rows of one moment stand in an order that chains where there is one, and else break as little as can be."""

import time
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate, pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.checks._order import Step, beginnings, breaks, chained
from recon.core.breaks import Break
from recon.core.money import exact
from tests.checks._ledger import Ledger, day

EXAMPLES = settings(max_examples=settings().max_examples // 2)
FEW = st.sampled_from([Decimal(number) for number in range(4)])
AMOUNTS = st.sampled_from(
    [Decimal(number) for number in ("1", "-1", "2", "0.5", "-0.5", "0.000000000000000001")]
)


def _steps(pairs: Sequence[tuple[Decimal, Decimal]]) -> list[Step]:
    return [Step(number, *pair) for number, pair in enumerate(pairs)]


def _walk(quantities: Sequence[Decimal], start: Decimal = Decimal(7)) -> list[Step]:
    with exact():
        stops = list(accumulate(quantities, initial=start))
    return _steps(list(pairwise(stops)))


@EXAMPLES
@given(st.lists(AMOUNTS, min_size=1, max_size=12), st.data())
def test_rows_that_chain_in_some_order_are_found_to_chain(
    quantities: list[Decimal], data: st.DataObject
) -> None:
    walk = _walk(quantities)
    shuffled = data.draw(st.permutations(walk))
    order = chained(shuffled, Decimal(7), data.draw(st.sampled_from([(), (walk[-1].end,)])))
    assert breaks(order, Decimal(7), walk[-1].end) == 0
    assert sorted(order) == sorted(shuffled)


@EXAMPLES
@given(st.lists(st.tuples(FEW, FEW), min_size=1, max_size=5), FEW, st.none() | FEW)
def test_no_order_breaks_less(
    pairs: list[tuple[Decimal, Decimal]], start: Decimal, end: Decimal | None
) -> None:
    steps = _steps(pairs)
    order = chained(steps, start, () if end is None else (end,))
    assert sorted(order) == steps
    assert breaks(order, start, end) == min(breaks(one, start, end) for one in permutations(steps))


@EXAMPLES
@given(st.lists(AMOUNTS, min_size=2, max_size=10), st.data())
def test_one_lost_row_is_one_break(quantities: list[Decimal], data: st.DataObject) -> None:
    walk = _walk(quantities)
    lost = data.draw(st.sampled_from(walk))
    kept = data.draw(st.permutations([step for step in walk if step != lost]))
    assert breaks(chained(kept, Decimal(7), (walk[-1].end,)), Decimal(7), walk[-1].end) <= 1


@EXAMPLES
@given(st.lists(AMOUNTS, min_size=1, max_size=10), st.booleans())
def test_an_order_that_chains_stays(quantities: list[Decimal], free: bool) -> None:
    walk = _walk(quantities)
    assert chained(walk, Decimal(7), () if free else (walk[-1].end,)) == walk


def test_of_orders_that_break_alike_one_begins_where_the_rows_before_it_ended() -> None:
    steps = _steps([(Decimal(2), Decimal(9)), (Decimal(0), Decimal(1))])
    assert [step.key for step in chained(steps, Decimal(0), (Decimal(1),))] == [1, 0]


def test_a_row_listed_twice_is_not_where_the_last_rows_lead() -> None:
    steps = _steps([(Decimal(one), Decimal(other)) for one, other in [(0, 1), (1, 3), (0, 1)]])
    assert [step.key for step in chained(steps, Decimal(0))] == [0, 2, 1]


def test_of_rows_that_fit_alike_the_one_listed_first_goes_first() -> None:
    steps = _steps(
        [(Decimal(one), Decimal(other)) for one, other in [(0, 1), (1, 0), (0, 1), (1, 0), (0, 2)]]
    )
    listed = [steps[number] for number in (4, 3, 2, 1, 0)]
    assert [step.key for step in chained(listed, Decimal(0))] == [2, 3, 0, 1, 4]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [([(1, 2), (2, 3)], (1,)), ([(2, 3), (1, 2), (5, 6)], (1, 5)), ([(2, 3), (3, 2)], (2, 3))],
)
def test_rows_begin_with_a_balance_they_leave_more_often_than_they_come_to(
    pairs: list[tuple[int, int]], expected: tuple[int, ...]
) -> None:
    found = beginnings(_steps([(Decimal(one), Decimal(other)) for one, other in pairs]))
    assert sorted(found) == sorted(Decimal(number) for number in expected)


def test_many_rows_of_one_moment_take_time_in_proportion() -> None:
    steps = _walk([Decimal(number % 7 - 3) or Decimal(9) for number in range(20_000)])
    begun = time.process_time()
    order = chained(steps[::-1], Decimal(7), (steps[-1].end,))
    assert time.process_time() - begun < 5
    assert breaks(order, Decimal(7), steps[-1].end) == 0


@pytest.fixture(scope="module")
def books() -> Ledger:
    ledger = Ledger()
    ledger.connection.execute("pragma disable_optimizer")
    return ledger


@pytest.fixture
def ledger(books: Ledger) -> Ledger:
    books.clear()
    return books


def _running(ledger: Ledger) -> list[Break]:
    return list(ledger.results(names=["running_balance"])["running_balance"].breaks)


def _post(ledger: Ledger, rows: Sequence[tuple[int, Decimal | str, Decimal | str | None]]) -> None:
    for second, quantity, after in rows:
        ledger.row(quantity, after, ordinal=second, at=day(0) + timedelta(seconds=second))


@settings(max_examples=settings().max_examples // 8)
@given(st.lists(st.tuples(st.integers(0, 3), AMOUNTS), min_size=1, max_size=9), st.data())
def test_a_clean_chain_in_any_order_within_its_seconds_never_breaks(
    books: Ledger, moves: list[tuple[int, Decimal]], data: st.DataObject
) -> None:
    books.clear()
    moves.sort(key=lambda one: one[0])
    walk = _walk([quantity for _, quantity in moves], Decimal(0))
    listed = [(second, *move) for (second, _), move in zip(moves, walk, strict=True)]
    shuffled = sorted(data.draw(st.permutations(listed)), key=lambda one: one[0])
    with exact():
        _post(books, [(second, end - start, end) for second, _, start, end in shuffled])
    assert _running(books) == []
    turns = books.connection.execute("select turn from legs where class = 'assets' order by turn").fetchall()
    assert [turn for (turn,) in turns] == [*range(1, len(moves) + 1)]


def test_rows_that_chain_as_listed_may_have_to_turn_with_those_before_them(ledger: Ledger) -> None:
    _post(
        ledger, [(0, "1", "1"), (0, "1", "2"), (0, "-1", "2"), (0, "1", "3"), (1, "-1", "2"), (1, "1", "3")]
    )
    assert _running(ledger) == []


def test_a_row_lost_among_rows_of_one_second_is_one_break_of_its_amount(ledger: Ledger) -> None:
    _post(ledger, [(1, "10", "10"), (2, "4", "21"), (2, "2", "12"), (3, "1", "22")])
    (found,) = _running(ledger)
    assert (found.entries[0], found.difference) == (2, 5)


def test_a_row_lost_before_rows_of_one_second_breaks_at_the_first_of_them(ledger: Ledger) -> None:
    _post(ledger, [(1, "10", "10"), (2, "4", "21"), (2, "2", "17"), (3, "1", "22")])
    (found,) = _running(ledger)
    assert (found.entries[0], found.difference) == (3, 5)


def test_a_row_listed_twice_among_rows_of_one_second_is_one_break(ledger: Ledger) -> None:
    _post(
        ledger,
        [(1, "10", "10"), (2, "4", "16"), (2, "2", "12"), (2, "1", "17"), (2, "4", "16"), (3, "3", "20")],
    )
    (found,) = _running(ledger)
    assert (found.entries[0], found.difference, found.diagnosis.kind) == (5, -4, "duplicate_record")


def test_rows_of_two_broken_seconds_side_by_side_find_their_orders_together(ledger: Ledger) -> None:
    _post(
        ledger,
        [(1, "10", "10"), (2, "4", "16"), (2, "2", "12"), (3, "-1", "17"), (3, "2", "18"), (4, "1", "18")],
    )
    assert _running(ledger) == []


def test_rows_of_one_second_of_which_one_states_no_balance_stay_as_listed(ledger: Ledger) -> None:
    _post(ledger, [(1, "10", "10"), (2, "4", "16"), (2, "2", "12"), (2, "1", None), (3, "1", "18")])
    assert [found.entries[0] for found in _running(ledger)] == [2, 3, 5]


def test_an_opening_begins_the_first_second_too(ledger: Ledger) -> None:
    ledger.row("100", kind="opening", ordinal=-(2**62), at=day(0))
    _post(ledger, [(1, "4", "106"), (1, "2", "102")])
    assert _running(ledger) == []


def test_to_ask_again_changes_nothing(ledger: Ledger) -> None:
    _post(ledger, [(1, "10", "10"), (2, "4", "21"), (2, "2", "12"), (3, "1", "22")])
    assert _running(ledger) == _running(ledger)
