"""Double entry, rows in suspense, rows that stay pending, and what verification found."""

from decimal import Decimal

import pytest

from recon.checks import Configured, Problem
from recon.core.breaks import Break
from recon.core.times import Period
from tests.checks._ledger import EVER, FEBRUARY, JANUARY, Ledger, day


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def _of(ledger: Ledger, check: str, period: Period = EVER) -> list[Break]:
    return list(ledger.results(period, [check])[check].breaks)


def _leg(ledger: Ledger, entry: int, account_class: str, quantity: str | None, asset: str = "BTC") -> None:
    number = None if quantity is None else Decimal(quantity)
    ledger.leg(entry, "fuse", None, f"{account_class}:fuse", account_class, asset, number, None, day(1), entry,
               "deposit", True)  # fmt: skip


def test_entries_that_sum_to_zero_pass(ledger: Ledger) -> None:
    ledger.row("0.000000000000000001")
    ledger.row("-5", live=False)
    answer = ledger.results()["double_entry"]
    assert (answer.breaks, answer.tested) == ((), 2)


def test_an_empty_ledger_balances_and_nothing_was_examined(ledger: Ledger) -> None:
    answer = ledger.results()["double_entry"]
    assert (answer.breaks, answer.tested) == ((), 0)


def test_an_entry_that_does_not_sum_to_zero_is_a_break_with_the_trial_balance_as_its_member(
    ledger: Ledger,
) -> None:
    ledger.row("5")
    _leg(ledger, 7, "assets", "3")
    _leg(ledger, 7, "external", "-2.999999999999999999")
    (found,) = _of(ledger, "double_entry")
    assert (found.expected, found.difference) == (0, Decimal("0.000000000000000001"))
    assert found.entries == (7,)
    assert [member["difference"] for member in found.diagnosis.members] == ["0.000000000000000001"]


def test_assets_do_not_make_up_for_one_another(ledger: Ledger) -> None:
    _leg(ledger, 7, "assets", "3")
    _leg(ledger, 7, "external", "-3", "ETH")
    assert [(found.asset, found.difference) for found in _of(ledger, "double_entry")] == [
        ("BTC", 3),
        ("ETH", -3),
    ]


def test_entries_do_not_make_up_for_one_another(ledger: Ledger) -> None:
    _leg(ledger, 7, "assets", "3")
    _leg(ledger, 8, "external", "-3")
    found = _of(ledger, "double_entry")
    assert [one.difference for one in found] == [3, -3]
    assert not any(one.diagnosis.members for one in found), "the trial balance is not out"


def test_a_posting_without_a_quantity_is_a_break(ledger: Ledger) -> None:
    _leg(ledger, 7, "assets", None)
    _leg(ledger, 7, "external", None)
    assert len(_of(ledger, "double_entry")) == 1


def test_a_row_in_suspense_is_one_break_with_what_it_moved(ledger: Ledger) -> None:
    entry = ledger.row("-2", contra="suspense", kind="burn {0}", at=day(1))
    ledger.row("5")
    answer = ledger.results()["unclassified"]
    (found,) = answer.breaks
    assert (found.source, found.account, found.asset) == ("fuse", "main", "BTC")
    assert found.diagnosis.kind == "unknown_type"
    assert found.entries == (entry,)
    assert found.diagnosis.text == (
        "fuse, account main, BTC, 2025-01-02 00:00:00 UTC: a row is posted against suspense, since its type or "
        "currency is unknown (burn {0}). Quantity: -2."
    )
    assert answer.tested == 2


def test_a_row_that_could_not_be_understood_is_a_break_though_it_moves_nothing(ledger: Ledger) -> None:
    ledger.unread()
    (found,) = _of(ledger, "unclassified")
    assert (found.account, found.asset) == (None, "BTC")
    assert "moves nothing in the ledger yet (odd: its amount is a word)" in found.diagnosis.text


def test_an_entry_with_two_assets_in_suspense_is_one_break_of_no_asset(ledger: Ledger) -> None:
    for asset, quantity in (("BTC", "1"), ("ETH", "-9")):
        _leg(ledger, 7, "suspense", quantity, asset)
    (found,) = _of(ledger, "unclassified")
    assert found.asset is None


def test_a_reversed_row_in_suspense_is_settled(ledger: Ledger) -> None:
    ledger.row("-2", contra="suspense", live=False)
    ledger.row("2", contra="suspense", live=False)
    assert _of(ledger, "unclassified") == []


def test_a_row_stays_in_suspense_past_its_period_and_is_not_there_before_it(ledger: Ledger) -> None:
    ledger.row("-2", contra="suspense", at=day(20))
    ledger.row("-3", contra="suspense", at=day(40))
    assert len(_of(ledger, "unclassified", JANUARY)) == 1
    assert len(_of(ledger, "unclassified", FEBRUARY)) == 2
    assert ledger.results(JANUARY)["unclassified"].tested == 1


def test_a_leg_of_no_class_does_not_pass_as_classified(ledger: Ledger) -> None:
    ledger.leg(7, "fuse", None, None, None, "BTC", 1, None, day(1), 1, "deposit", True)
    assert len(_of(ledger, "unclassified")) == 1


def test_a_row_is_unsettled_once_it_is_as_old_as_configured_at_the_latest_reading(ledger: Ledger) -> None:
    ledger.wait("-1", record=1, at=day(7))
    ledger.wait("-2", record=2, at=day(7.1))
    ledger.read(at=day(10))
    answer = ledger.results()["unsettled"]
    (found,) = answer.breaks
    assert found.severity == "warning"
    assert found.diagnosis.records == ({"record": 1, "quantity": "-1"},)
    assert (found.expected, found.actual, found.difference) == (None, None, None)
    assert answer.tested == 2


def test_age_counts_to_the_end_of_the_period_where_that_is_earlier(ledger: Ledger) -> None:
    ledger.wait("-1", record=1, at=day(27))
    ledger.wait("-1", record=2, at=day(29))
    ledger.wait("-1", record=3, at=day(31))
    ledger.read(at=day(50))
    assert len(_of(ledger, "unsettled", JANUARY)) == 1
    assert len(_of(ledger, "unsettled", FEBRUARY)) == 3
    assert ledger.results(JANUARY)["unsettled"].tested == 2


def test_each_source_has_its_own_age(ledger: Ledger) -> None:
    ledger.sources = [Configured("fuse", "cryptofuse", 3), Configured("gas", "ethgas", 0)]
    for source in ("fuse", "gas"):
        ledger.wait("-1", record=1, at=day(9), source=source)
        ledger.read(source=source, at=day(10))
    assert [found.source for found in _of(ledger, "unsettled")] == ["gas"]


def test_a_later_failed_reading_ages_a_row_as_well(ledger: Ledger) -> None:
    ledger.wait("-1", record=1, at=day(1))
    ledger.read(at=day(2))
    ledger.read("history", "failed", at=day(5), error="down")
    assert len(_of(ledger, "unsettled")) == 1


def test_a_new_version_of_a_pending_row_keeps_its_break_and_twins_have_their_own(ledger: Ledger) -> None:
    ledger.wait("-1", record=1, at=day(1))
    ledger.wait("-1", record=2, at=day(1))
    ledger.read(at=day(10))
    before = {found.id for found in _of(ledger, "unsettled")}
    ledger.connection.execute("update pending set record = record + 7")
    assert {found.id for found in _of(ledger, "unsettled")} == before
    assert len(before) == 2


def test_what_verification_found_is_shown_beside_how_much_it_looked_at(ledger: Ledger) -> None:
    assert (_of(ledger, "evidence"), ledger.results()["evidence"].tested) == ([], 7)
    ledger.problems = [
        Problem("the body is gone", "fuse", "chain.jsonl:3"),
        Problem("link is not the digest", None, "chain.jsonl:3"),
    ]
    nowhere, at_source = _of(ledger, "evidence")
    assert at_source.diagnosis.text == "fuse: chain.jsonl:3: the body is gone."
    assert (nowhere.source, nowhere.severity) == (None, "error")
    assert nowhere.id != at_source.id


def test_a_problem_told_twice_is_one_break(ledger: Ledger) -> None:
    ledger.problems = [Problem("the body is gone", None, "chain.jsonl:3")] * 2
    assert len(_of(ledger, "evidence")) == 1
