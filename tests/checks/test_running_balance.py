"""Running balances: every statement follows from the one before it and the rows since."""

from decimal import Decimal

import pytest

from recon.core.breaks import Break
from recon.core.records import Rate
from tests.checks._ledger import FEBRUARY, JANUARY, Ledger, day, kinds

LARGEST = "999999999999999999.999999999999999999"
SMALLEST = "0.000000000000000001"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def _running(ledger: Ledger) -> list[Break]:
    return list(ledger.results(names=["running_balance"])["running_balance"].breaks)


def _tested(ledger: Ledger) -> int:
    return ledger.results(names=["running_balance"])["running_balance"].tested


def test_an_empty_ledger_has_no_break_and_says_that_nothing_was_examined(ledger: Ledger) -> None:
    assert (_running(ledger), _tested(ledger)) == ([], 0)


def test_a_chain_that_holds_has_no_break(ledger: Ledger) -> None:
    ledger.chain(["10", "-2.5", "0.000000000000000001", "-7.500000000000000001"])
    assert (_running(ledger), _tested(ledger)) == ([], 4)


def test_one_row_that_begins_at_zero_holds(ledger: Ledger) -> None:
    ledger.row("5", "5")
    assert (_running(ledger), _tested(ledger)) == ([], 1)


def test_rows_without_a_balance_are_summed_up_to_the_next_one_that_has_one(ledger: Ledger) -> None:
    ledger.row("5")
    ledger.row("2", "7")
    ledger.row("-1")
    ledger.row("-1")
    ledger.row("4", "9")
    assert (_running(ledger), _tested(ledger)) == ([], 2)


def test_a_chain_without_any_balance_is_not_examined(ledger: Ledger) -> None:
    ledger.row("5")
    assert (_running(ledger), _tested(ledger)) == ([], 0)


def test_the_break_stands_at_the_first_bad_row_with_both_figures(ledger: Ledger) -> None:
    ledger.row("10", "10")
    bad = ledger.row("5", "16")
    ledger.row("1", "17")
    (found,) = _running(ledger)
    assert (found.expected, found.actual, found.difference) == (15, 16, 1)
    assert found.entries[0] == bad
    assert (found.source, found.account, found.asset) == ("fuse", "main", "BTC")
    assert found.severity == "error"
    assert _tested(ledger) == 3


def test_one_fault_is_one_break_and_two_faults_are_two(ledger: Ledger) -> None:
    for quantity, after in [("1", "1"), ("1", "3"), ("1", "4"), ("1", "4.5"), ("1", "5.5")]:
        ledger.row(quantity, after)
    assert [found.difference for found in _running(ledger)] == [1, Decimal("-0.5")]


def test_a_break_of_the_smallest_unit_is_seen_beside_the_largest_amount(ledger: Ledger) -> None:
    ledger.row(LARGEST, LARGEST)
    ledger.row(f"-{SMALLEST}", LARGEST)
    (found,) = _running(ledger)
    assert found.difference == Decimal(SMALLEST)


def test_the_largest_amounts_twice_are_a_break_and_no_overflow(ledger: Ledger) -> None:
    ledger.row(LARGEST, LARGEST)
    ledger.row(LARGEST, LARGEST)
    ledger.row(f"-{LARGEST}", f"-{LARGEST}")
    assert [found.difference for found in _running(ledger)] == [Decimal(f"-{LARGEST}")] * 2


def test_rows_of_one_moment_stand_in_the_venues_order_then_in_that_of_entries(ledger: Ledger) -> None:
    ledger.row("5", "8", ordinal=2, at=day(1))
    ledger.row("1", "1", ordinal=1, at=day(1))
    ledger.row("2", "3", ordinal=1, at=day(1))
    assert _running(ledger) == []


def test_the_venues_order_rules_over_the_clock(ledger: Ledger) -> None:
    ledger.row("1", "1", ordinal=1, at=day(3))
    ledger.row("2", "3", ordinal=2, at=day(2))
    assert _running(ledger) == []


def test_chains_of_other_sources_accounts_and_assets_do_not_mix(ledger: Ledger) -> None:
    ledger.row("1", "1")
    ledger.row("2", "2", asset="ETH")
    ledger.row("3", "3", account="sub")
    ledger.row("4", "4", source="gas")
    ledger.row("1", "2")
    assert (_running(ledger), _tested(ledger)) == ([], 5)


def test_reversed_rows_and_their_reversals_are_out_of_the_chain(ledger: Ledger) -> None:
    ledger.row("1", "1")
    ledger.row("7", "9", live=False)
    ledger.row("-7", live=False, kind="reversal: deposit")
    ledger.row("2", "3")
    assert (_running(ledger), _tested(ledger)) == ([], 2)


def test_postings_of_other_classes_are_out_of_the_chain(ledger: Ledger) -> None:
    ledger.leg(9, "fuse", None, "external:fuse", "external", "BTC", 5, 77, day(1), 1, "deposit", True)
    assert (_running(ledger), _tested(ledger)) == ([], 0)


def test_a_break_belongs_to_its_period_though_the_chain_is_walked_from_its_beginning(ledger: Ledger) -> None:
    ledger.row("1", "1", at=day(1))
    ledger.row("1", "3", at=day(2))
    ledger.row("1", "4", at=day(40))
    ledger.row("1", "7", at=day(41))
    january, february = (ledger.results(period)["running_balance"] for period in (JANUARY, FEBRUARY))
    assert [found.difference for found in january.breaks] == [1]
    assert [found.difference for found in february.breaks] == [2]
    assert (january.tested, february.tested) == (2, 2)


def test_a_period_holds_its_first_moment_and_not_its_last(ledger: Ledger) -> None:
    ledger.row("1", "2", at=day(0))
    ledger.row("1", "4", at=day(31))
    assert [found.difference for found in ledger.results(JANUARY)["running_balance"].breaks] == [1]
    assert [found.difference for found in ledger.results(FEBRUARY)["running_balance"].breaks] == [1]


def test_a_history_that_does_not_begin_at_zero_is_a_break_that_proposes_the_opening(ledger: Ledger) -> None:
    ledger.row("5", "105.25")
    ledger.row("-1", "104.25")
    (found,) = _running(ledger)
    assert (found.expected, found.difference) == (5, Decimal("100.25"))
    assert found.diagnosis.kind == "missing_record"
    assert "[[opening]]" in found.diagnosis.text
    assert 'asset = "BTC", quantity = "100.25"' in found.diagnosis.text


def test_a_stated_opening_begins_the_chain(ledger: Ledger) -> None:
    ledger.row("100", kind="opening", ordinal=-(2**62), at=day(0))
    ledger.row("5", "105")
    assert _running(ledger) == []


def test_a_wrong_opening_is_a_break_that_proposes_the_right_one(ledger: Ledger) -> None:
    ledger.row("100", kind="opening", ordinal=-(2**62), at=day(0))
    ledger.row("5", "96")
    (found,) = _running(ledger)
    assert found.diagnosis.kind == "missing_record"
    assert 'quantity = "91"' in found.diagnosis.text


def test_the_opening_is_proposed_also_where_a_flipped_sign_would_explain_the_first_row(
    ledger: Ledger,
) -> None:
    ledger.row("-5", "5")
    (found,) = _running(ledger)
    assert found.diagnosis.kind == "sign_flipped"
    assert 'quantity = "10"' in found.diagnosis.text


def test_an_opening_that_was_not_there_is_proposed_as_zero(ledger: Ledger) -> None:
    ledger.row("100", kind="opening", ordinal=-(2**62), at=day(0))
    ledger.row("5", "5")
    (found,) = _running(ledger)
    assert 'quantity = "0"' in found.diagnosis.text


def test_no_opening_below_zero_is_proposed(ledger: Ledger) -> None:
    ledger.row("5", "3")
    (found,) = _running(ledger)
    assert "[[opening]]" not in found.diagnosis.text


def test_a_row_that_equals_the_one_after_it_is_a_duplicate_too(ledger: Ledger) -> None:
    ledger.row("10", "10")
    ledger.row("5", "10")
    ledger.row("5", "15")
    assert kinds(_running(ledger)) == [("running_balance", "duplicate_record")]


def test_the_text_can_be_sent_to_the_venue_as_it_stands(ledger: Ledger) -> None:
    ledger.row("10", "10", at=day(1))
    ledger.row("-2.5", "8.2", at=day(2), kind="withdrawal")
    ledger.row("1", "9.2", at=day(3))
    (found,) = _running(ledger)
    assert found.diagnosis.text == (
        "fuse, account main: Between 2025-01-02 00:00:00 UTC and 2025-01-03 00:00:00 UTC your BTC history moves by "
        "0.7 with no row for it; the rows before and after are the row of 2025-01-02 00:00:00 UTC (deposit of 10.0, "
        "balance 10.0) and the row of 2025-01-03 00:00:00 UTC (withdrawal of -2.5, balance 8.2). By the rows the "
        "balance should be 7.5, and 8.2 is stated. The next balance stated follows from this one, so a row of that "
        "amount is missing, or several that sum to it. A row that is misstated by that amount would look the same."
    )
    assert [record["entry"] for record in found.diagnosis.records] == [2, 1]


def test_the_id_stays_when_other_rows_come_and_other_faults_go(ledger: Ledger) -> None:
    ledger.row("1", "2", at=day(1))
    ledger.row("1", "5", at=day(2))
    before = _running(ledger)
    ledger.connection.execute("update legs set balance_after = 1 where entry = 1 and class = 'assets'")
    ledger.row("3", "8", at=day(3))
    (after,) = _running(ledger)
    assert after.id == before[1].id
    assert len({found.id for found in before}) == 2


def test_a_stream_that_was_not_read_whole_takes_the_proof_away(ledger: Ledger) -> None:
    ledger.row("1", "1", at=day(1))
    ledger.row("1", "3", at=day(2))
    ledger.read("rows.csv", "failed", at=day(5), error="line 7: bad")
    assert kinds(_running(ledger)) == [("running_balance", "unexplained")]
    assert "rows.csv" in _running(ledger)[0].diagnosis.text


def test_a_stream_that_fails_after_it_was_read_past_the_row_takes_nothing_away(ledger: Ledger) -> None:
    ledger.row("1", "1", at=day(1))
    ledger.row("1", "3", at=day(2))
    ledger.read("history", at=day(4))
    ledger.read("history", "failed", at=day(5), error="down")
    assert kinds(_running(ledger)) == [("running_balance", "missing_record")]


def test_a_failing_stream_that_brings_no_history_takes_nothing_away(ledger: Ledger) -> None:
    ledger.read("volumes", at=day(0), seen=3)
    ledger.row("1", "1", at=day(1))
    ledger.row("1", "3", at=day(2))
    ledger.read("volumes", "failed", at=day(5), error="down")
    assert kinds(_running(ledger)) == [("running_balance", "missing_record")]


def _texts(found: Break) -> tuple[str, list[str]]:
    return found.diagnosis.kind, sorted(member["difference"] for member in found.diagnosis.members)


def test_two_rows_in_each_others_seconds_are_one_break_that_tells_the_order(ledger: Ledger) -> None:
    for quantity, after in [("10", "10"), ("-3.25", "11.75"), ("5", "15"), ("1", "12.75")]:
        ledger.row(quantity, after)
    (found,) = _running(ledger)
    assert _texts(found) == ("reordered", ["-1.75", "-3.25"])
    assert (found.entries[0], found.difference) == (2, 5)
    order = "UTC (deposit of 5.00, balance 15.00); the row of 2025-01-01 02:00:00 UTC (deposit of -3.25"
    assert order in found.diagnosis.text


def test_the_last_rows_in_each_others_seconds_are_found_too_and_the_closing_balance_agrees(
    ledger: Ledger,
) -> None:
    for quantity, after in [("10", "10"), ("-3.25", "11.75"), ("5", "15")]:
        ledger.row(quantity, after)
    ledger.row("2", at=day(3))
    ledger.look({("main", "BTC"): "13.75"}, at=day(4))
    (found,) = ledger.breaks(names=["running_balance", "closing_balance"])
    assert _texts(found) == ("reordered", ["-1.75"])


def test_what_a_reordered_chain_does_not_explain_of_the_closing_balance_stays(ledger: Ledger) -> None:
    for quantity, after in [("10", "10"), ("-3.25", "11.75"), ("5", "15")]:
        ledger.row(quantity, after)
    ledger.look({("main", "BTC"): "13.77"}, at=day(4))
    found = ledger.breaks(names=["running_balance", "closing_balance"])
    assert [(one.check, one.difference) for one in found] == [
        ("running_balance", 5),
        ("closing_balance", Decimal("2.02")),
    ]


def test_a_member_whose_host_lies_before_the_period_is_shown_with_the_same_cause(ledger: Ledger) -> None:
    ledger.row("10", "10", at=day(1))
    ledger.row("-3.25", "11.75", at=day(30))
    ledger.row("5", "15", at=day(40))
    ledger.row("1", "12.75", at=day(41))
    (found,) = ledger.results(FEBRUARY, ["running_balance"])["running_balance"].breaks
    assert (found.diagnosis.kind, found.difference) == ("reordered", Decimal("-1.75"))


def test_rows_that_chain_in_another_order_with_a_row_between_that_states_no_balance_prove_nothing(
    ledger: Ledger,
) -> None:
    for quantity, after in [("10", "10"), ("-3.25", "11.75"), ("2", None), ("5", "15"), ("1", "14.75")]:
        ledger.row(quantity, after)
    assert "reordered" not in {found.diagnosis.kind for found in _running(ledger)}


def test_a_balance_that_the_next_one_takes_back_is_one_break(ledger: Ledger) -> None:
    for quantity, after in [("10", "10"), ("5", "15.5"), ("1", "16"), ("1", "17")]:
        ledger.row(quantity, after)
    (found,) = _running(ledger)
    assert _texts(found) == ("unexplained", ["-0.5"])
    assert "alone is misstated and should be 15.0" in found.diagnosis.text


def test_rounding_is_no_error(ledger: Ledger) -> None:
    ledger.row("10.55", "10.55")
    ledger.row("1.25", "11.81")
    (found,) = _running(ledger)
    assert (found.diagnosis.kind, found.severity) == ("rounding", "info")


def test_a_fee_at_a_rate_the_venue_states_is_named(ledger: Ledger) -> None:
    ledger.rates = {"fuse": [Rate("", "taker fee", Decimal("0.0025"), None)], "other": []}
    ledger.row("100.31", "100.31")
    ledger.row("50.12", "150.18")
    (found,) = _running(ledger)
    assert (found.diagnosis.kind, found.difference) == ("fee_not_posted", Decimal("-0.25"))
    ledger.rates = {"other": [Rate("", "taker fee", Decimal("0.0025"), None)]}
    assert kinds(_running(ledger)) == [("running_balance", "missing_record")]


@pytest.mark.parametrize(("fees", "kind"), [(3, "fee_not_posted"), (2, "missing_record")])
def test_a_rate_that_three_fees_of_the_chain_share_is_known(ledger: Ledger, fees: int, kind: str) -> None:
    balance = Decimal(0)
    for number in range(1, fees + 1):
        traded = Decimal(number * 1000 + 7)
        for quantity, contra in ((traded, "trading"), (traded * Decimal("-0.002"), "fees")):
            balance += quantity
            ledger.row(quantity, balance, contra=contra)
    ledger.row("555", balance + 555, contra="trading")
    ledger.row("1", balance + 556 - Decimal("1.11"))
    assert kinds(_running(ledger)) == [("running_balance", kind)]


def test_a_rate_is_known_also_where_the_fee_is_part_of_the_trades_own_entry(ledger: Ledger) -> None:
    balance = Decimal(0)
    for traded in (1000, 2000, 7000):
        fee = traded * Decimal("0.002")
        balance += traded - fee
        entry = ledger.row(traded - fee, balance, contra="trading")
        ledger.leg(entry, "fuse", None, "fees:fuse", "fees", "BTC", fee, None, day(1), entry, "trade", True)
    ledger.row("555.5", balance + Decimal("554.389"))
    assert kinds(_running(ledger)) == [("running_balance", "fee_not_posted")]


def test_a_fee_row_that_the_venue_counts_but_does_not_list_is_the_gap(ledger: Ledger) -> None:
    ledger.rates = {"fuse": [Rate("", "taker fee", Decimal("0.0025"), None)]}
    ledger.row("100.31", "100.31", at=day(1))
    ledger.row("50.12", "150.18", at=day(2))
    ledger.read("history", at=day(3), seen=2, stated=3)
    (found,) = ledger.breaks()
    assert (found.check, found.diagnosis.kind) == ("running_balance", "fee_not_posted")
    assert [member["check"] for member in found.diagnosis.members] == ["coverage"]


def test_a_row_that_belongs_between_rows_of_one_moment_is_out_of_order_and_nothing_is_missing(
    ledger: Ledger,
) -> None:
    ledger.row("5", "5", at=day(1), ordinal=1)
    ledger.row("7", "12", at=day(2), ordinal=2)
    ledger.row("1", "6", at=day(2), ordinal=2)
    ledger.row("-1", "5", at=day(3), ordinal=3)
    ledger.row("-2", "10", at=day(4), ordinal=4)
    assert kinds(_running(ledger)) == [("running_balance", "reordered")]


def test_so_is_one_that_belongs_before_the_first_of_them(ledger: Ledger) -> None:
    ledger.row("5", "5", at=day(1), ordinal=1)
    ledger.row("-1", "5", at=day(2), ordinal=2)
    ledger.row("1", "6", at=day(3), ordinal=3)
    ledger.row("7", "12", at=day(3), ordinal=3)
    ledger.row("-2", "10", at=day(4), ordinal=4)
    assert kinds(_running(ledger)) == [("running_balance", "reordered")]
