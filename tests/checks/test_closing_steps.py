"""A closing difference is told step by step: between which looks it came up, and by how much."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.checks import catalogue
from recon.checks._ask import Found, ask
from recon.checks._cutoffs import order_shifts, shifts
from recon.checks._values import Leg
from recon.core.breaks import Break
from recon.core.times import Period
from tests.checks._ledger import EVER, JANUARY, Ledger, day, kinds

FEW = settings(max_examples=settings().max_examples // 5)


@pytest.fixture(scope="module")
def shared() -> Ledger:
    return Ledger()


@pytest.fixture
def ledger(shared: Ledger) -> Ledger:
    shared.clear()
    return shared


def _closing(ledger: Ledger, period: Period = EVER) -> list[Break]:
    return list(ledger.results(period, ["closing_balance"])["closing_balance"].breaks)


def _looks(ledger: Ledger, *totals: str) -> None:
    """Looks on the second day and the days after it, at a ledger that holds 5."""
    ledger.row("5", at=day(1))
    for number, total in enumerate(totals, start=2):
        ledger.look({("main", "BTC"): total}, at=day(number))


def _steps(looks: list[tuple[int, bool]]) -> list[tuple[int, int]]:
    """The look that each lasting step belongs to, and its amount: from left to right, by the definition.

    Of each look it is told how far apart ledger and venue are, and whether a row was posted since the look before. A
    level that is come back to without any row is another one.
    """
    levels: list[tuple[int, int]] = []
    for number, (apart, _) in enumerate(looks):
        before = [n for n in range(number) if levels[n][0] == apart]
        unproven = (
            before
            and before[-1] < number - 1
            and not any(row for _, row in looks[before[-1] + 1 : number + 1])
        )
        levels.append((apart, (levels[before[-1]][1] if before else 0) + bool(unproven)))
    found = []
    start = 0
    while start < len(levels):
        end = start
        while (reach := max(n for n in range(len(levels)) if levels[n] in levels[start : end + 1])) > end:
            end = reach
        if start and levels[start][0] != levels[start - 1][0]:
            found.append((start, levels[start][0] - levels[start - 1][0]))
        if levels[end][0] != levels[start][0]:
            last = max(n for n in range(start, end + 1) if levels[n] == levels[start])
            found.append((last + 1, levels[end][0] - levels[start][0]))
        start = end + 1
    return found


@FEW
@given(
    books=st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=6, max_size=6), min_size=1, max_size=12
    )
)
def test_the_steps_add_up_and_what_a_row_takes_back_later_is_none(
    shared: Ledger, books: list[list[tuple[int, bool]]]
) -> None:
    shared.clear()
    posted = dict.fromkeys(range(len(books)), 0)
    for number in range(6):
        held = {}
        for asset, looks in enumerate(books):
            apart, row = looks[number]
            if row:
                posted[asset] += 1
                shared.row("1", asset=f"A{asset:02}", at=day(number + 0.5))
            held["main", f"A{asset:02}"] = str(posted[asset] + apart)
        shared.look(held, at=day(number + 1))
    shared.results(names=["unsettled"])
    found = ask(shared.connection, catalogue()["closing_balance"])
    expected = {
        (f"A{asset:02}", day(look), amount)
        for asset, looks in enumerate(books)
        for look, amount in _steps([(0, False), *looks])
    }
    assert {_step(one) for one in found} == expected
    for asset, looks in enumerate(books):
        assert sum(_step(one)[2] for one in found if one.asset == f"A{asset:02}") == looks[-1][0]


def _step(one: Found) -> tuple[str | None, datetime | None, int]:
    assert one.actual is not None and one.expected is not None and one.at is not None
    return one.asset, one.at.replace(tzinfo=None), int(one.actual - one.expected)


def test_two_faults_in_two_intervals_are_two_breaks_each_with_its_amount(ledger: Ledger) -> None:
    _looks(ledger, "5", "7", "7", "6.25", "6.25")
    first, second = _closing(ledger)
    assert (first.difference, second.difference) == (2, Decimal("-0.75"))
    assert (first.expected, first.actual, second.expected, second.actual) == (5, 7, 7, Decimal("6.25"))
    assert [one.at and one.at.replace(tzinfo=None) for one in (first, second)] == [day(3), day(5)]
    assert "since 2025-01-05 00:00:00 UTC, the venue moved exactly 0.75 less than its rows say" in (
        second.diagnosis.text
    )


def test_what_the_venue_adds_and_takes_away_again_without_a_row_is_two_breaks(ledger: Ledger) -> None:
    _looks(ledger, "5", "7", "7", "7", "5")
    assert [(one.difference, one.at and one.at.day) for one in _closing(ledger)] == [(2, 4), (-2, 7)]


def test_a_difference_that_a_row_ends_hides_none_that_lasts(ledger: Ledger) -> None:
    _looks(ledger, "6", "6.5")
    ledger.row("0.5", at=day(2.5))
    ledger.look({("main", "BTC"): "6.5"}, at=day(4))
    (found,) = _closing(ledger)
    assert (found.difference, found.at and found.at.replace(tzinfo=None)) == (1, day(2))


def test_looks_that_go_and_come_by_turns_hide_nothing(ledger: Ledger) -> None:
    for number, (row, total) in enumerate((("5", "10"), ("5", "10"), ("-5", "12"), ("2", "12")), start=2):
        ledger.row(row, at=day(number - 0.5))
        ledger.look({("main", "BTC"): total}, at=day(number))
    (found,) = _closing(ledger)
    assert (found.difference, found.expected, found.actual) == (5, 7, 12)
    assert "on 2025-01-06 00:00:00 UTC the venue says it holds 12" in found.diagnosis.text


def test_a_look_after_the_one_that_counts_takes_a_step_back_but_brings_none(ledger: Ledger) -> None:
    ledger.row("5", at=day(1))
    for when, total in ((10, "6"), (32, "8"), (40, "8"), (50, "11")):
        if when == 40:
            ledger.row("2", at=day(31))
        ledger.look({("main", "BTC"): total}, at=day(when))
    assert [one.difference for one in _closing(ledger, JANUARY)] == [1]
    assert [one.difference for one in _closing(ledger)] == [1, 3]


def test_rows_that_come_late_bring_no_step(ledger: Ledger) -> None:
    _looks(ledger, "5", "7")
    ledger.row("2", at=day(2.5))
    ledger.look({("main", "BTC"): "7"}, at=day(4))
    assert _closing(ledger) == []


def test_only_rows_known_between_the_two_looks_explain_a_step(ledger: Ledger) -> None:
    ledger.row("10", at=day(1))
    ledger.row("-3.14159", at=day(1))
    ledger.look({("main", "BTC"): "6.85841"}, at=day(2))
    ledger.row("-3.14159", at=day(3))
    ledger.look({("main", "BTC"): "10"}, at=day(4))
    ledger.row("-3.14159", at=day(5))
    ledger.look({("main", "BTC"): "6.85841"}, at=day(6))
    (found,) = _closing(ledger)
    assert (found.diagnosis.kind, found.entries, found.difference) == (
        "sign_flipped",
        (3,),
        Decimal("6.28318"),
    )


def test_what_is_available_and_what_is_locked_are_told_apart(ledger: Ledger) -> None:
    _looks(ledger, "5", "7")
    ledger.connection.execute("update snapshots set locked = 1.5 where total = 7")
    (found,) = _closing(ledger)
    assert "the venue says it holds 7.0 (5.5 available and 1.5 locked), and the ledger holds 5.0" in (
        found.diagnosis.text
    )


def test_a_gap_whose_row_became_known_after_the_look_is_the_step_that_it_is(ledger: Ledger) -> None:
    ledger.row("10", "10", at=day(1))
    ledger.look({("main", "BTC"): "12"}, at=day(3))
    ledger.row("5", "17", at=day(4))
    ledger.look({("main", "BTC"): "17.25"}, at=day(5))
    found = ledger.breaks()
    assert kinds(found) == [("running_balance", "missing_record"), ("closing_balance", "missing_record")]
    assert [one.difference for one in found] == [2, Decimal("0.25")]
    assert [member["difference"] for member in found[0].diagnosis.members] == ["2"]


def _ordered(ledger: Ledger, *hours: float) -> None:
    """Rows of 1, 2, 4 ... with balances, in this order of the venue, dated so many hours after the end of January."""
    total = 0
    for place, hour in enumerate(hours, start=1):
        total += 2 ** (place - 1)
        at = day(31) + timedelta(hours=hour)
        ledger.row(str(2 ** (place - 1)), str(total), at=at, ordinal=place)


def test_rows_in_the_order_of_their_dates_lie_on_their_side_of_the_end(ledger: Ledger) -> None:
    _ordered(ledger, -3, -2, -2, 0, 1)
    assert _closing(ledger, JANUARY) == []
    assert ledger.results(JANUARY, ["closing_balance"])["closing_balance"].tested == 1
    assert ledger.results(EVER, ["closing_balance"])["closing_balance"].tested == 0


@pytest.mark.parametrize(
    ("hours", "entry", "difference", "expected"),
    [
        ((-3, 1, -1.5, -1, 2), 2, 2, 13),  # dated after the end, but before two rows dated before it
        ((-3, -1, 1, -2, 2), 4, -8, 11),  # dated before the end, but behind one dated after it
    ],
)  # fmt: skip
def test_a_row_on_the_other_side_of_the_end_is_named_and_the_difference_is_exactly_that_row(
    ledger: Ledger, hours: tuple[float, ...], entry: int, difference: int, expected: int
) -> None:
    _ordered(ledger, *hours)
    (found,) = _closing(ledger, JANUARY)
    assert (found.diagnosis.kind, found.entries) == ("cutoff", (entry,))
    assert (found.difference, found.expected) == (difference, expected)
    assert "Its time fits there if it is stated in another zone" in found.diagnosis.text
    assert _closing(ledger) == []


def test_where_either_of_two_rows_may_be_on_the_wrong_side_none_is_named(ledger: Ledger) -> None:
    _ordered(ledger, -3, 1, -1, 2)
    (found,) = _closing(ledger, JANUARY)
    assert (found.diagnosis.kind, found.difference) == ("unexplained", 2)
    assert "may as well be the one with the wrong date" in found.diagnosis.text


def test_a_row_that_no_zone_puts_in_its_place_is_not_called_a_cutoff(ledger: Ledger) -> None:
    _ordered(ledger, -2.95, 1, -2.8, -2.7, -2.6, 2)
    (found,) = _closing(ledger, JANUARY)
    assert (found.diagnosis.kind, found.entries) == ("unexplained", (2,))
    assert "No zone would put it there." in found.diagnosis.text


def test_rows_that_are_dated_a_second_out_of_order_cross_no_end(ledger: Ledger) -> None:
    second = 1 / 3600
    _ordered(ledger, -3, 0.5 * second, -0.5 * second, -0.4 * second, 2)
    assert _closing(ledger, JANUARY) == []
    ledger.clear()
    _ordered(ledger, -3, 0.6 * second, -0.5 * second, -0.5 * second, 2)
    assert len(_closing(ledger, JANUARY)) == 1


def test_rows_that_one_zone_would_all_put_in_order_are_one_break(ledger: Ledger) -> None:
    """Three of them, each between rows a quarter hour apart, are dated two hours too late."""
    _ordered(ledger, -2, -1.5 + 2, -1.49, -1.3, -1 + 2, -0.99, -0.8, -0.5 + 2, -0.49, -0.3)
    (found,) = _closing(ledger, JANUARY)
    assert (found.diagnosis.kind, len(found.diagnosis.members)) == ("cutoff", 2)
    assert "by 2 h too late" in found.diagnosis.text


def test_rows_without_balances_have_no_order_of_the_venue_to_cross(ledger: Ledger) -> None:
    for place, hour in enumerate((-3, 1, -2, -1, 2), start=1):
        ledger.row("1", at=day(31) + timedelta(hours=hour), ordinal=place)
    assert _closing(ledger, JANUARY) == []


def test_a_shift_is_of_whole_quarter_hours_and_puts_the_time_between_its_neighbours() -> None:
    at, quarter = day(3), timedelta(minutes=15)
    assert shifts(at, at - 2 * quarter, at - quarter) == {1, 2}
    assert shifts(at, at + quarter, at + quarter) == {-1}
    assert shifts(at, at - timedelta(minutes=29), at - timedelta(minutes=16)) == frozenset()
    assert shifts(at, None, at - 103 * quarter) == {103, 104}
    assert 0 not in shifts(at, None, None)


def test_one_row_out_of_order_has_the_shifts_that_put_it_back() -> None:
    def legs(*hours: float) -> list[Leg]:
        return [
            Leg(n, n, day(1) + timedelta(hours=hour), "x", Decimal(1), None, suspended=False)
            for n, hour in enumerate(hours)
        ]

    assert order_shifts(legs(1, 9, 2, 2.25, 3)) == {28, 29, 30, 31, 32}
    assert order_shifts(legs(3, 2, 1)) == frozenset()
