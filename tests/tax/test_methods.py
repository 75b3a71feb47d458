"""What a method does where units are short, unknown, chosen or under way."""

from collections.abc import Iterator

import pytest

from recon.core.lots import SHORT, TRANSIT, Lot, Match, Movement, Plan
from recon.tax.methods import changing
from tests.tax._cases import EACH_PLACE, METHODS, matched
from tests.tax._histories import HOUR, day, moved

FIFO, AVERAGE, UK = METHODS["fifo"], METHODS["average"], METHODS["uk"]


def test_the_methods_are_these() -> None:
    assert list(METHODS) == ["average", "fifo", "hifo", "lifo", "lofo", "specific", "uk"]
    assert [name for name, method in METHODS.items() if not method.scoped] == ["uk"]
    assert all(method.name == name for name, method in METHODS.items())


@pytest.mark.parametrize("name", METHODS)
def test_what_comes_after_a_shortage_does_not_cure_it(name: str) -> None:
    history = [_some("1", 0, 2, 20), _some("2", 1, -5, 90), _some("3", 24 * 40, 3, 30)]
    found, outcome = matched(METHODS[name], history)
    assert [(one.quantity, one.proceeds, one.cost) for one in found] == [(2, 36, 20), (3, 54, None)]
    assert (found[1].rule, found[1].lot) == (SHORT, None)
    assert [(one.quantity, one.cost) for one in outcome.held] == [(3, 30)]


@pytest.mark.parametrize("name", METHODS)
def test_an_amount_that_nothing_tells_is_not_zero(name: str) -> None:
    found, outcome = matched(METHODS[name], [_some("1", 0, 4, None), _some("2", 24, -3, None)])
    assert [(one.quantity, one.proceeds, one.cost) for one in found] == [(3, None, None)]
    assert [(one.quantity, one.cost) for one in outcome.held] == [(1, None)]


def test_an_average_is_unknown_until_the_pool_was_empty() -> None:
    history = [
        _some("1", 0, 4, None),
        _some("2", 1, 4, 40),
        _some("3", 2, -8, 9),
        _some("4", 3, 1, 7),
        _some("5", 4, -1, 9),
    ]
    assert [one.cost for one in matched(AVERAGE, history)[0]] == [None, 7]


def test_a_lot_of_unknown_worth_comes_last_where_the_price_decides() -> None:
    history = [_some("1", 0, 1, None), _some("2", 1, 1, 0), _some("3", 2, 1, 5), _some("4", 3, -3, 9)]
    for name, lots in (("hifo", ["3", "2", "1"]), ("lofo", ["2", "3", "1"])):
        assert [one.lot and one.lot.id for one in matched(METHODS[name], history)[0]] == lots


def test_prices_that_no_float_tells_apart_are_told_apart() -> None:
    """And of one price the lot that was acquired first goes first, whatever its size."""
    large = 10**36 - 1
    history = [
        _some("1", 0, large - 1, large - 2),
        _some("2", 1, large, large - 1),
        _some("3", 2, 2 * large, 2 * large - 2),
    ]
    for name, lots in (("hifo", ["2", "3"]), ("lofo", ["1", "2"])):
        found, _ = matched(METHODS[name], [*history, _some("4", 3, -large - 1, 9)])
        assert [one.lot and one.lot.id for one in found] == lots


def test_a_lot_that_moved_keeps_its_place_in_the_order() -> None:
    history = [_some("1", 0, 2, 20), _some("2", 1, 1, 50, "b"), *_move("3", 2, 1), _some("4", 9, -2, 90, "b")]
    assert [one.lot and one.lot.id for one in matched(FIFO, history, EACH_PLACE)[0]] == ["1", "2"]
    assert [one.lot and one.lot.id for one in matched(METHODS["lifo"], history, EACH_PLACE)[0]] == ["2", "1"]


def test_a_move_in_parts_brings_the_lots_in_order_and_the_rest_is_in_transit() -> None:
    history = [
        _some("1", 0, 2, 20),
        _some("2", 1, 2, 40),
        *_move("3", 2, 4, arrives=3),
        _some("4", 9, -3, 90, "b"),
    ]
    found, outcome = matched(FIFO, history, EACH_PLACE)
    assert [(one.lot and one.lot.id, one.cost) for one in found] == [("1", 20), ("2", 20)]
    assert [(one.book, one.quantity, one.cost) for one in outcome.held] == [(TRANSIT, 1, 20)]


@pytest.mark.parametrize("name", ["fifo", "average"])
def test_what_arrives_and_never_left_has_no_known_cost(name: str) -> None:
    history = [_some("1", 0, 1, 20), *_move("2", 1, 3), _some("3", 9, -3, 90, "b")]
    found, _ = matched(METHODS[name], history, EACH_PLACE)
    assert sum(one.quantity for one in found if one.cost is None) == (3 if name == "average" else 2)
    assert not [one for one in found if one.rule == SHORT]
    if name == "fifo":
        assert found[1].lot == Lot("2<", HOUR, day(HOUR), "b", 2, None, None, "move", "2")


@pytest.mark.parametrize("name", ["fifo", "lifo", "hifo", "average"])
def test_what_came_from_nowhere_known_goes_back_there_and_no_lot_with_it(name: str) -> None:
    arrived, left = _move("2", 1, 3)[::-1]
    history = [_some("1", 0, 2, 20), arrived, left._replace(at=2 * HOUR, place="b")]
    found, outcome = matched(METHODS[name], history, EACH_PLACE)
    assert found == []
    assert [(one.book, one.quantity, one.cost) for one in outcome.held] == [("a", 2, 20)]


def test_what_leaves_after_it_arrived_is_kept_in_transit() -> None:
    history = [_some("1", 0, 1, 20), moved("2<", HOUR, "b", 1, "2"), moved("2>", 2 * HOUR, "a", -1, "2")]
    _, outcome = matched(FIFO, history, EACH_PLACE)
    assert [(one.book, one.lot and one.lot.id, one.cost) for one in outcome.held] == [
        ("b", "2<", None),
        (TRANSIT, "1", 20),
    ]


def test_all_that_happens_at_one_moment_is_in_the_order_that_it_needs() -> None:
    history = [_some("1", 0, -1, 30, "b"), *_move("2", 0, 1), _some("3", 0, 1, 20)]
    found, outcome = matched(FIFO, history, EACH_PLACE)
    assert [(one.lot and one.lot.id, one.cost) for one in found] == [("3", 20)]
    assert not outcome.held


def test_chosen_lots_go_first_and_the_oldest_after_them() -> None:
    history = [_some("1", 0, 2, 20), _some("2", 1, 2, 40), _some("3", 2, 2, 60), _some("4", 3, -4, 90)]
    plan = Plan(choices={"4": [("3", 1), ("2", 1)]})
    found, outcome = matched(METHODS["specific"], history, plan)
    assert [(one.lot and one.lot.id, one.rule, one.quantity, one.cost) for one in found] == [
        ("3", "specific", 1, 30),
        ("2", "specific", 1, 20),
        ("1", "fifo", 2, 20),
    ]
    assert not outcome.unmet


def test_a_choice_that_cannot_be_followed_is_told() -> None:
    history = [
        _some("1", 0, 2, 20),
        _some("2", 1, 2, 40, "b"),
        _some("3", 2, 5, 100),
        _some("4", 3, -3, 90),
        _some("5", 4, 2, 80),
    ]
    plan = Plan(
        EACH_PLACE.scopes, {"4": [("3", 1), ("2", 1), ("5", 1), ("who", 1), ("3", 4)], "9": [("1", 1)]}
    )
    found, outcome = matched(METHODS["specific"], history, plan)
    assert [(one.lot and one.lot.id, one.rule, one.quantity) for one in found] == [
        ("3", "specific", 1),
        ("3", "specific", 2),
    ]
    assert outcome.unmet == [("4", "2", 1), ("4", "5", 1), ("4", "who", 1), ("4", "3", 2), ("9", "1", 1)]


def test_a_move_takes_the_lots_that_were_chosen_for_it() -> None:
    history = [_some("1", 0, 1, 20), _some("2", 1, 1, 40), *_move("3", 2, 1), _some("4", 3, -1, 90, "b")]
    plan = Plan(EACH_PLACE.scopes, {"3>": [("2", 1)]})
    assert [one.cost for one in matched(METHODS["specific"], history, plan)[0]] == [40]


def test_a_day_is_one_disposal_and_one_acquisition() -> None:
    history = [
        _some("1", 0, 2, 20, "a"),
        _some("2", 1, 4, 70, "b"),
        _some("3", 2, -1, 30, "a"),
        _some("4", 3, -4, 50, "a"),
    ]
    found, outcome = matched(UK, history)
    whole = Movement("3", 2 * HOUR, day(0), "a", -5, 80, 80, "")
    bought = Lot("1", 0, day(0), "", 6, 90, 90, "")
    assert found == [Match(whole, bought, "same day", 5, 80, 75)]
    assert [(one.quantity, one.cost) for one in outcome.held] == [(1, 15)]


@pytest.mark.parametrize(("days", "rule"), [(30, "30 days"), (31, "section 104")])
def test_the_thirtieth_day_counts_and_the_next_does_not(days: int, rule: str) -> None:
    history = [_some("1", 0, 9, 90), _some("2", 24, -1, 30), _some("3", 24 * (days + 1), 1, 50)]
    assert [one.rule for one in matched(UK, history)[0]] == [rule]


@pytest.mark.parametrize("name", METHODS)
def test_matches_are_told_while_movements_still_come(name: str) -> None:
    def movements() -> Iterator[Movement]:
        yield _some("1", 0, 9, 90)
        yield _some("2", 24, -1, 30)
        yield _some("3", 24 * 40, 1, 50)
        raise AssertionError("it waited for more")

    assert next(METHODS[name].match(movements(), Plan())).movement.id == "2"


def test_the_order_changes_at_its_moment_and_lots_stay_common() -> None:
    steps = [(0, "fifo"), (2 * HOUR, "hifo"), (4 * HOUR, "lofo"), (5 * HOUR, "lifo")]
    bought = [_some(f"1{price}", 0, 1, price) for price in (5, 1, 9, 3, 7)]
    sold = [_some("2", 1, -1, 9), _some("3", 2, -1, 9), _some("4", 5, -1, 9), _some("5", 6, -2, 9)]
    assert [one.cost for one in matched(changing(steps), [*bought, *sold])[0]] == [1, 9, 7, 5, 3]


def test_only_an_order_of_lots_can_change() -> None:
    with pytest.raises(KeyError):
        changing([(0, "average")])


def _some(name: str, hours: int, quantity: int, amount: int | None, place: str = "a") -> Movement:
    at = hours * HOUR
    return Movement(name, at, day(at), place, quantity, amount, amount, "")


def _move(name: str, hours: int, quantity: int, *, arrives: int | None = None) -> list[Movement]:
    at = hours * HOUR
    there = quantity if arrives is None else arrives
    return [moved(f"{name}>", at, "a", -quantity, name), moved(f"{name}<", at, "b", there, name)]
