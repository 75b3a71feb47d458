"""A row that came late for a sealed period is posted behind it: chains see it where it happened, books where it is."""

from decimal import Decimal

import pytest

from recon.pipeline.rolled import rolled
from tests.checks._ledger import EVER, FEBRUARY, JANUARY, Ledger, day

HORIZON = day(31)
"""The end of January, which is sealed."""


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def _sealed(ledger: Ledger, *, late: str = "2", after: str = "12", ordinal: int = 10) -> int:
    """A chain whose second row of three came late; it is the third entry. Its number."""
    ledger.row("10", "10", at=day(1), ordinal=1)
    ledger.row("1", "13", at=day(20), ordinal=20)
    return ledger.late(ledger.row(late, after, at=HORIZON, ordinal=ordinal), day(10))


def test_a_late_row_stands_in_its_chain_where_it_happened(ledger: Ledger) -> None:
    _sealed(ledger)
    ledger.row("1", "14", at=day(40), ordinal=40)
    for period in (JANUARY, FEBRUARY, EVER):
        assert ledger.breaks(period, ["running_balance"]) == []


def test_behind_all_that_happened_later_it_would_break_the_chain(ledger: Ledger) -> None:
    _sealed(ledger, ordinal=31)
    assert ledger.breaks(EVER, ["running_balance"]) != []


def test_a_late_row_that_breaks_the_chain_is_a_break_of_the_period_it_is_posted_in(ledger: Ledger) -> None:
    late = _sealed(ledger, after="11.5")
    assert [one.entries[0] for one in ledger.breaks(JANUARY, ["running_balance"])] == [2]
    (found,) = ledger.breaks(FEBRUARY, ["running_balance"])
    assert (found.entries[0], found.difference) == (late, Decimal("-0.5"))
    assert found.at == FEBRUARY.start
    tested = [
        ledger.results(period, ["running_balance"])["running_balance"].tested
        for period in (JANUARY, FEBRUARY)
    ]
    assert tested == [2, 1]


def test_the_cause_of_a_break_is_looked_for_among_rows_by_when_they_happened(ledger: Ledger) -> None:
    _sealed(ledger, after="11.5")
    (found,) = ledger.breaks(FEBRUARY, ["running_balance"])
    assert "2025-01-11 00:00:00 UTC" in found.diagnosis.text


def test_a_late_row_lies_on_the_side_of_the_end_on_which_it_happened(ledger: Ledger) -> None:
    late = _sealed(ledger)
    ledger.row("1", "14", at=day(40), ordinal=40)
    assert ledger.breaks(JANUARY, ["closing_balance"]) == []
    ledger.late(late, HORIZON)
    assert [one.entries for one in ledger.breaks(JANUARY, ["closing_balance"])] == [(late,)]


def test_a_late_row_behind_rows_of_the_next_period_is_told_with_the_moment_it_happened(
    ledger: Ledger,
) -> None:
    ledger.row("10", "10", at=day(1), ordinal=1)
    ledger.row("1", "11", at=day(20), ordinal=20)
    ledger.row("1", "12", at=day(40), ordinal=40)
    ledger.row("1", "13", at=day(45), ordinal=45)
    late = ledger.late(ledger.row("2", "15", at=HORIZON, ordinal=50), day(25))
    ledger.row("1", "16", at=day(51), ordinal=51)
    (found,) = ledger.breaks(JANUARY, ["closing_balance"])
    assert found.entries == (late,)
    assert found.at is not None and found.at.day == day(25).day
    assert (found.expected, found.actual) == (13, 11)


def test_a_look_holds_a_late_row_from_when_it_became_known(ledger: Ledger) -> None:
    ledger.row("10", at=day(1))
    ledger.look({("main", "BTC"): "12"}, at=day(32))
    (found,) = ledger.breaks(JANUARY)
    assert (found.check, found.difference) == ("closing_balance", 2)
    ledger.late(ledger.row("2", at=HORIZON), day(10))
    ledger.look({("main", "BTC"): "12"}, at=day(33))
    assert ledger.breaks(FEBRUARY) == []


def test_the_books_hold_a_late_row_from_where_it_is_posted(ledger: Ledger) -> None:
    _sealed(ledger)
    (january,), _ = rolled(ledger.connection, JANUARY)
    (february,), _ = rolled(ledger.connection, FEBRUARY)
    assert (january.deposits, january.prior_items, january.closing) == (11, 0, 11)
    assert (february.opening, february.deposits, february.prior_items, february.closing) == (11, 0, 2, 13)
