"""negative_balance: no place ever holds less than nothing, whatever order the rows of one moment are in."""

from datetime import UTC
from decimal import Decimal
from itertools import permutations

import pytest

from recon.core.breaks import Break
from recon.core.times import Period
from tests.checks._ledger import EVER, FEBRUARY, JANUARY, START, Ledger, day

CHECK = "negative_balance"
STEPS = ("-3", "1", "2", "0.5", "-0.5")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def _of(ledger: Ledger, period: Period = EVER) -> list[Break]:
    return list(ledger.results(period, [CHECK])[CHECK].breaks)


def _tested(ledger: Ledger, period: Period = EVER) -> int:
    return ledger.results(period, [CHECK])[CHECK].tested


def test_nothing_is_below_zero_where_nothing_was_posted(ledger: Ledger) -> None:
    assert (_of(ledger), _tested(ledger)) == ([], 0)


def test_a_place_may_be_emptied_to_the_last_unit(ledger: Ledger) -> None:
    for step in ("1", "-0.999999999999999999", "-0.000000000000000001"):
        ledger.row(step)
    assert (_of(ledger), _tested(ledger)) == ([], 3)


def test_a_dip_is_one_break_at_its_first_moment_with_its_lowest_point(ledger: Ledger) -> None:
    ledger.row("1", at=day(1))
    first = ledger.row("-3", at=day(2), kind="withdrawal")
    ledger.row("-0.5", at=day(3), kind="withdrawal")
    ledger.row("2", at=day(4))
    ledger.row("5", at=day(5))
    (found,) = _of(ledger)
    assert (found.severity, found.at, found.entries) == (
        "error",
        day(2).replace(tzinfo=UTC),
        (first,),
    )
    assert (found.source, found.account, found.asset) == ("fuse", "main", "BTC")
    assert (found.expected, found.actual, found.difference) == (0, Decimal("-2.5"), Decimal("-2.5"))
    assert found.diagnosis.text == (
        "fuse, account main, BTC, 2025-01-03 00:00:00 UTC: by this row the place holds less than nothing, at the "
        "lowest -2.5 on 2025-01-04 00:00:00 UTC, and is back above on 2025-01-06 00:00:00 UTC. "
        "Expected 0.0, found -2.5."
    )


def test_each_dip_of_each_chain_is_its_own_break_that_keeps_its_number(ledger: Ledger) -> None:
    for step in ("-1", "1", "-2", "2"):
        ledger.row(step)
    ledger.row("-7", asset="ETH")
    before = {one.id: one.difference or 0 for one in _of(ledger)}
    assert sorted(before.values()) == [-7, -2, -1]
    ledger.row("-4", asset="ETH")
    after = {one.id: one.difference or 0 for one in _of(ledger)}
    assert set(after) == set(before) and sorted(after.values()) == [-11, -2, -1]


def test_one_row_alone_may_dip(ledger: Ledger) -> None:
    ledger.row("-0.000000000000000001")
    (found,) = _of(ledger)
    assert found.difference == Decimal("-0.000000000000000001")
    assert "is still there at the end" in found.diagnosis.text


def test_rows_of_one_moment_may_be_in_any_order(ledger: Ledger) -> None:
    """Every order of five rows, each in an account of its own."""
    orders = {f"acc{number}": order for number, order in enumerate(permutations(STEPS))}
    for account, order in orders.items():
        for step in order:
            ledger.row(step, account=account, ordinal=7, at=START)
    assert (_of(ledger), _tested(ledger)) == ([], len(orders) * len(STEPS))
    for account in orders:
        ledger.row("-1", account=account, ordinal=7, at=START)
    assert {one.account: one.difference for one in _of(ledger)} == dict.fromkeys(orders, -1)


def test_two_dips_within_one_second_are_told_apart(ledger: Ledger) -> None:
    for ordinal, step in enumerate(("-1", "1", "-1")):
        ledger.row(step, ordinal=ordinal, at=START)
    assert len({one.id for one in _of(ledger)}) == 2


def test_a_balance_that_the_venue_states_counts(ledger: Ledger) -> None:
    """The row that came in is missing, and running_balance tells so; the place itself was never below zero."""
    ledger.row("1", "1")
    ledger.row("-4", "2")
    ledger.row("-1")
    assert [one.check for one in ledger.breaks(names=["running_balance", CHECK])] == ["running_balance"]
    ledger.row("-3", "-2")
    (found,) = _of(ledger)
    assert (found.expected, found.actual) == (0, -2)


def test_rows_after_a_statement_count_from_it(ledger: Ledger) -> None:
    ledger.row("5", "3")
    ledger.row("-4")
    (found,) = _of(ledger)
    assert found.actual == -1


def test_a_dip_shows_in_every_period_that_it_reaches_into(ledger: Ledger) -> None:
    ledger.row("1", at=day(3))
    ledger.row("-2", at=day(20))
    ledger.row("-5", at=day(40))
    ledger.row("9", at=day(45))
    ledger.row("-1", at=day(80))
    (january,) = _of(ledger, JANUARY)
    (february,) = _of(ledger, FEBRUARY)
    assert january.id == february.id
    assert (january.actual, february.actual) == (-1, -6)
    march = Period(name="2025-03", start=FEBRUARY.end, end=None)
    assert _of(ledger, march) == []
    assert (_tested(ledger, JANUARY), _tested(ledger, FEBRUARY), _tested(ledger)) == (2, 4, 5)


def test_what_was_taken_back_and_what_stands_elsewhere_is_no_holding(ledger: Ledger) -> None:
    ledger.row("-5", live=False)
    ledger.row("5", live=False)
    ledger.row("3")
    assert (_of(ledger), _tested(ledger)) == ([], 1)


def test_a_quantity_or_an_order_that_is_not_there_does_not_hide_a_dip(ledger: Ledger) -> None:
    ledger.row("-1", ordinal=3)
    ledger.connection.execute("update legs set quantity = null, ordinal = null where entry = 1")
    ledger.row("-2", ordinal=4)
    (found,) = _of(ledger)
    assert found.actual == -2
    ledger.connection.execute(
        "update legs set quantity = case class when 'assets' then -7 else 7 end where entry = 1"
    )
    (found,) = _of(ledger)
    assert found.actual == -9


def test_a_doubled_withdrawal_dips_by_what_it_took_too_much(ledger: Ledger) -> None:
    ledger.row("1")
    for _ in range(2):
        ledger.row("-1", at=day(2), kind="withdrawal")
    (found,) = _of(ledger)
    assert found.actual == -1


def test_what_people_entered_counts_only_where_the_venue_states_no_balance(ledger: Ledger) -> None:
    ledger.by_hand(ledger.row("1"))
    ledger.row("-1")
    ledger.row("1", "1", account="sub")
    ledger.row("-0.5", "0", account="sub")  # the venue says that it took more than the row tells
    ledger.by_hand(ledger.row("-0.5", account="sub"))
    ledger.row("1", "1", account="sub")
    assert _of(ledger) == []
    # what the venue's own rows say of its balances is left as it was
    (gap,) = ledger.breaks(names=["running_balance"])
    assert gap.difference == Decimal("-0.5")
