"""Closing balances: what the ledger holds is what the venue says it holds."""

from decimal import Decimal

import pytest

from recon.core.breaks import Break
from recon.core.times import Period
from tests.checks._ledger import EVER, JANUARY, Ledger, day, kinds


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def _closing(ledger: Ledger, period: Period = EVER) -> list[Break]:
    return list(ledger.results(period, ["closing_balance"])["closing_balance"].breaks)


def _tested(ledger: Ledger, period: Period = EVER) -> int:
    return ledger.results(period, ["closing_balance"])["closing_balance"].tested


def test_a_source_without_a_look_is_not_examined(ledger: Ledger) -> None:
    ledger.row("5")
    assert (_closing(ledger), _tested(ledger)) == ([], 0)


def test_a_ledger_that_agrees_has_no_break(ledger: Ledger) -> None:
    ledger.row("5")
    ledger.row("2", asset="ETH", account="sub")
    ledger.look({("main", "BTC"): "5", ("sub", "ETH"): "2", ("main", "EUR"): "0"})
    assert (_closing(ledger), _tested(ledger)) == ([], 3)


def test_what_the_look_does_not_list_is_zero(ledger: Ledger) -> None:
    ledger.row("5")
    ledger.look({})
    (found,) = _closing(ledger)
    assert (found.expected, found.actual, found.difference) == (5, 0, -5)
    assert _tested(ledger) == 1


def test_what_only_the_look_lists_is_a_break(ledger: Ledger) -> None:
    ledger.look({("main", "BTC"): "0.000000000000000001"})
    (found,) = _closing(ledger)
    assert (found.expected, found.difference) == (0, Decimal("0.000000000000000001"))


def test_reversals_net_what_they_reverse(ledger: Ledger) -> None:
    ledger.row("5", live=False)
    ledger.row("-5", live=False, kind="reversal: deposit")
    ledger.row("4")
    ledger.look({("main", "BTC"): "4"})
    assert _closing(ledger) == []


def test_entries_that_came_after_a_look_are_not_held_against_it(ledger: Ledger) -> None:
    ledger.row("5", at=day(1))
    ledger.look({("main", "BTC"): "5"}, at=day(2))
    ledger.row("1", at=day(1))
    assert _closing(ledger) == []


def test_one_asset_listed_twice_in_a_look_is_added_up(ledger: Ledger) -> None:
    ledger.row("5")
    ledger.look({("main", "BTC"): "3"})
    ledger.connection.execute("insert into snapshots select * replace (2 as total) from snapshots")
    assert _closing(ledger) == []


def test_the_first_look_at_or_after_the_end_of_the_period_counts(ledger: Ledger) -> None:
    ledger.row("5", at=day(1))
    ledger.look({("main", "BTC"): "5"}, at=day(20))
    ledger.look({("main", "BTC"): "6"}, at=day(31))
    ledger.look({("main", "BTC"): "7"}, at=day(40))
    assert [found.difference for found in _closing(ledger, JANUARY)] == [1]
    assert [found.difference for found in _closing(ledger)] == [1, 1]


def test_a_later_look_that_agrees_proves_the_balance_too(ledger: Ledger) -> None:
    ledger.row("5", at=day(1))
    ledger.look({("main", "BTC"): "6"}, at=day(31))
    assert [found.difference for found in _closing(ledger, JANUARY)] == [1]
    ledger.row("1", at=day(2))
    ledger.look({("main", "BTC"): "6"}, at=day(40))
    assert _closing(ledger, JANUARY) == []
    assert _closing(ledger) == []


def test_without_a_look_after_the_period_the_latest_counts(ledger: Ledger) -> None:
    ledger.row("5", at=day(1))
    ledger.look({("main", "BTC"): "5"}, at=day(10))
    ledger.look({("main", "BTC"): "7"}, at=day(20))
    assert [found.difference for found in _closing(ledger, JANUARY)] == [2]


def test_each_source_has_its_own_looks(ledger: Ledger) -> None:
    ledger.row("5", at=day(1))
    ledger.row("3", at=day(1), source="gas")
    ledger.look({("main", "BTC"): "5"}, at=day(32))
    ledger.look({("main", "BTC"): "4"}, at=day(2), source="gas")
    assert [(found.source, found.difference) for found in _closing(ledger, JANUARY)] == [("gas", 1)]
    assert _tested(ledger) == 2


def test_a_difference_keeps_its_id_and_moment_as_looks_repeat(ledger: Ledger) -> None:
    ledger.row("5", at=day(1))
    ledger.look({("main", "BTC"): "5"}, at=day(2))
    ledger.look({("main", "BTC"): "6"}, at=day(3))
    (first,) = _closing(ledger)
    ledger.look({("main", "BTC"): "6"}, at=day(4))
    ledger.look({("main", "BTC"): "6.5"}, at=day(5))
    same, later = _closing(ledger)
    assert same == first
    assert "since 2025-01-03 00:00:00 UTC, when both agreed," in first.diagnosis.text
    assert (later.expected, later.actual, later.difference) == (6, Decimal("6.5"), Decimal("0.5"))
    assert later.diagnosis.text.startswith(
        "fuse, account main, BTC: on 2025-01-06 00:00:00 UTC the venue says it holds 6.5, and the ledger holds 5.0: "
        "the venue has 1.5 more. On 2025-01-05 00:00:00 UTC it had 1.0 more, which stands on its own; since then it "
        "has 0.5 more."
    )


def test_a_difference_that_comes_back_is_another_break(ledger: Ledger) -> None:
    ledger.row("5", at=day(1))
    ids = set()
    for number, total in enumerate(("6", "5", "6"), start=2):
        ledger.look({("main", "BTC"): total}, at=day(number))
        ids |= {found.id for found in _closing(ledger)}
    assert len(ids) == 2


def test_two_looks_of_one_moment_are_told_apart_by_their_reading(ledger: Ledger) -> None:
    ledger.row("5", at=day(1))
    ledger.look({("main", "BTC"): "6"}, at=day(2))
    ledger.look({("main", "BTC"): "5"}, at=day(2))
    assert _closing(ledger) == []


def test_a_difference_that_nothing_explains_is_a_missing_record(ledger: Ledger) -> None:
    ledger.row("5", at=day(1))
    ledger.row("9", asset="ETH", at=day(1))
    ledger.look({("main", "BTC"): "5", ("main", "ETH"): "9"}, at=day(2))
    ledger.look({("main", "BTC"): "4.5", ("main", "ETH"): "9"}, at=day(3))
    (found,) = _closing(ledger)
    assert found.diagnosis.kind == "missing_record"
    assert found.diagnosis.text == (
        "fuse, account main, BTC: on 2025-01-04 00:00:00 UTC the venue says it holds 4.5, and the ledger holds 5.0: "
        "the venue has 0.5 less. No other asset of this account is left unexplained, so since 2025-01-03 00:00:00 UTC, "
        "when both agreed, the venue moved exactly 0.5 less than its rows say. A row of that amount is missing, or "
        "several that sum to it. A row that is misstated by that amount would look the same."
    )


def test_a_difference_from_the_beginning_may_be_an_opening(ledger: Ledger) -> None:
    ledger.row("100", kind="opening", at=day(0))
    ledger.row("5", at=day(1))
    ledger.look({("main", "BTC"): "125"}, at=day(2))
    (found,) = _closing(ledger)
    assert "since the beginning" in found.diagnosis.text
    assert 'quantity = "120"' in found.diagnosis.text


def test_two_assets_that_differ_may_be_one_trade_so_nothing_is_named(ledger: Ledger) -> None:
    ledger.row("5", at=day(1))
    ledger.row("900", asset="EUR", at=day(1))
    ledger.row("7", asset="EUR", account="sub", at=day(1))
    ledger.look({("main", "BTC"): "6", ("main", "EUR"): "800.5", ("sub", "EUR"): "8"}, at=day(2))
    found = _closing(ledger)
    assert [one.diagnosis.kind for one in found] == ["unexplained", "unexplained", "missing_record"]
    assert "EUR (99.5 less)" in found[0].diagnosis.text


def test_a_row_listed_twice_is_named(ledger: Ledger) -> None:
    for _ in range(3):
        ledger.row("3.14159265", at=day(1))
    ledger.row("4", at=day(2))
    ledger.look({("main", "BTC"): "10.2831853"}, at=day(3))
    (found,) = _closing(ledger)
    assert found.diagnosis.kind == "duplicate_record"
    assert found.entries == (3,)


def test_a_twin_that_came_late_is_named_also_where_it_stands_before_the_first_one(ledger: Ledger) -> None:
    ledger.row("3.14159", at=day(1), ordinal=5)
    ledger.look({("main", "BTC"): "3.14159"}, at=day(2))
    late = ledger.row("3.14159", at=day(1), ordinal=4)
    ledger.look({("main", "BTC"): "3.14159"}, at=day(3))
    (found,) = _closing(ledger)
    assert (found.diagnosis.kind, found.entries) == ("duplicate_record", (late,))


def test_a_row_of_that_amount_without_a_twin_is_told_and_not_called_a_duplicate(ledger: Ledger) -> None:
    ledger.row("4", at=day(2))
    ledger.row("3.14159", at=day(3))
    ledger.look({("main", "BTC"): "4"}, at=day(4))
    (found,) = _closing(ledger)
    assert (found.diagnosis.kind, found.entries) == ("unexplained", (2,))
    assert "(deposit of 3.14159) did not move the balance." in found.diagnosis.text


def test_a_flipped_sign_is_named(ledger: Ledger) -> None:
    ledger.row("10", at=day(1))
    ledger.row("-3.14159", at=day(2))
    ledger.look({("main", "BTC"): "13.14159"}, at=day(4))
    (found,) = _closing(ledger)
    assert found.diagnosis.kind == "sign_flipped"
    assert "moved 3.14159" in found.diagnosis.text


def test_two_rows_that_would_each_explain_it_are_both_told_and_nothing_is_named(ledger: Ledger) -> None:
    ledger.row("10", at=day(1))
    ledger.row("-3", at=day(2))
    ledger.row("-3", at=day(3), kind="fee")
    ledger.look({("main", "BTC"): "10"}, at=day(4))
    (found,) = _closing(ledger)
    assert found.diagnosis.kind == "unexplained"
    assert found.entries == (2, 3)


def test_rows_that_an_earlier_look_proved_are_no_explanation(ledger: Ledger) -> None:
    ledger.row("10", at=day(1))
    ledger.row("-3", at=day(2))
    ledger.look({("main", "BTC"): "7"}, at=day(3))
    ledger.look({("main", "BTC"): "13"}, at=day(4))
    assert kinds(_closing(ledger)) == [("closing_balance", "missing_record")]


def test_rows_that_a_statement_proved_are_no_explanation(ledger: Ledger) -> None:
    ledger.row("10", "10", at=day(1))
    ledger.row("-3", "7", at=day(2))
    ledger.look({("main", "BTC"): "13"}, at=day(4))
    (found,) = _closing(ledger)
    assert found.diagnosis.kind == "missing_record"
    assert "since the last balance stated, on 2025-01-03 00:00:00 UTC," in found.diagnosis.text


def test_a_pending_row_of_that_amount_is_told_but_proves_nothing(ledger: Ledger) -> None:
    ledger.row("10", at=day(1))
    ledger.wait("-2", record=8, at=day(2))
    ledger.look({("main", "BTC"): "8"}, at=day(4))
    (found,) = _closing(ledger)
    assert found.diagnosis.kind == "unexplained"
    assert found.diagnosis.records == ({"record": 8, "quantity": "-2"},)


def test_a_history_not_read_whole_before_the_look_takes_the_proof_away(ledger: Ledger) -> None:
    ledger.row("10", at=day(1))
    ledger.read("deposits/BTC", "failed", at=day(2), error="HTTP 500")
    ledger.look({("main", "BTC"): "12"}, at=day(3))
    (found,) = _closing(ledger)
    assert found.diagnosis.kind == "unexplained"
    assert "deposits/BTC" in found.diagnosis.text


def test_a_history_that_failed_after_the_look_takes_nothing_away(ledger: Ledger) -> None:
    ledger.row("10", at=day(1))
    ledger.read("deposits/BTC", at=day(2))
    ledger.look({("main", "BTC"): "12"}, at=day(3))
    ledger.read("deposits/BTC", "failed", at=day(4), error="HTTP 500")
    assert kinds(_closing(ledger)) == [("closing_balance", "missing_record")]


def test_digits_are_swapped_also_to_a_place_that_no_row_has_yet(ledger: Ledger) -> None:
    ledger.row("100.1", at=day(1))
    ledger.look({("main", "BTC"): "100.01"}, at=day(2))
    (found,) = ledger.results(names=["closing_balance"])["closing_balance"].breaks
    assert found.diagnosis.kind in {"transposed_digits", "unexplained"}
    assert "moved 100.01" in found.diagnosis.text or "of 100.01" in found.diagnosis.text, found.diagnosis.text
