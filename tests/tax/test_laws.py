"""What holds for every method, whatever happened."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from recon.core.lots import SHORT, Lot, Match, Method, Movement, Outcome, Plan, part
from recon.tax.methods import changing
from tests.tax._cases import EACH_PLACE, EVER, METHODS, matched
from tests.tax._histories import HOUR, PLACES, came, gone, histories, moved

ALL = {**METHODS, "changing": changing([(EVER, "hifo"), (24 * 31 * HOUR, "lifo"), (24 * 62 * HOUR, "fifo")])}
OF_LOTS = {name: method for name, method in ALL.items() if name not in {"average", "uk"}}
PLANS = st.sampled_from([Plan(), EACH_PLACE])


def each(methods: Mapping[str, Method]) -> Iterator[Method]:
    """One method after the other, of which a failure names the last."""
    for name, method in methods.items():
        note(name)
        yield method


@given(history=histories(), plan=PLANS)
def test_units_in_are_units_out_and_units_held(history: list[Movement], plan: Plan) -> None:
    for method in each(ALL):
        found, outcome = matched(method, history, plan)
        acquired = sum(one.quantity for one in history if came(one))
        if plan is EACH_PLACE and method.scoped:
            acquired += _came_unknown(history)
        left = sum(one.quantity for one in found if one.rule != SHORT)
        assert acquired == left + sum(one.quantity for one in outcome.held)
        assert sum(one.quantity for one in found) == -sum(one.quantity for one in history if gone(one))
        assert min([one.quantity for one in found] + [one.quantity for one in outcome.held], default=1) > 0


@given(history=histories(), plan=PLANS)
def test_every_disposal_is_matched_whole_and_its_proceeds_with_it(
    history: list[Movement], plan: Plan
) -> None:
    for method in each(ALL):
        together: dict[str, list[Match]] = {}
        for one in matched(method, history, plan)[0]:
            assert one.movement.id not in together or one.movement.id == list(together)[-1]
            together.setdefault(one.movement.id, []).append(one)
        for matches in together.values():
            movement = matches[0].movement
            assert sum(one.quantity for one in matches) == -movement.quantity
            proceeds = [one.proceeds for one in matches if one.proceeds is not None]
            assert len(proceeds) == (0 if movement.amount is None else len(matches))
            assert sum(proceeds) == (movement.amount or 0)
            assert all(one.cost is None and one.lot is None for one in matches if one.rule == SHORT)
        if method.name != "uk":
            assert list(together) == [one.id for one in history if gone(one)]


@given(history=histories(), plan=PLANS)
def test_a_lots_cost_is_what_went_out_of_it_and_what_is_held_of_it(
    history: list[Movement], plan: Plan
) -> None:
    acquired = {one.id: one for one in history if one.quantity > 0}
    for method in each(OF_LOTS):
        found, outcome = matched(method, history, plan)
        pieces: dict[Lot, list[tuple[int, int | None]]] = {}
        for one in found:
            if one.lot:
                pieces.setdefault(one.lot, []).append((one.quantity, one.cost))
        for held in outcome.held:
            assert held.lot
            pieces.setdefault(held.lot, []).append((held.quantity, held.cost))
        for lot, some in pieces.items():
            assert sum(units for units, _ in some) == lot.quantity
            known = [cost for _, cost in some if cost is not None]
            assert len(known) == (0 if lot.amount is None else len(some))
            assert sum(known) == (lot.amount or 0)
            assert lot.amount == acquired[lot.id].amount and lot.at == acquired[lot.id].at
        assert {one.id for one in history if came(one)} <= {lot.id for lot in pieces}


@given(history=histories(whole=True), plan=PLANS)
def test_cost_in_is_cost_out_and_cost_held_to_the_last_unit(history: list[Movement], plan: Plan) -> None:
    paid = sum(_known(one.amount) for one in history if came(one))
    for method in each(ALL):
        found, outcome = matched(method, history, plan)
        assert not [one for one in found if one.rule == SHORT]
        assert paid == sum(_known(one.cost) for one in found) + sum(_known(one.cost) for one in outcome.held)


@given(history=histories(), plan=PLANS)
def test_no_lot_is_used_before_it_was_acquired(history: list[Movement], plan: Plan) -> None:
    for method in each(ALL):
        for one in matched(method, history, plan)[0]:
            if one.lot and one.rule == "30 days":
                assert one.movement.day < one.lot.day <= one.movement.day + 30
            elif one.lot and method.name == "uk":
                assert one.lot.day == one.movement.day
            elif one.lot:
                assert one.lot.at <= one.movement.at


@given(history=histories(), plan=PLANS, data=st.data())
def test_the_order_of_input_does_not_matter(history: list[Movement], plan: Plan, data: st.DataObject) -> None:
    """For the order that movements have is total, and what comes out of it is refused."""
    shuffled = data.draw(st.permutations(history))
    for method in each(ALL):
        assert matched(method, shuffled, plan) == matched(method, history, plan)
        if history and history[-1].day > history[0].day:
            with pytest.raises(ValueError, match="come"):
                list(method.match(reversed(history), plan))


@given(history=histories(), plan=PLANS, data=st.data())
def test_a_disposal_in_two_fills_changes_nothing(
    history: list[Movement], plan: Plan, data: st.DataObject
) -> None:
    fills = _in_fills(history, gone, data)
    for method in each(ALL):
        _same_totals(matched(method, history, plan), matched(method, fills, plan))


@given(history=histories(), plan=PLANS, data=st.data())
def test_an_acquisition_in_two_fills_at_one_price_changes_nothing(
    history: list[Movement], plan: Plan, data: st.DataObject
) -> None:
    """At a price that divides evenly; else a cost may differ by the last unit, for each lot's is rounded by itself."""
    priced = [
        one._replace(
            amount=one.quantity * ((one.amount or 0) % 7), worth=one.quantity * ((one.worth or 0) % 5)
        )
        if came(one)
        else one
        for one in history
    ]
    fills = _in_fills(priced, came, data)
    for method in each(ALL):
        _same_totals(matched(method, priced, plan), matched(method, fills, plan))


@given(history=histories(whole=True), data=st.data())
def test_a_move_there_and_back_changes_nothing(history: list[Movement], data: st.DataObject) -> None:
    """By way of a place that holds nothing else. An average may differ by the last unit: each arrival sets it."""
    if not history:
        return
    at = history[data.draw(st.integers(0, len(history) - 1))].at + HOUR // 4
    place = data.draw(st.sampled_from(PLACES))
    units = data.draw(
        st.integers(0, sum(one.quantity for one in history if one.place == place and one.at <= at))
    )
    trip = [
        moved("to>", at, place, -units, "to"),
        moved("to<", at, "else", units, "to"),
        moved("back>", at + 1, "else", -units, "back"),
        moved("back<", at + 1, place, units, "back"),
    ]
    for method in each(ALL):
        stayed = matched(method, history, EACH_PLACE)
        travelled = matched(method, [*history, *trip] if units else history, EACH_PLACE)
        if method.name == "average":
            assert [_shape(one) for one in stayed[0]] == [_shape(one) for one in travelled[0]]
            assert all(
                abs(_known(a.cost) - _known(b.cost)) <= 1
                for a, b in zip(stayed[0], travelled[0], strict=True)
            )
        else:
            assert stayed == travelled


@given(history=histories())
def test_moves_change_nothing_in_the_book_of_all_places(history: list[Movement]) -> None:
    for method in each(ALL):
        assert matched(method, history) == matched(method, [one for one in history if not one.transfer])


@given(history=histories(transfers=False))
def test_all_places_together_are_one_place(history: list[Movement]) -> None:
    in_one = [one._replace(place="a") for one in history]
    for method in each(ALL):
        together, apart = matched(method, history)[0], matched(method, in_one, EACH_PLACE)[0]
        assert [_shape(one) for one in together] == [_shape(one) for one in apart]
        assert [(one.proceeds, one.cost) for one in together] == [(one.proceeds, one.cost) for one in apart]


@given(amount=st.integers(-1_000, 10**6), whole=st.integers(1, 10**4), data=st.data())
def test_parts_laid_end_to_end_sum_to_the_amount(amount: int, whole: int, data: st.DataObject) -> None:
    cuts = sorted({0, whole, *data.draw(st.lists(st.integers(0, whole)))})
    parts = [part(amount, start, stop, whole) for start, stop in pairwise(cuts)]
    assert sum(_known(one) for one in parts) == amount
    for one, (start, stop) in zip(parts, pairwise(cuts), strict=True):
        assert abs(_known(one) * whole - amount * (stop - start)) <= whole


def test_half_a_unit_goes_to_the_even_side() -> None:
    assert [part(amount, 0, 1, 2) for amount in (1, 3, 5, -1, -3)] == [0, 2, 2, 0, -2]


def _came_unknown(history: Iterable[Movement]) -> int:
    """Units that arrive at a place and did not leave another, where each place has its own book."""
    there: Counter[str] = Counter()
    parked: Counter[str] = Counter()
    unknown = 0
    for one in history:
        if one.quantity > 0:
            brought = min(one.quantity, parked[one.transfer]) if one.transfer else one.quantity
            parked[one.transfer] -= brought
            unknown += one.quantity - brought
            there[one.place] += one.quantity
        else:
            left = min(-one.quantity, there[one.place])
            there[one.place] -= left
            parked[one.transfer] += left if one.transfer else 0
    return unknown


def _in_fills(
    history: list[Movement], which: Callable[[Movement], bool], data: st.DataObject
) -> list[Movement]:
    """Some movements as two, each with its part of the amounts."""
    fills = []
    for one in history:
        whole = abs(one.quantity)
        cut = data.draw(st.integers(0, whole)) if which(one) else 0
        for letter, start, stop in (
            (("a", 0, cut), ("b", cut, whole)) if 0 < cut < whole else (("", 0, whole),)
        ):
            fills.append(
                one._replace(
                    id=one.id + letter,
                    quantity=(stop - start) * (1 if one.quantity > 0 else -1),
                    amount=part(one.amount, start, stop, whole),
                    worth=part(one.worth, start, stop, whole),
                )
            )
    return fills


def _same_totals(one: tuple[list[Match], Outcome], other: tuple[list[Match], Outcome]) -> None:
    """Of each disposal units and cost by lot and rule, and the proceeds; and what is held. A fill's name is cut off."""
    assert _totals(one[0]) == _totals(other[0])
    assert _proceeds(one[0]) == _proceeds(other[0])
    assert _held(one[1]) == _held(other[1])


def _totals(found: list[Match]) -> dict[tuple[str, str | None, str], tuple[int, int | None]]:
    totals: dict[tuple[str, str | None, str], tuple[int, int | None]] = {}
    for one in found:
        key = one.movement.id[:3], one.lot and one.lot.id[:3], one.rule
        units, cost = totals.get(key, (0, 0))
        totals[key] = units + one.quantity, _plus(cost, one.cost)
    return totals


def _proceeds(found: list[Match]) -> dict[str, int | None]:
    totals: dict[str, int | None] = {}
    for one in found:
        totals[one.movement.id[:3]] = _plus(totals.get(one.movement.id[:3], 0), one.proceeds)
    return totals


def _held(outcome: Outcome) -> dict[tuple[str, str | None], tuple[int, int | None]]:
    totals: dict[tuple[str, str | None], tuple[int, int | None]] = {}
    for one in outcome.held:
        key = one.book, one.lot and one.lot.id[:3]
        units, cost = totals.get(key, (0, 0))
        totals[key] = units + one.quantity, _plus(cost, one.cost)
    return totals


def _shape(one: Match) -> tuple[str, str | None, str, int]:
    return one.movement.id, one.lot and one.lot.id, one.rule, one.quantity


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _known(amount: int | None) -> int:
    assert amount is not None
    return amount
