"""Books that change at a date, and what moves between them."""

from hypothesis import given
from hypothesis import strategies as st

from recon.core.lots import SHORT, TRANSIT, UNIVERSAL, UNPLACED, Movement, Plan, Scope
from tests.tax._cases import EACH_PLACE, EVER, METHODS, matched
from tests.tax._histories import HOUR, came, day, histories, moved
from tests.tax.test_laws import ALL, OF_LOTS, each

FIFO, AVERAGE = METHODS["fifo"], METHODS["average"]


def test_what_is_held_is_laid_out_once_the_oldest_lots_first() -> None:
    history = [
        _some("1", 0, "a", 10, 100),
        _some("2", 1, "b", 10, 300),
        _some("3", 2, "b", -5),
        _some("4", 5, "b", -6),
    ]
    found, outcome = matched(FIFO, history, _narrow(5))
    laid_out = [(one.book, one.lot and one.lot.id, one.quantity, one.cost) for one in outcome.allocated[0][1]]
    assert laid_out == [("a", "1", 5, 50), ("a", "2", 5, 150), ("b", "2", 5, 150)]
    assert outcome.allocated[0][0] == 5 * HOUR
    assert [(one.movement.id, one.lot and one.lot.id, one.quantity) for one in found] == [
        ("3", "1", 5),
        ("4", "2", 5),
        ("4", None, 1),
    ]


def test_a_pool_is_laid_out_at_its_average() -> None:
    history = [_some("1", 0, "a", 3, 70), _some("2", 1, "b", 4, 30), _some("3", 9, "b", -4)]
    found, outcome = matched(AVERAGE, history, _narrow(5))
    assert [(one.book, one.quantity, one.cost) for one in outcome.allocated[0][1]] == [
        ("a", 3, 43),
        ("b", 4, 57),
    ]
    assert [(one.quantity, one.cost) for one in found] == [(4, 57)]


def test_a_place_below_zero_gets_nothing_and_what_no_place_has_is_told() -> None:
    history = [
        _some("1", 0, "a", -5),
        _some("2", 1, "a", 5, 50),
        _some("3", 2, "b", -1),
        _some("4", 9, "a", -1),
    ]
    found, outcome = matched(FIFO, history, _narrow(5))
    assert [(one.book, one.quantity, one.cost) for one in outcome.held] == [(UNPLACED, 4, 40)]
    assert outcome.allocated[0][1] == outcome.held
    assert [(one.movement.id, one.rule) for one in found] == [("1", SHORT), ("3", "fifo"), ("4", SHORT)]


def test_a_place_below_zero_takes_nothing_from_the_other_places_of_its_book() -> None:
    history = [
        _some("1", 0, "b", 10, 100),
        _some("2", 1, "a1", -5),
        _some("3", 2, "a2", 4, 80),
        _some("4", 9, "a2", -4),
    ]
    by_source = Plan(scopes=(Scope(EVER, _all), Scope(5 * HOUR, lambda place: place[0])))
    found, outcome = matched(FIFO, history, by_source)
    assert [(one.book, one.quantity) for one in outcome.allocated[0][1]] == [("a", 4), ("b", 1), ("b", 4)]
    assert [one.cost for one in found] == [50, 40]


def test_where_there_is_one_place_it_gets_all() -> None:
    """Also what stands nowhere, for some of it went short before; a move that has arrived is under way no more."""
    history = [
        _some("1", 0, "a", -5),
        _some("2", 1, "a", 5, 50),
        moved("3>", 2 * HOUR, "a", -1, "3"),
        moved("3<", 2 * HOUR, "a", 1, "3"),
        _some("4", 9, "a", -1),
    ]
    _, outcome = matched(FIFO, history, _narrow(5))
    assert [(one.book, one.quantity) for one in outcome.held] == [("a", 4)]


def test_what_is_under_way_when_the_scope_changes_arrives_with_its_lots() -> None:
    history = [
        _some("1", 0, "a", 10, 100),
        moved("2>", HOUR, "a", -4, "2"),
        _some("3", 6, "a", -7),
        moved("2<", 8 * HOUR, "b", 4, "2"),
        _some("4", 9, "b", -4),
    ]
    found, outcome = matched(FIFO, history, _narrow(5))
    assert [(one.book, one.quantity) for one in outcome.allocated[0][1]] == [("a", 6), (TRANSIT, 4)]
    assert [(one.movement.id, one.rule, one.quantity) for one in found] == [
        ("3", "fifo", 6),
        ("3", SHORT, 1),
        ("4", "fifo", 4),
    ]
    assert not outcome.held


def test_going_wide_puts_all_books_together_and_what_is_under_way() -> None:
    history = [
        _some("1", 0, "a", 10, 100),
        _some("2", 1, "b", 10, 300),
        moved("3>", 2 * HOUR, "a", -4, "3"),
        _some("4", 6, "b", -20),
        moved("3<", 8 * HOUR, "b", 4, "3"),
    ]
    found, outcome = matched(FIFO, history, Plan(scopes=(*EACH_PLACE.scopes, Scope(5 * HOUR, _all))))
    assert [(one.lot and one.lot.id, one.quantity) for one in found] == [("1", 10), ("2", 10)]
    assert not outcome.held


def test_a_move_that_arrived_is_under_way_no_more_when_the_scope_changes_again() -> None:
    history = [
        _some("1", 0, "a", -5),
        _some("2", 1, "a", 5, 50),
        moved("3>", 2 * HOUR, "a", -1, "3"),
        moved("3<", 2 * HOUR, "a", 1, "3"),
        _some("4", 9, "a", -1),
    ]
    widths = [Scope(hours * HOUR, book) for hours, book in ((5, _all), (6, _each))]
    _, outcome = matched(FIFO, history, Plan(scopes=(*EACH_PLACE.scopes, *widths)))
    assert [(one.book, one.quantity) for one in outcome.held] == [("a", 4)]


def test_accounts_that_become_one_source_bring_their_lots() -> None:
    history = [
        _some("1", 0, "a1", 1, 10),
        _some("2", 1, "a2", 1, 20),
        _some("3", 2, "b1", 1, 30),
        _some("4", 9, "a2", -3),
    ]
    found, outcome = matched(
        FIFO, history, Plan(scopes=(*EACH_PLACE.scopes, Scope(5 * HOUR, lambda place: place[0])))
    )
    assert [(one.lot and one.lot.id, one.cost) for one in found] == [("1", 10), ("2", 20), (None, None)]
    assert [(one.book, one.cost) for one in outcome.held] == [("b", 30)]


def test_a_change_that_no_movement_reaches_lays_nothing_out() -> None:
    assert not matched(FIFO, [_some("1", 0, "a", 10, 100)], _narrow(5))[1].allocated


@given(history=histories(whole=True), hours=st.integers(0, 2_000))
def test_a_change_of_scope_loses_no_unit_and_no_cost(history: list[Movement], hours: int) -> None:
    bought = [one for one in history if came(one)]
    for method in each(ALL):
        found, outcome = matched(method, history, _narrow(hours))
        assert not [one for one in found if one.rule == SHORT]
        assert not [one for one in outcome.held if one.book == UNPLACED]
        left = sum(one.quantity for one in outcome.held)
        assert sum(one.quantity for one in bought) == left + sum(one.quantity for one in found)
        paid = sum(one.amount or 0 for one in bought)
        assert paid == sum(one.cost or 0 for one in found) + sum(one.cost or 0 for one in outcome.held)


@given(
    history=histories(whole=True), hours=st.lists(st.integers(0, 2_000), min_size=1, max_size=4).map(sorted)
)
def test_after_it_every_place_holds_the_units_that_stand_there(
    history: list[Movement], hours: list[int]
) -> None:
    """However often the scope was narrow and wide before."""
    widths = [Scope(hour * HOUR, _all if number % 2 else _each) for number, hour in enumerate(hours)]
    plan = Plan(scopes=(Scope(EVER, _all), *widths))
    if not history or len(hours) % 2 == 0 or history[-1].at < hours[-1] * HOUR:
        return
    standing: dict[str, int] = {}
    for one in history:
        standing[one.place] = standing.get(one.place, 0) + one.quantity
    for method in each(OF_LOTS):
        held: dict[str, int] = {}
        for piece in matched(method, history, plan)[1].held:
            held[piece.book] = held.get(piece.book, 0) + piece.quantity
        assert held == {place: units for place, units in standing.items() if units}


@given(history=histories(), hours=st.integers(0, 2_000))
def test_to_narrow_and_to_widen_at_once_changes_nothing(history: list[Movement], hours: int) -> None:
    there_and_back = Plan(scopes=(*_narrow(hours).scopes, Scope(hours * HOUR, _all)))
    for method in each(OF_LOTS):
        found, outcome = matched(method, history, there_and_back)
        same, plain = matched(method, history)
        assert (found, outcome.held) == (same, plain.held)


def _narrow(hours: int) -> Plan:
    return Plan(scopes=(Scope(EVER, _all), Scope(hours * HOUR, _each)))


def _some(name: str, hours: int, place: str, quantity: int, amount: int | None = None) -> Movement:
    at = hours * HOUR
    return Movement(name, at, day(at), place, quantity, amount, amount, "")


def _all(place: str) -> str:
    return UNIVERSAL


def _each(place: str) -> str:
    return place
